"""Renders a YAML tree: `${{ expr }}` scalars and the directives `$if`, `$for`; positions come from the path."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.expr import ExpressionError, evaluate, names_in
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location
from atmos_cli.yamlio.locate import locate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TOKEN = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
FOR = re.compile(r"\s*([a-z][a-z0-9_]*)\s+in\s+(.+)", re.DOTALL)
DIRECTIVES = frozenset({"$if", "$then", "$else", "$for", "$yield"})
MAX_ITEMS = 10_000
_ABSENT = object()

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """One YAML document of a blueprint: its value, and where it stands for messages."""

    value: Any
    path: str
    data: bytes
    index: int = 0
    at: Path = ()

    def error(self, message: str, path: Path, *, code: Code = Code.BLUEPRINT_EXPRESSION, hint: str = "") -> AtmosError:
        line, column = locate(self.data, self.index, (*self.at, *path))
        return AtmosError(Diagnostic(code, message, where=Location(self.path, line, column), hint=hint))


def render(template: Template, scope: Mapping[str, Any]) -> Any:
    """The tree with every expression replaced by its typed value. Raises a located AtmosError ATM203."""
    value = _value(template, template.value, scope, ())
    return None if value is _ABSENT else value


def undeclared(template: Template, known: frozenset[str]) -> Iterator[AtmosError]:
    """An error for every expression that reads a name not in `known`, or does not parse, without rendering anything."""
    yield from _undeclared(template, template.value, known, ())


def _value(template: Template, value: Any, scope: Mapping[str, Any], path: Path) -> Any:
    if isinstance(value, str):
        return _text(template, value, scope, path)
    if isinstance(value, dict):
        return _mapping(template, value, scope, path)
    if isinstance(value, list):
        return _items(template, value, scope, path)
    return value


def _text(template: Template, text: str, scope: Mapping[str, Any], path: Path) -> Any:
    if "${{" not in text:
        return text
    whole = TOKEN.fullmatch(text.strip())
    if whole and whole.group(1).count("${{") == 0:
        return copy.deepcopy(_evaluate(template, whole.group(1), scope, path))

    def put(token: re.Match[str]) -> str:
        value = _evaluate(template, token.group(1), scope, path)
        if isinstance(value, bool) or not isinstance(value, str | int):
            kind = type(value).__name__
            raise template.error(f"`{token.group(1).strip()}` gives a {kind}, which has no place inside a text", path)
        return str(value)

    return TOKEN.sub(put, text)


def _mapping(template: Template, value: dict[str, Any], scope: Mapping[str, Any], path: Path) -> Any:
    if "$if" in value and not _evaluate(template, value["$if"], scope, (*path, "$if")):
        return _value(template, value["$else"], scope, (*path, "$else")) if "$else" in value else _ABSENT
    if "$then" in value:
        return _value(template, value["$then"], scope, (*path, "$then"))
    if "$yield" in value:
        return _value(template, value["$yield"], scope, (*path, "$yield"))
    rendered = {}
    for key, inner in value.items():
        if key in DIRECTIVES:
            continue
        result = _value(template, inner, scope, (*path, key))
        if result is not _ABSENT:
            rendered[_text(template, key, scope, (*path, key))] = result
    return rendered


def _items(template: Template, items: Sequence[Any], scope: Mapping[str, Any], path: Path) -> list[Any]:
    rendered: list[Any] = []
    for index, item in enumerate(items):
        at = (*path, index)
        scopes = [scope]
        if isinstance(item, dict) and "$for" in item:
            scopes = _loop(template, item["$for"], scope, (*at, "$for"))
        for inner in scopes:
            value = _value(template, item, inner, at)
            if value is not _ABSENT:
                rendered.append(value)
    return rendered


def _loop(template: Template, text: Any, scope: Mapping[str, Any], path: Path) -> list[Mapping[str, Any]]:
    match = FOR.fullmatch(str(text))
    if not match:
        raise template.error(f"`$for: {text}` must read `name in expression`", path)
    values = _evaluate(template, match.group(2), scope, path)
    if not isinstance(values, list | tuple):
        raise template.error(f"`{match.group(2)}` is not a list", path)
    if len(values) > MAX_ITEMS:
        raise template.error(f"`{match.group(2)}` has more than {MAX_ITEMS} items", path)
    return [{**scope, match.group(1): value} for value in values]


def _evaluate(template: Template, expression: Any, scope: Mapping[str, Any], path: Path) -> Any:
    if isinstance(expression, bool):
        return expression
    try:
        return evaluate(str(expression).strip(), scope)
    except ExpressionError as error:
        raise template.error(str(error), path) from None


def _undeclared(template: Template, value: Any, known: frozenset[str], path: Path) -> Iterator[AtmosError]:
    if isinstance(value, str):
        for token in TOKEN.finditer(value):
            yield from _unknown_names(template, token.group(1), known, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _undeclared(template, item, known, (*path, index))
    elif isinstance(value, dict):
        inner = known
        if "$for" in value:
            match = FOR.fullmatch(str(value["$for"]))
            if not match:
                yield template.error(f"`$for: {value['$for']}` must read `name in expression`", (*path, "$for"))
                return
            yield from _unknown_names(template, match.group(2), known, (*path, "$for"))
            inner = known | {match.group(1)}
        if "$if" in value and not isinstance(value["$if"], bool):
            yield from _unknown_names(template, str(value["$if"]), inner, (*path, "$if"))
        for key, item in value.items():
            if key not in ("$if", "$for"):
                yield from _undeclared(template, item, inner, (*path, key))


def _unknown_names(template: Template, expression: str, known: frozenset[str], path: Path) -> Iterator[AtmosError]:
    try:
        unknown = sorted(names_in(expression.strip()) - known)
    except ExpressionError as error:
        yield template.error(str(error), path)
        return
    for name in unknown:
        hint = f"names here: {', '.join(sorted(known))}"
        yield template.error(f"`{expression.strip()}` reads `{name}`, which is not defined", path, hint=hint)
