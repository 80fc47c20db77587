"""The settings of an add-on: defaults of the blueprint, then the spec, then the spec's environment; each checked."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.tree import render
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.kube.quantity import ZERO, parse
from atmos_cli.spec.model import Overrides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.blueprint.catalogue import Blueprint
    from atmos_cli.blueprint.manifest import Input
    from atmos_cli.spec.model import ServiceSpec

KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "quantity": "a quantity such as 500m or 1Gi",
    "port": "a port (1 to 65535)",
    "path": "a path that starts with /",
    "duration": "a duration such as 30s",
}
FORMS = {"path": re.compile(r"/[^\s]*"), "duration": re.compile(r"[0-9]+(ms|s|m|h)")}


def addon_inputs(part: Blueprint, spec: ServiceSpec, *, environment: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return every declared input with its value. Raises ATM104 for each one that is unknown or of the wrong type."""
    name = part.manifest.name
    given = {
        **spec.addons.get(name, {}),
        **spec.environments.get(environment, Overrides()).addons.get(name, {}),
    }
    problems = list(_problems(part, given))
    if problems:
        raise AtmosError(*problems)
    values = {}
    for key, declared in part.manifest.inputs.items():
        template = part.source.part("inputs", key, "default")
        values[key] = _typed(declared, given[key] if key in given else render(template, names))
        if key not in given and (wanted := _wanted(declared, values[key])):
            message = f"the default of `{key}` is `{values[key]}`, which is not {wanted}"
            raise template.error(message, code=Code.BLUEPRINT_INVALID)
    return values


def _problems(part: Blueprint, given: Mapping[str, Any]) -> Iterator[Diagnostic]:
    name, inputs = part.manifest.name, part.manifest.inputs
    for key, value in sorted(given.items()):
        field = f"addons.{name}.{key}"
        if key not in inputs:
            close = difflib.get_close_matches(key[:80], inputs, n=1)
            hint = f"did you mean `{close[0]}`?" if close else f"it takes: {', '.join(inputs) or 'nothing'}"
            yield Diagnostic(Code.SPEC_INVALID, f"the add-on `{name}` has no setting `{key}`", hint=hint)
        elif wanted := _wanted(inputs[key], _typed(inputs[key], value)):
            hint = f"write `{key}: {inputs[key].values[0]}`, for example" if inputs[key].values else inputs[key].summary
            yield Diagnostic(Code.SPEC_INVALID, f"`{field}` is `{value}`, which is not {wanted}", hint=hint)


def _typed(declared: Input, value: Any) -> Any:
    """Make texts of numbers: YAML parses `17` and `1` as numbers, where a version and a quantity are texts."""
    number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if number and declared.type in ("string", "quantity") else value


def _wanted(declared: Input, value: Any) -> str:
    """Return what the value had to be, as `an integer`; empty when it is."""
    if declared.values:
        known = ", ".join(map(str, declared.values))
        return "" if any(type(one) is type(value) and one == value for one in declared.values) else f"one of {known}"
    if not _fits(declared.type, value):
        return KINDS[declared.type]
    least, most = declared.minimum, declared.maximum
    if isinstance(value, int) and not isinstance(value, bool):
        if least is not None and value < least:
            return f"{least} or more"
        if most is not None and value > most:
            return f"{most} or less"
    return ""


def _fits(kind: str, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("integer", "port"):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and (kind == "integer" or 1 <= value <= 65535)
    if not isinstance(value, str):
        return False
    if kind == "quantity":
        try:
            return parse(value) >= ZERO
        except AtmosError:
            return False
    return kind not in FORMS or FORMS[kind].fullmatch(value) is not None
