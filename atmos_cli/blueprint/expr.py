"""Expressions of blueprints: sandboxed, strict, bounded. The only importer of jinja2."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.filters import FILTERS, MAX_TEXT
from atmos_cli.diagnostics import AtmosError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_EXPRESSION = 1_000
MAX_NESTING = 20
MAX_ITEMS = 10_000
MAX_INTEGER = 2**63 - 1

_ABSENT = object()
_SCALARS = (str, bool, int, float, type(None))


class ExpressionError(Exception):
    """Why an expression has no value, in the words of a message."""


def evaluate(expression: str, scope: Mapping[str, Any]) -> Any:
    """Evaluate `expression` with the names in `scope`, as plain data. Raises ExpressionError for anything else."""
    found = _looked_up(expression, scope)
    try:
        return plain(_compiled(expression)(**scope) if found is _ABSENT else found)
    except _failures() as error:
        raise ExpressionError(f"`{_short(expression)}`: {_said(error)}") from None


def _looked_up(expression: str, scope: Mapping[str, Any]) -> Any:
    """Return the value of a dotted path. Most expressions are no more than that, and compiling takes a millisecond."""
    value: Any = scope
    for step in expression.split("."):
        if not isinstance(value, dict) or step not in value:
            return _ABSENT
        value = value[step]
    return value


def names_in(expression: str) -> frozenset[str]:
    """Return the top-level names that `expression` reads. Raises ExpressionError when it does not parse."""
    from jinja2 import meta, nodes

    try:
        tree = nodes.Template([nodes.Output([_parsed(expression)])])
        tree.set_environment(_environment())
        return frozenset(meta.find_undeclared_variables(tree))
    except _failures() as error:
        raise ExpressionError(f"`{_short(expression)}`: {_said(error)}") from None


def tokens(text: str) -> list[tuple[int, int, str]]:
    """Return start, end and text of each `${{ … }}` in `text`. Raises ExpressionError for one that does not end."""
    found: list[tuple[int, int, str]] = []
    start = text.find("${{")
    while start >= 0:
        end = _end(text, start + 3)
        found.append((start, end + 2, text[start + 3 : end].strip()))
        start = text.find("${{", end + 2)
    return found


def plain(value: Any) -> Any:
    """Copy `value` into lists and dicts only. Raises ExpressionError for what is not data, or too much of it."""
    return _plain(value, _Allowance(), 0)


@dataclass(slots=True)
class _Allowance:
    """What is left for one value; shared parts of it count as often as they would be written."""

    items: int = MAX_ITEMS
    text: int = MAX_TEXT

    def take(self, text: str = "") -> None:
        self.items -= 1
        self.text -= len(text)
        if self.items < 0 or self.text < 0:
            raise ExpressionError(f"the value has more than {MAX_ITEMS} items or {MAX_TEXT} characters")


def _plain(value: Any, allowance: _Allowance, depth: int) -> Any:
    if depth > MAX_NESTING:
        raise ExpressionError(f"the value is nested deeper than {MAX_NESTING}")
    if isinstance(value, str):
        allowance.take(value)
        return str(value)
    allowance.take()
    if isinstance(value, dict):
        return {_key(key, allowance): _plain(item, allowance, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, allowance, depth + 1) for item in value]
    return _scalar(value)


def _key(key: Any, allowance: _Allowance) -> str:
    if not isinstance(key, str):
        raise ExpressionError(f"the key {key} is not text")
    allowance.take(key)
    return key


def _scalar(value: Any) -> Any:
    from jinja2 import Undefined, UndefinedError

    if isinstance(value, Undefined):
        try:
            str(value)
        except UndefinedError as error:
            raise ExpressionError(_said(error)) from None
    if not isinstance(value, _SCALARS):
        raise ExpressionError(f"a {type(value).__name__} is not data")
    return _number(value)


def _number(value: Any) -> Any:
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise ExpressionError(f"the number has more than {MAX_INTEGER.bit_length()} bits")
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionError("the number is infinite")
    return value


def _end(text: str, at: int) -> int:
    """Return where the `}}` is that ends the expression at `at`: not one inside a text or a mapping of it."""
    quote, depth = "", 0
    while at < len(text):
        char = text[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char == "}" and not depth and text.startswith("}}", at):
            return at
        elif char in ")]}":
            depth -= 1
        at += 1
    raise ExpressionError("`${{` has no matching `}}`")


def _failures() -> tuple[type[Exception], ...]:
    """Return what evaluating data can raise; the rest are bugs of ours. Jinja compiles to Python, so SyntaxError."""
    from jinja2 import TemplateError

    data = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
    return (ExpressionError, AtmosError, TemplateError, *data, SyntaxError, RecursionError, MemoryError)


def _said(error: BaseException) -> str:
    if isinstance(error, RecursionError | MemoryError | SyntaxError):
        return "is nested too deeply"
    if isinstance(error, AtmosError):
        return error.diagnostics[0].message
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return _short(f"{text[:1].lower()}{text[1:]}".rstrip("."))


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:120]}…"


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Callable[..., Any]:
    _parsed(expression)
    compiled: Callable[..., Any] = _environment().compile_expression(expression, undefined_to_none=False)
    return compiled


def _parsed(expression: str) -> Any:
    """Return Jinja's tree of one expression, by the parser that compiles it; bounded before it recurses."""
    from jinja2 import TemplateSyntaxError, nodes
    from jinja2.parser import Parser

    if len(expression) > MAX_EXPRESSION:
        raise ExpressionError(f"is longer than {MAX_EXPRESSION} characters")
    depth = 0
    for char in re.sub(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", "", expression):
        depth += (char in "([{") - (char in ")]}")
        if depth > MAX_NESTING:
            raise ExpressionError("is nested too deeply")
    parser = Parser(_environment(), expression, state="variable")
    tree = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError("there is more after the expression", 1)
    # Jinja compiles to Python, which would read the constant 1e400 as a name: `inf`.
    for constant in nodes.Output([tree]).find_all(nodes.Const):
        _number(constant.value)
    level: list[Any] = [tree]
    for _ in range(2 * MAX_NESTING):
        level = [inner for node in level for inner in node.iter_child_nodes()]
    if level:  # compiling a chain such as a.b.c takes time in the square of its length
        raise ExpressionError("is nested too deeply")
    return tree


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Bounded(ImmutableSandboxedEnvironment):
        """Data only: no attributes of objects, no calls, and no operator that makes a huge value of a small one."""

        intercepted_binops = frozenset(["+", "-", "*", "/", "//", "%", "**"])

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            numbers = all(isinstance(side, int | float) for side in (left, right))
            if operator == "**":
                raise SecurityError("`**` is not allowed")
            if not numbers:
                raise SecurityError(f"`{operator}` works on numbers only (`~` joins texts)")
            return _number(super().call_binop(context, operator, _number(left), _number(right)))

        def getattr(self, obj: Any, attribute: str) -> Any:
            return self.getitem(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            holds = isinstance(obj, dict) or (isinstance(obj, list | tuple | str) and isinstance(argument, int | slice))
            try:
                return obj[argument] if holds else self.undefined(obj=obj, name=argument)
            except (LookupError, TypeError):
                return self.undefined(obj=obj, name=argument)

        def call(self, *_: Any, **__: Any) -> Any:
            raise SecurityError("calls are not allowed")

    environment = Bounded(undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update({name: _bounded(function) for name, function in FILTERS.items()})
    kept = {name: environment.tests[name] for name in ("defined", "none", "in", "eq", "ne")}
    environment.tests.clear()
    environment.tests.update(kept)
    return environment


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    def bounded(*arguments: Any) -> Any:
        return plain(function(*(plain(argument) for argument in arguments)))

    return bounded
