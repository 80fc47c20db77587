"""The comparison of live objects with the wanted ones, a proof that does not depend on what an engine reports."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.engine_annotations import HOOKS, LEFT_ALONE
from atmos_cli.kube.listkeys import merge_keys
from atmos_cli.kube.shape import at, mapping, mappings, text, texts, who
from atmos_cli.verify.delivery.normal import same_scalar
from atmos_cli.verify.fields import annotation
from atmos_cli.verify.look import look_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Identity, Resource
    from atmos_cli.verify.look import Look
    from atmos_cli.verify.seen import ClusterSnapshot

Path = tuple[str | int, ...]

_MOST = 200
_DEEPEST = 60
_SERVER_OWNED = frozenset({"status", "apiVersion", "kind"})
_METADATA_OWNED = frozenset(
    {"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid", "namespace"}
)
MASK = "***"


@dataclass(frozen=True, slots=True)
class Drift:
    """One field that is not as wanted; `path` is empty when the whole object does not exist.

    `live` is None when the field is missing. Values of Secrets are masked.
    """

    object: Identity
    path: Path
    wanted: Any
    live: Any

    def __str__(self) -> str:
        return f"{self.object}: {'.'.join(map(str, self.path))}" if self.path else f"{self.object} does not exist"


def applied(snapshot: ClusterSnapshot) -> tuple[Drift, ...]:
    """Return each wanted field that the live objects do not have, at most 200; empty when they have all.

    Fields that only the live objects have are no drift: the API server, autoscalers and webhooks add some. So a commit
    that only removes fields is neither proved nor refuted by this.
    """
    look = look_at(snapshot, now=snapshot.at)
    found = (drift for wanted in snapshot.wanted if isinstance(wanted, dict) for drift in _drift(wanted, look))
    return tuple(islice(found, _MOST))


def _drift(wanted: Resource, look: Look) -> Iterator[Drift]:
    identity = who(wanted)
    if any(annotation(wanted, hook) for hook in HOOKS):
        return  # runs and is removed as the engine sees fit
    if any(annotation(wanted, key) in values for key, values in LEFT_ALONE.items()):
        return
    live = look.find(wanted)
    if live is None:
        if not (identity.kind == "Job" and at(wanted, "spec", "ttlSecondsAfterFinished") is not None):
            yield Drift(identity, (), "an object", None)
        return
    ignored = _ignored(identity, look)
    if identity.kind in {"Deployment", "StatefulSet", "Rollout"} and is_autoscaled(identity, look):
        ignored |= {("spec", "replicas")}
    for path, value, actual in _differences(identity, wanted, live):
        if any(path[: len(prefix)] == prefix for prefix in ignored):
            continue
        hidden = identity.kind == "Secret" and path[:1] in {("data",), ("stringData",)}
        yield Drift(identity, path, MASK, MASK) if hidden else Drift(identity, path, value, actual)


def is_autoscaled(identity: Identity, look: Look) -> bool:
    """Check whether a HorizontalPodAutoscaler or a ScaledObject, wanted or live, owns this workload's replicas."""
    for resource in (*look.snapshot.wanted, *look.snapshot.objects):
        kind = text(resource, "kind")
        if kind not in {"HorizontalPodAutoscaler", "ScaledObject"}:
            continue
        target = mapping(resource, "spec", "scaleTargetRef")
        target_kind = text(target, "kind") or "Deployment"
        if (target_kind, text(target, "name")) == (identity.kind, identity.name):
            return True
    return False


def _ignored(identity: Identity, look: Look) -> set[Path]:
    """Return the paths that the Application's `ignoreDifferences` excepts for this object by JSON pointers."""
    found: set[Path] = set()
    for resource in look.snapshot.delivery:
        for rule in mappings(resource, "spec", "ignoreDifferences"):
            says = tuple(text(rule, key) for key in ("group", "kind", "namespace", "name"))
            if all(word in {"", "*", fact} for word, fact in zip(says, identity, strict=True)):
                found |= {_steps(pointer) for pointer in texts(rule, "jsonPointers")}
    return found - {()}


def _steps(pointer: str) -> Path:
    steps = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    return tuple(int(step) if step.isascii() and step.isdigit() and len(step) < 9 else step for step in steps)


def _differences(identity: Identity, wanted: Resource, live: Resource) -> Iterator[tuple[Path, Any, Any]]:
    walk = _Walk(identity.group, identity.kind)
    for key, value in mapping(wanted).items():
        if key == "metadata":
            kept = {name: v for name, v in mapping(value).items() if name not in _METADATA_OWNED}
            yield from walk.node(kept, at(live, key), (key,), (key,))
        elif key == "stringData" and identity.kind == "Secret":
            yield from _string_data(mapping(value), live)
        elif key not in _SERVER_OWNED:
            yield from walk.node(value, at(live, key), (key,), (key,))


def _string_data(wanted: dict[str, Any], live: Resource) -> Iterator[tuple[Path, Any, Any]]:
    """Compare only the keys of `stringData`, which the API server moves into `data`."""
    for key in wanted:
        if at(live, "data", key) is None:
            yield ("stringData", key), MASK, None


@dataclass(frozen=True, slots=True)
class _Walk:
    """A comparison that follows how the API server merges this kind: `path` has positions, `names` only field names."""

    group: str
    kind: str

    def node(self, wanted: Any, live: Any, path: Path, names: tuple[str, ...]) -> Iterator[tuple[Path, Any, Any]]:
        if wanted is None or len(path) > _DEEPEST or (live is None and _is_zero(wanted)):
            return
        if isinstance(wanted, dict):
            if not isinstance(live, dict):
                yield path, wanted, live
                return
            for key, value in mapping(wanted).items():
                yield from self.node(value, live.get(key), (*path, key), (*names, key))
        elif isinstance(wanted, list):
            if not isinstance(live, list):
                yield path, wanted, live
                return
            yield from self._list(wanted, live, path, names)
        elif not same_scalar(wanted, live, names):
            yield path, wanted, live

    def _list(
        self, wanted: list[Any], live: list[Any], path: Path, names: tuple[str, ...]
    ) -> Iterator[tuple[Path, Any, Any]]:
        keys = merge_keys(self.group, self.kind, names)
        if keys == ():
            yield from (((*path, i), item, None) for i, item in enumerate(wanted) if item not in live)
            return
        if keys is None and len(wanted) != len(live):
            yield path, wanted, live
            return
        for index, item in enumerate(wanted):
            partner = live[index] if keys is None else _partner(item, live, keys)
            yield from self.node(item, partner, (*path, index), names)


def _partner(item: Any, live: list[Any], keys: tuple[str, ...]) -> Any:
    """Return the live item with the same merge keys; of several, the last, which is the one that counts in a pod."""
    mark = _mark(item, keys)
    return next((other for other in reversed(live) if _mark(other, keys) == mark), None)


def _mark(item: Any, keys: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(at(item, key) or ("TCP" if key == "protocol" else None) for key in keys)


def _is_zero(value: Any) -> bool:
    """Check for values that Go's `omitempty` drops, also inside objects that hold nothing else."""
    if isinstance(value, dict):
        return all(item is None or _is_zero(item) for item in value.values())
    return value in ("", 0, [])
