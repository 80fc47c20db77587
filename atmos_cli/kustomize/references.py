"""Name references: when a resource got another name, every built-in field that names it follows."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location
from atmos_cli.kustomize.fields import FieldSpec, UnreachableError, visit_all
from atmos_cli.kustomize.model import NOT_NAMESPACED, Id, WorkingResource
from atmos_cli.kustomize.referrers import REFERENCES
from atmos_cli.kustomize.values import assign, text

if TYPE_CHECKING:
    from collections.abc import Sequence


class _AmbiguousError(ValueError):
    """Several resources may be meant."""


class _Target(NamedTuple):
    group: str
    version: str
    kind: str


def fix_references(items: list[WorkingResource]) -> None:
    """Rename references along with resources; an ambiguous name raises AtmosError at the file that has it."""
    problems: list[Diagnostic] = []
    for item in items:
        try:
            _fix_item(item, items)
        except (_AmbiguousError, UnreachableError) as error:
            where = Location(item.sources[0].path, resource=f"{item.kind}/{item.name}")
            message = f"a name in {item.kind}/{item.name} cannot be followed: {error}"
            problems.append(Diagnostic(Code.KUSTOMIZE_INVALID, message, where=where))
    if problems:
        raise AtmosError(*problems)


def _fix_item(item: WorkingResource, items: list[WorkingResource]) -> None:
    references = _references_of(*_gvk(item.original_id))
    if not references:
        return
    reachable = _reachable(item, items)
    renamed = [(other, other.previous_ids) for other in reachable if other.previous]
    for target, specs in references:
        matches = [other for other, ids in renamed if any(target.selects(*_gvk(one)) for one in ids)]
        for each in specs:
            _fix(item, each, matches, reachable)


@lru_cache(maxsize=256)
def _references_of(group: str, version: str, kind: str) -> list[tuple[FieldSpec, list[FieldSpec]]]:
    """Return, by target kind, the fields in which an object of this kind names one."""
    rows = ((target, [each for each in specs if each.selects(group, version, kind)]) for target, specs in REFERENCES)
    return [(target, specs) for target, specs in rows if specs]


def _gvk(each: Id) -> tuple[str, str, str]:
    return each.group, each.version, each.kind


def _fix(
    item: WorkingResource, each: FieldSpec, candidates: Sequence[WorkingResource], reachable: Sequence[WorkingResource]
) -> None:
    role = _role(item) if each.path[-2:] == ("roleRef", "name") else None

    def choose(name: str, among: Sequence[WorkingResource], *, with_namespace: bool) -> WorkingResource | None:
        return _choose(item, name, among, role, with_namespace=with_namespace)

    def visit(parent: Any, key: Any) -> None:
        value = parent[key]
        if isinstance(value, list):
            for number in range(len(value)):
                if isinstance(value[number], list):
                    raise UnreachableError("a list of lists")
                visit(value, number)
        elif isinstance(value, dict):
            _fix_mapping(value, candidates, reachable, choose)
        elif value is not None:
            found = choose(text(value), candidates, with_namespace=False)
            if found is not None and found.name != text(value):
                assign(parent, key, found.name)

    visit_all(item.resource, (each.group, each.version, each.kind), [each], visit)


def _fix_mapping(
    value: dict[str, Any], candidates: Sequence[WorkingResource], reachable: Sequence[WorkingResource], choose: Any
) -> None:
    """Fix a reference of name and namespace: a subject, the service of a webhook.

    The namespace is an original one as soon as any resource came from there, whatever its kind.
    """
    if "name" not in value:
        raise UnreachableError("a reference has no name")
    among = candidates
    if "namespace" in value:
        space = text(value["namespace"])
        original = any(c.original_id.space == space for c in reachable) and space != NOT_NAMESPACED
        among = [c for c in candidates if (c.original_id.space if original else c.space) == space != NOT_NAMESPACED]
    found = choose(text(value["name"]), among, with_namespace=True)
    if found is None or (found.name == text(value["name"]) and not found.namespace):
        return
    value["name"] = found.name
    if found.namespace:
        value["namespace"] = found.namespace


def _role(item: WorkingResource) -> _Target | None:
    reference = item.resource.get("roleRef")
    if not isinstance(reference, dict) or reference.get("apiGroup") is None or reference.get("kind") is None:
        return None
    return _Target(text(reference["apiGroup"]), "", text(reference["kind"]))


def _choose(
    referrer: WorkingResource,
    name: str,
    candidates: Sequence[WorkingResource],
    role: _Target | None,
    *,
    with_namespace: bool,
) -> WorkingResource | None:
    found = [c for c in candidates if any(before.name == name for before in c.previous)]
    if role is not None:
        found = [c for c in found if any(_selected(i, role) for i in c.previous_ids)]
    if not referrer.cluster_scoped:
        space = referrer.space
        found = [c for c in found if c.cluster_scoped or c.kind == "ServiceAccount" or c.space == space]
    if len(found) == 1:
        return found[0]
    found = [c for c in found if _same_context(c, referrer, allow_empty=True)]
    if len(found) > 1:
        found = [c for c in found if _same_context(c, referrer, allow_empty=False)]
    if len({(c.name, c.namespace if with_namespace else "") for c in found}) > 1:
        raise _AmbiguousError(f"`{name}` may be {', '.join(str(c.id) for c in found)}")
    return found[0] if found else None


def _selected(each: Id, target: _Target) -> bool:
    return (not target.group or each.group == target.group) and (not target.kind or each.kind == target.kind)


def _same_context(one: WorkingResource, other: WorkingResource, *, allow_empty: bool) -> bool:
    pairs = ((one.prefixes, other.prefixes), (one.suffixes, other.suffixes))
    return all((allow_empty and not (a and b)) or _same_ending(a, b) for a, b in pairs)


def _same_ending(one: list[str], other: list[str]) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return not longer if not shorter else longer[-len(shorter) :] == shorter


def _reachable(referrer: WorkingResource, candidates: list[WorkingResource]) -> list[WorkingResource]:
    """Return what the referrer can name: its namespace, cluster-scoped ones, ServiceAccounts that a binding lists."""
    if referrer.cluster_scoped:
        return candidates
    spaces: set[str] = set()
    subjects = referrer.resource.get("subjects") if referrer.kind == "RoleBinding" else None
    for subject in subjects if isinstance(subjects, list) else ():
        if not isinstance(subject, dict):
            raise UnreachableError("a subject is not a mapping")
        if "namespace" in subject and "kind" in subject:
            if not isinstance(subject["kind"], str) or not isinstance(subject["namespace"], str):
                raise UnreachableError("kind or namespace of a subject is not text")
            if subject["kind"] == "ServiceAccount":
                spaces.add(subject["namespace"])
    space = referrer.space
    return [c for c in candidates if c.cluster_scoped or c.space == space or c.namespace in spaces]
