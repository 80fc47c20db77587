"""The part of PromQL that atmos asks, answered from generated samples; anything else is refused loudly.

Ranges are half open, (t - range, t], as in Prometheus 3, and regexes anchored. `increase` and `rate` extrapolate as in
Prometheus 2, which the lab can ask; 3 differs by less than one interval's counts where a series begins. There are no staleness markers: an instant selector looks back five minutes.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.sim.recorded import Recorded, World

LOOKBACK = 300.0
TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?![a-zA-Z_\d])) | (?P<duration>\d+(?:ms|[smhdw])) | (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    | (?P<string>"(?:\\.|[^"\\])*") | (?P<op>=~|!~|!=|==|>=|<=|[-+*/(){}\[\],=<>:@]))""",
    re.VERBOSE,
)
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "max": max,
    "min": min,
    "count": lambda values: float(len(values)),
    "avg": lambda values: math.fsum(values) / len(values),
}
Labels = tuple[tuple[str, str], ...]
Vector = dict[Labels, float]
Function = "Callable[[list[float], list[float], float, float], float | None]"
"""Of the times and values in a range, its end and its length; None where the result has no sample."""


class RefusedError(Exception):
    """What Prometheus, or this stand-in for it, does not answer."""


@dataclass(frozen=True, slots=True)
class Selector:
    matchers: tuple[tuple[str, str, str], ...]
    span: float = 0.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    argument: Any


@dataclass(frozen=True, slots=True)
class Aggregate:
    name: str
    by: tuple[str, ...]
    argument: Any


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Any
    right: Any
    on: tuple[str, ...] | None


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if not found:
                raise RefusedError(f"cannot read {text[at:]!r}")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found.group(kind)))
            at = found.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise RefusedError(f"expected {expected!r}, found {token!r}")
        self.at += 1
        return token

    def whole(self) -> Any:
        tree = self.binary(0)
        if self.peek():
            raise RefusedError(f"unexpected {self.peek()!r}")
        return tree

    def binary(self, level: int) -> Any:
        levels = (("or",), ("and", "unless"), ("+", "-"), ("*", "/"))
        if level == len(levels):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in levels[level]:
            operator = self.take()
            on = None
            if self.peek() == "on":
                self.take()
                on = self.names()
            left = Binary(operator, left, self.binary(level + 1), on)
        return left

    def unary(self) -> Any:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind == "number":
            self.take()
            return float(text)
        if text == "(":
            self.take()
            inside = self.binary(0)
            self.take(")")
            return inside
        if text in AGGREGATES:
            return self.aggregate()
        if kind == "name" and self.at + 1 < len(self.tokens) and self.tokens[self.at + 1][1] == "(":
            name = self.take()
            if name not in FUNCTIONS:
                raise RefusedError(f"the function {name} is not simulated")
            self.take("(")
            argument = self.binary(0)
            self.take(")")
            return Call(name, argument)
        return self.selector()

    def aggregate(self) -> Aggregate:
        name = self.take()
        by = self.by()
        self.take("(")
        argument = self.binary(0)
        self.take(")")
        return Aggregate(name, by or self.by(), argument)

    def by(self) -> tuple[str, ...]:
        if self.peek() != "by":
            return ()
        self.take()
        return self.names()

    def names(self) -> tuple[str, ...]:
        self.take("(")
        found = []
        while self.peek() != ")":
            found.append(self.take())
            if self.peek() == ",":
                self.take()
        self.take(")")
        return tuple(found)

    def selector(self) -> Selector:
        matchers = []
        if self.tokens[self.at][0] == "name":
            matchers.append(("__name__", "=", self.take()))
        if self.peek() == "{":
            self.take()
            while self.peek() != "}":
                matchers.append(self.matcher())
                if self.peek() == ",":
                    self.take()
            self.take("}")
        if not matchers:
            raise RefusedError(f"unexpected {self.peek()!r}")
        span = offset = 0.0
        if self.peek() == "[":
            self.take()
            span = self.duration()
            self.take("]")
        if self.peek() == "offset":
            self.take()
            offset = self.duration()
        return Selector(tuple(matchers), span, offset)

    def matcher(self) -> tuple[str, str, str]:
        label, operator, value = self.take(), self.take(), self.take()
        if operator not in ("=", "!=", "=~", "!~") or not value.startswith('"'):
            raise RefusedError(f"no matcher: {label}{operator}{value}")
        return _unquoted(label) if label.startswith('"') else label, operator, _unquoted(value)

    def duration(self) -> float:
        """Prometheus writes compound durations largest unit first: `1h30m`."""
        total, text = 0.0, self.take()
        while True:
            parts = re.fullmatch(r"(\d+)(ms|[smhdw])", text)
            if not parts:
                raise RefusedError(f"no duration: {text!r}")
            total += int(parts[1]) * UNITS[parts[2]]
            if not re.fullmatch(r"\d+(?:ms|[smhdw])", self.peek()):
                return total
            text = self.take()


def _unquoted(text: str) -> str:
    escapes = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
    return re.sub(
        r"\\(u[0-9a-f]{4}|.)",
        lambda found: chr(int(found[1][1:], 16)) if found[1][0] == "u" else escapes[found[1]],
        text[1:-1],
    )


@lru_cache(maxsize=4096)
def parse(query: str) -> Any:
    """Raises RefusedError for anything outside the simulated part of the language."""
    return _Parser(query).whole()


def select(world: World, selector: Selector) -> list[Recorded]:
    found = world.selected.get(selector.matchers)
    if found is None:
        name = next((value for label, op, value in selector.matchers if (label, op) == ("__name__", "=")), None)
        every = (one for many in world.series.values() for one in many)
        candidates = every if name is None else world.series.get(name, ())
        found = [one for one in candidates if all(_matches(one.labels, *each) for each in selector.matchers)]
        world.selected[selector.matchers] = found
    return found


def _matches(labels: Mapping[str, str], label: str, operator: str, value: str) -> bool:
    has = labels.get(label, "")
    if operator in ("=", "!="):
        return (has == value) == (operator == "=")
    return (re.fullmatch(value, has, re.DOTALL) is not None) == (operator == "=~")


def window(one: Recorded, at: float, selector: Selector) -> tuple[int, int]:
    """Indices of the samples in (at - offset - span, at - offset]."""
    end = at - selector.offset
    span = selector.span or LOOKBACK
    return bisect_right(one.at, end - span), bisect_right(one.at, end)


def evaluate(world: World, tree: Any, at: float) -> Vector | float:
    """An instant vector by its labels, or a number."""
    return evaluate_at(world, tree, (at,))[0]


def evaluate_at(world: World, tree: Any, times: Sequence[float]) -> list[Vector | float]:
    """The same at each of `times`, which are sorted."""
    if isinstance(tree, float):
        return [tree] * len(times)
    if isinstance(tree, Selector):
        if tree.span:
            raise RefusedError("a range has no single value")
        return _over(world, tree, times, lambda at, values, end, span: values[-1] if values else None, named=True)
    if isinstance(tree, Call):
        if not isinstance(tree.argument, Selector) or not tree.argument.span:
            raise RefusedError(f"{tree.name} wants a range")
        return _over(world, tree.argument, times, FUNCTIONS[tree.name], named=tree.name == "last_over_time")
    if isinstance(tree, Aggregate):
        return [_aggregated(vector, tree) for vector in evaluate_at(world, tree.argument, times)]
    left, right = (evaluate_at(world, side, times) for side in (tree.left, tree.right))
    return [_binary(one, other, tree) for one, other in zip(left, right, strict=True)]


def _over(
    world: World, selector: Selector, times: Sequence[float], function: Function, *, named: bool
) -> list[Vector | float]:
    out: list[Vector] = [{} for _ in times]
    span = selector.span or LOOKBACK
    for one in select(world, selector):
        labels = tuple(sorted(pair for pair in one.labels.items() if named or pair[0] != "__name__"))
        first = bisect_left(times, one.at[0] + selector.offset)
        last = bisect_left(times, one.at[-1] + selector.offset + span)
        for index in range(first, last):
            low, high = window(one, times[index], selector)
            value = function(one.at[low:high], one.values[low:high], times[index] - selector.offset, span)
            if value is not None and labels in out[index]:
                raise RefusedError("vector cannot contain metrics with the same labelset")
            if value is not None:
                out[index][labels] = value
    return list(out)


def _aggregated(vector: Vector | float, tree: Aggregate) -> Vector:
    if isinstance(vector, float):
        raise RefusedError(f"{tree.name} wants a vector")
    groups: dict[Labels, list[float]] = {}
    for labels, value in vector.items():
        groups.setdefault(tuple(sorted(pair for pair in labels if pair[0] in tree.by)), []).append(value)
    return {labels: AGGREGATES[tree.name](values) for labels, values in groups.items()}


def _binary(left: Vector | float, right: Vector | float, tree: Binary) -> Vector | float:
    if isinstance(left, float) and isinstance(right, float):
        return _arithmetic(tree.operator, left, right)
    if isinstance(left, float):
        assert not isinstance(right, float)
        return {_nameless(labels): _arithmetic(tree.operator, left, value) for labels, value in right.items()}
    if isinstance(right, float):
        return {_nameless(labels): _arithmetic(tree.operator, value, right) for labels, value in left.items()}
    others = {_key(labels, tree.on): value for labels, value in right.items()}
    if tree.operator == "or":
        mine = {_key(labels, tree.on) for labels in left}
        return left | {labels: value for labels, value in right.items() if _key(labels, tree.on) not in mine}
    if tree.operator in ("and", "unless"):
        return {
            labels: v for labels, v in left.items() if (_key(labels, tree.on) in others) == (tree.operator == "and")
        }
    if len(others) != len(right) or len({_key(labels, tree.on) for labels in left}) != len(left):
        raise RefusedError("many-to-many matching is not simulated")
    pairs = ((_key(labels, tree.on), value) for labels, value in left.items())
    return {key: _arithmetic(tree.operator, value, others[key]) for key, value in pairs if key in others}


def _nameless(labels: Labels) -> Labels:
    return tuple(pair for pair in labels if pair[0] != "__name__")


def _key(labels: Labels, on: tuple[str, ...] | None) -> Labels:
    return _nameless(labels) if on is None else tuple(pair for pair in labels if pair[0] in on)


def _arithmetic(operator: str, left: float, right: float) -> float:
    if operator == "/":
        if right:
            return left / right
        return math.nan if not left or math.isnan(left) else math.copysign(math.inf, left)
    return {"+": left + right, "-": left - right, "*": left * right}[operator]


def _increase(at: list[float], values: list[float], end: float, span: float) -> float | None:
    if len(at) < 2:
        return None
    total = values[-1] - values[0]
    total += math.fsum(before for before, now in pairwise(values) if now < before)
    sampled, start = at[-1] - at[0], end - span
    usual = sampled / (len(at) - 1)
    to_start, to_end = at[0] - start, end - at[-1]
    if total > 0 and values[0] > 0:
        to_start = min(to_start, sampled * (values[0] / total))
    if to_start >= usual * 1.1:
        to_start = usual / 2
    if to_end >= usual * 1.1:
        to_end = usual / 2
    return total * (sampled + to_start + to_end) / sampled


def _rate(at: list[float], values: list[float], end: float, span: float) -> float | None:
    total = _increase(at, values, end, span)
    return None if total is None else total / span


def _irate(at: list[float], values: list[float], end: float, span: float) -> float | None:
    if len(at) < 2:
        return None
    grown = values[-1] - values[-2] if values[-1] >= values[-2] else values[-1]
    return grown / (at[-1] - at[-2])


FUNCTIONS: dict[str, Function] = {
    "increase": _increase,
    "rate": _rate,
    "irate": _irate,
    "count_over_time": lambda at, values, end, span: float(len(values)) if values else None,
    "min_over_time": lambda at, values, end, span: min(values, default=None),
    "max_over_time": lambda at, values, end, span: max(values, default=None),
    "last_over_time": lambda at, values, end, span: values[-1] if values else None,
    "present_over_time": lambda at, values, end, span: 1.0 if values else None,
}
