"""Expressions of blueprints: sandboxed, strict, bounded. The only importer of jinja2."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_TEXT = 100_000
MAX_EXPRESSION = 1_000


class ExpressionError(Exception):
    """Why an expression has no value, in the words of a message."""


def evaluate(expression: str, scope: Mapping[str, Any]) -> Any:
    """The typed value of `expression` with the names in `scope`. Raises ExpressionError for anything that goes wrong."""
    from jinja2 import TemplateError, Undefined

    try:
        value = _compiled(expression)(**scope)
    except ExpressionError:
        raise
    except TemplateError as error:
        raise ExpressionError(f"`{expression}`: {_said(error)}") from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        raise ExpressionError(f"`{expression}`: {_said(error)}") from None
    if isinstance(value, Undefined):
        raise ExpressionError(f"`{expression}` has no value")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise ExpressionError(f"`{expression}` gives more than {MAX_TEXT} characters")
    return value


def names_in(expression: str) -> frozenset[str]:
    """The top-level names that `expression` reads. Raises ExpressionError when it does not parse."""
    from jinja2 import TemplateError, meta

    try:
        return frozenset(meta.find_undeclared_variables(_environment().parse("{{ " + expression + " }}")))
    except TemplateError as error:
        raise ExpressionError(f"`{expression}`: {_said(error)}") from None


def _said(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"{text[:1].lower()}{text[1:]}".rstrip(".")


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Callable[..., Any]:
    if len(expression) > MAX_EXPRESSION:
        raise ExpressionError(f"an expression is longer than {MAX_EXPRESSION} characters")
    return _environment().compile_expression(expression, undefined_to_none=False)


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError

    class Bounded(ImmutableSandboxedEnvironment):
        """Also refuses calls, and the operators that make a small expression into a huge value."""

        intercepted_binops = frozenset(["*", "**", "%"])

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if operator == "*" and all(isinstance(side, int | float) for side in (left, right)):
                return super().call_binop(context, operator, left, right)
            if operator == "%" and all(isinstance(side, int) for side in (left, right)):
                return super().call_binop(context, operator, left, right)
            raise SecurityError(f"`{operator}` works on numbers only")

        def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002 - the sandbox's own signature
            return False

    environment = Bounded(undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS)
    kept = {name: environment.tests[name] for name in ("defined", "none", "in", "eq", "ne")}
    environment.tests.clear()
    environment.tests.update(kept)
    return environment


def _slug(value: str) -> str:
    """`My Shop!` as `my-shop`."""
    return re.sub(r"[^a-z0-9]+", "-", str(value).lower()).strip("-")


def _variable(value: str) -> str:
    """`cart-api` as `CART_API`, the form of an environment variable."""
    return re.sub(r"[^A-Z0-9]+", "_", str(value).upper()).strip("_")


def _rows(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A mapping as a list of `{name, value}`, sorted by name, for `$for`."""
    return [{"name": key, "value": value[key]} for key in sorted(value)]


def _bytes(value: str) -> int:
    """`128Mi` as 134217728."""
    from atmos_cli.kube.quantity import parse

    return parse(value).whole


FILTERS: dict[str, Callable[..., Any]] = {
    "slug": _slug,
    "variable": _variable,
    "rows": _rows,
    "bytes": _bytes,
    "string": str,
    "int": int,
    "length": len,
    "upper": lambda value: str(value).upper(),
    "lower": lambda value: str(value).lower(),
    "join": lambda values, by="": str(by).join(str(value) for value in values),
    "first": lambda values: next(iter(values)),
    "default": lambda value, other: other if value is None else value,
    "min": lambda left, right: min(left, right),
    "max": lambda left, right: max(left, right),
}
