"""Ways to get more than the budget allows, one test each: all of them are refused, or at least said."""

import pytest
import yaml

from tests.cli.test_budget_commands import commit, limits


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ATMOS_CLI_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def branch(shop, git):
    git("checkout", "-qb", "change", cwd=shop)
    return shop


def checked(root, git, atmos):
    commit(root, git)
    return atmos("budget", "check", "--repo", root, "-o", "json")


def overlay(root, environment="dev", service="checkout"):
    return root / f"apps/main/{service}/overlays/{environment}/kustomization.yaml"


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: hidden, namespace: main-dev}
spec:
  replicas: 9
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec:
      containers: [{name: a, image: "a:1", resources: {requests: {cpu: "1", memory: 1Gi}}}]
"""


@pytest.mark.slow
def test_a_budget_raised_by_the_change_that_needs_it(branch, git, atmos):
    limits(branch, "dev", limits={"requests.cpu": {"limit": "400"}})
    overlay(branch).write_text(overlay(branch).read_text().replace("count: 1", "count: 60"))
    done = checked(branch, git, atmos)
    assert done.code == 1
    assert "ATM409" in done.codes
    assert {"ATM401", "ATM402"} & set(done.codes)


@pytest.mark.slow
@pytest.mark.parametrize("remote", [False, True])
def test_a_budget_raised_on_a_branch_that_the_change_calls_the_base(branch, git, atmos, remote):
    """`git.branch` of the checkout has no say in which branch is trusted."""
    limits(branch, "dev", limits={"requests.cpu": {"limit": "400"}})
    file = branch / "atmos-cli.yaml"
    file.write_text(file.read_text().replace("branch: main", "branch: rich"))
    commit(branch, git)
    git("branch", "-q", "rich", cwd=branch)
    if remote:
        git("update-ref", "refs/remotes/origin/main", "main", cwd=branch)
        git("update-ref", "refs/remotes/origin/rich", "rich", cwd=branch)
    overlay(branch).write_text(overlay(branch).read_text().replace("count: 1", "count: 60"))
    done = checked(branch, git, atmos)
    assert done.code == 1
    assert {"ATM401", "ATM402"} & set(done.codes)


def test_a_budget_raised_alone_may_land(branch, git, atmos):
    limits(branch, "dev", limits={"requests.cpu": {"limit": "400"}})
    assert checked(branch, git, atmos).code == 0


@pytest.mark.slow
def test_a_budget_edited_and_not_committed_does_not_count(shop, atmos):
    limits(
        shop,
        "dev",
        limits={"requests.cpu": {"limit": "400"}, "requests.memory": {"limit": "400Gi"}, "pods": {"limit": 400}},
    )
    done = atmos(
        "new", "service", "go, called big, 60 replicas", "--env", "dev", "--repo", shop, "--dry-run", "-o", "json"
    )
    assert done.code == 1
    assert {"ATM401", "ATM402"} & set(done.codes)


@pytest.mark.slow
def test_a_limit_lowered_below_use_blocks_nobody_who_does_not_add(branch, git, atmos):
    limits(branch, "dev", limits={"requests.cpu": {"limit": "100m"}})
    commit(branch, git)
    git("checkout", "-q", "main", cwd=branch)
    git("merge", "-q", "change", cwd=branch)
    git("checkout", "-qb", "next", cwd=branch)
    overlay(branch).write_text(overlay(branch).read_text().replace("0.1.0", "0.2.0"))
    done = checked(branch, git, atmos)
    assert done.code == 0
    assert "ATM403" in done.codes
    overlay(branch).write_text(overlay(branch).read_text().replace("count: 1", "count: 2"))
    assert checked(branch, git, atmos).code == 1


@pytest.mark.slow
def test_a_patch_that_raises_requests_after_rendering(branch, git, atmos):
    patch = {
        "target": {"kind": "Deployment"},
        "patch": '[{"op": "add", "path": "/spec/template/spec/containers/0/resources/requests/cpu", "value": "9"}]',
    }
    value = yaml.safe_load(overlay(branch).read_text())
    value["patches"].append(patch)
    overlay(branch).write_text(yaml.safe_dump(value))
    assert checked(branch, git, atmos).code == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "apps/main/hidden/overlays/dev/deployment.yaml",
        "tenants/dev/main/deployment.yaml",
        "infrastructure/configs/dev/addon/deployment.yaml",
        "infrastructure/controllers/dev/addon/deployment.yaml",
    ],
)
def test_workloads_that_atmos_did_not_write_count(branch, git, atmos, path):
    file = branch / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(DEPLOYMENT)
    names = [item.name for item in file.parent.iterdir()]
    if "kustomization.yaml" in names:
        own = file.parent / "kustomization.yaml"
        value = yaml.safe_load(own.read_text())
        value["resources"].append(file.name)
        own.write_text(yaml.safe_dump(value))
    done = checked(branch, git, atmos)
    assert done.code == 1, done.out
    assert {"ATM401", "ATM402"} & set(done.codes)


@pytest.mark.sample
@pytest.mark.parametrize(
    "path",
    ["clusters/dev/hidden.yaml", "delivery/dev/main/hidden.yaml", "infrastructure/configs/dev/a/b/c/hidden.yaml"],
)
def test_what_flux_applies_from_elsewhere_counts(tmp_path, atmos, git, path):
    root = tmp_path / "flux"
    assert atmos("init", root, "--engine", "flux", "--yes").code == 0
    git("checkout", "-qb", "change", cwd=root)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(DEPLOYMENT)
    assert checked(root, git, atmos).code == 1


def test_a_custom_resource_needs_a_decision(branch, git, atmos):
    file = branch / "apps/main/chart/overlays/dev/release.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: x, namespace: main-dev}\n")
    done = checked(branch, git, atmos)
    assert done.code == 1
    assert "ATM407" in done.codes


@pytest.mark.slow
def test_another_team_does_not_make_room(shop, git, atmos):
    assert atmos("init", shop, "--team", "other", "--yes").code == 0
    limits(shop, "dev", teams={"other": {"requests.cpu": {"limit": "400m"}}})
    commit(shop, git)
    git("checkout", "-qb", "move", cwd=shop)
    (shop / "apps/other").mkdir()
    git("mv", "apps/main/checkout", "apps/other/checkout", cwd=shop)
    done = checked(shop, git, atmos)
    assert done.code == 1
    (over,) = [row for row in done.json["data"]["budget"] if row["outcome"] == "over"]
    assert over["scope"] == "team other"


@pytest.mark.slow
def test_another_name_has_the_limits_of_every_service(shop, git, atmos):
    limits(
        shop,
        "dev",
        services={"checkout": {"requests.cpu": {"limit": "2"}}},
        serviceDefault={"requests.cpu": {"limit": "300m"}},
    )
    commit(shop, git)
    git("checkout", "-qb", "rename", cwd=shop)
    git("mv", "apps/main/checkout", "apps/main/renamed", cwd=shop)
    done = checked(shop, git, atmos)
    assert [row["service"] for row in done.json["data"]["budget"] if row["outcome"] == "over"] == ["renamed"]


@pytest.mark.slow
def test_many_small_services_of_one_team_are_one_increase(shop, git, atmos):
    limits(shop, "dev", perChange={"pods": {"limit": "+6", "window": "7d"}})
    commit(shop, git)
    outcomes = []
    for name in ("a-one", "b-two", "c-three", "d-four"):
        done = atmos(
            "new", "service", f"go, called {name}, size xs", "--env", "dev", "--repo", shop, "--yes", "-o", "json"
        )
        outcomes.append(done.code)
    assert outcomes[0] == 0
    assert outcomes[-1] == 1


@pytest.mark.slow
def test_requests_left_out_are_refused(branch, git, atmos):
    text = (branch / "apps/main/checkout/overlays/dev/kustomization.yaml").read_text()
    value = yaml.safe_load(text)
    value["patches"].append(
        {
            "target": {"kind": "Deployment"},
            "patch": '[{"op": "remove", "path": "/spec/template/spec/containers/0/resources"}]',
        }
    )
    overlay(branch).write_text(yaml.safe_dump(value))
    commit(branch, git)
    assert "ATM406" in atmos("validate", "--repo", branch, "-o", "json").codes


def test_no_budget_is_not_unlimited(branch, git, atmos):
    (branch / "platform/budgets/dev.yaml").unlink()
    commit(branch, git)
    assert "ATM405" in atmos("validate", "--repo", branch, "-o", "json").codes


def test_money_without_prices_is_refused(shop, git, atmos):
    limits(shop, "dev", limits={"money": {"limit": "100", "currency": "EUR"}})
    commit(shop, git)
    assert "ATM411" in atmos("validate", "--repo", shop, "-o", "json").codes


def test_a_limit_on_a_misspelt_service_is_said(shop, atmos):
    limits(shop, "dev", services={"chekout": {"requests.cpu": {"limit": "1m"}}})
    done = atmos("validate", "--repo", shop, "-o", "json")
    (found,) = [each for each in done.json["diagnostics"] if "chekout" in each["message"]]
    assert (found["code"], found["severity"]) == ("ATM404", "warning")
    assert "did you mean `checkout`?" in found["hint"]


@pytest.mark.slow
def test_whoever_is_over_is_told_how_to_ask(branch, git, atmos):
    overlay(branch).write_text(overlay(branch).read_text().replace("count: 1", "count: 30"))
    commit(branch, git)
    done = atmos("budget", "check", "--repo", branch)
    assert "atmos approve request --env dev --service checkout --team main" in f"{done.out}{done.err}"


@pytest.mark.slow
def test_a_change_of_the_base_branch_does_not_choose_whose_budget_counts(branch, git, atmos):
    limits(branch, "dev", limits={"requests.cpu": {"limit": "400"}})
    commit(branch, git)
    git("branch", "mine", cwd=branch)
    config = branch / "atmos-cli.yaml"
    config.write_text(config.read_text().replace("branch: main", "branch: mine"))
    assert "branch: mine" in config.read_text()
    overlay(branch).write_text(overlay(branch).read_text().replace("count: 1", "count: 30"))
    commit(branch, git)
    assert atmos("validate", "--repo", branch, "--base", "main").code == 1
    assert "ATM409" in atmos("validate", "--repo", branch, "--base", "main", "-o", "json").codes


def test_a_base_that_is_no_commit_is_refused(shop, atmos):
    done = atmos("validate", "--repo", shop, "--base", "no-such-branch", "-o", "json")
    assert (done.code, done.codes) == (2, ["ATM610"])
