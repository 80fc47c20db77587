"""What lies in `.git/atmos-cli` may be damaged: whoever writes next, nothing outside is touched and no link is followed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.hostile import promises, seeds
from tests.hostile.trees import journals

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.hostile.box import Box
    from tests.hostile.running import Server

pytestmark = pytest.mark.sample

JOURNALS = 60
PLACE = ".git/atmos-cli"
WRITING = (
    ("new", "service", "go, port 8080, called zed", "--yes"),
    ("new", "service", "go, port 8080, called zed", "--yes", "--write", "files"),
    ("new", "service", "go, port 8080, called zed", "--yes", "--write", "branch"),
    ("recover",),
    ("init", "--yes"),
    ("rollback", "checkout", "--env", "dev", "--yes"),
)


def damage(box: Box, rng: random.Random, place: str) -> None:
    """A directory with files of a journal, of any bytes, or links or none; or no directory at all."""
    how = rng.random()
    if how < 0.15:
        box.clear(place).symlink_to(rng.choice((str(box.victim), str(box.victim / "dir"), "/dev", "../..", "..")))
        return
    for name in rng.sample(journals.FILES, k=rng.randint(1, 4)):
        at = f"{place}/{name}"
        kind = rng.random()
        if kind < 0.12:
            box.clear(at).symlink_to(rng.choice((str(box.victim / "a.yaml"), str(box.victim), name)))
        elif kind < 0.2:
            os.mkfifo(box.clear(at))
        elif kind < 0.25:
            box.write(f"{at}/inside", "x")
        else:
            box.write(at, journals.content(box, rng))


@pytest.mark.parametrize("number", range(JOURNALS))
def test_a_damaged_journal_leads_nowhere(new_box: Callable[..., Box], server: Server, number: int) -> None:
    rng = seeds.random_of("journal", number)
    box = new_box(rng.choice(("clone", "clone", "nested", "unpacked")))
    top = box.root if (box.root / ".git").is_dir() else box.root.parent
    place = PLACE if top == box.root and (top / ".git").is_dir() else journals.PLACE
    damage(box, rng, place)
    command = WRITING[number % len(WRITING)]
    if number % 4 == 0:
        # A link in the way of a path that the journal or the command writes.
        box.clear(rng.choice(("scripts", "apps/main/zed", "platform/budgets"))).symlink_to(box.victim / "dir")
    with promises.nothing_touched(box, but=promises.WRITABLE):
        ran = server.run(*command, cwd=box.root, env=box.env, seconds=60)
        print(ran)  # noqa: T201 - shown where the test fails
        promises.ended(ran)
    promises.bounded(ran)
    promises.clear(ran)
    promises.printable(ran)
    assert not any(path.stat().st_mode & 0o6000 for path in box.root.rglob("*") if path.is_file())


@pytest.mark.parametrize("number", range(20))
def test_a_check_beside_a_damaged_journal_changes_nothing(box: Box, server: Server, number: int) -> None:
    rng = seeds.random_of("journal-read", number)
    damage(box, rng, PLACE)
    with promises.nothing_touched(box):
        ran = server.run(rng.choice(("validate", "diff")), cwd=box.root, env=box.env, seconds=60)
        print(ran)  # noqa: T201 - shown where the test fails
        promises.ended(ran)
    promises.kept(ran)


@pytest.mark.parametrize(
    "command", [("validate",), ("diff",), ("render", "checkout"), ("budget", "show")], ids=" ".join
)
def test_a_check_over_a_pending_change_says_how_to_recover(box: Box, server: Server, command: tuple[str, ...]) -> None:
    """Killed in the commit: what is half written is not judged, and not mended by who only reads."""
    hook = box.root / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\nkill -9 $(cut -d" " -f4 /proc/$PPID/stat)\n')
    hook.chmod(0o755)
    killed = server.run(*WRITING[0], cwd=box.root, env=box.env)
    assert killed.status == -9, f"it was not killed\n{killed}"
    hook.unlink()
    with promises.nothing_touched(box):
        ran = server.run(*command, cwd=box.root, env=box.env)
    assert ran.status == 2, str(ran)
    assert "atmos recover" in ran.text, str(ran)
    recovered = server.run("recover", cwd=box.root, env=box.env)
    assert recovered.status == 0, str(recovered)
    assert server.run(*command, cwd=box.root, env=box.env).status == 0
    assert box.git("status", "--porcelain") == ""
