"""The Application of a deployment on the hub, or the ApplicationSet that should make it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.engines.argocd.files import API, NAMESPACE
from atmos_cli.kube.resource import identity

if TYPE_CHECKING:
    from atmos_cli.engines.engine import Clusters, Refresh
    from atmos_cli.kube.resource import Resource
    from atmos_cli.ports import ClusterApi
    from atmos_cli.verify.model import Target

REFRESH = "argocd.argoproj.io/refresh"
SET_REFRESH = "argocd.argoproj.io/application-set-refresh"
WATCHED = ((API, "Application"),)


def delivery_objects(clusters: Clusters, target: Target) -> tuple[Resource, ...]:
    selector = f"team={target.team},service={target.service},env={target.environment}"
    found = clusters.hub.list(API, "Application", namespace=NAMESPACE, selector=selector)
    mine = tuple(each for each in found if _is_for(each, target.cluster)) or found[:1]
    return mine or _application_set(clusters.hub, target)


def refresh(clusters: Clusters, asked: Refresh) -> None:
    hub = clusters.hub
    applications = [identity(each) for each in asked.snapshot.delivery if each.get("kind") == "Application"]
    for name in applications:
        annotations = {REFRESH: asked.how}
        hub.annotate(API, "Application", name.name, namespace=name.namespace, annotations=annotations)
    if not applications:
        annotations = {SET_REFRESH: "true"}
        hub.annotate(API, "ApplicationSet", _name_of_set(asked.target), namespace=NAMESPACE, annotations=annotations)


def _application_set(hub: ClusterApi, target: Target) -> tuple[Resource, ...]:
    """Return the ApplicationSet; nothing for users who may read Applications and no sets of them."""
    with suppress(AtmosError):
        found = hub.get(API, "ApplicationSet", _name_of_set(target), namespace=NAMESPACE)
        return (found,) if found else ()
    return ()


def _name_of_set(target: Target) -> str:
    """Return the name that atmos gives to the set of a team."""
    return f"{target.prefix}apps-{target.team}"


def _is_for(application: Resource, cluster: str) -> bool:
    destination = (application.get("spec") or {}).get("destination") or {}
    return destination.get("name") == cluster or str(identity(application).name).endswith(f".{cluster}")
