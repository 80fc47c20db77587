"""Notes of a write are believed only where no checkout can bring any along, and only for the tree they are about."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from killing import COMPLETED, run_until
from repos import CHANGES, git, work_tree

from atmos_cli.adapters import journal
from atmos_cli.adapters.claim_cache import claim_cache
from atmos_cli.adapters.lock import held, locked, place_of, scratch
from atmos_cli.adapters.transaction import apply, recover, require_settled
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def plain(checkout: Path) -> Path:
    """The same files in no Git repository."""
    shutil.rmtree(checkout / ".git")
    return checkout


def interrupted(top: Path) -> None:
    """A write that was killed when it had begun to move files."""
    for step in range(10, 60):
        assert run_until(step, lambda: apply(top, CHANGES)) != COMPLETED
        place = place_of(top)
        if os.path.lexists(place.directory / "redo.json"):
            return
        recover(top)
    pytest.fail("it was never interrupted there")


def test_a_directory_of_the_tree_is_no_journal(plain: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "a.txt").write_text("precious")
    (plain / ".atmos-cli-txn").symlink_to("../victim")
    require_settled(plain)
    assert recover(plain) == ()
    apply(plain, CHANGES)
    assert (victim / "a.txt").read_text() == "precious"
    assert (plain / ".atmos-cli-txn").is_symlink()


def test_outside_of_git_notes_lie_with_the_user(plain: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    interrupted(plain)
    place = place_of(plain)
    assert place.directory.is_relative_to(tmp_path / "state/atmos-cli/trees")
    assert place.directory.stat().st_mode & 0o077 == 0
    with pytest.raises(AtmosError) as caught:
        require_settled(plain)
    assert caught.value.diagnostics[0].code is Code.WRITE_PENDING
    assert f"atmos recover --repo {plain}" in caught.value.diagnostics[0].hint
    assert recover(plain)
    require_settled(plain)
    assert (plain / "apps/a.yaml").read_bytes() == b"new a\n"


def test_a_relative_state_directory_does_not_count(monkeypatch: pytest.MonkeyPatch, plain: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", str(plain.parent / "home"))
    assert place_of(plain).directory.is_relative_to(plain.parent / "home/.local/state/atmos-cli")


def test_a_state_directory_inside_the_tree_is_refused(monkeypatch: pytest.MonkeyPatch, plain: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(plain / "state"))
    before = work_tree(plain)
    with pytest.raises(AtmosError) as caught:
        apply(plain, CHANGES)
    assert "inside" in caught.value.diagnostics[0].message
    assert {path: kept for path, kept in work_tree(plain).items() if not path.startswith("state")} == before


@pytest.mark.parametrize("kind", ["link", "dangling link", "file", "another owner"])
def test_notes_are_kept_in_a_real_directory_of_this_user(checkout: Path, tmp_path: Path, kind: str) -> None:
    place = place_of(checkout)
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "a.txt").write_text("precious")
    if kind == "link":
        place.directory.symlink_to(victim)
    elif kind == "dangling link":
        place.directory.symlink_to(tmp_path / "nowhere")
    elif kind == "file":
        place.directory.write_text("x")
    else:
        if os.geteuid():
            pytest.skip("only root can give files away")
        place.directory.mkdir()
        os.chown(place.directory, 12345, 12345)
    with pytest.raises(AtmosError) as caught:
        apply(checkout, CHANGES)
    assert caught.value.diagnostics[0].code is Code.WRITE_FAILED
    assert (checkout / "apps/a.yaml").read_bytes() == b"old a\n"
    assert (victim / "a.txt").read_text() == "precious"


def test_a_copied_journal_is_none_of_the_copy(checkout: Path, tmp_path: Path) -> None:
    interrupted(checkout)
    copy = tmp_path / "copy"
    shutil.copytree(checkout, copy, symlinks=True)
    before = work_tree(copy)
    for act in (recover, require_settled, lambda top: apply(top, CHANGES)):
        with pytest.raises(AtmosError) as caught:
            act(copy)
        assert str(copy) in caught.value.diagnostics[0].message
        assert caught.value.diagnostics[0].code is Code.WRITE_FAILED
    assert work_tree(copy) == before
    assert recover(checkout)


DAMAGE = [
    ("path", 5),
    ("path", "../../x"),
    ("path", "/etc/passwd"),
    ("path", ".git/hooks/pre-commit"),
    ("path", ".GIT/config"),
    ("mode", "z"),
    ("mode", 0o4755),
    ("mode", True),
    ("after", 5),
    ("after", "%%%"),
    ("before", []),
]
OUTER = [
    ("ref", 5),
    ("ref", "refs/remotes/x"),
    ("old", 5),
    ("old", "--all"),
    ("directories", [5]),
    ("directories", "x"),
]


@pytest.mark.sample
@pytest.mark.parametrize(("key", "value"), [*DAMAGE, *OUTER, ("tree", [0, 0]), ("entries", {}), ("entries", None)])
def test_a_journal_with_anything_wrong_in_it_is_not_believed(checkout: Path, key: str, value: object) -> None:
    interrupted(checkout)
    file = place_of(checkout).directory / "redo.json"
    data = json.loads(file.read_text())
    if (key, value) in DAMAGE:
        data["entries"][0][key] = value
    else:
        data[key] = value
    file.write_text(json.dumps(data))
    before = work_tree(checkout)
    with pytest.raises(AtmosError) as caught:
        recover(checkout)
    assert caught.value.diagnostics[0].code is Code.WRITE_FAILED
    assert "redo.json" in caught.value.diagnostics[0].hint
    assert work_tree(checkout) == before


@pytest.mark.sample(2)
@pytest.mark.parametrize("step", [3, 11, 17])
def test_a_directory_that_became_a_link_meanwhile_is_not_written_through(
    checkout: Path, tmp_path: Path, step: int
) -> None:
    interrupted(checkout)
    outside = tmp_path / "outside"
    shutil.copytree(checkout / "apps", outside)
    shutil.rmtree(checkout / "apps")
    (checkout / "apps").symlink_to(outside)
    before = work_tree(outside)
    run_until(step, lambda: recover(checkout))
    recover(checkout)
    assert work_tree(outside) == before
    require_settled(checkout)


def test_a_reader_does_not_disturb_a_writer(checkout: Path) -> None:
    place = place_of(checkout)
    with locked(place):
        journal.save(place, journal.planned(place, (journal.JournalEntry("apps/a.yaml", b"x", b"old a\n"),)))
        assert held(place)
        require_settled(checkout)
        journal.forget(place)
    assert not held(place)


def test_a_reader_makes_nothing(checkout: Path) -> None:
    before = sorted(path.as_posix() for path in checkout.rglob("*"))
    require_settled(checkout)
    assert not held(place_of(checkout))
    assert sorted(path.as_posix() for path in checkout.rglob("*")) == before


def test_scratch_of_a_killed_run_is_swept_and_that_of_a_living_one_is_not(checkout: Path) -> None:
    place = place_of(checkout)
    left = checkout / ".git/atmos-cli-scratch/left"
    left.mkdir(parents=True)
    (left / "index").write_text("x")
    with scratch(place) as mine:
        assert not left.exists()
        with scratch(place) as other:
            assert mine.is_dir()
            assert other.is_dir()
    assert not left.parent.exists()


@pytest.mark.parametrize("where", ["in the checkout", "a link into it"])
def test_a_cache_that_the_checkout_could_bring_is_not_used(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    place = checkout / ".cache"
    if where == "a link into it":
        place.mkdir()
        (tmp_path / "cache").symlink_to(place)
        place = tmp_path / "cache"
    monkeypatch.setenv("ATMOS_CLI_CACHE", str(place))
    cache = claim_cache(checkout)
    cache.put({"a": "1"})
    cache.save()
    assert not list(checkout.rglob("*.sqlite"))
    monkeypatch.setenv("ATMOS_CLI_CACHE", str(tmp_path / "own"))
    cache = claim_cache(checkout)
    cache.put({"a": "1"})
    cache.save()
    assert claim_cache(checkout).get(["a"]) == {"a": "1"}


def test_a_write_from_a_hook_of_our_own_commit_is_told_at_once(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with locked(place_of(checkout)):
        monkeypatch.setenv("ATMOS_CLI_IN_HOOK_OF", str(os.getpid()))
        with pytest.raises(AtmosError) as caught:
            apply(checkout, ChangeSet({"n": b"x"}))
    assert caught.value.diagnostics[0].code is Code.WRITE_BUSY
    assert git(checkout, "status", "--porcelain", "--", "n") == ""


@pytest.mark.parametrize("name", ["lock", "undo.json", "redo.json"])
def test_a_pipe_among_the_notes_holds_nobody(checkout: Path, name: str) -> None:
    place = place_of(checkout)
    place.directory.mkdir()
    os.mkfifo(place.directory / name)
    assert not held(place)
    if name == "lock":
        require_settled(checkout)
    else:
        with pytest.raises(AtmosError):
            require_settled(checkout)
