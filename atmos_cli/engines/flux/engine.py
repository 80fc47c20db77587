"""Flux, in every cluster that it syncs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.config import namespace
from atmos_cli.engines.engine import Engine
from atmos_cli.engines.flux import access, check, files, kinds, live

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.verify.look import HealthRules
    from atmos_cli.verify.seen import ClusterSnapshot, Delivery, Pause, Relation


class Flux(Engine):
    name = "flux"
    title = "Flux"
    roots = ("clusters", "delivery")
    kinds = kinds.KINDS
    pointers = ("Kustomization", "HelmRelease")
    texts = {".sourceignore": files.SOURCE_IGNORE}
    marks = "a Kustomization in delivery/"
    owned_names = {files.SYSTEM: "Flux's own namespace has it"}

    root_files = staticmethod(files.root_files)
    service_files = staticmethod(files.service_files)
    tenant_access = staticmethod(access.tenant_access)
    cluster_access = staticmethod(access.cluster_access)
    first_steps = staticmethod(files.first_steps)
    pointer_path = staticmethod(files.pointer_path)
    places = staticmethod(files.places)
    root_urls = staticmethod(check.root_urls)
    urls = staticmethod(check.urls)
    findings = staticmethod(check.findings)
    reached = staticmethod(check.reached)
    watched = live.WATCHED
    keeps = ("kustomize.toolkit.fluxcd.io/prune", "disabled")
    delivery_objects = staticmethod(live.delivery_objects)
    refresh = staticmethod(live.refresh)

    # What judges a cluster is loaded with the first question about one: `validate` has none.

    @property
    def health(self) -> HealthRules:
        from atmos_cli.engines.flux.health import RULES

        return RULES

    def revisions(self, snapshot: ClusterSnapshot) -> tuple[str, ...]:
        from atmos_cli.engines.flux.status import revisions

        return revisions(snapshot)

    def delivery(self, snapshot: ClusterSnapshot, relations: Mapping[str, Relation], *, pushed: float) -> Delivery:
        from atmos_cli.engines.flux.delivery import delivery

        return delivery(snapshot, relations, pushed=pushed)

    def applied_revision(self, snapshot: ClusterSnapshot) -> str:
        from atmos_cli.engines.flux.status import applied_revision

        return applied_revision(snapshot)

    def paused(self, snapshot: ClusterSnapshot) -> Pause | None:
        from atmos_cli.engines.flux.status import paused

        return paused(snapshot)

    def unblock(self, *, team: str, service: str, environment: str) -> str:
        return f"flux reconcile kustomization {service} -n {namespace(team, environment)} --with-source"
