"""Flux, in every cluster that it syncs."""

from __future__ import annotations

from atmos_cli.config import namespace
from atmos_cli.engines.engine import Engine
from atmos_cli.engines.flux import check, delivery, files, health, kinds, live, status


class Flux(Engine):
    name = "flux"
    title = "Flux"
    roots = ("clusters", "delivery")
    kinds = kinds.KINDS
    pointers = ("Kustomization", "HelmRelease")
    texts = {".sourceignore": files.SOURCE_IGNORE}
    marks = "a Kustomization in delivery/"

    root_files = staticmethod(files.root_files)
    service_files = staticmethod(files.service_files)
    first_steps = staticmethod(files.first_steps)
    pointer_path = staticmethod(files.pointer_path)
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
    keeps = ("kustomize.toolkit.fluxcd.io/prune", "disabled")
    delivery_objects = staticmethod(live.delivery_objects)
    refresh = staticmethod(live.refresh)

    def unblock(self, *, team: str, service: str, environment: str) -> str:
        return f"flux reconcile kustomization {service} -n {namespace(team, environment)} --with-source"
