from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.conftest import name_of
from tests.lab.forge import Forge, ForgeError
from tests.lab.git_server import GitError, clone, git

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab


@pytest.fixture
def organization(forge: Forge, request: pytest.FixtureRequest) -> str:
    name = name_of(request.node.name)[:40].strip("-")
    forge.organization(name)
    forge.team(name, "developers", "alice", "bob")
    forge.repository(name, "gitops")
    return name


def open_pull_request(forge: Forge, organization: str, tmp_path: Path) -> dict[str, Any]:
    forge.protect(organization, "gitops")
    tree = clone(forge.push_url(organization, "gitops", "alice"), tmp_path / "alice")
    (tree.directory / "service.yaml").write_text("name: web\n")
    git("add", "--all", cwd=tree.directory)
    git("commit", "--quiet", "-m", "add web", cwd=tree.directory)
    git("push", "--quiet", "origin", "HEAD:atmos/web", cwd=tree.directory)
    body = {"base": "main", "head": "atmos/web", "title": "add web"}
    opened: dict[str, Any] = forge.ask("alice", "POST", f"/repos/{organization}/gitops/pulls", json=body)
    return opened


def test_a_pull_request_is_merged_after_an_approval(forge: Forge, organization: str, tmp_path: Path) -> None:
    opened = open_pull_request(forge, organization, tmp_path)
    path = f"/repos/{organization}/gitops/pulls/{opened['number']}"
    merge = {"Do": "squash", "head_commit_id": opened["head"]["sha"]}
    with pytest.raises(ForgeError, match="Does not have enough approvals") as refused:
        forge.ask("alice", "POST", f"{path}/merge", json=merge)
    assert refused.value.code == 405
    review = {"event": "APPROVED", "body": "fine", "commit_id": opened["head"]["sha"]}
    assert forge.ask("bob", "POST", f"{path}/reviews", json=review)["state"] == "APPROVED"
    forge.ask("alice", "POST", f"{path}/merge", json=merge)
    assert forge.ask("alice", "GET", path)["merged"] is True


def test_a_direct_push_to_the_protected_branch_is_refused(forge: Forge, organization: str, tmp_path: Path) -> None:
    forge.protect(organization, "gitops")
    tree = clone(forge.push_url(organization, "gitops", "alice"), tmp_path / "alice")
    with pytest.raises(GitError, match="Not allowed to push to protected branch main"):
        tree.commit({"service.yaml": "name: web\n"})


def test_a_stranger_sees_nothing(forge: Forge, organization: str) -> None:
    forge.user("mallory")
    with pytest.raises(ForgeError) as refused:
        forge.ask("mallory", "GET", f"/repos/{organization}/gitops")
    assert refused.value.code == 404
