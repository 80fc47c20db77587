"""The settings of an add-on: defaults of the blueprint, then the spec, then the spec's environment; each checked."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.tree import Template, render
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.kube.quantity import parse
from atmos_cli.spec.model import Overrides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.blueprint.catalogue import Blueprint
    from atmos_cli.blueprint.manifest import Input
    from atmos_cli.spec.model import ServiceSpec


def addon_inputs(
    part: Blueprint, spec: ServiceSpec, *, environment: str, names: Mapping[str, Any]
) -> dict[str, Any]:
    """Every declared input with its value. Raises ATM104 for each one that is unknown or of the wrong type."""
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
        template = Template(
            declared.default, part.source.path, part.source.data, part.source.index, ("inputs", key, "default")
        )
        values[key] = given[key] if key in given else render(template, names)
    return values


def _problems(part: Blueprint, given: Mapping[str, Any]) -> Iterator[Diagnostic]:
    name, inputs = part.manifest.name, part.manifest.inputs
    for key, value in sorted(given.items()):
        if key not in inputs:
            close = difflib.get_close_matches(key, inputs, n=1)
            hint = f"did you mean `{close[0]}`?" if close else f"it takes: {', '.join(inputs) or 'nothing'}"
            yield Diagnostic(Code.SPEC_INVALID, f"the add-on `{name}` has no setting `{key}`", hint=hint)
        elif not _fits(inputs[key], value):
            wanted = f"one of {', '.join(map(str, inputs[key].values))}" if inputs[key].values else inputs[key].type
            yield Diagnostic(Code.SPEC_INVALID, f"`addons.{name}.{key}` is `{value}`, which is not {_article(wanted)}")


def _fits(declared: Input, value: Any) -> bool:
    if declared.values:
        return value in declared.values
    if declared.type == "quantity":
        try:
            return parse(value) is not None
        except AtmosError:
            return False
    wanted = {"string": str, "integer": int, "boolean": bool}[declared.type]
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def _article(wanted: str) -> str:
    return wanted if wanted.startswith("one of") else f"{'an' if wanted[0] in 'aeiou' else 'a'} {wanted}"
