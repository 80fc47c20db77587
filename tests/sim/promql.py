"""The part of PromQL that atmos asks, answered from generated samples; anything else is refused loudly.

Ranges are half open, (t - range, t], as in Prometheus 3, and regexes anchored. `increase` and `rate` extrapolate as in
Prometheus 2, which the lab can ask; 3 differs by less than one interval's counts where a series begins. There are no
staleness markers: an instant selector looks back five minutes.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.sim.promql_tree import Aggregate, Call, RefusedError, Selector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.sim.promql_tree import Binary
    from tests.sim.recorded import Recorded, World

LOOKBACK = 300.0
AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "max": max,
    "min": min,
    "count": lambda values: float(len(values)),
    "avg": lambda values: math.fsum(values) / len(values),
}
Labels = tuple[tuple[str, str], ...]
Vector = dict[Labels, float]
Function = Callable[[list[float], list[float], float, float], float | None]
"""Of the times and values in a range, its end and its length; None where the result has no sample."""


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
        if tree.name not in FUNCTIONS:
            raise RefusedError(f"the function {tree.name} is not simulated")
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
