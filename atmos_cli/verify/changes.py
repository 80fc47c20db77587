"""The changes of a commit to the effective objects, field by field, and whether they concern a database's schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.engine_annotations import BOOKKEEPING
from atmos_cli.kube.listkeys import merge_keys
from atmos_cli.kube.quantity import parse
from atmos_cli.kube.secret_words import has_secret_word
from atmos_cli.kube.shape import who
from atmos_cli.verify.masking import HIDDEN, masked_tree, shown, without_secrets
from atmos_cli.verify.model import ObjectFieldChange
from atmos_cli.verify.outcome import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from atmos_cli.kube.resource import Identity, Resource
    from atmos_cli.verify.model import Evidence

Path = tuple[str | int, ...]
MOST = 500
_DEEPEST = 40

_NOISE_FIELDS = {
    ("status",),
    *(
        ("metadata", k)
        for k in ("resourceVersion", "uid", "generation", "creationTimestamp", "managedFields", "selfLink")
    ),
}
_NOISE_KEYS = re.compile(
    r"atmos-cli\.dev/|app\.kubernetes\.io/(?:managed-by|version)$|helm\.sh/chart$|meta\.helm\.sh/"
    r"|kubectl\.kubernetes\.io/last-applied-configuration|deployment\.kubernetes\.io/revision|" + "|".join(BOOKKEEPING)
)
_HASH = re.compile(r"-[a-z0-9]{10}$")


def field_changes(before: Sequence[Resource], after: Sequence[Resource]) -> tuple[ObjectFieldChange, ...]:
    """Return what differs, in the order of the objects of `after`, then what is gone; at most 500.

    Lists that the API merges by key are matched by it, and the key's value is in the path (`env`, `DB_POOL_SIZE`).
    An added or removed object is one change with an empty path. Values that may be secret are `***` on both sides.
    Quantities are compared as quantities; bookkeeping labels and annotations, status and order are ignored.
    """
    old = {who(o): o for o in before if isinstance(o, dict)}
    new = {who(o): o for o in after if isinstance(o, dict)}
    renamed = _renamed(old, new)
    found: list[ObjectFieldChange] = []
    for key, item in new.items():
        origin = old.get(renamed.get(key, key))
        if origin is None:
            found.append(ObjectFieldChange(key, (), None, _safe(key, (), item)))
            continue
        names = {a.name: b.name for b, a in renamed.items()}
        found += _compare(key, origin, item, names)
        if len(found) > MOST:
            break
    found += [
        ObjectFieldChange(k, (), _safe(k, (), o), None)
        for k, o in old.items()
        if k not in new and k not in renamed.values()
    ]
    return tuple(found[:MOST])


def says(change: ObjectFieldChange) -> str:
    """Describe a change: `replicas 4 → 8`, `env DB_POOL_SIZE removed`; of what is no workload, with its name."""
    if not change.path:
        return f"{change.object} {_added(change)}"
    path = [str(step) for step in change.path]
    prefix = "" if change.object.kind in _WORKLOADS else f"{change.object} "
    for name, title in _LISTS.items():
        if name in path[:-1] and (rest := path[path.index(name) + 1 :]):
            if len(rest) == 1 or (name == "env" and change.path[-1] == "value"):
                return _sentence(f"{prefix}{title} {rest[0]}", change)
            if name == "env":
                return shown(f"{prefix}env {rest[0]} comes from another place now")
            if name in ("containers", "initContainers") and not set(_LISTS) & set(rest[1:-1]):
                return _sentence(f"{prefix}{_short(rest[1:])}", change)
    return _sentence(f"{prefix}{_short(path)}", change)


def migration_suspect(changes: Sequence[ObjectFieldChange], evidence: Evidence) -> Reason | None:
    """Return why a rollback may be unsafe: a schema migration ran or changed, or schema and code disagree; or None."""
    # The rules import this module, so it can ask them only when called.
    from atmos_cli.verify.diagnosis.migrations import migration_of

    what = migration_of(changes, evidence)
    if not what:
        return None
    return Reason(
        Outcome.WARN,
        "migration-suspect",
        f"{what}; the code can be taken back safely only if the database's new shape also fits the old code",
        "check the migration, then set `verify.rollback.migrations: compatible` in service.yaml to allow it",
    )


_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Rollout")
_LISTS = {
    "env": "env",
    "volumeMounts": "mount",
    "volumes": "volume",
    "imagePullSecrets": "imagePullSecret",
    "ports": "port",
    "initContainers": "init container",
    "containers": "container",
}
_LONG = {
    "httpGet": "",
    "spec": "",
    "template": "",
    "resources": "",
    "readinessProbe": "readiness probe",
    "livenessProbe": "liveness probe",
    "startupProbe": "startup probe",
    "rollingUpdate": "",
    "strategy": "",
}


# Mappings that are reported leaf by leaf also when they are new or gone as a whole.
_OPENED = {
    (k,) for k in ("resources", "limits", "requests", "nodeSelector", "securityContext", "labels", "annotations")
}


def _compare(key: Identity, before: Resource, after: Resource, names: Mapping[str, str]) -> Iterator[ObjectFieldChange]:
    for path, old, new in _walk((), (), before, after, group=key.group, kind=key.kind, depth=0):
        if isinstance(old, str) and names.get(old, old) == new:
            continue
        if path[:1] == ("metadata",) and path[1:] == ("name",):
            continue
        yield ObjectFieldChange(key, path, _safe(key, path, old), _safe(key, path, new))


def _walk(
    path: Path, fields: tuple[str, ...], old: Any, new: Any, *, group: str, kind: str, depth: int
) -> Iterator[tuple[Path, Any, Any]]:
    if fields in _NOISE_FIELDS or (_is_empty(old) and _is_empty(new)) or depth > _DEEPEST:
        return
    if fields[-1:] in _OPENED and (old is None or new is None):
        old, new = ({} if side is None else side for side in (old, new))
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(k for k in new if k not in old)]:
            field = str(name)
            if fields[-1:] in (("labels",), ("annotations",)) and _NOISE_KEYS.match(field):
                continue
            yield from _walk(
                (*path, field), (*fields, field), old.get(name), new.get(name), group=group, kind=kind, depth=depth + 1
            )
    elif isinstance(old, list) and isinstance(new, list):
        pairs = _pairs(old, new, keys=merge_keys(group, kind, fields), field=fields[-1] if fields else "")
        if pairs is None:
            if old != new:
                yield path, old, new
            return
        for step, left, right in pairs:
            if left is None or right is None:
                yield (*path, step), left, right
                continue
            yield from _walk((*path, step), fields, left, right, group=group, kind=kind, depth=depth + 1)
    elif not _equal(old, new, fields):
        yield path, old, new


def _pairs(
    old: list[Any], new: list[Any], *, keys: tuple[str, ...] | None, field: str
) -> list[tuple[str | int, Any, Any]] | None:
    """Match items of two lists by key, or by position where that says more; None when the list is one value."""
    if keys is None and field != "command" and all(isinstance(i, dict) for i in old + new):
        keys = ("name",)
        if not all(isinstance(i.get("name"), str) for i in old + new):
            return [(n, a, b) for n, (a, b) in enumerate(zip(old, new, strict=True))] if len(old) == len(new) else None
    if not keys:
        same = keys == () and sorted(map(str, old)) == sorted(map(str, new))
        return [] if same else None
    left, right = (_by_key(side, keys) for side in (old, new))
    if left is None or right is None:
        return None
    return [(k, left.get(k), right.get(k)) for k in [*left, *(k for k in right if k not in left)]]


def _by_key(items: list[Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    found = {}
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get(keys[0]), str | int):
            return None
        name = str(item[keys[0]])
        extra = [str(item[k]) for k in keys[1:] if item.get(k) not in (None, "TCP")]
        found["/".join([name, *extra])] = item
    return found if len(found) == len(items) else None


def _equal(old: Any, new: Any, fields: tuple[str, ...]) -> bool:
    if type(old) is type(new) and old == new:
        return True
    if {"limits", "requests", "hard", "capacity"} & set(fields) and old is not None and new is not None:
        return _same_quantity(old, new)
    return False


def _same_quantity(old: Any, new: Any) -> bool:
    if not all(isinstance(side, str | int | float) and not isinstance(side, bool) for side in (old, new)):
        return False
    try:
        return parse(old) == parse(new)
    except (AtmosError, ValueError, OverflowError):
        return False


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, dict | list) and not value)


def _renamed(old: Mapping[Identity, Resource], new: Mapping[Identity, Resource]) -> dict[Identity, Identity]:
    """Return new -> old for generated ConfigMaps and Secrets, whose name ends in the hash of their content."""
    gone = {
        k._replace(name=_HASH.sub("", k.name)): k for k in old if k not in new and k.kind in ("ConfigMap", "Secret")
    }
    came = {k: k._replace(name=_HASH.sub("", k.name)) for k in new if k not in old}
    return {k: gone[base] for k, base in came.items() if base in gone}


def _safe(key: Identity, path: Path, value: Any) -> Any:
    """Return the value with what may be secret hidden."""
    if value is None:
        return None
    hidden = key.kind == "Secret" and path[:1] in (("data",), ("stringData",))
    named = len(path) > 2 and path[-1] == "value" and isinstance(path[-2], str) and has_secret_word(path[-2])
    if hidden or named or (key.kind == "ConfigMap" and path[:1] == ("data",) and has_secret_word(str(path[-1]))):
        return HIDDEN
    return masked_tree(without_secrets(value) if not path and isinstance(value, dict) else value)


def _sentence(name: str, change: ObjectFieldChange) -> str:
    before, after = change.before, change.after
    if before == after == HIDDEN or isinstance(before, dict | list) or isinstance(after, dict | list):
        return shown(f"{name} {_added(change)}")
    if change.path[-1] == "image" and isinstance(before, str) and isinstance(after, str):
        before, after = _images(before, after)
    if before is None or after is None:
        value = _scalar(after if before is None else before)
        return shown(f"{name} {_added(change)}" + (f" ({value})" if after is not None and value else ""))
    return shown(f"{name} {_scalar(before)} → {_scalar(after)}")


def _added(change: ObjectFieldChange) -> str:
    return "added" if change.before is None else "removed" if change.after is None else "changed"


def _short(steps: Sequence[str]) -> str:
    named = [_LONG.get(step, step) for step in steps]
    kept = [step for step in named if step]
    if "limits" in kept or "requests" in kept:
        return f"{kept[-1]} {'limit' if 'limits' in kept else 'request'}"
    return " ".join(kept) if len(kept) <= 2 else ".".join(kept)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    words = " ".join(str(value).split())
    return words if len(words) <= 80 else words[:79] + "…"


def _images(before: str, after: str) -> tuple[str, str]:
    left, right = (re.sub(r"@(sha256:[0-9a-f]{8})[0-9a-f]{56}$", r"@\1", image) for image in (before, after))
    if left.partition("@")[0].rpartition(":")[0] == right.partition("@")[0].rpartition(":")[0]:
        return left.rpartition("/")[2], right.rpartition("/")[2]
    return left, right
