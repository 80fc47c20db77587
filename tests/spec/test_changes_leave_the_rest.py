"""A change touches the lines of what it asks for, and reading the result gives the old spec with just those values."""

from __future__ import annotations

import difflib
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.spec.change.apply import change_spec
from atmos_cli.spec.change.read import read_change
from atmos_cli.spec.model import ServiceSpec, read_spec
from atmos_cli.yamlio.edit import edit
from atmos_cli.yamlio.load import load

from .canonical import BUNDLED

PLAIN = """\
# yaml-language-server: $schema=../../../platform/schemas/service.json
apiVersion: atmos-cli.dev/v1
kind: Service
name: checkout
type: web
language: node
port: 80
size: s
addons:
  postgres: {}
"""
LIVED_IN = """\
# what we sell
apiVersion: "atmos-cli.dev/v1"   # quoted, as we like it
kind: Service

name: checkout
language: node
port: {service: 80, container: 3000}  # both
size: s          # small
# two, since one is none
replicas: 2
hosts:
    - shop.example.com   # the first
probes: {readiness: {path: /ready}}
env:
    LOG_LEVEL: 'info'   # not debug

    # a flag
    FEATURE_X: "on"
addons:
    postgres: {storage: 10Gi}     # a database
    # public
    http: {}
environments:
    prod: {replicas: 3, env: {LOG_LEVEL: "warning"}}   # more
    # dev is small
    dev:
        size: xs
"""
TEXTS = (PLAIN, LIVED_IN, LIVED_IN.replace("\n", "\r\n"), PLAIN.rstrip("\n"))
ENVIRONMENTS = ("dev", "staging", "prod")
places = st.sampled_from(["", "", "dev", "staging", "prod"])


def said(words, place):
    return f"{words} in {place}" if place else words


@st.composite
def amounts(draw):
    """Words, the path in the spec, the value."""
    place = draw(places)
    field, words, value = draw(
        st.one_of(
            st.sampled_from(["xs", "s", "m", "l", "xl"]).map(lambda size: (("size",), f"size {size}", size)),
            st.integers(0, 50).map(lambda n: (("replicas",), f"{n} replicas", n)),
            st.sampled_from(["debug", "8080", "true", "a b", "é", "x: y", "#"]).map(
                lambda value: (("env", "LOG_LEVEL"), f'env LOG_LEVEL="{value}"', value)
            ),
            st.sampled_from(["20Gi", "1Ti"]).map(
                lambda value: (("addons", "postgres", "storage"), f"postgres storage {value}", value)
            ),
        )
    )
    path = ("environments", place, *field) if place else field
    return said(words, place), path, value


everywhere = st.sampled_from(
    [
        ("add redis", ("addons", "redis"), {}),
        ("port 8080", ("port",), 8080),
        ("port 81:3000", ("port",), {"service": 81, "container": 3000}),
        ("env NEW=1", ("env", "NEW"), "1"),
        ("metrics", ("addons", "metrics"), {}),
    ]
)


def expected(value, changes):
    made = deepcopy(value)
    for _, path, new in changes:
        holder = made
        for step in path[:-1]:
            holder = holder.setdefault(step, {})
        if path[-1] not in holder or new != {}:
            holder[path[-1]] = new
    return made


def effective(spec, name):
    """What one environment comes to: a value that is there already is not written once more."""
    own = spec.environments.get(name)
    return {
        "size": (own and own.size) or spec.size,
        "replicas": own.replicas if own and own.replicas is not None else spec.replicas,
        "env": {**spec.env, **(own.env if own else {})},
        "storage": {**spec.addons.get("postgres", {}), **(own.addons.get("postgres", {}) if own else {})},
    }


@given(st.sampled_from(TEXTS), st.lists(amounts() | everywhere, min_size=1, max_size=5, unique_by=lambda each: each[1]))
def test_the_rest_stays_and_the_values_are_those_asked_for(text, changes):
    if sum(path == ("port",) for _, path, _ in changes) > 1:
        return
    data = text.encode()
    before = read_spec(data, path="service.yaml")
    items, _, problems = read_change(
        ", ".join(words for words, _, _ in changes), BUNDLED, spec=before, environments=ENVIRONMENTS
    )
    assert not problems
    made = change_spec(load(data), before, items, domain=str)
    result = edit(data, made.edits)
    after = read_spec(result, path="service.yaml")
    wanted = ServiceSpec.model_validate(expected(load(data), changes))
    for field in ("port", "hosts", "probes", "size", "replicas", "env", "addons", "name", "language", "verify"):
        assert getattr(after, field) == getattr(wanted, field), field
    for name in ENVIRONMENTS:
        assert effective(after, name) == effective(wanted, name), name
    _only_those_lines(text, result.decode(), changes)
    again = change_spec(load(result), after, items, domain=str)
    assert not again.values
    assert not again.edits


def _only_those_lines(old, new, changes):
    """Every line that is gone named a key on the way to a change."""
    keys = {str(step) for _, path, _ in changes for step in path}
    lines = difflib.ndiff(old.splitlines(keepends=True), new.splitlines(keepends=True))
    for line in lines:
        if line.startswith("- ") and line[2:].strip():
            text = line[2:]
            assert any(f"{key}:" in text for key in keys) or not text.endswith("\n"), text
            if "#" in text.split('"')[-1]:
                comment = text[text.index("#") :].strip()
                assert comment in new


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ("without autoscaling", {"autoscaling", "scaling"}),
        ("without http", {"http", "hosts"}),
        ("2 to 6 replicas", {"replicas"}),
    ],
)
def test_what_cannot_stay_goes_along_everywhere(words, gone):
    data = PLAIN.replace(
        "addons:\n", "hosts: [a.example.com]\nscaling: {min: 2, max: 4}\naddons:\n  autoscaling: {}\n  http: {}\n"
    )
    data += "environments:\n  prod:\n    hosts: [b.example.com]\n    scaling: {min: 3, max: 9}\n"
    if "replicas" in gone:
        data = PLAIN + "replicas: 2\nenvironments:\n  prod: {replicas: 3}\n"
    spec = read_spec(data.encode(), path="service.yaml")
    items, _, problems = read_change(words, BUNDLED, spec=spec, environments=ENVIRONMENTS)
    assert not problems
    made = change_spec(load(data.encode()), spec, items, domain=str)
    after = edit(data.encode(), made.edits).decode()
    for name in gone:
        assert f"{name}:" not in after
    fields = {each.field for each in made.values}
    for name in gone & {"scaling", "hosts", "replicas"}:
        assert {name, f"environments.prod.{name}"} <= fields


def test_the_cpu_target_of_autoscaling_stays():
    data = (PLAIN + "  autoscaling: {}\nscaling: {min: 2, max: 4, cpu: 55}\n").encode()
    spec = read_spec(data, path="service.yaml")
    items, _, _ = read_change("max 9, 3 to 5 replicas in prod", BUNDLED, spec=spec, environments=ENVIRONMENTS)
    after = read_spec(edit(data, change_spec(load(data), spec, items, domain=str).edits), path="service.yaml")
    assert after.scaling is not None
    assert (after.scaling.min, after.scaling.max, after.scaling.cpu) == (2, 9, 55)
    prod = after.environments["prod"].scaling
    assert prod is not None
    assert (prod.min, prod.max, prod.cpu) == (3, 5, 55)


def test_an_override_that_hides_a_change_is_told():
    spec = read_spec(LIVED_IN.encode(), path="service.yaml")
    items, _, _ = read_change("size m, 4 replicas, env LOG_LEVEL=debug", BUNDLED, spec=spec, environments=ENVIRONMENTS)
    made = change_spec(load(LIVED_IN.encode()), spec, items, domain=str)
    assert [line.partition(": ")[2].partition(" (")[0] for line in made.stays] == [
        "in dev it stays xs",
        "in prod it stays 3",
        "in prod it stays warning",
    ]
