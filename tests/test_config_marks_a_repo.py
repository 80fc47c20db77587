"""`atmos-cli.yaml`: what is wrong in it is said with its place; what could break out of a template cannot be said."""

from __future__ import annotations

import pytest

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.config import namespace, read_config
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.engines.registry import ENGINES

GOOD = """\
git:
  url: https://git.example.com/x.git
  branch: main
clusters:
  c: {kubernetes: "1.34"}
environments:
  dev:
    cluster: c
    postgres: {storage: 5Gi}
  prod:
    cluster: c
    http: {class: nginx, kind: gateway}
    monitoring: {}
"""


def problems(old, new):
    assert old in GOOD
    with pytest.raises(AtmosError) as raised:
        read_config(GOOD.replace(old, new).encode(), catalogue(), engines=ENGINES)
    assert all(d.code is Code.CONFIG_INVALID and d.where.path == "atmos-cli.yaml" for d in raised.value.diagnostics)
    return raised.value.diagnostics


def test_good():
    config = read_config(GOOD.encode(), catalogue(), engines=ENGINES)
    assert config.engine("dev") == "argocd"
    assert config.on_cluster("c") == ("dev", "prod")
    assert config.environments["prod"].http.class_name == "nginx"
    assert config.environments["prod"].monitoring is not None
    assert config.named(()) == ("dev", "prod")
    assert config.named(("prod", "dev")) == ("dev", "prod")
    assert namespace("shop", "dev") == "shop-dev"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("cluster: c\n    postgres", "cluster: d\n    postgres", 8, "environment `dev` is on cluster `d`"),
        ("storage: 5Gi", "storage: 5 GB", 9, "`5 GB` is not a quantity"),
        ("storage: 5Gi", "storage: 0", 9, "not more than nothing"),
        ("storage: 5Gi", "storage: -1Gi", 9, "not more than nothing"),
        ("storage: 5Gi", "instances: 0", 9, "instances"),
        ("storage: 5Gi", "mode: magic", 9, "mode"),
        ("storage: 5Gi", "storag: 5Gi", 9, "unknown field `environments.dev.postgres.storag`"),
        ("{storage: 5Gi}", "5", 9, "should be a mapping"),
        ("postgres: {storage: 5Gi}", "5: {}", 9, "environments.dev.5"),
        ("postgres: {storage: 5Gi}", "postgers: {}", 9, "unknown field `environments.dev.postgers`"),
        ("postgres: {storage: 5Gi}", "autoscaling: {}", 9, "unknown field `environments.dev.autoscaling`"),
        ("storage: 5Gi", "operatorNamespace: A_b", 9, "operatorNamespace"),
        ("class: nginx", "clas: nginx", 12, "unknown field"),
        ('kubernetes: "1.34"', "kubernetes: latest", 5, "kubernetes"),
        ('kubernetes: "1.34"', "engine: jenkins", 5, "engine"),
        ('kubernetes: "1.34"', "users: root", 5, "users"),
        ("dev:", "Dev:", 7, "Dev"),
        ("dev:", "a" * 64 + ":", 7, "aaa"),
        ("branch: main", "branch: '] {x'", 3, "branch"),
        ("branch: main", "branch: '{{ .x }}'", 3, "branch"),
        ("branch: main", "branch: -x", 3, "branch"),
        ("x.git", "x.git {{ .name }}", 2, "url"),
        ("x.git", "{{.name}}", 2, "url"),
        ("\nclusters", "\nteams: {shop: {groups: ['a,b']}}\nclusters", 4, "`a,b` can be no group"),
        ("\nclusters", '\nteams: {shop: {groups: ["a\\ng, b, role:admin"]}}\nclusters', 4, "can be no group"),
        ("\nclusters", "\nteams: {shop: {groups: [7]}}\nclusters", 4, "teams.shop.groups"),
        ("\nclusters", "\nteams: {shop: {groups: x}}\nclusters", 4, "teams.shop.groups"),
        ("\nclusters", "\nteams: {shop: {group: [x]}}\nclusters", 4, "unknown field `teams.shop.group`"),
        ("\nclusters", "\nteams: {Shop: {}}\nclusters", 4, "Shop"),
    ],
)
def test_what_is_wrong_has_a_place(old, new, line, said):
    found = problems(old, new)
    assert [d for d in found if said in f"{d.message} {d.where.field}" and d.where.line == line], found


def test_a_wrong_key_and_a_wrong_setting_are_said_together_with_what_is_near():
    found = problems("cluster: c\n    postgres: {storage: 5Gi}", "clutser: c\n    postgers: {}")
    assert [d.hint for d in found] == ["", "did you mean `cluster`?", "did you mean `postgres`?"]


@pytest.mark.parametrize("text", ["", "[]", "a", "clusters: {}\nenvironments: {}", "environments: {dev: {cluster: c}}"])
def test_nothing_usable(text):
    with pytest.raises(AtmosError) as raised:
        read_config(text.encode(), engines=ENGINES)
    assert raised.value.diagnostics[0].code is Code.CONFIG_INVALID


def test_an_unknown_environment_says_what_is_near():
    config = read_config(GOOD.encode(), catalogue(), engines=ENGINES)
    with pytest.raises(AtmosError) as raised:
        config.named(("prd",))
    (found,) = raised.value.diagnostics
    assert (found.code, found.hint) == (Code.ENVIRONMENT_UNKNOWN, "did you mean `prod`?")
    with pytest.raises(AtmosError) as raised:
        config.named(("zzz",))
    assert raised.value.diagnostics[0].hint == "use one of: dev, prod"
