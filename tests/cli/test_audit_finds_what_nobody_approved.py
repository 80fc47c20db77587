"""`atmos budget audit` on the base branch: spend without an approval that was used, and spend that outlived one."""

import time

import pytest

from .approving import World


@pytest.fixture
def landed(world, made_once):
    """`main` runs 3 pods of 2 in staging, under an approval by ana."""

    def make():
        world.branch(3)
        path = world.ask()
        world.signed_and_committed(path, "ana")
        world.land()
        return path

    world.path = made_once("landed", world.root, make)
    return world


def test_within_the_limits_there_is_nothing_to_say(world):
    done = world.audit()
    assert (done.code, done.codes, done.json["data"]["over"]) == (0, [], [])
    assert "every sum is within its limit" in world.atmos("budget", "audit").out


@pytest.mark.slow
def test_what_was_approved_is_listed(landed):
    done = landed.audit()
    assert (done.code, done.codes) == (0, [])
    assert done.json["data"]["over"] == [
        {
            "environment": "staging",
            "scope": "environment",
            "dimension": "pods",
            "after": "3",
            "limit": "2",
            "approvals": [landed.path],
        }
    ]
    assert done.json["data"]["inUse"][0]["commit"] == landed.git("rev-parse", "HEAD")


def test_pushed_past_the_check(world):
    world.replicas(3)
    world.commit("Just do it")
    done = world.audit()
    assert (done.code, done.codes) == (1, ["ATM432"])
    assert "environment pods 3 of 2" in done.json["diagnostics"][0]["message"]
    assert "not approved" in world.atmos("budget", "audit").out


def test_pushed_past_the_check_on_top_of_an_approval(landed):
    done = landed.atmos("new", "service", "node, port 80, called rider", "--replicas", "1", "--yes", "--env", "staging")
    assert done.code == 1
    landed.replicas(2, environment="prod")
    landed.commit("Fits in prod")
    assert landed.audit().code == 0
    landed.git("switch", "-q", "-c", "rider")
    done = landed.atmos(
        *("new", "service", "node, port 80, called rider", "--replicas", "1", "--yes", "--env", "staging"),
        "--request-approval",
    )
    assert done.code == 0, done.out + done.err
    landed.land("atmos/new-rider")
    assert landed.audit().codes == ["ATM432"]


@pytest.mark.slow
def test_what_landed_in_between_is_no_riding_along(world):
    """The approval was asked for at 3 of 2, and something that fitted came before it."""
    world.budget(limit=3)
    world.commit("Limit of 3")
    world.branch(4)
    path = world.ask()
    world.signed_and_committed(path, "ana")
    world.git("switch", "-q", "main")
    done = world.atmos("new", "service", "node, port 80, called early", "--replicas", "1", "--yes", "--env", "staging")
    assert done.code == 0, done.out + done.err
    world.git("switch", "-q", "more")
    world.git("merge", "-q", "--no-edit", "main")
    assert world.validate()[0] == 0
    world.land()
    assert world.audit().code == 0
    assert world.audit().json["data"]["over"][0]["after"] == "5"


@pytest.mark.slow
def test_the_limit_was_lowered_below_what_is_used(world):
    world.replicas(2)
    world.commit("Fits")
    world.budget(limit=1)
    world.commit("Lower")
    assert world.audit().codes == ["ATM432"]
    world.git("switch", "-q", "-c", "same")
    assert world.validate()[0] == 0, "what was there before is nobody's change"


@pytest.mark.slow
def test_an_approval_that_has_ended_while_the_spend_is_still_there(landed, monkeypatch):
    later = time.time() + 15 * 86400
    monkeypatch.setattr("atmos_cli.history.trusted_base.time.time", lambda: later)
    done = landed.audit()
    assert (done.code, done.codes) == (1, ["ATM421"])
    assert "what it allowed is still there" in done.json["diagnostics"][0]["message"]
    landed.replicas(2)
    landed.commit("Back within")
    assert landed.audit().code == 0


@pytest.mark.slow
def test_signed_only_after_it_landed(world):
    world.branch(3)
    path = world.ask()
    world.land()
    world.signed_and_committed(path, "ana")
    assert world.audit().codes == ["ATM432"]


@pytest.mark.slow
def test_approved_by_whoever_landed_the_change_with_more_in_it(world):
    world.branch(3)
    path = world.ask()
    assert world.sign(path, "ana").code == 0
    world.commit("Signature")
    world.write("apps/main/checkout/README.md", "words\n")
    world.commit("Words", who="ana")
    world.land()
    done = world.audit()
    assert done.codes == ["ATM432"]
    assert "ana cannot approve this: ana wrote commit" in done.json["diagnostics"][0]["hint"]


@pytest.mark.slow
def test_a_squash_that_names_the_approver_as_co_author(world):
    world.branch(3)
    path = world.ask()
    world.signed_and_committed(path, "ana")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--squash", "more")
    world.commit("Squashed", body="Co-authored-by: ana <ana@example.test>")
    assert world.audit().codes == ["ATM432"]


@pytest.mark.slow
def test_a_squash_of_what_the_requester_committed(world):
    world.branch(3)
    path = world.ask()
    assert world.sign(path, "ana").code == 0
    world.commit("Signature that ana sent")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--squash", "more")
    world.commit("Squashed")
    assert world.audit().code == 0


@pytest.mark.slow
def test_the_audit_looks_at_origin_and_not_at_the_checkout(landed, tmp_path):
    clone = tmp_path / "clone"
    landed.git("clone", "-q", str(landed.root), str(clone), cwd=tmp_path)
    other = World(clone, landed.run, landed.keys)
    other.replicas(9)
    other.commit("Only here")
    done = other.audit()
    assert done.code == 0
    assert done.json["data"]["commit"] == landed.git("rev-parse", "main")


def test_one_environment(world):
    world.replicas(3)
    world.commit("Just do it")
    assert world.audit("--env", "prod").code == 0
    assert world.audit("--env", "nowhere").code == 2
