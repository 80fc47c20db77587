"""An engine with its clusters and a repo of its own: what both have, and how a proof waits for them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from tests.lab.argocd import REFRESH
from tests.lab.kube import ApiError
from tests.lab.processes import PATIENCE, LabError, wait_until
from tests.lab.proofs.operators import crds_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.lab.control_plane import ControlPlane
    from tests.lab.kube import Object
    from tests.lab.proofs.engines_repo import Repo

CNPG = "postgresql.cnpg.io/v1"
GATEWAY = "gateway.networking.k8s.io/v1"
HEALTHY = "Cluster in healthy state"


@dataclass
class Bootstrap:
    """What one start from nothing looked like; `standstill`: the seconds until the last ApplicationSet had no error."""

    commit: str = ""
    seconds: float = 0
    standstill: float = 0


class World(Protocol):
    """An engine with its clusters and its repo."""

    repo: Repo
    bootstrap: Bootstrap

    @property
    def planes(self) -> Mapping[str, ControlPlane]: ...
    def rebuild(self) -> Bootstrap: ...
    def nudge(self) -> None: ...
    def missing(self, commit: str) -> list[str]: ...
    def sync(self, commit: str) -> float: ...
    def follow(self, commit: str, team: str, service: str) -> float: ...
    def end(self) -> None: ...


def prepare(planes: Iterable[ControlPlane], *, volumes: int) -> None:
    """What a platform team brings before any engine: the CRDs of its operators, and storage."""
    for plane in planes:
        kinds = ((CNPG, "Cluster"), (GATEWAY, "HTTPRoute"))
        plane.kube.install_crds(*crds_for({(api_version.partition("/")[0], kind) for api_version, kind in kinds}))
        for api_version, kind in kinds:
            # An established kind is served a moment later: until then the server answers 429.
            wait_until(partial(_serves, plane, api_version, kind), f"{plane.name}: {kind}")
        plane.add_volumes(volumes)


def _serves(plane: ControlPlane, api_version: str, kind: str) -> bool:
    try:
        plane.kube.list(api_version, kind)
    except ApiError:
        return False
    return True


def operate(planes: Iterable[ControlPlane]) -> None:
    """Plays CloudNativePG and the Gateway's controller, which do not run here: all is well, as kwok says of pods."""
    for plane in planes:
        for cluster in plane.kube.list(CNPG, "Cluster"):
            if (cluster.get("status") or {}).get("phase") != HEALTHY:
                ready = {"type": "Ready", "status": "True", "reason": "ClusterIsReady", "message": "Cluster is Ready"}
                ready["lastTransitionTime"] = "2026-01-01T00:00:00Z"
                plane.kube.patch_status(cluster, {"phase": HEALTHY, "conditions": [ready]})
        for route in plane.kube.list(GATEWAY, "HTTPRoute"):
            _take(plane, route)


def _take(plane: ControlPlane, route: Object) -> None:
    """Takes a route as the Gateway's controller does, once for each generation."""
    generation = route["metadata"]["generation"]
    known = (route.get("status") or {}).get("parents") or []
    if known and all(each["observedGeneration"] == generation for one in known for each in one["conditions"]):
        return
    word = {
        "status": "True",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
        "observedGeneration": generation,
    }
    conditions = [
        {"type": "Accepted", "reason": "Accepted", **word},
        {"type": "ResolvedRefs", "reason": "ResolvedRefs", **word},
    ]
    parents = [
        {"parentRef": each, "controllerName": "lab.test/gateway", "conditions": conditions}
        for each in route["spec"].get("parentRefs") or []
    ]
    plane.kube.patch_status(route, {"parents": parents})


def settle(world: World, missing: Callable[[], Sequence[str]]) -> float:
    """Plays the operators until `missing()` is empty; the seconds it took. Fails with what is missing still."""
    began = time.monotonic()
    last: Sequence[str] = ()

    def done() -> bool:
        nonlocal last
        operate(planes_of(world))
        last = missing()
        return not last

    try:
        wait_until(done, "the engine", pause=1)  # what is asked is large: every Application or Kustomization there is
    except LabError:
        raise AssertionError(f"after {PATIENCE:g} s still: " + "\n".join(last)) from None
    return time.monotonic() - began


def planes_of(world: World) -> list[ControlPlane]:
    return list({id(plane): plane for plane in world.planes.values()}.values())


def labels_of(resource: Object) -> dict[str, str]:
    return dict(resource["metadata"].get("labels") or {})


def said_of(resource: Object) -> str:
    """The object and why it is not good, short."""
    metadata, status = resource["metadata"], resource.get("status") or {}
    words = [f"{resource['kind']} {metadata['namespace']}/{metadata['name']}"]
    for part in ("sync", "health"):
        words += [str((status.get(part) or {}).get(key, "")) for key in ("status", "revision")]
    if REFRESH in metadata.get("annotations", {}):
        words.append("marked for a look")
    operation = status.get("operationState") or {}
    words += [str(operation.get("phase", "")), str(operation.get("message", ""))[:300]]
    words += [
        f"{each['type']}={each.get('status', '')} {each.get('message', '')}" for each in status.get("conditions") or []
    ]
    bad = (each for each in status.get("resources") or [] if each.get("status") != "Synced")
    words += [f"{each['kind']}/{each['name']} {each.get('status')}" for each in bad]
    return " ".join(word for word in words if word)
