"""Rollbacks that meet others: real processes, two clones of one bare repository, and what each is told."""

import pytest

from atmos_cli.verify.measured import Assessment
from atmos_cli.verify.model import Limits
from atmos_cli.verify.outcome import Outcome

from . import rolling
from .rolling import PROD, at_once, verdict

WORDS = ["rollback", "checkout", "--env", "prod", "--push", "--yes"]


def remote_tag(bare, path=PROD):
    import subprocess

    done = subprocess.run(["git", "show", f"main:{path}"], cwd=bare, capture_output=True, text=True, check=True)
    return done.stdout.partition('newTag: "')[2].partition('"')[0]


@pytest.fixture
def clones(deployed):
    good = deployed.deploy("1.1")
    bare = deployed.share()
    deployed.verified(good)
    deployed.deploy("1.2")
    deployed.git("push", "-q", "origin", "main")
    return bare, deployed, deployed.clone_of(bare, "other")


@pytest.mark.slow
def test_two_at_once_make_one_rollback(clones):
    bare, one, two = clones
    answers = at_once([(one.root, WORDS), (two.root, WORDS)])
    done = [said for code, said in answers if code == 0]
    told = [said for code, said in answers if code]
    assert len(done) == 1, answers
    assert {each["code"] for each in told[0]["diagnostics"] if each["severity"] == "error"} <= {"ATM820", "ATM821"}
    assert remote_tag(bare) == "1.1"
    one.git("fetch", "-q", "origin")
    assert one.git("rev-list", "--count", "--grep=Atmos-Rollback-Of", "origin/main") == "1"
    for clone in (one, two):
        assert clone.git("status", "--porcelain") == ""
        assert clone.git("for-each-ref", "refs/atmos/locks") == ""
    assert one.git("ls-remote", "origin", "refs/atmos/*") == ""


@pytest.mark.slow
def test_a_rollback_follows_unrelated_pushes_and_carries_the_record_to_the_next_clone(clones):
    bare, one, two = clones
    two.deploy("9", service="cart")
    two.git("push", "-q", "origin", "main")
    done = one.rollback("--yes", "--push")
    assert done.code == 0, done.out
    assert done.json["data"]["chosen"] == "verified"
    assert remote_tag(bare) == "1.1"
    assert remote_tag(bare, PROD.replace("checkout", "cart")) == "9"
    assert one.git("log", "--format=%s", "-2").splitlines()[1] == "cart 9 in prod"
    two.git("pull", "-q", "--ff-only", "origin", "main")
    two.deploy("1.4")
    told = two.rollback("--dry-run", "--to", two.git("rev-parse", "HEAD~2~1"), "--no-push")
    assert told.json["data"]["reasons"][0]["code"] == "quarantined"


@pytest.mark.slow
def test_a_fix_that_lands_between_plan_and_write_is_not_taken_back(clones, monkeypatch):
    """The plan is asked again under the lock, and after every push that came too late."""
    from atmos_cli.commands import changes as usecase
    from atmos_cli.gitops.write import write

    bare, one, two = clones
    pushed = []

    def meanwhile(*args, **options):
        if not pushed:
            pushed.append(two.deploy("1.3-fix"))
            two.git("push", "-q", "origin", "main")
        return write(*args, **options)

    monkeypatch.setattr(usecase, "write", meanwhile)
    done = one.rollback("--yes", "--push")
    assert (done.code, done.codes) == (1, ["ATM820"])
    assert pushed[0][:10] in done.json["diagnostics"][0]["message"]
    assert remote_tag(bare) == "1.3-fix"
    assert one.head == pushed[0]
    assert one.git("status", "--porcelain") == ""
    assert one.git("ls-remote", "origin", "refs/atmos/*") == ""


@pytest.mark.slow
def test_it_gives_up_when_every_push_came_too_late(clones, monkeypatch):
    from atmos_cli.commands import changes as usecase
    from atmos_cli.gitops import write as writing
    from atmos_cli.gitops.write import write

    _, one, two = clones
    count, waits = [], []
    monkeypatch.setattr(usecase, "MOST_TRIES", 5)
    monkeypatch.setattr(writing, "pause", lambda attempt, began: waits.append(attempt))

    def meanwhile(*args, **options):
        count.append(two.deploy(f"{len(count)}", service="cart"))
        two.git("push", "-q", "origin", "main")
        return write(*args, **options)

    monkeypatch.setattr(usecase, "write", meanwhile)
    done = one.rollback("--yes", "--push")
    assert (done.code, done.codes, len(count)) == (1, ["ATM609"], 5)
    assert waits == [0, 1, 2, 3]  # nobody waits for a no
    assert one.head == count[-1]
    assert one.git("log", "--format=%H", "origin/main..main") == ""


@pytest.mark.slow
def test_what_others_push_while_it_waits_does_not_make_it_too_late_again(clones, monkeypatch):
    from atmos_cli.commands import changes as usecase
    from atmos_cli.gitops import write as writing
    from atmos_cli.gitops.write import write

    _, one, two = clones
    tries, waits = [], []

    def push():
        two.deploy(f"{len(tries)}-{len(waits)}", service="cart")
        two.git("push", "-q", "origin", "main")

    def overtaken_once(*args, **options):
        tries.append(len(waits))
        if len(tries) == 1:
            push()
        return write(*args, **options)

    def wait(attempt, began):
        # interrupted here, the user has nothing of ours
        assert one.git("log", "--format=%H", "origin/main..main") == one.git("status", "--porcelain") == ""
        waits.append(attempt)
        push()

    monkeypatch.setattr(usecase, "write", overtaken_once)
    monkeypatch.setattr(writing, "pause", wait)
    done = one.rollback("--yes", "--push")
    assert (done.code, tries, waits) == (0, [0, 1], [0])
    assert one.git("ls-remote", "origin", "refs/heads/main").split()[0] == one.head


@pytest.mark.slow
def test_the_lock_of_another_is_respected_and_named(clones):
    from atmos_cli.adapters.git.ref_lock import held, lock_ref

    _, one, two = clones
    with held(two.repo(), lock_ref("prod", "main", "checkout"), holder="run 42", remote="origin"):
        done = one.rollback("--yes", "--push")
    assert (done.code, done.codes) == (1, ["ATM821"])
    assert "run 42" in done.json["diagnostics"][0]["message"]
    assert one.tag() == "1.2"
    assert one.rollback("--yes", "--push").code == 0


@pytest.mark.slow
def test_without_the_remote_it_works_from_what_is_here_and_says_so(clones):
    _, one, _ = clones
    one.git("remote", "set-url", "origin", str(one.root / "nowhere"))
    done = one.rollback("--yes", "--no-push")
    assert done.code == 0, done.out
    assert ("ATM610", "warning") in {(each["code"], each["severity"]) for each in done.json["diagnostics"]}
    assert one.tag() == "1.1"


def failed(commit):
    return verdict(commit, "fail", at=2000.0, assessment=Assessment(Outcome.FAIL, (), 2000.0, final=True))


def test_verify_rolls_back_by_itself_once_and_not_the_rollback(clones):
    from atmos_cli.commands.rollback import RolledBack, roll_back_failed
    from atmos_cli.gitops.repository import open_repository

    bare, one, _ = clones
    bad = one.head
    waits = roll_back_failed(open_repository(one.root), failed(bad), limits=Limits(), run_id="run-7")
    assert waits.code == "not-wanted"
    one.replace("atmos-cli.yaml", "write: commit", "write: commit, push: true")
    one.commit("push")
    done = roll_back_failed(open_repository(one.root), failed(bad), limits=Limits(rollback="auto"), run_id="run-7")
    assert isinstance(done, RolledBack)
    assert done.written.pushed
    assert remote_tag(bare) == "1.1"
    assert one.git("log", "-1", "--format=%(trailers:key=Atmos-Verify-Run,valueonly)") == "run-7"
    rolled = one.head
    one.verified(done.written.commit, "pass", at=3000.0)
    again = roll_back_failed(open_repository(one.root), failed(rolled), limits=Limits(rollback="auto"), run_id="run-8")
    assert again.code == "is-rollback"


@pytest.mark.slow
def test_a_second_automatic_rollback_within_the_hour_waits_for_a_person(clones):
    import dataclasses
    import time

    from atmos_cli.commands.rollback import RolledBack, roll_back_failed
    from atmos_cli.gitops.repository import open_repository

    _, one, _ = clones
    auto = Limits(rollback="auto")
    first = dataclasses.replace(failed(one.head), ended=time.time())
    assert isinstance(roll_back_failed(open_repository(one.root), first, limits=auto, run_id="a"), RolledBack)
    again = dataclasses.replace(failed(one.deploy("1.4")), ended=time.time())
    assert roll_back_failed(open_repository(one.root), again, limits=auto, run_id="b").code == "too-often"


@pytest.mark.slow
def test_roll_back_takes_plain_names(clones):
    from atmos_cli.commands.rollback import roll_back
    from atmos_cli.gitops.repository import open_repository

    _, one, _ = clones
    done = roll_back(
        open_repository(one.root), team="main", service="checkout", environment="prod", mode="branch", pushes=True
    )
    assert done.written.branch == f"atmos/rollback-checkout-prod-{one.head[:10]}"
    assert rolling.World(one.root).tag() == "1.2"
