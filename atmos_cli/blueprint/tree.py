"""Renders a YAML tree: `${{ expr }}` scalars and the directives `$if`, `$for`; positions come from the path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.expr import ExpressionError, evaluate, names_in, tokens
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FOR = re.compile(r"\s*([a-z][a-z0-9_]*)\s+in\s+(\S.*)", re.DOTALL)
DIRECTIVES = frozenset({"$if", "$then", "$else", "$for", "$yield"})
MAX_STEPS = 100_000
_ABSENT = object()

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """One YAML document of a blueprint (or the part of it at `at`): its value, and where it is for messages."""

    value: Any
    path: str
    data: bytes
    index: int = 0
    at: Path = ()

    def part(self, *path: str | int) -> Template:
        """Return the part of this tree at `path`, which must be there."""
        value = self.value
        for step in path:
            value = value[step]
        return Template(value, self.path, self.data, index=self.index, at=(*self.at, *path))

    def error(
        self, message: str, path: Path = (), *, code: Code = Code.BLUEPRINT_EXPRESSION, hint: str = ""
    ) -> AtmosError:
        where = located(self.data, self.index, (*self.at, *path), file=self.path)
        return AtmosError(Diagnostic(code, message, where=where, hint=hint))


@dataclass(slots=True)
class _Rendering:
    """One rendering. Every node and every value of an expression takes a step, so that nested loops end."""

    template: Template
    left: int = MAX_STEPS

    def step(self, path: Path, count: int = 1) -> None:
        self.left -= count
        if self.left < 0:
            raise self.template.error(f"this makes more than {MAX_STEPS} values", path)

    def inside(self, template: Template, scope: Mapping[str, Any]) -> Any:
        """Return the value of an included file, whose own places messages name."""
        inner = _Rendering(template, self.left)
        value = _value(inner, template.value, scope, ())
        self.left = inner.left
        return value


def render(template: Template, scope: Mapping[str, Any]) -> Any:
    """Replace each expression by its typed value; None if the tree's `$if` says no. Raises a located ATM203."""
    value = _value(_Rendering(template), template.value, scope, ())
    return None if value is _ABSENT else value


def holds(template: Template, scope: Mapping[str, Any]) -> bool:
    """Return whether the condition `template` (`true`, or an expression without `${{ }}`) is true."""
    return bool(_evaluate(_Rendering(template), template.value, scope, ()))


def items_of(template: Template, scope: Mapping[str, Any]) -> list[Any]:
    """Return the values that the loop `name in expression` goes through."""
    name, _ = _loop(template, template.value, ())
    return [inner[name] for inner in _scopes(_Rendering(template), template.value, scope, ())]


def undeclared(template: Template, known: frozenset[str]) -> Iterator[AtmosError]:
    """Find every expression that reads a name not in `known`, or does not parse, without rendering; yield errors."""
    yield from _undeclared(template, template.value, known, ())


def _value(run: _Rendering, value: Any, scope: Mapping[str, Any], path: Path, *, item: bool = False) -> Any:
    run.step(path)
    if isinstance(value, Template):
        return run.inside(value, scope)
    if isinstance(value, str):
        return _text(run, value, scope, path)
    if isinstance(value, dict):
        return _mapping(run, value, scope, path, item=item)
    if isinstance(value, list):
        return _items(run, value, scope, path)
    return value


def _text(run: _Rendering, text: str, scope: Mapping[str, Any], path: Path) -> Any:
    if "${{" not in text:
        return text
    try:
        found = tokens(text)
    except ExpressionError as error:
        raise run.template.error(str(error), path) from None
    stripped = text.strip()
    if len(found) == 1 and found[0][1] - found[0][0] == len(stripped):
        return _evaluate(run, found[0][2], scope, path)
    parts, at = [], 0
    for start, end, expression in found:
        value = _evaluate(run, expression, scope, path)
        if isinstance(value, bool) or not isinstance(value, str | int):
            kind = "nothing" if value is None else f"a {type(value).__name__}"
            raise run.template.error(f"`{expression}` gives {kind}, which has no place inside a text", path)
        parts += [text[at:start], str(value)]
        at = end
    return "".join([*parts, text[at:]])


def _mapping(run: _Rendering, value: dict[str, Any], scope: Mapping[str, Any], path: Path, *, item: bool) -> Any:
    for problem, at in _misused(value, item=item):
        raise run.template.error(problem, (*path, at))
    if "$if" in value and not _evaluate(run, value["$if"], scope, (*path, "$if")):
        return _value(run, value["$else"], scope, (*path, "$else")) if "$else" in value else _ABSENT
    for directive in ("$then", "$yield"):
        if directive in value:
            return _value(run, value[directive], scope, (*path, directive))
    rendered: dict[str, Any] = {}
    for key, inner in value.items():
        if key in DIRECTIVES:
            continue
        result = _value(run, inner, scope, (*path, key))
        if result is not _ABSENT:
            name = _text(run, key, scope, (*path, key))
            if not isinstance(name, str) or name in rendered:
                wrong = "is there already" if name in rendered else "is not text"
                raise run.template.error(f"the key `{name}` {wrong}", (*path, key))
            rendered[name] = result
    return rendered


def _items(run: _Rendering, items: Sequence[Any], scope: Mapping[str, Any], path: Path) -> list[Any]:
    rendered: list[Any] = []
    for index, item in enumerate(items):
        at = (*path, index)
        scopes = [scope]
        if isinstance(item, dict) and "$for" in item:
            scopes = _scopes(run, item["$for"], scope, (*at, "$for"))
        for inner in scopes:
            value = _value(run, item, inner, at, item=True)
            if value is not _ABSENT:
                rendered.append(value)
    return rendered


def _scopes(run: _Rendering, text: Any, scope: Mapping[str, Any], path: Path) -> list[Mapping[str, Any]]:
    name, expression = _loop(run.template, text, path)
    values = _evaluate(run, expression, scope, path)
    if not isinstance(values, list):
        raise run.template.error(f"`{expression}` is not a list", path)
    return [{**scope, name: value} for value in values]


def _loop(template: Template, text: Any, path: Path) -> tuple[str, str]:
    match = FOR.fullmatch(str(text))
    if not match:
        raise template.error(f"`$for: {text}` must read `name in expression`", path)
    return match.group(1), match.group(2)


def _evaluate(run: _Rendering, expression: Any, scope: Mapping[str, Any], path: Path) -> Any:
    if isinstance(expression, bool):
        return expression
    try:
        value = evaluate(str(expression).strip(), scope)
    except ExpressionError as error:
        raise run.template.error(str(error), path) from None
    run.step(path, _size(value))
    return value


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(_size(item) for item in value.values())
    return 1 + sum(_size(item) for item in value) if isinstance(value, list) else 1


def _misused(value: dict[str, Any], *, item: bool) -> Iterator[tuple[str, str]]:
    """Yield directives that would be ignored, or taken as fields: (what is wrong, the key)."""
    for key in value:
        if key == "$include":
            yield "`$include` belongs into the trees of `resources/` and `shared/`", key
        elif key.startswith("$") and not key.startswith("${{") and key not in DIRECTIVES:
            yield f"`{key}` is not a directive; there are {', '.join(sorted(DIRECTIVES))}", key
    if "$for" in value and not item:
        yield "`$for` belongs into an item of a list", "$for"
    for key in ("$then", "$else"):
        if key in value and "$if" not in value:
            yield f"`{key}` needs an `$if` beside it", key
    if "$yield" in value and "$for" not in value:
        yield "`$yield` needs a `$for` beside it", "$yield"
    whole = next((key for key in ("$then", "$yield") if key in value), "")
    for key in value if whole else ():
        if key not in DIRECTIVES:
            yield f"`{key}` stands beside `{whole}`, which replaces all of it", key


def _undeclared(
    template: Template, value: Any, known: frozenset[str], path: Path, *, item: bool = False
) -> Iterator[AtmosError]:
    if isinstance(value, Template):
        yield from _undeclared(value, value.value, known, ())
    elif isinstance(value, str):
        yield from _unknown_in_text(template, value, known, path)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _undeclared(template, each, known, (*path, index), item=True)
    elif isinstance(value, dict):
        yield from (template.error(problem, (*path, at)) for problem, at in _misused(value, item=item))
        inner = known
        if "$for" in value:
            try:
                name, expression = _loop(template, value["$for"], (*path, "$for"))
            except AtmosError as error:
                yield error
                return
            yield from _unknown_names(template, expression, known, (*path, "$for"))
            inner = known | {name}
        if "$if" in value and not isinstance(value["$if"], bool):
            yield from _unknown_names(template, str(value["$if"]), inner, (*path, "$if"))
        for key, each in value.items():
            if key not in ("$if", "$for"):
                yield from _unknown_in_text(template, key, inner, (*path, key))
                yield from _undeclared(template, each, inner, (*path, key))


def _unknown_in_text(template: Template, text: str, known: frozenset[str], path: Path) -> Iterator[AtmosError]:
    try:
        found = tokens(text)
    except ExpressionError as error:
        yield template.error(str(error), path)
        return
    for _, _, expression in found:
        yield from _unknown_names(template, expression, known, path)


def _unknown_names(template: Template, expression: str, known: frozenset[str], path: Path) -> Iterator[AtmosError]:
    try:
        unknown = sorted(names_in(expression.strip()) - known)
    except ExpressionError as error:
        yield template.error(str(error), path)
        return
    for name in unknown:
        hint = f"names here: {', '.join(sorted(known))}"
        yield template.error(f"`{expression.strip()}` reads `{name}`, which is not defined", path, hint=hint)
