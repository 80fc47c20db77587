"""`atmos status` over clusters in which an engine has applied the repo, and over what goes wrong there."""

import json

import pytest

from atmos_cli.diagnostics import Code, fail
from atmos_cli.gitops.write import git_repo
from atmos_cli.history.verified import record_verdict
from atmos_cli.verify.model import Target, Verdict
from atmos_cli.verify.outcome import Outcome
from tests.verify.fake_cluster import FakeCluster

from .status_support import PAST, crashing, new_world

OVERLAY = "apps/main/checkout/overlays/dev/kustomization.yaml"


@pytest.fixture(scope="module", params=["argocd", "flux"])
def template(request, tmp_path_factory):
    return request.param, tmp_path_factory.mktemp("template") / "gitops"


@pytest.fixture
def world(template, tmp_path, atmos, git, monkeypatch):
    made = new_world(*template, tmp_path / "gitops", atmos, git)
    monkeypatch.setattr("atmos_cli.commands.status.connect", made.connect)
    made.sync()
    return made


@pytest.fixture
def status(world, atmos):
    def run(*args):
        done = atmos("status", *args, "--repo", world.root, "-o", "json")
        return done.code, {each["environment"]: each for each in done.json["data"]["services"]}

    return run


def test_all_is_as_wanted(world, status, atmos):
    code, rows = status()
    assert [each["good"] for each in rows.values()] == [True] * 3, rows
    assert list(rows) == ["dev", "staging", "prod"]
    assert code == 0
    for row in rows.values():
        assert row["live"] == row["wanted"]["commit"] == world.head()
        assert (row["behind"], row["drift"]["count"], row["health"]["status"]) == (0, 0, "current")
    text = atmos("status", "--repo", world.root).out
    assert "3 of 3 deployments as wanted and healthy" in text


def test_a_commit_that_does_not_touch_the_deployment_changes_nothing(world, status):
    before = world.head()
    world.commit(
        {
            "platform/notes.md": "hello\n",
            OVERLAY.replace("dev", "prod"): world.read(OVERLAY.replace("dev", "prod")) + "# x\n",
        }
    )
    assert status("--env", "dev")[1]["dev"]["wanted"]["commit"] == before


@pytest.mark.slow
def test_what_the_engine_has_not_applied_counts_as_behind(world, status, atmos):
    first = world.head()
    text = world.read(OVERLAY)
    for tag in ("0.2.0", "0.3.0"):
        last = world.commit({OVERLAY: text.replace("0.1.0", tag)})
    code, rows = status()
    assert code == 1
    assert (rows["dev"]["wanted"]["commit"], rows["dev"]["live"], rows["dev"]["behind"]) == (last, first, 2)
    assert (rows["prod"]["wanted"]["commit"], rows["prod"]["behind"], rows["prod"]["good"]) == (first, 0, True)
    assert "(2 behind)" in atmos("status", "--repo", world.root).out
    world.sync("dev")
    assert status()[0] == 0


def test_a_commit_that_renders_the_same_counts_as_applied(world, status):
    last = world.commit({OVERLAY: world.read(OVERLAY) + "# only a word\n"})
    code, rows = status("--env", "dev")
    assert (code, rows["dev"]["wanted"]["commit"]) == (0, last)
    assert (rows["dev"]["live"], rows["dev"]["behind"]) == (last, 0)


@pytest.mark.slow
def test_a_crashing_pod_is_the_reason_of_its_workload(world, status, atmos):
    crashing(world.find("dev", "Pod"))
    deployment = world.find("dev", "Deployment")
    deployment["status"] |= {"readyReplicas": 0, "availableReplicas": 0}
    code, rows = status()
    assert code == 1
    health = rows["dev"]["health"]
    assert (health["status"], health["object"]) == ("failed", "Deployment/checkout")
    assert "crash" in health["message"]
    assert rows["prod"]["good"]
    assert "Deployment/checkout: " in atmos("status", "--repo", world.root).out


def test_a_field_that_somebody_changed_is_drift(world, status):
    world.find("dev", "Deployment")["spec"]["template"]["spec"]["containers"][0]["image"] = "evil:1"
    code, rows = status("--env", "dev")
    assert (code, rows["dev"]["drift"]["count"]) == (1, 1)
    assert rows["dev"]["drift"]["fields"] == ["Deployment/checkout: spec.template.spec.containers.0.image"]
    assert "evil" not in json.dumps(rows), "a value may be a secret"


def test_a_missing_object_is_named(world, status):
    world.clusters["dev"].remove("NetworkPolicy", "checkout-db")
    code, rows = status("--env", "dev")
    assert (code, rows["dev"]["health"]["status"]) == (1, "missing")
    assert rows["dev"]["health"]["object"] == "NetworkPolicy/checkout-db"


@pytest.mark.slow
def test_a_cluster_that_cannot_be_reached_hides_no_other(world, status, atmos):
    world.clusters["prod"] = FakeCluster(reason="connection refused")
    code, rows = status()
    assert code == 1
    assert rows["prod"]["problem"] == {
        "code": "ATM811",
        "message": "cluster `fake` cannot be asked: connection refused",
    }
    assert rows["prod"]["health"] is None
    assert rows["prod"]["wanted"]["commit"] == world.head()
    assert rows["dev"]["good"]
    done = atmos("status", "--repo", world.root)
    assert "unreachable" in done.out
    assert "hint: is it on?" in done.err


def test_when_nothing_can_be_asked_the_exit_status_says_so(world, atmos):
    world.clusters["prod"] = fail(Code.CLUSTER_UNCONFIGURED, "no kubeconfig knows `prod`", hint="log in")
    world.clusters["dev"] = world.clusters["staging"] = FakeCluster(reason="no route to host")
    done = atmos("status", "--repo", world.root, "-o", "json")
    assert done.code == 2
    assert done.json["status"] == "error"
    assert set(done.codes) == {"ATM810", "ATM811"}


@pytest.mark.slow
def test_a_paused_engine_says_since_when(world, status, atmos):
    if world.clusters["dev"].list("argoproj.io/v1alpha1", "Application"):
        world.find("dev", "Application")["spec"]["syncPolicy"]["automated"]["enabled"] = False
    else:
        world.find("dev", "Kustomization")["spec"]["suspend"] = True
    row = status("--env", "dev")[1]["dev"]
    assert row["paused"]["message"] in ("automated sync is off", "the Kustomization is suspended")
    assert row["paused"]["since"] == 1577836800.0, PAST
    assert "ago" in atmos("status", "--repo", world.root).out


@pytest.mark.slow
def test_the_last_verdict_is_shown_with_the_commit_that_it_is_of(world, status, atmos):
    first = world.head()
    for outcome, at in ((Outcome.PASS, 2.0), (Outcome.FAIL, 1.0)):
        target = Target("main", "checkout", "dev", "dev", "main-dev", "argocd", "checkout")
        verdict = Verdict(target, first, outcome, "", (), started=at, ended=at)
        record_verdict(git_repo(world.root), verdict, run="r", remote="")
    rows = status()[1]
    assert rows["dev"]["verdict"] == {"outcome": "pass", "commit": first, "at": 2.0}
    assert rows["prod"]["verdict"] is None
    world.commit({OVERLAY: world.read(OVERLAY).replace("0.1.0", "0.2.0")})
    assert f"pass ({first[:7]})" in atmos("status", "--repo", world.root).out


def test_the_shape_for_machines_is_the_same_for_every_row(world, atmos):
    world.clusters["prod"] = FakeCluster(reason="gone")
    done = atmos("status", "--repo", world.root, "-o", "json")
    assert {tuple(each) for each in done.json["data"]["services"]} == {
        (
            *("team", "service", "environment", "cluster", "namespace", "engine", "good", "wanted", "live", "behind"),
            *("delivery", "health", "drift", "paused", "verdict", "problem"),
        )
    }


@pytest.mark.slow
def test_one_service_and_one_environment_can_be_asked_for(world, atmos, status):
    assert list(status("checkout", "--env", "prod")[1]) == ["prod"]
    assert atmos("status", "chekcout", "--repo", world.root, "-o", "json").codes == ["ATM511"]
    assert atmos("status", "--env", "nowhere", "--repo", world.root, "-o", "json").codes == ["ATM702"]


def test_what_a_cluster_says_is_no_markup_and_no_escape(world, atmos):
    crashing(world.find("dev", "Pod"))
    world.find("dev", "Deployment")["status"] = {
        "observedGeneration": 1,
        "conditions": [
            {
                "type": "ReplicaFailure",
                "status": "True",
                "reason": "FailedCreate",
                "message": "[red]\x1b[31m exceeded quota[/] \x07",
            }
        ],
    }
    done = atmos("status", "--repo", world.root)
    assert "[red]" in done.out
    assert not set(done.out) & {"\x1b", "\x07"}


def test_a_service_that_cannot_be_built_says_so(world, status):
    world.commit({OVERLAY: "resources: [nowhere.yaml]\n"})
    code, rows = status()
    assert (code, rows["dev"]["problem"]["code"], rows["dev"]["good"]) == (1, Code.COMMIT_UNKNOWN.value, False)
    assert "cannot be built" in rows["dev"]["problem"]["message"]
    assert rows["prod"]["good"]


def test_a_base_branch_without_commits_says_how_to_get_them(world, atmos):
    world.commit({"atmos-cli.yaml": world.read("atmos-cli.yaml").replace("branch: main", "branch: trunk")})
    done = atmos("status", "--repo", world.root, "-o", "json")
    assert (done.code, done.codes) == (2, [Code.COMMIT_UNKNOWN.value])
    assert done.json["diagnostics"][0]["hint"] == "git fetch origin trunk"
