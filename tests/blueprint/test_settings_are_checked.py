"""What a spec sets must be there to be set, and be of the right type; nothing is ignored in silence."""

from __future__ import annotations

import pytest

from atmos_cli.diagnostics import AtmosError, Code
from tests.blueprint.bundle import addon, bundle, made, refused
from tests.blueprint.matrix import CATALOGUE, CONFIG, TEAM, spec

INPUTS = """\
inputs:
  text: {type: string, default: x, summary: a text}
  choice: {type: string, default: "17", values: ["16", "17"], summary: a version}
  whole: {type: integer, default: "${{ svc.port.container }}", minimum: 1, maximum: 9000, summary: a number}
  yes: {type: boolean, default: false, summary: a switch}
  amount: {type: quantity, default: 1Gi, summary: an amount}
  port: {type: port, default: 80, summary: a port}
  path: {type: path, default: /, summary: a path}
  time: {type: duration, default: 30s, summary: a time}
notes: [{message: "${{ inputs.%s | string }}"}]
"""


def catalogue(shown="text"):
    return bundle(**addon("a", INPUTS.replace("yes", "flag") % shown))


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("text", "y", "y"),
        ("text", 5, "5"),
        ("choice", "16", "16"),
        ("choice", 16, "16"),
        ("whole", 9000, "9000"),
        ("flag", True, "True"),
        ("amount", "500m", "500m"),
        ("amount", 2, "2"),
        ("port", 65535, "65535"),
        ("path", "/api/v1", "/api/v1"),
        ("time", "5m", "5m"),
    ],
)
def test_right(key, value, shown):
    assert made(catalogue(key), addons={"a": {key: value}}).notes == (shown,)


def test_defaults_may_be_expressions():
    assert made(catalogue("whole")).notes == ()
    assert made(catalogue("whole"), addons={"a": {}}).notes == ("8080",)


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("text", True, "a text"),
        ("choice", "15", "one of 16, 17"),
        ("choice", 15, "one of 16, 17"),
        ("whole", "5", "a whole number"),
        ("whole", True, "a whole number"),
        ("whole", 0, "1 or more"),
        ("whole", 9001, "9000 or less"),
        ("flag", "yes", "true or false"),
        ("flag", 1, "true or false"),
        ("amount", "1 GB", "a quantity such as"),
        ("amount", "-1Gi", "a quantity such as"),
        ("amount", True, "a quantity such as"),
        ("port", 0, "a port"),
        ("port", 65536, "a port"),
        ("port", "80", "a port"),
        ("path", "api", "a path"),
        ("path", "/a b", "a path"),
        ("time", "5", "a duration"),
        ("time", "s", "a duration"),
    ],
)
def test_wrong(key, value, wanted):
    (found,) = refused(catalogue(), addons={"a": {key: value}})
    assert found.code is Code.SPEC_INVALID
    assert found.message.startswith(f"`addons.a.{key}` is `{value}`, which is not {wanted}")


def test_unknown_settings_say_what_is_near():
    (found,) = refused(catalogue(), addons={"a": {"ammount": "1Gi"}})
    assert (found.code, found.message, found.hint) == (
        Code.SPEC_INVALID,
        "the add-on `a` has no setting `ammount`",
        "did you mean `amount`?",
    )
    (found,) = refused(catalogue(), addons={"a": {"zzz": 1}})
    assert found.hint == "it takes: text, choice, whole, flag, amount, port, path, time"
    assert len(refused(catalogue(), addons={"a": {"x": 1, "y": 2, "port": 0}})) == 3


def test_an_environment_overrides_one_setting():
    fields = {"addons": {"a": {"text": "all"}}, "environments": {"prod": {"addons": {"a": {"text": "prod"}}}}}
    assert made(catalogue(), **fields).notes == ("all",)
    assert made(catalogue(), environment="prod", **fields).notes == ("prod",)


def test_a_bad_default_is_the_blueprints_fault():
    (found,) = refused(bundle(**addon("a", "inputs:\n  n: {type: port, default: 0, summary: s}\n")), addons={"a": {}})
    assert (found.code, found.where.line) == (Code.BLUEPRINT_INVALID, 6)


@pytest.mark.parametrize(
    ("fields", "code", "message", "hint"),
    [
        (
            {"environments": {"prud": {}}},
            Code.ENVIRONMENT_UNKNOWN,
            "there is no environment `prud`",
            "did you mean `prod`?",
        ),
        (
            {"environments": {"prod": {"addons": {"redis": {}}}}},
            Code.SPEC_INVALID,
            "`environments.prod.addons.redis` is for an add-on that checkout does not have",
            "add `redis: {}` under `addons`",
        ),
        (
            {"dependencies": [{"service": "cart-api"}, {"service": "cart-api", "port": 81}]},
            Code.SPEC_INVALID,
            "`dependencies` name cart-api twice, and both would be CART_API_URL",
            "keep one, and give the other address under `env`",
        ),
        (
            {"scaling": {}},
            Code.BLUEPRINT_REFUSED,
            "checkout has `scaling`, but nothing scales it",
            "add `autoscaling: {}`",
        ),
        (
            {"hosts": ["a.b"]},
            Code.BLUEPRINT_REFUSED,
            "checkout has `hosts`, but cannot be reached from outside",
            "add `http: {}`",
        ),
        ({"env": {"PORT": "1"}}, Code.BLUEPRINT_REFUSED, "checkout sets the variable PORT", "remove PORT"),
        (
            {"replicas": 3, "addons": {"autoscaling": {}}},
            Code.BLUEPRINT_REFUSED,
            "checkout has both `replicas` and `autoscaling` in 'prod'",
            "remove `replicas`, or set `scaling: {min: 3, max: 6}` instead",
        ),
        (
            {"volumes": {"d": {"path": "/d", "kind": "persistent"}}},
            Code.BLUEPRINT_REFUSED,
            "checkout has a persistent volume, which only one replica can mount, but runs 3 replicas in 'prod'",
            "set `environments.prod.replicas: 1`",
        ),
        (
            {"env": {"DATABASE_URL": "x"}, "addons": {"postgres": {}}},
            Code.BLUEPRINT_CONFLICT,
            "postgres@1.0.0 sets the variable DATABASE_URL, but it is set already",
            "remove DATABASE_URL from `env` and `secrets`",
        ),
    ],
)
def test_nothing_is_ignored_in_silence(fields, code, message, hint):
    from atmos_cli.blueprint.compose import compose

    with pytest.raises(AtmosError) as raised:
        compose(spec(**fields), team=TEAM, environment="prod", config=CONFIG, catalogue=CATALOGUE)
    (found,) = raised.value.diagnostics
    assert found.code is code
    assert found.message.startswith(message)
    assert found.hint.startswith(hint)


def test_a_throw_away_database_never_in_production():
    from atmos_cli.blueprint.compose import compose
    from atmos_cli.config import Config

    environment = {"cluster": "c", "postgres": {"mode": "ephemeral"}, "redis": {"mode": "external"}, "production": True}
    config = Config.model_validate({"clusters": {"c": {}}, "environments": {"prod": environment}})
    with pytest.raises(AtmosError) as raised:
        compose(
            spec(addons={"postgres": {}, "redis": {}}),
            team=TEAM,
            environment="prod",
            config=config,
            catalogue=CATALOGUE,
        )
    assert [d.code for d in raised.value.diagnostics] == [Code.BLUEPRINT_REFUSED] * 3
    assert "throw-away in 'prod'" in raised.value.diagnostics[0].message


@pytest.mark.parametrize(
    ("identity", "hint"),
    [
        ("none", "remove it, or set `clusters.c.identity` to a kind that has names"),
        ("aws-pod", "remove it"),
    ],
)
def test_a_name_that_no_cloud_takes_is_refused_with_a_way_that_there_is(identity, hint):
    from atmos_cli.blueprint.compose import compose
    from atmos_cli.config import Config

    environment = {"cluster": "c", "postgres": {"identity": "backups"}}
    config = Config.model_validate({"clusters": {"c": {"identity": identity}}, "environments": {"prod": environment}})
    with pytest.raises(AtmosError) as raised:
        compose(spec(addons={"postgres": {}}), team=TEAM, environment="prod", config=config, catalogue=CATALOGUE)
    assert [(d.code, d.hint) for d in raised.value.diagnostics] == [(Code.BLUEPRINT_REFUSED, hint)]
