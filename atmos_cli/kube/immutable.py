"""What an update of an object may not change: fields that the API server, or an operator's webhook, refuses.

From `pkg/apis/*/validation` of Kubernetes 1.37 and the bundled CRDs' transition rules; proved against a real API server
(`tests/lab/proofs/test_proof_immutable_fields.py`), except for what webhooks of operators say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.differences import NOT_SET, FieldDifference
from atmos_cli.kube.immutable_rules import RULES, Refused, change, shrinks
from atmos_cli.kube.operators import OPERATED, major_of
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
    """A field that no update may change. `default`: what it is where nothing is written.

    `when_both`: it may still be added and removed, as a rule `self == oldSelf` of a CRD lets it.
    """

    path: Path
    default: Any = NOT_SET
    when_both: bool = False


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
    ("argoproj.io", "Rollout"): (Fixed(("spec", "selector"), when_both=True),),
    ("gateway.networking.k8s.io", "GatewayClass"): (Fixed(("spec", "controllerName")),),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (Fixed(("spec", "group")), Fixed(("spec", "scope"))),
}


def refused(before: Resource, after: Resource) -> tuple[Refused, ...]:
    """Return each change of the fields of one object that is refused, in the order of its kind's rules."""
    kind = group_version(after)[0], text(after, "kind")
    found = [*_changes_of_fixed(FIXED.get(kind, ()), before, after)]
    if kind in RULES:
        found += RULES[kind](before, after)
    if kind in OPERATED:
        found += _operated(kind, before, after)
    return tuple(found)


def _changes_of_fixed(rows: tuple[Fixed, ...], before: Resource, after: Resource) -> Iterator[Refused]:
    for row in rows:
        if row.when_both and (at(before, *row.path) is None or at(after, *row.path) is None):
            continue
        yield from change(before, after, row.path, row.default)


def _operated(kind: Kind, before: Resource, after: Resource) -> Iterator[Refused]:
    """Refuse what the CRD of an operator refuses, and its webhook: volumes that shrink or go, an older version."""
    for path in OPERATED[kind].fixed:
        if at(before, *path) is not None and at(after, *path) is not None:
            yield from change(before, after, path)
    yield from _downgrade(kind, before, after)
    runs, by = OPERATED[kind].runs, "its operator"
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


def _downgrade(kind: Kind, before: Resource, after: Resource) -> Iterator[Refused]:
    old, new = (major_of(each, OPERATED[kind]) for each in (before, after))
    if old and new and new[1] < old[1]:
        found = FieldDifference(new[0], field_of(new[0]), old[1], new[1])
        yield Refused(found, "may not go back to an earlier major version", "its operator")


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
