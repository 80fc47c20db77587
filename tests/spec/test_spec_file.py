"""`service.yaml`: what is written is read back, and editor and atmos agree on what is allowed."""

from __future__ import annotations

import json
from functools import cache

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.spec.model import ServiceSpec, read_spec
from atmos_cli.spec.names import RESERVED, validate_name
from atmos_cli.spec.spec_schema import IDENTITY, spec_json_schema
from atmos_cli.spec.write import spec_text, spec_values
from atmos_cli.yamlio.load import load

names = st.from_regex(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?", fullmatch=True)
keys = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
ports = st.integers(1, 65535)
paths = st.from_regex(r"/[!-~]{0,20}", fullmatch=True)
quantities = st.sampled_from(["1", "250m", "0.5", "1.5Gi", "128Mi", "2k", "010"])
hosts = st.lists(st.sampled_from(["shop.example.com", "a.b", "xn--bcher-kva.example", "1.2.example.org"]), max_size=2)
free_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
tricky = st.sampled_from(
    ["yes", "1.10", "0o7", "null", "~", " x", "x: y", "# no", "a\nb", "2024-01-01", "'", "", "=", "1e3"]
)
maybe = st.none


def _some(**fields: st.SearchStrategy) -> st.SearchStrategy:
    """A dict with any of `fields`."""
    return st.fixed_dictionaries({}, optional=fields)


scalings = st.tuples(st.integers(1, 499), st.integers(0, 499)).flatmap(
    lambda bounds: _some(min=st.just(bounds[0]), cpu=st.integers(1, 1000)).map(lambda d: {**d, "max": sum(bounds) + 2})
)
sizes = st.sampled_from(["xs", "s", "m", "l", "xl"]) | st.fixed_dictionaries(
    {"cpu": quantities, "memory": quantities}, optional={"cpuLimit": quantities | maybe(), "memoryLimit": quantities}
)
probes = _some(
    path=paths, period=st.integers(1, 3600), timeout=st.integers(1, 9), failures=st.integers(1, 9), delay=st.just(0)
)
inputs = st.dictionaries(keys, free_text | tricky | st.integers(-(2**40), 2**40) | st.booleans(), max_size=3)
addons = st.dictionaries(names, inputs, max_size=2)
env = st.dictionaries(keys.map("E_{}".format), free_text | tricky | st.integers(-99, 99999) | st.booleans(), max_size=3)
overrides = _some(
    image=free_text | maybe(),
    replicas=st.integers(0, 1000) | maybe(),
    size=sizes,
    scaling=scalings,
    env=env,
    hosts=hosts,
) | _some(addons=addons)
specs = st.fixed_dictionaries(
    {"name": names.filter(lambda n: validate_name(n) is None), "language": st.sampled_from(["node", "go", "static"])},
    optional={
        "apiVersion": st.just("atmos-cli.dev/v1"),
        "kind": st.just("Service"),
        "type": st.sampled_from(["web", "worker", "cron", "job"]),
        "image": free_text | maybe(),
        "port": ports | st.fixed_dictionaries({"service": ports, "container": ports}),
        "size": sizes,
        "replicas": st.integers(0, 1000) | maybe(),
        "scaling": scalings,
        "hosts": hosts,
        "probes": _some(startup=probes, readiness=probes, liveness=probes),
        "env": env,
        "secrets": st.dictionaries(
            keys.map("S_{}".format), st.fixed_dictionaries({"secret": names, "key": st.just("a.b")}), max_size=2
        ),
        "volumes": st.dictionaries(
            names, st.fixed_dictionaries({"path": paths}, optional={"size": quantities}), max_size=1
        ),
        "dependencies": st.lists(st.fixed_dictionaries({"service": names}, optional={"port": ports}), max_size=2),
        "addons": addons,
        "environments": st.dictionaries(names, overrides, max_size=2),
    },
)


@cache
def _schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(spec_json_schema())


@given(specs)
def test_what_is_written_is_read_back(values):
    spec = ServiceSpec.model_validate(values)
    text = spec_text(spec, schema_ref="../../../platform/schemas/service.json")
    assert read_spec(text.encode(), path="service.yaml") == spec
    in_full = ServiceSpec.model_validate(spec.model_dump(by_alias=True))
    assert spec_text(in_full, schema_ref="x") == spec_text(spec, schema_ref="x")


@given(specs)
def test_the_schema_accepts_what_the_model_accepts(values):
    ServiceSpec.model_validate(values)
    assert _schema().is_valid(values), list(_schema().iter_errors(values))
    assert _schema().is_valid(spec_values(ServiceSpec.model_validate(values)))


@given(specs, st.data())
def test_both_refuse_an_unknown_field_anywhere(values, data):
    spec = spec_values(ServiceSpec.model_validate(values))
    closed = [spec, *(spec[f] for f in ("size", "scaling", "probes") if isinstance(spec.get(f), dict))]
    closed += [*spec.get("environments", {}).values(), *spec.get("dependencies", []), *spec.get("volumes", {}).values()]
    data.draw(st.sampled_from(closed))["unheardOf"] = 1
    with pytest.raises(ValueError, match="unheardOf"):
        ServiceSpec.model_validate(spec)
    assert not _schema().is_valid(spec)


GOOD = {"name": "shop", "language": "node"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "My.Shop"},
        {"name": min(RESERVED)},
        {"language": "Cobol"},
        {"type": "a daemon"},
        {"port": 0},
        {"port": 65536},
        {"port": True},
        {"port": "80"},
        {"port": {"service": 80}},
        {"replicas": -1},
        {"replicas": True},
        {"replicas": "3"},
        {"size": "huge"},
        {"size": {"cpu": "1"}},
        {"size": {"cpu": "one", "memory": "1Gi"}},
        {"scaling": {"min": 0}},
        {"hosts": ["Shop"]},
        {"hosts": "shop.example.com"},
        {"env": {"1A": "x"}},
        {"env": {"A": 1.5}},
        {"env": {"A": None}},
        {"secrets": {"A": "x"}},
        {"volumes": {"V": {"path": "/x"}}},
        {"volumes": {"v": {"path": "x"}}},
        {"addons": ["postgres"]},
        {"apiVersion": "v1"},
    ],
    ids=str,
)
def test_both_refuse_what_is_wrong(wrong):
    with pytest.raises(ValueError, match="validation error"):
        ServiceSpec.model_validate({**GOOD, **wrong})
    assert not _schema().is_valid({**GOOD, **wrong})


def test_the_schema_is_one_that_editors_take():
    schema = spec_json_schema()
    jsonschema_rs.meta.validate(schema)
    assert schema["$id"] == IDENTITY
    assert schema == json.loads(json.dumps(schema))
    models = [schema, *(d for d in schema["$defs"].values() if "properties" in d), schema["$defs"]["Port"]["anyOf"][1]]
    for model in models:
        assert model["title"]
        for name, field in model["properties"].items():
            assert 10 <= len(field["description"]) <= 100, f"{model['title']}.{name}"


def test_known_addons_close_the_schema():
    inputs_of = {"postgres": {"instances": {"type": "integer", "description": "how many"}}, "http": {}}
    schema = jsonschema_rs.Draft202012Validator(spec_json_schema(inputs_of))
    assert schema.is_valid({**GOOD, "addons": {"postgres": {"instances": 3}, "http": {}}})
    assert not schema.is_valid({**GOOD, "addons": {"postgers": {}}})
    assert not schema.is_valid({**GOOD, "addons": {"postgres": {"instances": "3"}}})
    assert not schema.is_valid({**GOOD, "environments": {"dev": {"addons": {"http": {"x": 1}}}}})


def test_a_small_spec_is_a_small_file():
    spec = ServiceSpec.model_validate({**GOOD, "port": 80, "addons": {"postgres": {}}, "scaling": {"max": 4}})
    assert spec_text(spec, schema_ref="../../../platform/schemas/service.json") == (
        "# yaml-language-server: $schema=../../../platform/schemas/service.json\n"
        "# +argocd:skip-file-rendering\n"
        "apiVersion: atmos-cli.dev/v1\n"
        "kind: Service\n"
        "name: shop\n"
        "type: web\n"
        "language: node\n"
        "port: 80\n"
        "size: s\n"
        "scaling:\n"
        "  min: 2\n"
        "  max: 4\n"
        "addons:\n"
        "  postgres: {}\n"
    )


def test_a_schema_reference_cannot_break_out_of_its_comment():
    text = spec_text(ServiceSpec.model_validate(GOOD), schema_ref="x\nname: evil")
    assert load(text.encode())["name"] == "shop"


def test_text_that_yaml_would_change_is_refused_with_its_place():
    with pytest.raises(AtmosError) as caught:
        read_spec(b"name: shop\nlanguage: node\nenv:\n  VERSION: 1.10\nport: '80'\n", path="service.yaml")
    said = {(d.code, d.message.split(":")[1].strip()) for d in caught.value.diagnostics}
    assert said == {
        (Code.SPEC_INVALID, "a number with a point must stand in quotes, or YAML changes it"),
        (Code.SPEC_INVALID, "write one number without quotes, such as `8080`, or both `service` and `container`"),
    }


def test_numbers_and_switches_become_the_text_that_a_process_sees():
    spec = read_spec(b"name: shop\nlanguage: node\nenv: {A: 1, B: true}\nsize: {cpu: 0.5, memory: 1Gi}\n", path="x")
    assert spec.env == {"A": "1", "B": "true"}
    assert spec.size.cpu == "0.5"
