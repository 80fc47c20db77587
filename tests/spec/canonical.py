"""One line for what an intent came to: the fields that were said, or the codes of what is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.blueprint.nouns import vocabulary
from atmos_cli.diagnostics import AtmosError
from atmos_cli.spec.shorthand import parse_intent

if TYPE_CHECKING:
    from atmos_cli.spec.intent import Intent

BUNDLED = vocabulary(catalogue())


def canonical(text: str, **available: frozenset[str]) -> str:
    try:
        return described(parse_intent(text, replace(BUNDLED, **available)))
    except AtmosError as error:
        return " ".join(d.code for d in error.diagnostics)


def described(intent: Intent) -> str:
    # Which framework each word names is `tests/blueprint/test_frameworks.py`.
    fields: dict[str, Any] = {field: item.value for field, item in intent.stated() if field != "framework"}
    if intent.port:
        fields["port"] = f"{intent.port.value.service}:{intent.port.value.container}"
    if intent.scaling:
        fields["scaling"] = f"{intent.scaling.value.min}..{intent.scaling.value.max}"
    for several in ("hosts", "addons", "without"):
        if several in fields:
            fields[several] = ",".join(item.value for item in getattr(intent, several))
    if intent.settings:
        fields["settings"] = ",".join("{}.{}={}".format(*setting.value) for setting in intent.settings)
    return " ".join(f"{field}={value}" for field, value in fields.items())
