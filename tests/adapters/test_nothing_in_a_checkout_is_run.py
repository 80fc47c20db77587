"""Git answers without starting anything, and a commit runs the user's own programs, never those of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from repos import CHANGES, commit_files, git

from atmos_cli.adapters.files import DiskTree
from atmos_cli.adapters.git import snapshots, windows
from atmos_cli.adapters.git import status as git_status
from atmos_cli.adapters.git.branch import write_branch
from atmos_cli.adapters.git.commit import write_commit
from atmos_cli.adapters.git.push import push
from atmos_cli.adapters.git.repo import Repo, changed_paths, head, open_repo
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.adapters.programs import find_program
from atmos_cli.diagnostics import AtmosError, Code, Severity

if TYPE_CHECKING:
    from pathlib import Path


def repo_of(top: Path) -> Repo:
    repo = open_repo(top)
    assert repo
    return repo


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A program that leaves a trace when it is run."""
    program = tmp_path / "canary"
    program.write_text(f"#!/bin/sh\necho ran >> {tmp_path}/sang\ncat\n")
    program.chmod(0o755)
    return program


def sang(canary: Path) -> bool:
    return (canary.parent / "sang").exists()


def read_everything(top: Path) -> None:
    repo = repo_of(top)
    assert head(repo).branch == "main"
    git_status.changed_here(repo)
    git_status.dirty(repo, ["apps/a.yaml"])
    snapshots.checkout(repo, DiskTree(top)).level(["apps"])
    windows.latest(repo, "HEAD", count=3)
    changed_paths(repo, "HEAD", "HEAD")
    tree = CommitTree(repo, "HEAD")
    for path in tree.files():
        tree.read(path)
    tree.close()
    with snapshots.merged(repo, "HEAD", "other") as together:
        assert together is None or CommitTree(repo, together).files()


KEYS = {
    "a file system monitor": {"core.fsmonitor": "{canary}"},
    "a clean filter": {"filter.evil.clean": "{canary}", "filter.evil.required": "true"},
    "a filter process": {"filter.evil.process": "{canary}"},
    "a text conversion": {"diff.evil.textconv": "{canary}", "diff.evil.command": "{canary}"},
    "an external diff": {"diff.external": "{canary}"},
    "a merge driver": {"merge.evil.driver": "{canary}"},
    "a signature check": {"log.showSignature": "true", "gpg.program": "{canary}"},
    "a pager": {"core.pager": "{canary}"},
    "hooks": {"core.hooksPath": "{folder}"},
    "a credential helper": {"credential.helper": "{canary}", "core.sshCommand": "{canary}", "core.askPass": "{canary}"},
}


@pytest.mark.sample(6)
@pytest.mark.parametrize("kind", KEYS)
def test_what_the_configuration_names_is_not_run_by_a_question(checkout: Path, canary: Path, kind: str) -> None:
    commit_files(checkout, {".gitattributes": "* filter=evil diff=evil merge=evil\n", "other.txt": "1\n"})
    git(checkout, "branch", "other")
    commit_files(checkout, {"other.txt": "2\n"})
    for hook in ("post-index-change", "reference-transaction", "pre-commit"):
        os.link(canary, canary.parent / hook)
    for key, value in KEYS[kind].items():
        git(checkout, "config", key, value.format(canary=canary, folder=canary.parent))
    (checkout / "apps/a.yaml").write_text("changed, of the same size\n")
    read_everything(checkout)
    assert not sang(canary)


def test_a_filter_would_have_run(checkout: Path, canary: Path) -> None:
    """Git itself does: the case above can fail."""
    commit_files(checkout, {".gitattributes": "* filter=evil\n"})
    git(checkout, "config", "filter.evil.clean", str(canary))
    (checkout / "apps/a.yaml").write_text("old b\n")
    git(checkout, "status", "--porcelain")
    assert sang(canary)


def test_a_bare_repository_that_a_change_brings_is_no_repository(checkout: Path, canary: Path) -> None:
    inner = checkout / "gitops"
    for path, text in {
        "HEAD": "ref: refs/heads/main\n",
        "config": f'[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ..\n\tfsmonitor = "{canary}"\n',
        "objects/.k": "",
        "refs/heads/.k": "",
        "atmos-cli.yaml": "x: 1\n",
    }.items():
        (inner / path).parent.mkdir(parents=True, exist_ok=True)
        (inner / path).write_text(text)
    subprocess.run(["git", "status"], cwd=inner, capture_output=True, check=False)
    assert sang(canary)  # git itself falls for it
    (canary.parent / "sang").unlink()
    repo = repo_of(inner)
    assert repo == Repo(checkout, checkout / ".git", "gitops")
    git_status.changed_here(repo)
    assert not sang(canary)


def test_replaced_and_grafted_objects_do_not_count(checkout: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    second = commit_files(checkout, {"apps/a.yaml": "new a\n"})
    git(checkout, "replace", second, first)
    (checkout / ".git/info").mkdir(exist_ok=True)
    (checkout / ".git/info/grafts").write_text(f"{second}\n")
    repo = repo_of(checkout)
    assert CommitTree(repo, second).read("apps/a.yaml") == b"new a\n"
    assert [commit for commit, _ in windows.latest(repo, second, count=5)] == [second, first]


@pytest.mark.parametrize("entry", ["", ".", "bin", "./bin"])
def test_a_program_of_the_working_directory_is_not_found(
    checkout: Path, canary: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    for place in (checkout, checkout / "bin"):
        place.mkdir(exist_ok=True)
        for name in ("git", "kustomize", "ssh-keygen"):
            os.link(canary, place / name)
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("PATH", f"{entry}{os.pathsep}{os.environ['PATH']}")
    assert os.path.isabs(find_program("git") or "")  # noqa: PTH117
    read_everything(checkout)
    assert not sang(canary)


def test_modules_of_the_working_directory_are_not_imported(tmp_path: Path) -> None:
    for name in ("typing.py", "json.py", "argparse.py", "yaml.py", "git.py"):
        (tmp_path / name).write_text("raise SystemExit('imported from the working directory')\n")
    # what Python imports before it comes to us is out of our reach, and of these it imports none
    done = subprocess.run(
        [sys.executable, "-m", "atmos_cli", "validate"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "ATM601" in done.stderr
    assert "imported" not in done.stderr


def warned(checkout: Path) -> list[str]:
    done = write_commit(repo_of(checkout), CHANGES, "add e")
    assert git(checkout, "log", "-1", "--format=%s") == "add e"
    return [note.message for note in done.notes if note.code is Code.PROGRAM_IN_CHECKOUT]


def test_hooks_of_the_user_run(checkout: Path, canary: Path) -> None:
    (checkout / ".git/hooks").mkdir(exist_ok=True)
    os.link(canary, checkout / ".git/hooks/pre-commit")
    assert warned(checkout) == []
    assert sang(canary)


@pytest.mark.sample(6)
@pytest.mark.parametrize(
    "hook", ["pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change"]
)
@pytest.mark.parametrize("way", ["a path", "a link", "an included file"])
def test_hooks_of_the_checkout_do_not_run_and_that_is_said(checkout: Path, canary: Path, way: str, hook: str) -> None:
    (checkout / ".githooks").mkdir()
    os.link(canary, checkout / ".githooks" / hook)
    if way == "a path":
        git(checkout, "config", "core.hooksPath", ".githooks")
    elif way == "a link":
        (checkout / ".git/hooks").mkdir(exist_ok=True)
        (checkout / ".git/hooks" / hook).symlink_to(f"../../.githooks/{hook}")
    else:
        (checkout / "gitconfig").write_text("[core]\n\thooksPath = .githooks\n")
        git(checkout, "config", "include.path", "../gitconfig")
    (said,) = warned(checkout)
    assert hook in said
    assert not sang(canary)


BROUGHT = {
    "a filter": {"filter.evil.clean": "tools/evil %f"},
    "a filter of an interpreter": {"filter.evil.clean": "sh tools/evil"},
    "a signer": {"commit.gpgsign": "true", "gpg.program": "tools/evil"},
    "an absolute signer": {"commit.gpgsign": "true", "gpg.ssh.program": "{top}/tools/evil", "gpg.format": "ssh"},
}


@pytest.mark.parametrize("kind", BROUGHT)
def test_a_commit_that_needs_a_program_of_the_checkout_is_refused(checkout: Path, canary: Path, kind: str) -> None:
    commit_files(checkout, {".gitattributes": "apps/** filter=evil\n"})
    (checkout / "tools").mkdir()
    os.link(canary, checkout / "tools/evil")
    for key, value in BROUGHT[kind].items():
        git(checkout, "config", key, value.format(top=checkout))
    before = git(checkout, "rev-parse", "HEAD")
    with pytest.raises(AtmosError) as caught:
        write_commit(repo_of(checkout), CHANGES, "add e")
    assert caught.value.diagnostics[0].code is Code.PROGRAM_IN_CHECKOUT
    assert caught.value.diagnostics[0].severity is Severity.ERROR
    assert (checkout / "apps/a.yaml").read_text() == "old a\n"
    assert git(checkout, "rev-parse", "HEAD") == before
    assert not sang(canary)


def test_a_filter_of_the_checkout_for_other_files_is_in_nobodys_way(checkout: Path, canary: Path) -> None:
    commit_files(checkout, {".gitattributes": "*.png filter=evil\n"})
    git(checkout, "config", "filter.evil.clean", "./canary")
    os.link(canary, checkout / "canary")
    assert warned(checkout) == []
    assert not sang(canary)


def test_a_filter_of_the_user_runs(checkout: Path, canary: Path) -> None:
    commit_files(checkout, {".gitattributes": "apps/** filter=own\n"})
    git(checkout, "config", "filter.own.clean", str(canary))
    assert warned(checkout) == []
    assert sang(canary)


@pytest.mark.parametrize("key", ["core.sshCommand", "credential.helper", "credential.https://h.helper"])
def test_a_remote_is_not_reached_with_a_program_of_the_checkout(checkout: Path, canary: Path, key: str) -> None:
    os.link(canary, checkout / "helper")
    git(checkout, "remote", "add", "origin", "git@example.invalid:a/b.git")
    git(checkout, "config", key, "!./helper" if "credential" in key else "./helper")
    with pytest.raises(AtmosError) as caught:
        push(repo_of(checkout), "main")
    assert caught.value.diagnostics[0].code is Code.PROGRAM_IN_CHECKOUT
    assert not sang(canary)


def test_a_branch_is_written_without_any_program_of_the_checkout(checkout: Path, canary: Path) -> None:
    commit_files(checkout, {".gitattributes": "apps/** filter=evil\n", ".githooks/reference-transaction": "x\n"})
    canary.replace(checkout / ".githooks/reference-transaction")
    git(checkout, "config", "core.hooksPath", ".githooks")
    git(checkout, "config", "filter.evil.clean", ".githooks/reference-transaction")
    write_branch(repo_of(checkout), CHANGES, "add e", branch="atmos/e", base="main")
    assert git(checkout, "show", "atmos/e:apps/a.yaml") == "new a"
    assert not sang(canary)
