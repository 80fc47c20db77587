"""What people type to change a service means what `changes.txt` says; nothing of it is guessed or dropped."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.spec.change.read import read_change

from .canonical import BUNDLED
from .change_texts import ENVIRONMENTS, SPEC, changed
from .texts import texts

TABLE = Path(__file__).with_name("changes.txt")
ROWS = [line.split("==", 1) for line in TABLE.read_text().splitlines() if " ==" in line and not line.startswith("#")]
PLACES = st.sampled_from(
    [" in prod", " in qa", " in dev and staging", ": ", ", ", " without ", " env A=b ", " remove "]
)


@pytest.mark.parametrize(("text", "meant"), [(text.strip(), meant.strip()) for text, meant in ROWS])
def test_a_change_means_what_the_table_says(text, meant):
    assert changed(text) == meant


def test_the_table_is_large_and_has_no_row_twice():
    found = [text.strip() for text, _ in ROWS]
    assert len(found) >= 120
    assert len(set(found)) == len(found)


@given(st.lists(texts | PLACES, max_size=4).map("".join))
def test_no_text_is_too_strange(text):
    items, already, problems = read_change(text, BUNDLED, spec=SPEC, environments=ENVIRONMENTS)
    for problem in problems:
        assert "\n" not in problem.message
    for item in items:
        assert item.environment in {"", *ENVIRONMENTS}
    assert len({item.slot for item in items}) == len(items)
    del already


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("image ghcr.io/acme/shop:1.2.3", "run `atmos deploy checkout --image ghcr.io/acme/shop:1.2.3`"),
        ("called orders", "`atmos rename checkout orders` says what that takes"),
        ("volume", "it belongs under `volumes` in service.yaml; edit it there, then run `atmos update checkout`"),
        ("redsi", "did you mean `redis`?"),
        ("size m in qa", "there are: dev, staging, prod"),
        ("metrics on 9090", "for the service write `port 9090` behind a comma, or `metrics port 9090`"),
        ("LOG_LEVEL", "a variable is `env LOG_LEVEL=value`, or `without env LOG_LEVEL`"),
    ],
)
def test_what_is_refused_comes_with_the_way(text, hint):
    _, _, problems = read_change(text, BUNDLED, spec=SPEC, environments=ENVIRONMENTS)
    assert [each.hint for each in problems] == [hint]


def test_other_names_of_an_environment_are_known_where_there_is_one():
    items, _, problems = read_change("size m in production", BUNDLED, spec=SPEC, environments=("dev", "prod"))
    assert not problems
    assert [item.environment for item in items] == ["prod"]
    _, _, problems = read_change("size m in stage", BUNDLED, spec=SPEC, environments=("dev", "prod"))
    assert [each.code for each in problems] == ["ATM702"]
    both = ("prod", "production")
    items, _, _ = read_change("size m in production", BUNDLED, spec=SPEC, environments=both)
    assert [item.environment for item in items] == ["production"]


@pytest.mark.parametrize("name", ["redis", "metrics", "public"])
def test_a_service_with_the_name_of_a_noun_can_still_have_it(name):
    spec = SPEC.model_copy(update={"name": name})
    items, _, problems = read_change(f"add {name}, size m", BUNDLED, spec=spec, environments=ENVIRONMENTS)
    assert not problems
    assert [item.kind for item in items] == ["addon", "size"]


def test_every_setting_of_an_add_on_can_be_said():
    from atmos_cli.adapters.bundle import catalogue

    values = {"quantity": "2Gi", "integer": "2", "port": "9090", "path": "/x", "duration": "15s", "boolean": "yes"}
    for blueprint in catalogue().of_kind("addon"):
        for key, declared in blueprint.manifest.inputs.items():
            value = str(declared.values[0]) if declared.values else values.get(declared.type, "text")
            text = f"{blueprint.manifest.name} {key} {value} in prod"
            items, _, problems = read_change(text, BUNDLED, spec=SPEC, environments=ENVIRONMENTS)
            assert not problems, text
            assert [(i.kind, i.key) for i in items][1:] == [("setting", f"{blueprint.manifest.name}.{key}")], text
