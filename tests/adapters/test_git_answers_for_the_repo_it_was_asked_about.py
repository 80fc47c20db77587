"""Questions to git: always about the repository asked for, and never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from repos import CHANGES, commit_files, git

from atmos_cli.adapters.git.commit import write_commit
from atmos_cli.adapters.git.process import ask, tell
from atmos_cli.adapters.git.repo import (
    Head,
    changed_paths,
    head,
    identity,
    init_repo,
    merge_base,
    open_repo,
    resolve,
)
from atmos_cli.adapters.git.status import dirty
from atmos_cli.diagnostics import AtmosError, Code

if TYPE_CHECKING:
    from pathlib import Path


def test_no_repository_is_none_and_a_foreign_one_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    assert open_repo(tmp_path / "empty") is None
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    assert open_repo(tmp_path / "bare.git") is None
    (tmp_path / "none").mkdir()
    (tmp_path / "none/.git").mkdir()
    (tmp_path / "none/.git/HEAD").write_text("ref: refs/heads/main\n")
    with pytest.raises(AtmosError) as caught:
        open_repo(tmp_path / "none")
    assert caught.value.diagnostics[0].code is Code.GIT_FAILED
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert open_repo(tmp_path / "empty") is None


def test_heads_unborn_on_a_branch_and_detached(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    repo = init_repo(tmp_path / "r", branch="trunk")
    assert open_repo(tmp_path / "r") == repo
    assert head(repo) == Head("trunk", None)
    commit = commit_files(tmp_path / "r", {"a": "1"})
    git(tmp_path / "r", "tag", "trunk")
    assert head(repo) == Head("trunk", commit)
    git(tmp_path / "r", "checkout", "-q", "--detach")
    assert head(repo) == Head(None, commit)
    assert resolve(repo, "nope") is None
    assert resolve(repo, "--all") is None


def test_the_environment_of_a_hook_does_not_lead_elsewhere(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "elsewhere")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere/.git"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.bare'='true'")
    repo = open_repo(checkout)
    assert repo
    assert repo.top == checkout
    assert head(repo).branch == "main"


def test_identity_is_what_commits_will_carry(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = open_repo(checkout)
    assert repo
    assert identity(repo) == ("Ada Test", "ada@example.com")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Bot")
    assert identity(repo) == ("Bot", "ada@example.com")


def test_dirty_names_what_is_not_committed(checkout: Path) -> None:
    repo = open_repo(checkout)
    assert repo
    asked = [
        "atmos-cli.yaml",
        "user/staged.txt",
        "user/unstaged.txt",
        "user/untracked.txt",
        "user/new-staged.txt",
        "no",
    ]
    assert dirty(repo, asked) == ("user/new-staged.txt", "user/staged.txt", "user/unstaged.txt", "user/untracked.txt")
    below = open_repo(checkout / "user")
    assert below
    assert dirty(below, ["staged.txt", ":(glob)**", "*"]) == ("staged.txt",)
    assert dirty(repo, []) == ()


def test_dirty_copes_with_very_many_paths(checkout: Path) -> None:
    repo = open_repo(checkout)
    assert repo
    assert dirty(repo, [f"apps/{'x' * 200}/{n}" for n in range(2000)] + ["user/staged.txt"]) == ("user/staged.txt",)


def test_what_changed_between_commits(checkout: Path) -> None:
    repo = open_repo(checkout / "apps")
    assert repo
    base = git(checkout, "rev-parse", "HEAD")
    git(checkout, "stash", "-q")
    git(checkout, "mv", "apps/a.yaml", "apps/z.yaml")
    git(checkout, "commit", "-qm", "move")
    assert changed_paths(repo, base, "HEAD") == ("a.yaml", "z.yaml")
    assert merge_base(repo, base, "HEAD") == base
    git(checkout, "checkout", "-q", "--orphan", "other")
    git(checkout, "commit", "-qm", "unrelated")
    assert merge_base(repo, base, "HEAD") is None


def test_a_failing_git_is_one_sentence(checkout: Path) -> None:
    with pytest.raises(AtmosError) as caught:
        tell(checkout, "cat-file", "-p", "https://user:pw@host/x")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code is Code.GIT_FAILED
    assert diagnostic.message.startswith("git cat-file failed: ")
    assert "pw" not in diagnostic.message


def test_a_git_that_is_not_installed_is_said_so(checkout: Path) -> None:
    program = (
        "import os; os.environ['PATH'] = '/nonexistent'\n"
        "from pathlib import Path\n"
        "from atmos_cli.adapters.git.repo import open_repo\n"
        "from atmos_cli.diagnostics import AtmosError\n"
        "try: open_repo(Path('.'))\n"
        "except AtmosError as error: print(error.diagnostics[0].code)\n"
    )
    for refresh in ("raise", "quiet"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=checkout,
            env={"GIT_PYTHON_REFRESH": refresh},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == f"{Code.REPO_NO_GIT.value}\n", done.stderr


def test_git_is_started_for_what_was_asked_alone(checkout: Path) -> None:
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from atmos_cli.adapters.git.process import ask\n"
        "def note(event, args):\n"
        "    if event == 'subprocess.Popen' and os.access(args[0], os.X_OK): print(*args[1][1:])\n"
        "sys.addaudithook(note)\n"
        "assert ask(Path('.'), 'rev-parse', 'HEAD').status == 0\n"
        "print(sorted(name for name in os.environ if name.startswith('GIT_PYTHON')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.stdout == "rev-parse HEAD\n[]\n", done.stderr


def test_importing_the_adapters_does_not_import_gitpython() -> None:
    program = (
        "import importlib, pkgutil, sys\n"
        "import atmos_cli.adapters as room\n"
        "for each in pkgutil.walk_packages(room.__path__, 'atmos_cli.adapters.'): importlib.import_module(each.name)\n"
        "assert 'atmos_cli.adapters.git.process' in sys.modules\n"
        "sys.exit('git' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_question_that_takes_too_long_is_ended(checkout: Path) -> None:
    answer = ask(checkout, "-c", "alias.wait=!sleep 60", "wait", timeout=0.2)
    assert answer.status != 0
    assert "no answer within 0.2 seconds" in answer.err


def test_a_repository_of_another_user_comes_with_the_way_out(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(checkout.parent / "home"))
    if os.geteuid():
        pytest.skip("only root can give files away")
    for path in (checkout, checkout / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(AtmosError) as caught:
        open_repo(checkout)
    hint = caught.value.diagnostics[0].hint
    assert hint.endswith(f"git config --global --add safe.directory {checkout}")
    git(checkout, *hint.partition(": git ")[2].split())
    assert open_repo(checkout)


def test_line_ends_that_git_refuses_come_with_the_way_out(checkout: Path) -> None:
    git(checkout, "config", "core.autocrlf", "true")
    git(checkout, "config", "core.safecrlf", "true")
    repo = open_repo(checkout)
    assert repo
    with pytest.raises(AtmosError) as caught:
        write_commit(repo, CHANGES, "x")
    assert "core.safecrlf warn" in caught.value.diagnostics[0].hint
    git(checkout, "config", "core.safecrlf", "warn")
    assert write_commit(repo, CHANGES, "x").commit
