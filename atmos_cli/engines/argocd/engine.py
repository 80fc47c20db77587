"""Argo CD, on a hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.engines.argocd import check, delivery, files, health, live, status
from atmos_cli.engines.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.config import Config
    from atmos_cli.engines.engine import Files


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
    health = health.RULES
    revisions = staticmethod(status.revisions)
    delivery = staticmethod(delivery.delivery)
    applied_revision = staticmethod(status.applied_revision)
    paused = staticmethod(status.paused)
    watched = live.WATCHED
    keeps = ("argocd.argoproj.io/sync-options", "Delete=false")
    hub_namespace = files.NAMESPACE
    delivery_objects = staticmethod(live.delivery_objects)
    refresh = staticmethod(live.refresh)

    def root_files(self, config: Config, *, teams: Sequence[str], configured: Sequence[str]) -> Files:
        return files.root_files(config, teams=teams)

    def unblock(self, *, team: str, service: str, environment: str) -> str:
        return "a sync that still waits for the bad version: argocd app terminate-op APP"
