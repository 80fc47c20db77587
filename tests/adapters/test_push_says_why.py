"""A push arrives, or its refusal is said in plain words; a credential never appears in any of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from repos import commit_files, git

from atmos_cli.adapters.git.process import plain
from atmos_cli.adapters.git.push import Pushed, compare_link, push
from atmos_cli.adapters.git.repo import Repo, open_repo, remote_url
from atmos_cli.diagnostics import AtmosError, Code

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def remote(checkout: Path, tmp_path: Path) -> Path:
    bare = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", str(bare))
    git(checkout, "remote", "add", "origin", str(bare))
    return bare


def repo_of(path: Path) -> Repo:
    repo = open_repo(path)
    assert repo
    return repo


def refused(checkout: Path, branch: str = "main", **options: float) -> str:
    with pytest.raises(AtmosError) as caught:
        push(repo_of(checkout), branch, **options)  # type: ignore[arg-type]
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code is Code.PUSH_REFUSED
    assert diagnostic.hint
    return diagnostic.message


def test_a_branch_arrives_under_its_own_name(checkout: Path, remote: Path) -> None:
    assert push(repo_of(checkout), "main") == Pushed("origin", str(remote), created=True)
    assert git(remote, "rev-parse", "main") == git(checkout, "rev-parse", "main")
    commit_files(checkout, {"x": "y"})
    assert push(repo_of(checkout), "main") == Pushed("origin", str(remote), created=False)


def test_no_remote_is_said_with_the_command_that_adds_one(checkout: Path) -> None:
    with pytest.raises(AtmosError) as caught:
        push(repo_of(checkout), "main")
    assert caught.value.diagnostics[0].code is Code.REPO_NO_REMOTE
    assert caught.value.diagnostics[0].hint == "git remote add origin URL"
    assert remote_url(repo_of(checkout)) is None


def test_a_remote_that_moved_on_is_not_overwritten(checkout: Path, remote: Path, tmp_path: Path) -> None:
    push(repo_of(checkout), "main")
    git(tmp_path, "clone", "-q", str(remote), "other")
    commit_files(tmp_path / "other", {"o": "o"})
    git(tmp_path / "other", "push", "-q")
    commit_files(checkout, {"x": "y"})
    assert "it has commits that are not here" in refused(checkout)


def test_a_server_that_refuses_is_quoted(checkout: Path, remote: Path) -> None:
    hook = remote / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'GH006: Protected branch update failed for https://u:secret@h/x'\nexit 1\n")
    hook.chmod(0o755)
    message = refused(checkout)
    assert "the branch is protected" in message
    assert "secret" not in message
    hook.write_text("#!/bin/sh\necho 'commit message must name a ticket'\nexit 1\n")
    assert "a rule of the server refuses it" in refused(checkout)


def test_no_repository_no_server_and_no_answer(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "remote", "add", "origin", str(tmp_path / "nowhere.git"))
    assert "there is no repository" in refused(checkout)
    git(checkout, "remote", "set-url", "origin", "https://user:s3cret@127.0.0.1:9/x.git")
    message = refused(checkout)
    assert "not reachable" in message
    assert "s3cret" not in message
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    git(checkout, "remote", "set-url", "origin", "ssh://git@host.invalid/x.git")
    git(checkout, "config", "core.sshCommand", str(slow))
    assert "no answer within 0.3 seconds" in refused(checkout, timeout=0.3)


def test_a_password_is_never_asked_for(checkout: Path, tmp_path: Path) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\necho "$@" > "$0.args"; echo "git@h: Permission denied (publickey)." >&2; exit 255\n')
    ssh.chmod(0o755)
    git(checkout, "config", "core.sshCommand", str(ssh))
    git(checkout, "remote", "add", "origin", "git@h.invalid:x/y.git")
    assert "does not accept your credentials" in refused(checkout)
    assert "BatchMode=yes" in (tmp_path / "ssh.args").read_text()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("fatal: https://u:p@h/x", "fatal: https://***@h/x"),
        ("to https://ghp_abc@github.com/o/r.git failed", "to https://***@github.com/o/r.git failed"),
        ("'https://u:p/w@h/x'", "'https://***@h/x'"),
        ("ssh://u:p@h/x", "ssh://***@h/x"),
        ("ssh://git@h/x git@h:x", "ssh://git@h/x git@h:x"),
        ("https://h/x mail a@b", "https://h/x mail a@b"),
        ("?private_token=abc&x", "?private_token=***&x"),
        ("\x1b[31mred\x1b[0m\x07", " red  "),
    ],
)
def test_credentials_and_control_characters_are_masked(said: str, shown: str) -> None:
    assert plain(said) == shown


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("git@github.com:o/r.git", "https://github.com/o/r/compare/main...atmos/x?expand=1"),
        ("https://u:p@github.com/o/r.git", "https://github.com/o/r/compare/main...atmos/x?expand=1"),
        ("ssh://git@github.acme.io:2222/o/r.git", "https://github.acme.io/o/r/compare/main...atmos/x?expand=1"),
        (
            "git@gitlab.com:g/s/r.git",
            (
                "https://gitlab.com/g/s/r/-/merge_requests/new?merge_request%5Bsource_branch%5D=atmos%2Fx"
                "&merge_request%5Btarget_branch%5D=main"
            ),
        ),
        ("http://gitea.lan:3000/o/r", "http://gitea.lan:3000/o/r/compare/main...atmos/x"),
        ("https://codeberg.org/o/r.git/", "https://codeberg.org/o/r/compare/main...atmos/x"),
        ("git@bitbucket.org:o/r.git", "https://bitbucket.org/o/r/pull-requests/new?source=atmos%2Fx&dest=main"),
        (
            "https://bitbucket.acme.io/scm/prj/r.git",
            "https://bitbucket.acme.io/projects/prj/repos/r/pull-requests?create&sourceBranch=atmos%2Fx&targetBranch=main",
        ),
        ("/srv/git/r.git", None),
        ("file:///srv/github/r.git", None),
        ("../r.git", None),
        ("git@example.com:o/r.git", None),
        ("https://github.com:port/o/r", None),
        ("https://[::1/o/r", None),
        ("", None),
    ],
)
def test_the_link_opens_a_pull_request_and_holds_no_credentials(url: str, link: str | None) -> None:
    assert compare_link(url, "main", "atmos/x") == link
