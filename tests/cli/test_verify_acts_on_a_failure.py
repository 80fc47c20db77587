"""What `atmos verify` does after FAIL: what is to be applied is pushed, whatever the repo's default for people is."""

import pytest

from atmos_cli.adapters.git.repo import open_repo
from atmos_cli.commands.verify_act import act
from atmos_cli.gitops.repository import Deployment, open_repository
from atmos_cli.history.revisions import GitAnswers
from atmos_cli.live.connect import ClusterConnection
from atmos_cli.live.session import Session
from atmos_cli.verify.measured import Assessment
from atmos_cli.verify.outcome import Outcome

from .rolling import verdict

PROD = Deployment("main", "checkout", "prod")


@pytest.fixture
def failed(deployed):
    """A good 1.1, which was verified, and a 1.2 that hurts; with `origin`."""
    good = deployed.deploy("1.1")
    deployed.share()
    deployed.verified(good)
    deployed.deploy("1.2")
    deployed.git("push", "-q", "origin", "main")
    return deployed


def acted(world, on_fail, *, watched):
    repository = open_repository(world.root)
    bad = verdict(world.head, "fail", at=2000.0, assessment=Assessment(Outcome.FAIL, (), 2000.0, final=True))
    asks = GitAnswers(open_repo(world.root), repository.config, PROD)
    session = Session(bad.target, bad.commit, ClusterConnection(None, None), None, asks, asks, {})

    def watch(again):
        watched.append(again)
        return verdict(again.commit, "inconclusive")

    return act(repository, session, bad, on_fail=on_fail, watch=watch)


def tip(world):
    return world.git("ls-remote", "origin", "refs/heads/main").split()[0]


def test_a_rollback_is_pushed_and_watched(failed):
    bad, watched = failed.head, []
    done = acted(failed, "rollback", watched=watched)
    assert done.commit == failed.head == tip(failed) != bad
    assert failed.tag() == "1.1"
    assert [(each.commit, each.troubled) for each in watched] == [(done.commit, True)]


@pytest.mark.slow
def test_without_a_remote_the_commit_stands_here_and_nothing_is_watched(failed):
    failed.git("remote", "remove", "origin")
    watched = []
    done = acted(failed, "rollback", watched=watched)
    assert failed.tag() == "1.1"
    assert (done.says, watched) == (f"the way back is on commit {failed.head[:12]}, not pushed", [])


@pytest.mark.parametrize("on_fail", ["alert", "suggest"])
def test_nothing_is_changed_unless_that_is_asked_for(failed, on_fail):
    bad, watched = failed.head, []
    done = acted(failed, on_fail, watched=watched)
    assert (failed.head, tip(failed), done.commit, watched) == (bad, bad, "", [])


@pytest.mark.slow
def test_a_branch_is_pushed_and_main_stays(failed):
    bad, watched = failed.head, []
    done = acted(failed, "branch", watched=watched)
    assert done.says == f"the way back is on branch `{done.branch}`"
    assert done.commit in failed.git("ls-remote", "origin", f"refs/heads/{done.branch}")
    assert (failed.head, tip(failed), watched) == (bad, bad, [])
