"""A rollback on a real forge: refused in plain words where `main` is protected, by a branch and a pull request there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.git_server import clone, git
from tests.lab.proofs.pushers import at_once, heads, new_repo
from tests.lab.proofs.test_proof_forge_pushes import by_name

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.forge import Forge

pytestmark = pytest.mark.lab

OVERLAY = "apps/main/checkout/overlays/prod/kustomization.yaml"


@pytest.fixture
def shop(forge: Forge, tmp_path: Path) -> Path:
    """Alice's clone: checkout at 1.0, verified, then 1.1 in prod; nobody may push to `main` any more."""
    forge.organization("shop-rollback")
    forge.team("shop-rollback", "developers", "alice")
    forge.repository("shop-rollback", "gitops")
    first = new_repo(by_name(forge.push_url("shop-rollback", "gitops", "alice")), tmp_path / "first")
    words = ["new", "service", "go, port 80, called checkout", "--image", "registry.test/checkout:1.0", "--push"]
    (made,) = at_once([(first, [*words, "--write", "commit"])])
    assert made.code == 0, made.said
    path = first / OVERLAY
    path.write_text(path.read_text().replace('"1.0"', '"1.1"'))
    git("commit", "-aqm", "checkout 1.1", cwd=first)
    git("push", "--quiet", "origin", "main", cwd=first)
    forge.protect("shop-rollback", "gitops")
    return first


def rolled(directory: Path, *words: str) -> Any:
    (answer,) = at_once([(directory, ["rollback", "checkout", "--env", "prod", *words])])
    return answer


def record(directory: Path, commit: str) -> None:
    """As `atmos verify` does at the end of a run."""
    from atmos_cli.adapters.git.repo import open_repo
    from atmos_cli.history.verified import record_verdict
    from atmos_cli.verify.model import Target, Verdict
    from atmos_cli.verify.outcome import Outcome

    repo = open_repo(directory)
    assert repo
    target = Target("main", "checkout", "prod", "prod", "main-prod", "argocd", "checkout")
    assert record_verdict(repo, Verdict(target, commit, Outcome.PASS, "good", (), ended=1.0), run="run-1") == ()


def test_a_protected_main_refuses_and_a_branch_is_merged(forge: Forge, shop: Path, tmp_path: Path) -> None:
    bad = heads(shop)["main"]
    good = git("rev-parse", "main~1", cwd=shop)
    record(shop, good)
    second = clone(git("remote", "get-url", "origin", cwd=shop), tmp_path / "second").directory

    told = rolled(second, "--write", "commit", "--push")
    assert (told.code, told.codes) == (2, ["ATM609"])
    assert "origin did not take branch main: the branch is protected" in told.refusal
    assert "--write branch" in told.refusal
    assert "token" not in told.refusal.lower()
    assert heads(shop) == {"main": bad}
    assert git("ls-remote", "origin", "refs/atmos/*", cwd=shop) == ""

    # Nothing is left behind, so that the hint can be followed in the same clone.
    assert git("rev-parse", "main", cwd=second) == bad
    assert git("status", "--porcelain", cwd=second) == ""
    done = rolled(second, "--write", "branch", "--push", "--reason", "503s")
    assert done.code == 0, done.said
    # The record of the first clone came along with the notes, and the lock is gone again.
    assert (done.said["data"]["chosen"], done.said["data"]["restores"]) == ("verified", good)
    assert [each for each in done.said["diagnostics"] if "lock" in each["message"]] == []
    assert git("ls-remote", "origin", "refs/atmos/*", cwd=shop) == ""
    assert git("rev-parse", "HEAD", cwd=second) == bad
    branch = done.written["branch"]
    assert heads(shop) == {"main": bad, branch: done.written["commit"]}

    opened = {"base": "main", "head": branch, "title": "Roll back checkout"}
    pull = forge.ask("alice", "POST", "/repos/shop-rollback/gitops/pulls", json=opened)
    assert pull["mergeable"] is True
    files = forge.ask("alice", "GET", f"/repos/shop-rollback/gitops/pulls/{pull['number']}/files")
    assert [each["filename"] for each in files] == [OVERLAY]
    note = git("ls-remote", "origin", "refs/notes/atmos", cwd=shop)
    assert note.endswith("refs/notes/atmos")
