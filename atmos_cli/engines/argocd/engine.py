"""Argo CD, on a hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.engines.argocd import check, files, live
from atmos_cli.engines.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.config import Config
    from atmos_cli.engines.engine import Files
    from atmos_cli.verify.look import HealthRules
    from atmos_cli.verify.seen import ClusterSnapshot, Delivery, Pause, Relation


class ArgoCD(Engine):
    name = "argocd"
    title = "Argo CD"
    roots = files.ROOTS
    kinds = dict.fromkeys(("Application", "ApplicationSet", "AppProject"), files.GROUP)
    pointers = ("Application",)
    generators = ("ApplicationSet",)
    marks = "gitops.json beside it"

    first_steps = staticmethod(files.first_steps)
    steps_between = staticmethod(files.steps_between)
    places = staticmethod(files.places)
    root_urls = staticmethod(check.root_urls)
    urls = staticmethod(check.urls)
    findings = staticmethod(check.findings)
    reached = staticmethod(check.reached)
    watched = live.WATCHED
    keeps = ("argocd.argoproj.io/sync-options", "Delete=false")
    hub_namespace = files.NAMESPACE
    owned_names = {r"argo-?cd": "Argo CD's own namespace has it"}
    delivery_objects = staticmethod(live.delivery_objects)
    refresh = staticmethod(live.refresh)

    # What judges a cluster is loaded with the first question about one: `validate` has none.

    @property
    def health(self) -> HealthRules:
        from atmos_cli.engines.argocd.health import RULES

        return RULES

    def revisions(self, snapshot: ClusterSnapshot) -> tuple[str, ...]:
        from atmos_cli.engines.argocd.status import revisions

        return revisions(snapshot)

    def delivery(self, snapshot: ClusterSnapshot, relations: Mapping[str, Relation], *, pushed: float) -> Delivery:
        from atmos_cli.engines.argocd.delivery import delivery

        return delivery(snapshot, relations, pushed=pushed)

    def applied_revision(self, snapshot: ClusterSnapshot) -> str:
        from atmos_cli.engines.argocd.status import applied_revision

        return applied_revision(snapshot)

    def paused(self, snapshot: ClusterSnapshot) -> Pause | None:
        from atmos_cli.engines.argocd.status import paused

        return paused(snapshot)

    def root_files(self, config: Config, *, teams: Sequence[str], configured: Sequence[str]) -> Files:
        return files.root_files(config, teams=teams)

    def unblock(self, *, team: str, service: str, environment: str) -> str:
        return "a sync that still waits for the bad version: argocd app terminate-op APP"
