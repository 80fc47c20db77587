"""`--verify` watches what was just pushed, as `atmos verify` does, and exits as that does."""

import pytest

from atmos_cli.commands import verify_run

from .conftest import state
from .rolling import verdict


@pytest.fixture
def watched(deployed, monkeypatch):
    """`outcome` is what the watching comes to; `asked` what it was asked to watch."""
    deployed.share()
    deployed.outcome, deployed.asked = "pass", []

    def verify_now(repository, wanted, *, display):
        deployed.asked.append((wanted.service, wanted.environments, wanted.commit))
        return verify_run.VerifiedRun((verdict(wanted.commit or deployed.head, deployed.outcome, environment="dev"),))

    monkeypatch.setattr(verify_run, "verify_now", verify_now)
    return deployed


def deploy(world, *args):
    return world.run("deploy", "checkout", "--image", ":2.0", "--verify", "-o", "json", "--repo", world.root, *args)


@pytest.mark.sample
@pytest.mark.parametrize(
    ("outcome", "status"), [("pass", 0), ("warn", 0), ("fail", 1), ("inconclusive", 4), ("superseded", 5)]
)
def test_the_commit_is_watched_and_its_verdict_is_the_status(watched, outcome, status):
    watched.outcome = outcome
    done = deploy(watched, "--push")
    assert done.code == status
    assert watched.asked == [("main/checkout", ("dev",), watched.head)]
    assert done.json["data"]["written"]["pushed"]
    assert [each["outcome"] for each in done.json["data"]["verdicts"]] == [outcome]


def test_what_runs_already_is_watched_too(watched):
    watched.run("deploy", "checkout", "--image", ":2.0", "--push", "--yes", "--repo", watched.root)
    assert deploy(watched, "--push").code == 0
    assert watched.asked == [("main/checkout", ("dev",), "")]


@pytest.mark.parametrize("args", [[], ["--write", "branch", "--push"], ["--write", "files"]])
def test_what_no_engine_sees_cannot_be_watched(watched, args):
    before = state(watched.root)
    done = deploy(watched, *args)
    assert (done.code, done.codes, watched.asked) == (2, ["ATM901"], [])
    assert state(watched.root) == before


@pytest.mark.slow
def test_a_dry_run_and_a_refusal_watch_nothing(watched):
    assert deploy(watched, "--push", "--dry-run").code == 0
    watched.deploy("2.0", environment="dev")
    watched.git("push", "-q", "origin", "main")
    watched.rollback("--push", "--yes", environment="dev")
    assert deploy(watched, "--push").codes == ["ATM830"]
    assert watched.asked == []


def test_people_read_both(watched):
    done = watched.run("deploy", "checkout", "--image", ":2.0", "--verify", "--push", "--yes", "--repo", watched.root)
    assert done.code == 0
    assert done.out.index("Deploy main/checkout to dev") < done.out.index("and pushed it") < done.out.rindex("PASS")
