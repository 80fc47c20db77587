"""What `init` writes: the same bytes each time, readable by us, and nothing that a name could break out of."""

from __future__ import annotations

import json

import pytest

from atmos_cli.adapters.bundle import catalogue, versions
from atmos_cli.budget.model import read_budget
from atmos_cli.config import FILE, Config, read_config
from atmos_cli.engines.registry import ENGINES
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


def files(teams=("shop", "pay")):
    budgets = {name: default_budget(name, production=e.production) for name, e in CONFIG.environments.items()}
    kinds = catalogue().cluster_kinds
    return skeleton(
        CONFIG, teams=teams, budgets=budgets, configured=[], spec_schema={}, kinds=kinds, versions=versions()
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
