"""`apply`: what it refuses, what it says, and that a refusal leaves every byte as it was."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest
from repos import CHANGES, git, git_state, work_tree

from atmos_cli.adapters import journal, lock
from atmos_cli.adapters.lock import locked, place_of
from atmos_cli.adapters.transaction import apply, recover
from atmos_cli.diagnostics import AtmosError, Code, Severity
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def refused(root: Path, changes: ChangeSet) -> AtmosError:
    before = work_tree(root)
    with pytest.raises(AtmosError) as caught:
        apply(root, changes)
    assert work_tree(root) == before
    assert not place_of(root).directory.exists()
    for diagnostic in caught.value.diagnostics:
        assert diagnostic.hint
        assert not diagnostic.message.endswith(".")
    return caught.value


def code_of(root: Path, changes: ChangeSet) -> Code | None:
    try:
        apply(root, changes)
    except AtmosError as error:
        return error.diagnostics[0].code
    return None


def test_writes_adds_and_removes_and_leaves_nothing_behind(checkout: Path) -> None:
    (checkout / "apps/a.yaml").chmod(0o755)
    assert apply(checkout, CHANGES) == ()
    assert (checkout / "apps/a.yaml").read_bytes() == b"new a\n"
    assert (checkout / "apps/a.yaml").stat().st_mode & 0o777 == 0o755
    assert (checkout / "apps/c/f.yaml").stat().st_mode & 0o777 == 0o644
    assert not (checkout / "apps/gone").exists()
    assert git_state(checkout)["left"] == ""
    assert [name for name in work_tree(checkout) if "atmos-cli-" in name] == []


def test_every_file_that_is_not_as_planned_is_named_at_once(checkout: Path) -> None:
    (checkout / "apps/a.yaml").write_text("mine\n")
    (checkout / "apps/gone/b.yaml").unlink()
    (checkout / "apps/c").mkdir()
    (checkout / "apps/c/f.yaml").write_text("mine\n")
    error = refused(checkout, CHANGES)
    assert [d.code for d in error.diagnostics] == [Code.FILE_CHANGED] * 3
    assert [d.message.split(" while")[0] for d in error.diagnostics] == [
        "apps/a.yaml was changed",
        "apps/c/f.yaml appeared",
        "apps/gone/b.yaml was removed",
    ]


def test_no_path_leads_out_of_the_root(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (checkout / "link").symlink_to("../out")
    (checkout / "file-link").symlink_to("apps/a.yaml")
    for path in ("../x", "/tmp/x", "link/x", ".git/hooks/pre-commit", "a/../../x"):
        assert refused(checkout, ChangeSet({path: b"x"})).diagnostics[0].code is Code.PATH_ESCAPES
    linked = refused(checkout, ChangeSet({"file-link": b"x"}, {"file-link": b"old a\n"}))
    assert "symbolic link" in linked.diagnostics[0].message
    assert list((tmp_path / "out").iterdir()) == []


def test_a_link_from_the_root_into_the_rest_of_the_checkout_is_out_too(checkout: Path) -> None:
    (checkout / "demo").mkdir()
    (checkout / "demo/apps").symlink_to("../apps")
    assert refused(checkout / "demo", ChangeSet({"apps/x": b"x"})).diagnostics[0].code is Code.PATH_ESCAPES


def test_a_directory_in_the_way_is_named(checkout: Path) -> None:
    error = refused(checkout, ChangeSet({"apps/gone": b"x"}))
    assert error.diagnostics[0].code is Code.WRITE_FAILED
    assert refused(checkout, ChangeSet({"apps/a.yaml/x": b"x"})).diagnostics[0].code is Code.WRITE_FAILED


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    at = tmp_path / "disk"
    at.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "atmos-test", at], capture_output=True, check=False
    ).returncode:
        pytest.skip("no right to mount a small file system")
    yield at
    subprocess.run(["umount", "-l", at], check=True)


@pytest.mark.parametrize("in_git", [True, False])
def test_a_full_disk_changes_nothing(small_disk: Path, in_git: bool) -> None:
    if in_git:
        git(small_disk, "init", "-q")
    (small_disk / "a").write_text("old")
    changes = ChangeSet({"a": b"new", **{f"d/{n}": b"x" * 40_000 for n in range(8)}}, {"a": b"old"})
    error = refused(small_disk, changes)
    assert error.diagnostics[0].code is Code.WRITE_FAILED
    assert "no space left" in error.diagnostics[0].message
    assert "room" in error.diagnostics[0].hint


def test_a_read_only_directory_changes_nothing(small_disk: Path) -> None:
    (small_disk / "a").write_text("old")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    error = refused(small_disk, ChangeSet({"a": b"new"}, {"a": b"old"}))
    assert "read-only" in error.diagnostics[0].message
    assert recover(small_disk) == ()


@pytest.mark.parametrize("failing", ["open", "write", "fsync", "replace", "rename", "mkdir", "unlink"])
def test_an_error_of_the_disk_at_any_call_changes_nothing(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    real = getattr(os, failing)
    before = work_tree(checkout), git_state(checkout)
    for number in range(1, 60):
        calls = 0

        def fail_once(*args: Any, number: int = number, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == number:
                raise OSError(errno.EIO, "Input/output error")
            return real(*args, **options)

        monkeypatch.setattr(os, failing, fail_once)
        code = code_of(checkout, CHANGES)
        done = calls < number
        monkeypatch.setattr(os, failing, real)
        assert code in (None, Code.WRITE_FAILED)
        recover(checkout)
        if done:
            return
        now = work_tree(checkout), git_state(checkout)
        if now != before:
            # an error after the point of no return, where everything was already in place
            assert (checkout / "apps/c/d/e.yaml").read_bytes() == b"new e\n"
            assert not (checkout / "apps/gone").exists()
            return
    pytest.fail("it never succeeded")


def test_a_second_atmos_is_told_who_writes(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "WAIT_SECONDS", 0.1)
    place = place_of(checkout)
    with locked(place), pytest.raises(AtmosError) as caught, locked(place, wait=0.1):
        pass
    assert caught.value.diagnostics[0].code is Code.WRITE_BUSY
    assert str(os.getpid()) in caught.value.diagnostics[0].message
    apply(checkout, CHANGES)


def test_recovery_waits_for_nobody_while_another_atmos_writes(checkout: Path) -> None:
    place = place_of(checkout)
    with locked(place):
        journal.save(place, journal.planned(place, (journal.JournalEntry("apps/a.yaml", b"x", b"old a\n"),)))
        assert recover(checkout) == ()
        assert (checkout / "apps/a.yaml").read_bytes() == b"old a\n"


def test_a_file_that_the_user_changed_after_the_crash_is_left_alone_and_named(checkout: Path) -> None:
    place = place_of(checkout)
    entries = (
        journal.JournalEntry("apps/a.yaml", b"before\n", b"after\n"),
        journal.JournalEntry("apps/gone/b.yaml", b"was\n", b"old b\n"),
    )
    with locked(place):
        journal.save(place, journal.planned(place, entries))
    notes = recover(checkout)
    assert [note.severity for note in notes] == [Severity.INFO, Severity.WARNING]
    assert notes[1].where
    assert notes[1].where.path == "apps/a.yaml"
    assert (checkout / "apps/a.yaml").read_bytes() == b"old a\n"
    assert (checkout / "apps/gone/b.yaml").read_bytes() == b"was\n"


@pytest.mark.parametrize("text", ["{", "[]", '{"entries": [{"path": "../../x"}], "directories": []}', "\xff"])
def test_a_damaged_journal_is_named_and_nothing_is_touched(checkout: Path, text: str) -> None:
    place = place_of(checkout)
    place.directory.mkdir()
    (place.directory / "undo.json").write_text(text, encoding="latin-1")
    before = work_tree(checkout)
    with pytest.raises(AtmosError) as caught:
        recover(checkout)
    assert "undo.json" in caught.value.diagnostics[0].message + caught.value.diagnostics[0].hint
    assert work_tree(checkout) == before


def test_the_journal_of_a_linked_worktree_is_its_own(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "worktree", "add", "-q", str(tmp_path / "linked"))
    place = place_of(tmp_path / "linked/apps")
    assert place.anchor == tmp_path / "linked"
    assert place.prefix == "apps"
    assert place.directory == checkout / ".git/worktrees/linked/atmos-cli"
    apply(tmp_path / "linked", CHANGES)
    assert not place.directory.exists()


def test_writers_of_one_process_take_turns(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    (root / "n").write_text("0")

    seen: set[Code | None] = set()

    def count() -> None:
        for _ in range(5):
            while True:
                now = (root / "n").read_bytes()
                code = code_of(root, ChangeSet({"n": str(int(now) + 1).encode()}, {"n": now}))
                seen.add(code)
                if code is None:
                    break

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (root / "n").read_text() == "20"
    assert seen <= {None, Code.FILE_CHANGED}
