"""One line for what a change came to: what it asks for, what it repeats, and the codes of what is wrong."""

from __future__ import annotations

from atmos_cli.spec.change.read import read_change
from atmos_cli.spec.model import ServiceSpec

from .canonical import BUNDLED

SPEC = ServiceSpec.model_validate({"name": "checkout", "language": "node", "port": 80, "addons": {"postgres": {}}})
ENVIRONMENTS = ("dev", "staging", "prod")


def changed(text: str) -> str:
    items, already, problems = read_change(text, BUNDLED, spec=SPEC, environments=ENVIRONMENTS)
    if problems:
        return " ".join(each.code for each in problems)
    words = []
    for item in items:
        value = "" if item.value is True and item.key else f"={item.value}"
        key = f" {item.key}" if item.key else ""
        words.append(f"{item.kind}{key}{value}{f' @{item.environment}' if item.environment else ''}")
    return "; ".join([*words, *(f"({each.field} {each.value})" for each in already)])
