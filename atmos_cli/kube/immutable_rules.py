"""What each kind with rules of its own refuses on update; `immutable` has the plain table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.differences import NOT_SET, FieldDifference, first_difference
from atmos_cli.kube.quantity import parse
from atmos_cli.kube.shape import at, mapping, text
from atmos_cli.yamlio.locate import field_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.kube.resource import Resource
    from atmos_cli.kube.shape import Path

Why = Literal[
    "is immutable",
    "may only grow",
    "may not be removed",
    "may not go back to an earlier major version",
    "keeps the defaults of a rolling update",
]
Kind = tuple[str, str]
Rule = Callable[["Resource", "Resource"], "Iterator[Refused]"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A change of one field that is refused, why, and by whom."""

    field: FieldDifference
    why: Why = "is immutable"
    by: str = "the API server"


def change(before: Resource, after: Resource, path: Path, default: Any = NOT_SET) -> Iterator[Refused]:
    """Refuse any difference at `path`; a field that is not there has the default."""
    old, new = _or_default(at(before, *path), default), _or_default(at(after, *path), default)
    found = first_difference(old, new, path=path)
    if found is not None:
        yield Refused(found)


def _or_default(value: Any, default: Any) -> Any:
    return default if value is None else value


_STATEFUL_FREE = frozenset(
    ("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "minReadySeconds")
) | {"persistentVolumeClaimRetentionPolicy"}
_STATEFUL_DEFAULTS: Mapping[str, Any] = {"podManagementPolicy": "OrderedReady", "serviceName": ""}


def _stateful_set(before: Resource, after: Resource) -> Iterator[Refused]:
    old, new = mapping(before, "spec"), mapping(after, "spec")
    for key in dict.fromkeys((*new, *old)):
        if key not in _STATEFUL_FREE:
            default = [] if key == "volumeClaimTemplates" else _STATEFUL_DEFAULTS.get(key, NOT_SET)
            yield from change(before, after, ("spec", key), default)
    yield from _stateful_strategy(before, after)


_JOB_FIXED = ("selector", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy", "manualSelector")
_JOB_SCHEDULING = ("nodeSelector", "tolerations", "affinity", "schedulingGates")


def _job(before: Resource, after: Resource) -> Iterator[Refused]:
    """Refuse what a Job fixes; one that was suspended may still say where its pods go."""
    for key in _JOB_FIXED:
        yield from change(before, after, ("spec", key), False if key == "manualSelector" else NOT_SET)
    yield from change(before, after, ("spec", "completionMode"), "NonIndexed")
    old, new = mapping(before, "spec"), mapping(after, "spec")
    indexed = new.get("completionMode") == "Indexed"
    if not (indexed and new.get("completions") == new.get("parallelism")):
        yield from _completions(old, new)
    template, changed = mapping(before, "spec", "template"), mapping(after, "spec", "template")
    if old.get("suspend") is True:
        template, changed = _without_scheduling(template), _without_scheduling(changed)
    found = first_difference(template, changed, path=("spec", "template"))
    if found is not None:
        yield Refused(found)


def _completions(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Refused]:
    """Refuse other completions: one while neither they nor `parallelism` were ever written, else what was written."""
    live = old.get("completions", 1 if old.get("parallelism") is None else None)
    now = new.get("completions", live if old.get("completions") is None else None)
    never = old.get("parallelism") is not None and new.get("parallelism") is None
    if now is None and never:
        now = 1
    if now != live:
        before, after = (NOT_SET if each is None else each for each in (live, now))
        yield Refused(FieldDifference(("spec", "completions"), "spec.completions", before, after))


def _without_scheduling(template: dict[str, Any]) -> dict[str, Any]:
    spec = {key: each for key, each in mapping(template, "spec").items() if key not in _JOB_SCHEDULING}
    return {"spec": spec, "metadata": {}}


_CLAIM_DEFAULTS: Mapping[str, Any] = {"volumeMode": "Filesystem"}
_CLAIM_FREE = frozenset(("volumeAttributesClassName", "resources"))
# May be written once, or are kept when they are not written any more.
_CLAIM_ONCE, _CLAIM_KEPT = frozenset(("storageClassName", "volumeName")), frozenset(("dataSource", "dataSourceRef"))


def _claim(before: Resource, after: Resource) -> Iterator[Refused]:
    old, new = mapping(before, "spec"), mapping(after, "spec")
    for key in dict.fromkeys((*new, *old)):
        once = key in _CLAIM_ONCE and old.get(key) is None
        if key not in _CLAIM_FREE and not once and not (key in _CLAIM_KEPT and new.get(key) is None):
            yield from change(before, after, ("spec", key), _CLAIM_DEFAULTS.get(key, NOT_SET))
    yield from shrinks(before, after, ("spec", "resources", "requests", "storage"))
    yield from change(before, after, ("spec", "resources", "limits"), {})


def shrinks(before: Any, after: Any, path: Path, *, within: Path = (), by: str = "the API server") -> Iterator[Refused]:
    """Refuse a smaller size at `path`; both values are those at `within`, the start of it."""
    old, new = at(before, *path[len(within) :]), at(after, *path[len(within) :])
    try:
        if old is not None and new is not None and parse(str(new)) < parse(str(old)):
            yield Refused(FieldDifference(path, field_of(path), old, new), "may only grow", by)
    except AtmosError:
        return  # the checks say what is wrong with a quantity


_EXTERNAL = "ExternalName"


def _service(before: Resource, after: Resource) -> Iterator[Refused]:
    """Refuse another address, family or class. What is not written stays as it was; another type frees most."""
    old, new = text(before, "spec", "type") or "ClusterIP", text(after, "spec", "type") or "ClusterIP"
    if _EXTERNAL not in (old, new):
        yield from _address(before, after)
    if old == new == "LoadBalancer":
        yield from change(before, after, ("spec", "loadBalancerClass"))
        local = [text(each, "spec", "externalTrafficPolicy") == "Local" for each in (before, after)]
        if all(local) and at(after, "spec", "healthCheckNodePort") not in (None, 0):
            yield from change(before, after, ("spec", "healthCheckNodePort"))


def _address(before: Resource, after: Resource) -> Iterator[Refused]:
    written = _first(after, "clusterIP", "clusterIPs")
    if written:
        yield from change(before, after, _where(after, "clusterIP", "clusterIPs"), "")
    family = at(after, "spec", "ipFamilies", 0)
    if family and at(before, "spec", "ipFamilies", 0) not in (None, family):
        yield from change(before, after, ("spec", "ipFamilies", 0))


def _first(resource: Resource, single: str, several: str) -> str:
    return text(resource, "spec", single) or text(resource, "spec", several, 0)


def _where(resource: Resource, single: str, several: str) -> Path:
    return ("spec", single) if text(resource, "spec", single) else ("spec", several, 0)


def _sealed(*fields: str) -> Rule:
    """Return the rule of a ConfigMap or Secret with `immutable: true`."""

    def rule(before: Resource, after: Resource) -> Iterator[Refused]:
        if before.get("immutable") is True:
            yield from change(before, after, ("immutable",), False)
            for name in fields:
                yield from change(before, after, (name,), {})

    return rule


def _volume(before: Resource, after: Resource) -> Iterator[Refused]:
    free = {"capacity", "accessModes", "claimRef", "persistentVolumeReclaimPolicy", "storageClassName", "mountOptions"}
    free |= {"volumeMode", "nodeAffinity", "volumeAttributesClassName"}
    old, new = mapping(before, "spec"), mapping(after, "spec")
    for key in dict.fromkeys((*new, *old)):
        if key not in free:
            yield from change(before, after, ("spec", key))
    if old.get("nodeAffinity") is not None:
        yield from change(before, after, ("spec", "nodeAffinity"))


def _deployment(before: Resource, after: Resource) -> Iterator[Refused]:
    """Refuse `Recreate` while the defaults of a rolling update are there, which nobody wrote and so nobody removes."""
    old, new = mapping(before, "spec", "strategy"), mapping(after, "spec", "strategy")
    if _rolls(old) and not _rolls(new) and (not _written(old) or _emptied(old, new, ("maxSurge", "maxUnavailable"))):
        yield Refused(_strategy(("spec", "strategy", "type"), new), "keeps the defaults of a rolling update")


def _stateful_strategy(before: Resource, after: Resource) -> Iterator[Refused]:
    """Refuse `OnDelete` likewise. `maxUnavailable` has a default from 1.37 on, and what fails there fails here."""
    old, new = mapping(before, "spec", "updateStrategy"), mapping(after, "spec", "updateStrategy")
    never = not old.get("type") and not mapping(old, "rollingUpdate")
    if _rolls(old) and not _rolls(new) and (never or _emptied(old, new, ("maxUnavailable", "partition"))):
        yield Refused(_strategy(("spec", "updateStrategy", "type"), new), "keeps the defaults of a rolling update")


def _written(strategy: Mapping[str, Any]) -> set[str]:
    return {key for key, each in mapping(strategy, "rollingUpdate").items() if each is not None}


def _emptied(old: Mapping[str, Any], new: Mapping[str, Any], fields: tuple[str, ...]) -> bool:
    """Whether `new` empties, but keeps, a mapping in which some of `fields` are defaults. None are where it was not."""
    return "rollingUpdate" in new and bool(_written(old)) and len(_written(old)) < len(fields)


def _rolls(strategy: Mapping[str, Any]) -> bool:
    return strategy.get("type") in (None, "", "RollingUpdate")


def _strategy(path: Path, new: Mapping[str, Any]) -> FieldDifference:
    return FieldDifference(path, field_of(path), "RollingUpdate", new.get("type"))


RULES: Mapping[Kind, Rule] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("", "Service"): _service,
    ("", "ConfigMap"): _sealed("data", "binaryData"),
    ("", "Secret"): _sealed("data", "stringData"),
}
