"""Objects may be any JSON: no check crashes, whatever stands where something else is expected."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shop import good, subject

from atmos_cli.checks.registry import findings

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


PLACES = [(kind, place) for kind, resource in good().items() for place in places(resource) if place]


@settings(max_examples=3 * settings().max_examples, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(PLACES), ANY), min_size=1, max_size=3))
def test_no_check_crashes(damages: list[tuple[tuple[str, tuple[Any, ...]], Any]]) -> None:
    resources = good()
    for (kind, place), value in damages:
        node: Any = resources[kind]
        for step in place[:-1]:
            if not isinstance(node, dict | list) or (
                isinstance(node, list) and not (isinstance(step, int) and step < len(node))
            ):
                break
            node = node.get(step) if isinstance(node, dict) else node[step]
        if isinstance(node, dict) or (isinstance(node, list) and isinstance(place[-1], int) and place[-1] < len(node)):
            node[place[-1]] = value
    _, bugs = findings(subject(list(resources.values())))
    assert bugs == ()


@settings(suppress_health_check=list(HealthCheck))
@given(st.lists(st.dictionaries(st.sampled_from(["apiVersion", "kind", "metadata", "spec", "data"]), ANY), max_size=3))
def test_no_object_at_all_is_fine_too(resources: list[dict[str, Any]]) -> None:
    _, bugs = findings(subject(resources))
    assert bugs == ()
