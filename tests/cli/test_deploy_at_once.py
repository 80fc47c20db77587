"""Pipelines that deploy to one repo at the same moment: none loses what another one brought."""

import pytest

from atmos_cli.commands import changes
from atmos_cli.diagnostics import Code, Diagnostic
from atmos_cli.gitops.write import OvertakenError

from .conftest import state
from .rolling import at_once

PIPELINES = 8
TWENTY = 20


@pytest.fixture
def fleet(deployed):
    """As many services as pipelines, all in one repo with `origin`."""
    for number in range(PIPELINES):
        room, name = deployed.root / "apps/main/cart", f"svc-{number}"
        for path in sorted(each for each in room.rglob("*") if each.is_file()):
            text = path.read_text().replace("cart", name)
            deployed.write(f"apps/main/{name}/{path.relative_to(room)}", text)
    deployed.commit("many services")
    return deployed.share()


def command(service, tag, *more):
    return ["deploy", service, "--image", f":{tag}", "--push", "--write", "commit", *more]


@pytest.mark.slow
def test_every_pipeline_lands(deployed, fleet):
    worlds = [deployed.clone_of(fleet, f"clone-{number}") for number in range(PIPELINES)]
    answers = at_once([(world.root, command(f"svc-{number}", "2.0")) for number, world in enumerate(worlds)])
    assert [code for code, _ in answers] == [0] * PIPELINES, [each["diagnostics"] for _, each in answers]
    deployed.git("fetch", "-q", "origin")
    deployed.git("reset", "-q", "--hard", "origin/main")
    assert [deployed.tag(service=f"svc-{number}", environment="dev") for number in range(PIPELINES)] == [
        "2.0"
    ] * PIPELINES
    subjects = deployed.git("log", "--format=%s", f"-{PIPELINES}").splitlines()
    assert set(subjects) == {f"Deploy main/svc-{number} 2.0 to dev" for number in range(PIPELINES)}


@pytest.mark.slow
def test_two_environments_of_one_service(deployed, fleet):
    """The two change files of one service; each is planned anew on what the other one pushed."""
    first, second = (deployed.clone_of(fleet, name) for name in ("first", "second"))
    answers = at_once(
        [
            (first.root, command("checkout", "2.0", "--env", "dev")),
            (second.root, command("checkout", "2.1", "--env", "prod")),
        ]
    )
    assert [code for code, _ in answers] == [0, 0]
    deployed.git("fetch", "-q", "origin")
    deployed.git("reset", "-q", "--hard", "origin/main")
    assert (deployed.tag(environment="dev"), deployed.tag(environment="prod")) == ("2.0", "2.1")


def test_the_same_image_twice_is_one_commit(deployed):
    bare = deployed.share()
    mine, theirs = (deployed.clone_of(bare, name) for name in ("mine", "theirs"))
    run = lambda world: world.run(*command("checkout", "2.0"), "-o", "json", "--repo", world.root)  # noqa: E731
    assert run(theirs).code == 0
    assert run(mine).code == 0
    assert int(mine.git("rev-list", "--count", "origin/main")) == int(deployed.git("rev-list", "--count", "main")) + 1
    assert mine.head == mine.git("rev-parse", "origin/main")


def test_what_was_good_when_it_was_checked_may_be_refused_then(deployed):
    """Others rolled the image back while it was on its way: their record comes with their commit."""
    deployed.deploy("2.0", environment="prod")
    bare = deployed.share()
    mine, theirs = (deployed.clone_of(bare, name) for name in ("mine", "theirs"))
    done = theirs.run(
        "rollback", "checkout", "--env", "prod", "--reason", "slow", "--push", "--yes", "--repo", theirs.root
    )
    assert done.code == 0, done.err
    before = state(mine.root)[0]
    done = mine.run(*command("checkout", "2.0", "--env", "prod"), "-o", "json", "--repo", mine.root)
    assert (done.code, state(mine.root)[0]) == (0, before), "as far as is known here it still runs"
    mine.git("pull", "-q")
    done = mine.run(*command("checkout", "2.0", "--env", "prod"), "-o", "json", "--repo", mine.root)
    assert (done.code, done.codes) == (1, ["ATM830"])
    assert "slow" in done.json["diagnostics"][0]["message"]


@pytest.mark.slow
def test_of_twenty_at_once_the_last_one_lands(deployed, monkeypatch):
    """In the worst order each of the others arrives first, one after the other."""
    mine, late = deployed.clone_of(deployed.share(), "mine"), []
    write = changes.write

    def overtaken(*args, **options):
        if len(late) == TWENTY - 1:
            return write(*args, **options)
        late.append(args)
        raise OvertakenError(Diagnostic(Code.PUSH_REFUSED, "others were first"), exit_code=1)

    monkeypatch.setattr(changes, "write", overtaken)
    monkeypatch.setattr(changes, "wait_to_try_again", lambda *_: None)
    done = mine.run(*command("checkout", "2.0"), "--repo", mine.root, "--yes")
    assert done.code == 0, done.out + done.err
    assert (len(late), mine.head) == (TWENTY - 1, mine.git("rev-parse", "origin/main"))


@pytest.mark.slow
def test_a_promotion_asks_its_gates_again(deployed):
    deployed.deploy("2.0", environment="dev")
    bare = deployed.share()
    promoter, pusher = (deployed.clone_of(bare, name) for name in ("promoter", "pusher"))
    assert pusher.run(*command("cart", "3.0"), "--repo", pusher.root, "--yes").code == 0
    done = promoter.run("promote", "checkout", "--to", "prod", "--push", "-o", "json", "--repo", promoter.root)
    assert done.code == 0, done.out
    assert promoter.head == promoter.git("rev-parse", "origin/main")
    assert (promoter.tag(), promoter.tag(service="cart", environment="dev")) == ("2.0", "3.0")
