"""What `init` writes: the same bytes each time, readable by us, and nothing that a name could break out of."""

from __future__ import annotations

import json

import pytest

from atmos_cli.adapters.bundle import catalogue, versions
from atmos_cli.budget.model import read_budget
from atmos_cli.config import FILE, Config, read_config
from atmos_cli.engines.registry import ENGINES
from atmos_cli.gitops.inputs import NOT_IN_SKELETON, skeleton_inputs
from atmos_cli.layout.skeleton import default_budget, skeleton
from atmos_cli.yamlio.emit import emit_all
from atmos_cli.yamlio.load import load_all

CONFIG = Config.model_validate(
    {
        "git": {"url": "https://git.example.com/x.git", "branch": "release/1.0"},
        "clusters": {"one": {}, "two": {"engine": "flux", "kubernetes": "1.29"}},
        "environments": {"dev": {"cluster": "one"}, "prod": {"cluster": "two", "production": True}},
    }
)


def files(teams=("shop", "pay"), config=CONFIG):
    budgets = {name: default_budget(name, production=e.production) for name, e in CONFIG.environments.items()}
    kinds = catalogue().cluster_kinds
    return skeleton(
        config, teams=teams, budgets=budgets, configured=[], spec_schema={}, kinds=kinds, versions=versions()
    )


def test_twice_the_same():
    assert files() == files()


def test_the_configuration_reads_back():
    assert read_config(files()[FILE], engines=ENGINES) == CONFIG
    assert read_budget(files()["platform/budgets/prod.yaml"], environment="prod").environment == "prod"


@pytest.mark.parametrize("path", [path for path in files() if path.endswith((".yaml", ".json"))])
def test_every_file_reads_and_writes_back(path):
    data = files()[path]
    if path.endswith(".json"):
        json.loads(data)
        return
    values = [document.value for document in load_all(data, path=path)]
    assert values
    if path.startswith(("argocd/", "clusters/", "delivery/", "tenants/", "infrastructure/")):
        assert emit_all(values).encode() == data


def test_the_workflow_runs_on_the_branch():
    (workflow,) = load_all(files()[".github/workflows/atmos.yaml"])
    events = next(
        value for key, value in workflow.value.items() if key in ("on", "true")
    )  # YAML 1.1 reads `on` as true
    assert events["push"]["branches"] == ["release/1.0"]
    assert workflow.value["permissions"] == {"contents": "read"}


def test_a_new_team_edits_only_what_all_teams_share():
    before, after = files(("shop",)), files(("pay", "shop"))
    assert {path for path in before if after[path] != before[path]} <= {"CODEOWNERS"}


def test_flux_does_not_read_what_is_no_manifest():
    lines = files()[".sourceignore"].decode().split()
    assert "/apps/**/service.yaml" in lines
    assert {"!/apps/", "!/clusters/", "!/delivery/", "!/infrastructure/", "!/tenants/"} <= set(lines)


CHANGES = {
    "version": 1,
    "registry": "reg.acme.test",
    "git": {"write": "branch", "push": True},
    "clusters": {
        "kubernetes": "1.37",
        "context": "c",
        "hub": "h",
        "prometheus": {"url": "https://p.acme.test"},
        "monitoring": {"kind": "gmp"},
        "api": [8443],
        "zones": True,
        "users": "cluster",
        "identity": "aws",
        "pull_secrets": ["registry"],
        "storage_class": "fast",
    },
    "environments": {
        "production": True,
        "replicas": 3,
        "monitoring": {},
        "secrets": {"store": "vault"},
        "backup": {"port": 9000},
        "postgres": {"instances": 3},
        "http": {"domain": "acme.test"},
    },
}


def test_what_is_no_reason_for_a_change_of_these_files_changes_none():
    """`atmos update` names the keys that its plan comes from; those here are none."""
    left_out = NOT_IN_SKELETON["clusters"]["__all__"]
    assert left_out == set(CHANGES["clusters"])
    assert NOT_IN_SKELETON.keys() == CHANGES.keys()
    value = CONFIG.model_dump(mode="json")
    changed = {**value, "registry": CHANGES["registry"], "git": {**value["git"], **CHANGES["git"]}}
    changed["clusters"] = {name: {**each, **CHANGES["clusters"]} for name, each in value["clusters"].items()}
    changed["environments"] = {
        name: {**each, **CHANGES["environments"], "http": {**each["http"], **CHANGES["environments"]["http"]}}
        for name, each in value["environments"].items()
    }
    other = Config.model_validate(changed)
    assert other != CONFIG
    assert {path for path, data in files(config=other).items() if data != files()[path]} == {FILE}
    assert skeleton_inputs(other, {}) == skeleton_inputs(CONFIG, {})
