"""The kustomization file: how it is found, read, and checked for the fields and types that kustomize accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location
from atmos_cli.kustomize.files import NAMES, Files, Reference, join
from atmos_cli.kustomize.model import Unsupported
from atmos_cli.yamlio.load import load
from atmos_cli.yamlio.locate import field_of

if TYPE_CHECKING:
    from collections.abc import Mapping

STR, BOOL, INT, ANY = "text", "true or false", "a whole number", "anything"
Shape = Any  # one of the words above, [shape] for a list, {"": shape} for a mapping of texts, {name: shape} for fields

_OPTIONS: Shape = {"labels": {"": STR}, "annotations": {"": STR}, "disableNameSuffixHash": BOOL, "immutable": BOOL}
_GVK: Shape = {"group": STR, "version": STR, "kind": STR}
_CONFIG_MAP: Shape = {
    "namespace": STR,
    "name": STR,
    "behavior": STR,
    "literals": [STR],
    "files": [STR],
    "envs": [STR],
    "env": STR,
    "options": _OPTIONS,
}
_TARGET: Shape = {**_GVK, "name": STR, "namespace": STR, "annotationSelector": STR, "labelSelector": STR}
_PATCH: Shape = {
    "path": STR,
    "patch": STR,
    "target": _TARGET,
    "options": {"allowNameChange": BOOL, "allowKindChange": BOOL},
}
_LABEL: Shape = {
    "pairs": {"": STR},
    "includeSelectors": BOOL,
    "includeTemplates": BOOL,
    "fields": [{**_GVK, "path": STR, "create": BOOL}],
}
_SORT: Shape = {"order": STR, "legacySortOptions": {"orderFirst": [STR], "orderLast": [STR]}}
_IMAGE: Shape = {"name": STR, "newName": STR, "newTag": STR, "digest": STR, "tagSuffix": STR}
FIELDS: Mapping[str, Shape] = {
    "apiVersion": STR,
    "kind": STR,
    "metadata": {"name": STR, "namespace": STR, "labels": {"": STR}, "annotations": {"": STR}},
    "resources": [STR],
    "bases": [STR],
    "components": [STR],
    "namespace": STR,
    "namePrefix": STR,
    "nameSuffix": STR,
    "labels": [_LABEL],
    "commonLabels": {"": STR},
    "commonAnnotations": {"": STR},
    "images": [_IMAGE],
    "replicas": [{"name": STR, "count": INT}],
    "patches": [_PATCH],
    "configMapGenerator": [_CONFIG_MAP],
    "generatorOptions": _OPTIONS,
    "sortOptions": _SORT,
}
OUTSIDE: Mapping[str, str] = {
    "secretGenerator": "secrets must not stand in Git: use an ExternalSecret or a SealedSecret",
    "helmCharts": "use a HelmRelease or an Application with a chart: not every engine inflates charts in kustomize",
    "helmGlobals": "",
    "helmChartInflationGenerator": "",
    "patchesStrategicMerge": "rename it to `patches` with `path:` or `patch:` entries (`kustomize edit fix`)",
    "patchesJson6902": "rename it to `patches` (`kustomize edit fix`)",
    "imageTags": "rename it to `images`",
    "vars": "use `replacements`, or write the value",
    "replacements": "",
    "generators": "",
    "transformers": "",
    "validators": "",
    "configurations": "",
    "crds": "",
    "openapi": "",
    "buildMetadata": "",
}


class Kustomization(NamedTuple):
    """A valid kustomization; `fields` has no nulls at its top level."""

    file: Reference
    fields: Mapping[str, Any]

    def list(self, name: str) -> list[Any]:
        return self.fields.get(name) or []


def load_kustomization(files: Files, directory: str) -> Kustomization:
    """Load the kustomization of a directory. Raises AtmosError with every problem, Unsupported if it needs too much."""
    found = files.kustomizations(directory)
    if len(found) != 1:
        raise AtmosError(_not_one(files, directory, found))
    data = files.read(found[0]) or b""
    file = Reference(found[0], data)
    value = load(data, path=found[0])
    if not isinstance(value, dict) or not any(
        v not in (None, "") for k, v in value.items() if k not in ("apiVersion", "kind")
    ):
        message = (
            "the kustomization is empty"
            if value in (None, {}) or isinstance(value, dict)
            else "a kustomization is a mapping"
        )
        raise AtmosError(file.problem(Code.KUSTOMIZE_INVALID, message, (), hint="add `resources:`"))
    problems, beyond = _check(file, value)
    if problems:
        raise AtmosError(*problems)
    if beyond:
        raise Unsupported(*beyond)
    return Kustomization(file, {key: item for key, item in value.items() if item is not None})


def _not_one(files: Files, directory: str, found: list[str]) -> Diagnostic:
    where = Location(found[0] if found else directory or ".")
    if found:
        message = (
            f"{directory or '.'} has more than one kustomization: {', '.join(p.rpartition('/')[2] for p in found)}"
        )
        return Diagnostic(Code.KUSTOMIZE_INVALID, message, where=where, hint="keep one of them")
    if files.is_directory(directory):
        message = f"{directory or '.'} has no kustomization.yaml"
        return Diagnostic(Code.KUSTOMIZE_REFERENCE, message, where=where, hint=f"create {join(directory, NAMES[0])}")
    message = f"the directory {directory} does not exist"
    return Diagnostic(Code.KUSTOMIZE_REFERENCE, message, where=where, hint="correct the path")


def _check(file: Reference, value: dict[str, Any]) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Return what kustomize would refuse, and what only the real tool can do."""
    problems: list[Diagnostic] = []
    beyond: list[Diagnostic] = []
    for key, item in value.items():
        if key in FIELDS:
            _check_shape(file, item, FIELDS[key], (key,), problems, beyond)
        elif key in OUTSIDE:
            if item not in (None, [], {}, ""):
                beyond.append(_beyond(file, (key,), OUTSIDE[key]))
        else:
            _unknown(file, (key,), [*FIELDS, *OUTSIDE], problems, beyond)
    problems += _check_type(file, value)
    _check_values(file, value, beyond)
    return problems, beyond


def _check_type(file: Reference, value: dict[str, Any]) -> list[Diagnostic]:
    problems: list[Diagnostic] = []
    kind, version = value.get("kind") or "Kustomization", value.get("apiVersion")
    if isinstance(kind, str) and kind not in _VERSIONS:
        message = f"the kind is {kind}, and must be Kustomization or Component"
        problems.append(file.problem(Code.KUSTOMIZE_INVALID, message, ("kind",), hint="correct the kind"))
    expected = _VERSIONS.get(str(kind), _VERSIONS["Kustomization"])
    if isinstance(version, str) and version and version != expected:
        message = f"the apiVersion of a {kind} must be {expected}, not {version}"
        problems.append(file.problem(Code.KUSTOMIZE_INVALID, message, ("apiVersion",), hint=f"write {expected}"))
    return problems


def _check_values(file: Reference, value: dict[str, Any], beyond: list[Diagnostic]) -> None:
    """Collect the known fields whose value is outside of the subset."""
    for list_name, option in (("patches", "options"), ("images", "tagSuffix")):
        entries = value.get(list_name)
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            chosen = entry.get(option) if isinstance(entry, dict) else None
            if chosen and (not isinstance(chosen, dict) or any(chosen.values())):
                beyond.append(_beyond(file, (list_name, number, option), ""))


def _check_shape(
    file: Reference,
    value: Any,
    shape: Shape,
    pointer: tuple[str | int, ...],
    problems: list[Diagnostic],
    beyond: list[Diagnostic],
) -> None:
    if value is None:
        return
    if isinstance(shape, str):
        if not _is(value, shape):
            message = f"`{field_of(pointer)}` must be {shape}"
            hint = f'quote it: "{value}"' if shape == STR and not isinstance(value, dict | list) else ""
            problems.append(file.problem(Code.KUSTOMIZE_INVALID, message, pointer, hint=hint))
    elif isinstance(shape, list):
        if not isinstance(value, list):
            problems.append(file.problem(Code.KUSTOMIZE_INVALID, f"`{field_of(pointer)}` must be a list", pointer))
            return
        for number, item in enumerate(value):
            _check_shape(file, item, shape[0], (*pointer, number), problems, beyond)
    elif not isinstance(value, dict):
        problems.append(file.problem(Code.KUSTOMIZE_INVALID, f"`{field_of(pointer)}` must be a mapping", pointer))
    else:
        for key, item in value.items():
            if "" in shape or key in shape:
                _check_shape(file, item, shape.get(key, shape.get("")), (*pointer, key), problems, beyond)
            else:
                _unknown(file, (*pointer, key), list(shape), problems, beyond)


def _is(value: Any, shape: str) -> bool:
    if shape == STR:
        return isinstance(value, str)
    if shape == BOOL:
        return isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _unknown(
    file: Reference,
    pointer: tuple[str | int, ...],
    known: list[str],
    problems: list[Diagnostic],
    beyond: list[Diagnostic],
) -> None:
    """Report an unknown field; Go matches field names in any case, which is left to the real tool."""
    key = str(pointer[-1])
    alike = next((name for name in known if name.lower() == key.lower()), None)
    if alike:
        beyond.append(_beyond(file, pointer, f"write `{alike}`"))
        return
    close = next((name for name in known if name.rstrip("s").lower() == key.rstrip("s").lower()), None)
    hint = f"write `{close}`" if close else "remove it"
    message = f"kustomize has no field `{field_of(pointer)}`"
    problems.append(file.problem(Code.KUSTOMIZE_INVALID, message, pointer, hint=hint))


def _beyond(file: Reference, pointer: tuple[str | int, ...], hint: str) -> Diagnostic:
    message = f"atmos does not build `{field_of(pointer)}` itself"
    advice = "install kustomize or kubectl, atmos then asks it"
    return file.problem(Code.KUSTOMIZE_UNSUPPORTED, message, pointer, hint=f"{advice}; or {hint}" if hint else advice)


_VERSIONS = {"Kustomization": "kustomize.config.k8s.io/v1beta1", "Component": "kustomize.config.k8s.io/v1alpha1"}
