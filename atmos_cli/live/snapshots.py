"""Snapshots of everything that belongs to a deployment: the engine's objects, the live ones, their pods and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.engines.registry import ENGINES
from atmos_cli.kube.resource import identity
from atmos_cli.verify.seen import ClusterSnapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from atmos_cli.kube.resource import Resource
    from atmos_cli.live.connect import ClusterConnection
    from atmos_cli.ports import ClusterApi
    from atmos_cli.verify.model import Target

# What the wanted objects may own, nearest first; each of these is listed once per look.
OWNED = (
    ("apps/v1", "ReplicaSet"),
    ("batch/v1", "Job"),
    ("v1", "Pod"),
    ("v1", "PersistentVolumeClaim"),
    ("discovery.k8s.io/v1", "EndpointSlice"),
)
# Which pods of these are new is only in their history, which most services do not have.
WITH_HISTORY = frozenset({"StatefulSet", "DaemonSet"})
HISTORY = ("apps/v1", "ControllerRevision")


def look_around(
    connection: ClusterConnection, target: Target, wanted: Sequence[Resource], *, at: float
) -> ClusterSnapshot:
    """Read everything that belongs to a deployment; raises AtmosError ATM811 when the cluster cannot be asked."""
    # The engine first: whatever it says has arrived must be in what is read after it.
    delivery = ENGINES[target.engine].delivery_objects(connection, target)
    live = live_objects(connection.cluster, target.namespace, wanted)
    owned = owned_by(connection.cluster, target.namespace, live)
    objects = (*live, *owned)
    return ClusterSnapshot(
        at,
        delivery=delivery,
        wanted=tuple(wanted),
        objects=objects,
        events=events_of(connection.cluster, target.namespace, objects),
    )


def live_objects(cluster: ClusterApi, namespace: str, wanted: Sequence[Resource]) -> tuple[Resource, ...]:
    """Read the live objects of `wanted`, in their order; each kind is listed once. Secrets are never read."""
    found: list[Resource] = []
    listed: dict[tuple[str, str], dict[str, Resource]] = {}
    for resource in wanted:
        kind = (str(resource.get("apiVersion", "")), str(resource.get("kind", "")))
        name = identity(resource).name
        if kind[1] == "Secret":
            continue
        if not identity(resource).namespace:
            one = cluster.get(*kind, name)
            found += [one] if one else []
            continue
        if kind not in listed:
            listed[kind] = {identity(each).name: each for each in cluster.list(*kind, namespace=namespace)}
        if name in listed[kind]:
            found.append(listed[kind][name])
    return tuple(found)


def owned_by(cluster: ClusterApi, namespace: str, owners: Iterable[Resource]) -> tuple[Resource, ...]:
    """Read what `owners` own, and what these own in turn: ReplicaSets, Jobs, Pods, claims, EndpointSlices."""
    owners = tuple(owners)
    uids = {_uid(each) for each in owners}
    names = {identity(each).name for each in owners if each.get("kind") == "Service"}
    found: list[Resource] = []
    for api_version, kind in owned_kinds(str(each.get("kind")) for each in owners):
        for each in cluster.list(api_version, kind, namespace=namespace):
            labels = (each.get("metadata") or {}).get("labels") or {}
            of_service = kind == "EndpointSlice" and labels.get("kubernetes.io/service-name") in names
            if (of_service or _owners(each) & uids) and _uid(each) not in uids:
                found.append(each)
                uids.add(_uid(each))
    return tuple(found)


def owned_kinds(owners: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the (apiVersion, kind) of all that objects of these kinds may own."""
    return (*OWNED, HISTORY) if WITH_HISTORY & set(owners) else OWNED


def events_of(cluster: ClusterApi, namespace: str, objects: Iterable[Resource]) -> tuple[Resource, ...]:
    """Read the events about any of `objects`, oldest first."""
    about = {(str(each.get("kind")), identity(each).name) for each in objects}
    found = []
    for event in cluster.list("v1", "Event", namespace=namespace):
        ref = event.get("involvedObject") or {}
        if (str(ref.get("kind")), str(ref.get("name"))) in about:
            found.append(event)
    return tuple(sorted(found, key=_event_time))


def _event_time(event: Resource) -> str:
    metadata = event.get("metadata") or {}
    return str(event.get("lastTimestamp") or event.get("eventTime") or metadata.get("creationTimestamp") or "")


def _uid(resource: Resource) -> str:
    return str((resource.get("metadata") or {}).get("uid") or identity(resource))


def _owners(resource: Resource) -> set[str]:
    owners = (resource.get("metadata") or {}).get("ownerReferences") or ()
    return {str(each.get("uid")) for each in owners if isinstance(each, dict)}
