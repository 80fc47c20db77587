"""`verify:` in service.yaml: typed, bounded, written back as it was said, and settled environment over spec over default."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.config import Http
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.spec.model import ServiceSpec, read_spec
from atmos_cli.spec.spec_schema import spec_json_schema
from atmos_cli.spec.verify import Smoke, Verify, seconds, settled, share
from atmos_cli.spec.write import spec_text
from atmos_cli.verify.settings import limits
from tests.blueprint.matrix import CONFIG

GOOD = {"name": "shop", "language": "node"}
KINDS = catalogue().cluster_kinds


@cache
def _schema():
    return jsonschema_rs.Draft202012Validator(spec_json_schema())


def _some(**fields):
    return st.fixed_dictionaries({}, optional={name: field | st.none() for name, field in fields.items()})


percents = st.tuples(st.integers(1, 49), st.integers(0, 999)).map(lambda p: f"{p[0]}.{p[1]}%") | st.sampled_from(
    ["1%", "50%", "0.2%", "20.500%"]
)
increases = st.integers(1, 9999).map("{}%".format)
verifies = st.fixed_dictionaries(
    {},
    optional={
        "observe": st.integers(1, 60).map("{}m".format) | st.integers(60, 3600).map("{}s".format) | st.none(),
        "errors": _some(
            maxIncrease=increases, minAbsolute=percents, slo=st.integers(5000, 9999).map(lambda n: n / 100)
        ),
        "latency": _some(
            quantile=st.sampled_from(["p50", "p90", "p95", "p99"]),
            maxIncrease=increases,
            hardMax=st.integers(1, 600000).map("{}ms".format),
        ),
        "source": st.sampled_from(["auto", "spring", "ingress-nginx"]) | st.none(),
        "routes": st.lists(st.sampled_from(["/", "/api", "/users/{id}"]), max_size=3),
        "smoke": st.lists(st.fixed_dictionaries({"path": st.just("/healthz")}, optional={"status": st.just(204)})),
        "engine": st.sampled_from(["none", "argo-rollouts", "flagger"]) | st.none(),
        "rollback": _some(
            mode=st.sampled_from(["off", "suggest", "branch", "auto"]),
            migrations=st.sampled_from(["unknown", "compatible"]),
        ),
    },
)


@settings(deadline=None)
@given(verifies, verifies)
def test_what_is_written_means_the_same(wide, narrow):
    """Also what equals a default: an environment may go back to it where the spec says otherwise."""
    if len(wide.get("smoke", [])) > 10 or len(narrow.get("smoke", [])) > 10:
        return
    values = {**GOOD, "verify": wide, "environments": {"prod": {"verify": narrow}}}
    spec = ServiceSpec.model_validate(values)
    read = read_spec(spec_text(spec, schema_ref="x").encode(), path="service.yaml")
    assert read == spec
    for production in (False, True):
        before = settled(spec.verify, spec.environments["prod"].verify, production=production)
        assert settled(read.verify, (read.environments.get("prod") or spec.environments["prod"]).verify, production=production) == before  # fmt: skip


@settings(deadline=None)
@given(verifies)
def test_editors_accept_what_atmos_accepts(verify):
    if len(verify.get("smoke", [])) <= 10:
        validator = _schema()
        assert validator.is_valid({**GOOD, "verify": verify}), list(validator.iter_errors({**GOOD, "verify": verify}))


def test_editors_show_examples():
    found = spec_json_schema()["$defs"]
    assert found["Verify"]["properties"]["observe"]["anyOf"][0]["examples"] == ["10m", "15m"]
    assert found["Errors"]["properties"]["maxIncrease"]["anyOf"][0]["examples"] == ["50%", "100%"]
    assert found["Errors"]["properties"]["slo"]["anyOf"][0]["examples"] == [99.9]
    assert found["Latency"]["properties"]["hardMax"]["anyOf"][0]["pattern"].endswith("(ms|s|m|h)$")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("observe: 600", "is no duration"),
        ("observe: 10 m", "is no duration"),
        ("observe: 59s", "is not between 1m and 60m"),
        ("observe: 2h", "is not between 1m and 60m"),
        ("observe: true", "string"),
        ("errors: {maxIncrease: 50}", "is no share"),
        ("errors: {maxIncrease: 0.5}", "is no share"),
        ("errors: {maxIncrease: 0%}", "is not between 1% and 9999%"),
        ("errors: {minAbsolute: 51%}", "is not between 0.001% and 50%"),
        ("errors: {slo: 100}", "less than or equal to 99.9999"),
        ("errors: {slo: 99.9%}", "without quotes and percent sign"),
        ("errors: {slo: true}", "without quotes and percent sign"),
        ("latency: {quantile: p96}", "'p50', 'p90', 'p95' or 'p99'"),
        ("latency: {hardMax: 11m}", "is not between 1ms and 10m"),
        ("source: nginx", "'ingress-nginx'"),
        ("engine: argo", "'argo-rollouts'"),
        ("routes: [api]", "pattern"),
        ("smoke: [/healthz]", "mapping"),
        ("smoke: [{path: /, status: 99}]", "greater than or equal to 100"),
        ("rollback: {mode: always}", "'suggest'"),
        ("rollbak: {}", "unknown field"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(line, said):
    data = (
        f"name: shop\nlanguage: node\nverify:\n  {line}\nenvironments:\n  prod:\n    verify:\n      {line}\n".encode()
    )
    with pytest.raises(AtmosError) as caught:
        read_spec(data, path="service.yaml")
    assert {d.code for d in caught.value.diagnostics} == {Code.SPEC_INVALID}
    assert sorted({d.where.line for d in caught.value.diagnostics}) == [4, 8]
    assert all(said in d.message for d in caught.value.diagnostics)


def test_texts_are_exact_numbers():
    assert [seconds(each) for each in ("800ms", "90s", "10m", "1h")] == [Fraction(4, 5), 90, 600, 3600]
    assert [share(each) for each in ("50%", "0.2%", "0.001%")] == [
        Fraction(1, 2),
        Fraction(1, 500),
        Fraction(1, 100000),
    ]


def test_the_environment_wins_over_the_spec_and_that_over_the_default():
    wide = Verify.model_validate({"errors": {"maxIncrease": "20%", "slo": 99}, "smoke": [{"path": "/a"}]})
    narrow = Verify.model_validate({"errors": {"maxIncrease": "50%"}, "smoke": [], "rollback": {"mode": "auto"}})
    found = settled(wide, narrow, production=True)
    assert (found.errors_increase, found.errors_absolute, found.slo) == (
        Fraction(1, 2),
        Fraction(1, 500),
        Fraction(99, 100),
    )
    assert (found.observe, found.smoke, found.mode, found.migrations) == (900, (), "auto", "unknown")
    assert settled(wide, Verify(), production=False).observe == 600
    assert settled(wide, Verify(), production=False).smoke == (Smoke(path="/a", status=200),)


def _spec(**verify):
    return ServiceSpec.model_validate({**GOOD, "addons": {"http": {}}, "verify": verify})


def test_limits_are_numbers_for_the_judge():
    spec = _spec(observe="90s", latency={"quantile": "p99", "hardMax": "800ms"}, routes=["/api"], smoke=[{"path": "/x", "status": 204}])  # fmt: skip
    found = limits(spec, "dev", CONFIG, KINDS)
    assert (found.observe, found.latency_quantile, found.latency_most) == (90.0, 0.99, 0.8)
    assert (found.errors_increase, found.errors_absolute, found.slo, found.latency_increase) == (0.5, 0.002, 0.999, 0.5)
    assert (found.routes, found.smoke, found.source) == (("/api",), ("/x 204",), "auto")
    assert (found.rollback, found.migrations) == ("suggest", "unknown")
    assert [limits(_spec(), name, CONFIG, KINDS).observe for name in ("dev", "prod")] == [600.0, 900.0]
    assert limits(_spec(), "dev", CONFIG, KINDS).latency_most is None


def test_a_source_that_cannot_see_the_service_is_refused():
    with pytest.raises(AtmosError) as caught:
        limits(_spec(source="ingress-nginx"), "test", CONFIG, KINDS)
    (problem,) = caught.value.diagnostics
    assert problem.code is Code.VERIFY_SETTINGS
    assert "gateway" in problem.message
    assert limits(_spec(source="ingress-nginx"), "dev", CONFIG, KINDS).source == "ingress-nginx"
    assert limits(_spec(source="traefik"), "test", CONFIG, KINDS).source == "traefik"
    where = CONFIG.environments["test"].model_copy(update={"http": Http(controller="envoy-gateway")})
    config = CONFIG.model_copy(update={"environments": {"test": where}})
    with pytest.raises(AtmosError, match="entered through its gateway"):  # no kind is said: the controller has one
        limits(_spec(source="ingress-nginx"), "test", config, KINDS)
    inside = ServiceSpec.model_validate({**GOOD, "verify": {"source": "traefik"}})
    with pytest.raises(AtmosError, match="nothing reaches it from outside"):
        limits(inside, "test", CONFIG, KINDS)


def test_an_environment_that_is_not_configured_has_no_limits():
    with pytest.raises(AtmosError) as caught:
        limits(_spec(), "prdo", CONFIG, KINDS)
    assert caught.value.diagnostics[0].code is Code.ENVIRONMENT_UNKNOWN
