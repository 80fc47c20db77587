"""What an expression can do to a value: `${{ svc.name | variable }}`. Each raises ValueError with the message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_TEXT = 100_000


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError(f"a {type(value).__name__} has no text of its own")  # noqa: TRY004 - one error for every filter
    return str(value)


def _slug(value: Any) -> str:
    """Write `My Shop!` as `my-shop`."""
    return re.sub(r"[^a-z0-9]+", "-", _text(value).lower()).strip("-")


def _variable(value: Any) -> str:
    """Write `cart-api` as `CART_API`, the form of an environment variable."""
    return re.sub(r"[^A-Z0-9]+", "_", _text(value).upper()).strip("_")


def _rows(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a mapping as a list of `{name, value}`, sorted by name, for `$for`."""
    return [{"name": key, "value": value[key]} for key in sorted(value)]


def _bytes(value: Any) -> int:
    """Return `128Mi` as 134217728."""
    return parse(value).whole


def _int(value: Any) -> int:
    if isinstance(value, str) and not re.fullmatch(r"[-+]?[0-9]{1,19}", value):
        raise ValueError("the text is not a whole number")
    return int(value)


def _join(values: Any, by: str = "") -> str:
    parts, between = [_text(value) for value in values], _text(by)
    if sum(map(len, parts)) + len(between) * len(parts) > MAX_TEXT:
        raise ValueError(f"the value has more than {MAX_TEXT} characters")
    return between.join(parts)


def _first(values: Any) -> Any:
    if not isinstance(values, list) or not values:
        raise ValueError("there is no first item")
    return values[0]


def _merge(value: Any, other: Any) -> dict[str, Any]:
    """Return a mapping with the keys of another one beside its own, which stay as they are."""
    return {**dict(other), **dict(value)}


def _min(left: Any, right: Any) -> Any:
    return min(left, right)


def _max(left: Any, right: Any) -> Any:
    return max(left, right)


FILTERS: dict[str, Callable[..., Any]] = {
    "slug": _slug,
    "variable": _variable,
    "rows": _rows,
    "bytes": _bytes,
    "string": _text,
    "int": _int,
    "length": len,
    "upper": lambda value: _text(value).upper(),
    "lower": lambda value: _text(value).lower(),
    "join": _join,
    "first": _first,
    "default": lambda value, other: other if value is None else value,
    "merge": _merge,
    "min": _min,
    "max": _max,
}
