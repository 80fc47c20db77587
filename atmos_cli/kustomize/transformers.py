"""The simple transformers of a kustomization: namespace, name prefix and suffix, labels, annotations, replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.kustomize.exact import reads_as_text
from atmos_cli.kustomize.fields import FieldSpec, UnreachableError, split_path, visit_all
from atmos_cli.kustomize.fieldspecs import (
    ANNOTATIONS,
    METADATA_LABELS,
    NAMESPACE,
    REPLICAS,
    SELECTOR_LABELS,
    TEMPLATE_LABELS,
)
from atmos_cli.kustomize.model import Origin, WorkingResource
from atmos_cli.kustomize.values import Shared, assign, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from atmos_cli.kustomize.fields import Visit
    from atmos_cli.kustomize.kustomization import Kustomization

_SUBJECTS = tuple(FieldSpec(("subjects",), kind) for kind in ("RoleBinding", "ClusterRoleBinding"))


def set_namespace(items: list[WorkingResource], kustomization: Kustomization) -> None:
    """Move everything that is not cluster-scoped; rename Namespaces; subjects named `default` follow."""
    namespace = kustomization.fields.get("namespace")
    if not namespace:
        return
    source = Origin(kustomization.file.path, 0, "namespace", ("namespace",))
    setter = _setter(namespace)
    for item in items:
        item.remember_id()
        if not item.cluster_scoped:
            item.metadata()["namespace"] = namespace
        named = NAMESPACE if item.gvk[:2] == ("", "v1") else NAMESPACE[1:]
        _visit(kustomization, item, named, setter, ("namespace",), make="text")
        _visit(kustomization, item, _SUBJECTS, _subject_setter(namespace), ("namespace",), make="")
        item.sources.append(source)
    _refuse_collision(items, kustomization)


def _subject_setter(namespace: str) -> Visit:
    def visit(parent: dict[str, Any], key: str) -> None:
        subjects = parent[key]
        for subject in subjects if isinstance(subjects, list) else ():
            name = subject.get("name") if isinstance(subject, dict) else None
            if isinstance(name, dict | list):
                raise UnreachableError("the name of a subject is not text")
            if name == "default":
                subject["namespace"] = namespace

    return visit


def _refuse_collision(items: list[WorkingResource], kustomization: Kustomization) -> None:
    seen: set[object] = set()
    for item in items:
        if item.id in seen:
            message = f"`namespace` makes two resources one: {item.id}"
            hint = "rename one of them"
            raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_INVALID, message, ("namespace",), hint=hint))
        seen.add(item.id)


def add_names(items: list[WorkingResource], kustomization: Kustomization) -> None:
    """Add `namePrefix`, then `nameSuffix`; Namespaces, CustomResourceDefinitions and APIServices keep their names."""
    for field in ("namePrefix", "nameSuffix"):
        added = kustomization.fields.get(field)
        if not added:
            continue
        source = Origin(kustomization.file.path, 0, "name", (field,))
        for item in items:
            original = item.original_id
            fixed = original.kind in ("CustomResourceDefinition", "Namespace")
            if fixed or (original.kind == "APIService" and original.group == "apiregistration.k8s.io"):
                continue
            (item.prefixes if field == "namePrefix" else item.suffixes).append(added)
            item.remember_id()
            item.metadata()["name"] = f"{added}{item.name}" if field == "namePrefix" else f"{item.name}{added}"
            item.sources.append(source)


def set_labels(items: list[WorkingResource], kustomization: Kustomization) -> None:
    """Set `labels` in their order, then `commonLabels`."""
    entries: list[tuple[Mapping[str, Any], tuple[str | int, ...]]] = [
        (entry or {}, ("labels", number)) for number, entry in enumerate(kustomization.list("labels"))
    ]
    common = kustomization.fields.get("commonLabels")
    if common:
        entries.append(({"pairs": common, "includeSelectors": True}, ("commonLabels",)))
    for entry, pointer in entries:
        pairs = {key: value or "" for key, value in (entry.get("pairs") or {}).items()}
        if pairs:
            specs = _label_specs(kustomization, entry, pointer)
            _set_pairs(items, kustomization, pairs, specs, ("labels", pointer))


def _label_specs(
    kustomization: Kustomization, entry: Mapping[str, Any], pointer: tuple[str | int, ...]
) -> list[FieldSpec]:
    specs: list[FieldSpec] = []
    for number, field in enumerate(entry.get("fields") or ()):
        given = {key: value or "" for key, value in (field or {}).items()}
        path = split_path(given.get("path", ""))
        if "" in path:
            message = "the path of a label field is empty"
            raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_INVALID, message, (*pointer, "fields", number)))
        create = bool(given.get("create"))
        scope = {key: given.get(key, "") for key in ("kind", "group", "version")}
        specs.append(FieldSpec(path, **scope, create=create))
    built_in: Sequence[FieldSpec] = SELECTOR_LABELS if entry.get("includeSelectors") else ()
    if not built_in:
        built_in = (*(TEMPLATE_LABELS if entry.get("includeTemplates") else ()), METADATA_LABELS)
    for each in built_in:
        same = next((s for s in specs if s.path == each.path and s.selects_all_of(each)), None)
        if same is None:
            specs.append(each)
        elif same.create != each.create:
            field = "/".join(each.path)
            message = f"kustomize has the label field {field} with the opposite of `create: {text(same.create)}`"
            raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_INVALID, message, (*pointer, "fields")))
    return specs


def set_annotations(items: list[WorkingResource], kustomization: Kustomization) -> None:
    pairs = {key: value or "" for key, value in kustomization.fields.get("commonAnnotations", {}).items()}
    if pairs:
        _set_pairs(items, kustomization, pairs, ANNOTATIONS, ("annotations", ("commonAnnotations",)))


def _set_pairs(
    items: list[WorkingResource],
    kustomization: Kustomization,
    pairs: Mapping[str, str],
    specs: Iterable[FieldSpec],
    origin: tuple[Any, tuple[str | int, ...]],
) -> None:
    kind, pointer = origin
    listed = list(specs)
    _refuse_keys(kustomization, pairs, pointer)
    for item in items:
        _visit(kustomization, item, listed, _pair_setter(pairs), pointer, make="map")
        item.sources.append(Origin(kustomization.file.path, 0, kind, pointer))


def _pair_setter(pairs: Mapping[str, str]) -> Visit:
    """Return a visitor that sets the pairs; where a key is new, the same node goes into every place."""
    shared = {key: Shared(value) for key, value in pairs.items()}

    def visit(parent: dict[str, Any], key: str) -> None:
        target = parent[key]
        if not isinstance(target, dict):
            raise UnreachableError(f"`{key}` is not a mapping")
        for name, value in shared.items():
            if name in target:
                assign(target, name, value.value)
            else:
                target[name] = value

    return visit


def _refuse_keys(kustomization: Kustomization, pairs: Mapping[str, str], pointer: tuple[str | int, ...]) -> None:
    for key in pairs:
        if not reads_as_text(key):
            message = f"kustomize refuses the key `{key}`, which reads as something else than text"
            raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_INVALID, message, pointer))


def set_replicas(items: list[WorkingResource], kustomization: Kustomization) -> None:
    """Set replicas; raises AtmosError if no Deployment, StatefulSet, ReplicaSet or ReplicationController matches."""
    problems: list[Diagnostic] = []
    for number, entry in enumerate(kustomization.list("replicas")):
        name, count = (entry or {}).get("name") or "", (entry or {}).get("count") or 0
        found = False
        source = Origin(kustomization.file.path, 0, "replicas", ("replicas", number))
        for each in REPLICAS:
            for item in items:
                if any(known.name == name and known.kind == each.kind for known in (*item.previous_ids, item.id)):
                    found = True
                    _visit(kustomization, item, [each], _setter(count), ("replicas", number), make="text")
                    item.sources.append(source)
        if not found:
            message = f"`replicas` names `{name}`, and no Deployment or StatefulSet has that name"
            hint = "correct the name or remove the entry"
            problems.append(kustomization.file.problem(Code.KUSTOMIZE_PATCH, message, ("replicas", number), hint=hint))
    if problems:
        raise AtmosError(*problems)


def _setter(value: Any) -> Callable[[dict[str, Any], str], None]:
    def visit(parent: dict[str, Any], key: str) -> None:
        if isinstance(parent[key], dict | list):
            raise UnreachableError(f"`{key}` is not a plain value")
        assign(parent, key, value)

    return visit


def _visit(
    kustomization: Kustomization,
    item: WorkingResource,
    specs: Iterable[FieldSpec],
    visit: Visit,
    pointer: tuple[str | int, ...],
    *,
    make: Any,
) -> None:
    try:
        visit_all(item.resource, item.gvk, specs, visit, make=make)
    except UnreachableError as error:
        message = f"`{pointer[0]}` cannot be applied to {item.kind}/{item.name}: {error}"
        raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_INVALID, message, pointer)) from None
