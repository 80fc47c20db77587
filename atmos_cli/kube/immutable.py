"""What an update of an object may not change: fields that the API server, or an operator's webhook, refuses.

From `pkg/apis/*/validation` of Kubernetes 1.34 and the bundled CRDs' transition rules; proved against a real API server
(`tests/lab/proofs/test_proof_immutable_fields.py`), except for what webhooks of operators say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.differences import NOT_SET, FieldDifference
from atmos_cli.kube.immutable_rules import RULES, Refused, change, shrinks
from atmos_cli.kube.operators import OPERATED
from atmos_cli.kube.resource import group_version
from atmos_cli.kube.shape import at, items, text
from atmos_cli.yamlio.locate import field_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.kube.immutable_rules import Kind
    from atmos_cli.kube.resource import Resource
    from atmos_cli.kube.shape import Path


@dataclass(frozen=True, slots=True)
class Fixed:
    """A field that no update may change. `default`: what it is where nothing is written; `once_set`: may be added."""

    path: Path
    default: Any = NOT_SET
    once_set: bool = False


_SELECTOR = (Fixed(("spec", "selector")),)
_RBAC = "rbac.authorization.k8s.io"
_ROLE = (Fixed(("roleRef", "kind")), Fixed(("roleRef", "name")), Fixed(("roleRef", "apiGroup"), _RBAC))
FIXED: Mapping[Kind, tuple[Fixed, ...]] = {
    ("apps", "Deployment"): _SELECTOR,
    ("apps", "ReplicaSet"): _SELECTOR,
    ("apps", "DaemonSet"): _SELECTOR,
    ("", "Secret"): (Fixed(("type",), "Opaque"),),
    (_RBAC, "RoleBinding"): _ROLE,
    (_RBAC, "ClusterRoleBinding"): _ROLE,
    ("storage.k8s.io", "StorageClass"): (
        Fixed(("provisioner",)),
        Fixed(("parameters",), {}),
        Fixed(("reclaimPolicy",), "Delete"),
        Fixed(("volumeBindingMode",), "Immediate"),
    ),
    ("scheduling.k8s.io", "PriorityClass"): (
        Fixed(("value",), 0),
        Fixed(("preemptionPolicy",), "PreemptLowerPriority"),
    ),
    ("networking.k8s.io", "IngressClass"): (Fixed(("spec", "controller")),),
    ("node.k8s.io", "RuntimeClass"): (Fixed(("handler",)),),
    ("", "ResourceQuota"): (Fixed(("spec", "scopes"), []),),
    ("discovery.k8s.io", "EndpointSlice"): (Fixed(("addressType",)),),
    ("", "PersistentVolume"): (Fixed(("spec", "volumeMode"), "Filesystem"),),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (Fixed(("spec", "group")), Fixed(("spec", "scope"))),
}


def _fixed_in_spec(*fields: str) -> tuple[Fixed, ...]:
    """Return fields whose rule is `self == oldSelf`: it says nothing where the field was or will be absent."""
    return tuple(Fixed(("spec", name), once_set=True) for name in fields)


_LOCALE = ("locale", "localeProvider", "localeCollate", "localeCType", "icuLocale", "icuRules", "builtinLocale")
_CLOUDNATIVEPG = "postgresql.cnpg.io"
# Transition rules of the bundled CRDs; `tests/kube/test_immutable_fields.py` holds the two side by side.
TRANSITIONS: Mapping[Kind, tuple[Fixed, ...]] = {
    (_CLOUDNATIVEPG, "Backup"): (Fixed(("spec",), once_set=True),),
    (_CLOUDNATIVEPG, "Cluster"): _fixed_in_spec("serviceAccountName"),
    (_CLOUDNATIVEPG, "Database"): _fixed_in_spec(
        "cluster", "name", "template", "encoding", "collationVersion", *_LOCALE
    ),
    (_CLOUDNATIVEPG, "DatabaseRole"): (Fixed(("spec", "name")), *_fixed_in_spec("cluster")),
    (_CLOUDNATIVEPG, "Pooler"): _fixed_in_spec("cluster", "serviceAccountName"),
    (_CLOUDNATIVEPG, "ScheduledBackup"): _fixed_in_spec("cluster"),
    (_CLOUDNATIVEPG, "Publication"): (
        *_fixed_in_spec("cluster", "dbname", "name"),
        Fixed(("spec", "target", "allTables"), once_set=True),
    ),
    (_CLOUDNATIVEPG, "Subscription"): _fixed_in_spec("cluster", "dbname", "name"),
    ("gateway.networking.k8s.io", "GatewayClass"): _fixed_in_spec("controllerName"),
}


def refused(before: Resource, after: Resource) -> tuple[Refused, ...]:
    """Return each change of the fields of one object that is refused, in the order of its kind's rules."""
    kind = group_version(after)[0], text(after, "kind")
    found = [*_changes_of_fixed(FIXED.get(kind, ()), before, after)]
    found += _changes_of_fixed(TRANSITIONS.get(kind, ()), before, after)
    if kind in RULES:
        found += RULES[kind](before, after)
    if kind in OPERATED:
        found += _operated(kind, before, after)
    return tuple(found)


def _changes_of_fixed(rows: tuple[Fixed, ...], before: Resource, after: Resource) -> Iterator[Refused]:
    for row in rows:
        old, new = at(before, *row.path), at(after, *row.path)
        if row.once_set and (old is None or new is None):
            continue
        yield from change(before, after, row.path, row.default)


_OPERATORS = {_CLOUDNATIVEPG: "CloudNativePG"}


def _operated(kind: Kind, before: Resource, after: Resource) -> Iterator[Refused]:
    """Refuse what the webhook of an operator refuses: volumes that shrink, or go."""
    runs, by = OPERATED[kind].runs, _OPERATORS.get(kind[0], "its operator")
    if runs is None:
        return
    there = dict(_volumes(after, runs.volumes))
    for name, old in _volumes(before, runs.volumes):
        new = there.get(name)
        if new is None:
            yield Refused(FieldDifference(old, field_of(old), at(before, *old), NOT_SET), "may not be removed", by)
            continue
        for size in runs.sizes:
            yield from shrinks(at(before, *old), at(after, *new), (*new, *size), within=new, by=by)


def _volumes(resource: Resource, paths: tuple[Path, ...]) -> Iterator[tuple[Path, Path]]:
    """Yield the name and the place of each volume of an operated object; items of a list are known by their name."""
    for path in paths:
        if "*" not in path:
            if at(resource, *path) is not None:
                yield path, path
            continue
        start, rest = path[: path.index("*")], path[path.index("*") + 1 :]
        for index, item in items(resource, *start):
            if at(item, *rest) is not None:
                yield (*start, text(item, "name"), *rest), (*start, index, *rest)
