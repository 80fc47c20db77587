"""Reading for rules: texts that are clean and short, quantities, selectors. Nothing here raises."""

from __future__ import annotations

from typing import Any

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.quantity import parse
from atmos_cli.verify import fields
from atmos_cli.verify.masking import plain

_TEXT = 2000  # an event's message is at most 1 kB, a status message may be longer


def text(node: Any, *path: str | int) -> str:
    """The text at `path` without control characters, cut at 2000; empty for anything else."""
    return plain(fields.text(node, *path)[:_TEXT])


def whole(node: Any, *path: str | int) -> int | None:
    """The integer at `path`, None for anything else and for what is too large to count with."""
    found = fields.at(node, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 10**12 else None


def labels(node: Any, *path: str | int) -> dict[str, str]:
    """The mapping of texts at `path`."""
    return {key: value for key, value in fields.mapping(node, *path).items() if isinstance(value, str)}


def amount(value: Any) -> float | None:
    """A Kubernetes quantity in its base unit (bytes, cores); None when it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return parse(value).nano / 1e9
    except (AtmosError, ValueError, OverflowError):
        return None


def selects(selector: Any, carried: dict[str, str]) -> bool:
    """Does a LabelSelector select an object with these labels? An empty selector selects all."""
    if not isinstance(selector, dict):
        return False
    plainly = all(carried.get(key) == value for key, value in labels(selector, "matchLabels").items())
    return plainly and all(_holds(row, carried) for row in fields.mappings(selector, "matchExpressions"))


def _holds(row: dict[str, Any], carried: dict[str, str]) -> bool:
    key, operator, values = text(row, "key"), text(row, "operator"), fields.texts(row, "values")
    if operator == "Exists":
        return key in carried
    if operator == "DoesNotExist":
        return key not in carried
    return (carried.get(key) in values) == (operator == "In")
