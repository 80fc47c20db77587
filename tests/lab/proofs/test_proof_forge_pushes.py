"""A pushed change arrives or is refused in plain words, also when twenty push at once; nothing is ever lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.lab.git_server import clone, git
from tests.lab.processes import PATIENCE
from tests.lab.proofs.pushers import Answer, at_once, heads, holds, local, new_repo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lab.forge import Forge
    from tests.lab.git_server import GitServer

pytestmark = pytest.mark.lab

MANY = 20
INTENT = ["new", "service", "go, port 80"]  # small enough that twenty fit the default budgets


def by_name(url: str) -> str:
    """The same server by a name that says what it is; curl takes every `.localhost` for this machine."""
    return url.replace("127.0.0.1", "gitea.localhost")


@pytest.fixture
def shop(forge: Forge, tmp_path: Path) -> Path:
    """Alice's clone of a GitOps repo whose `main` nobody may push to."""
    forge.organization("shop-pushes")
    forge.team("shop-pushes", "developers", "alice")
    forge.repository("shop-pushes", "gitops")
    first = new_repo(by_name(forge.push_url("shop-pushes", "gitops", "alice")), tmp_path / "first")
    forge.protect("shop-pushes", "gitops")
    return first


def test_a_protected_branch_refuses_and_a_branch_arrives(forge: Forge, shop: Path, tmp_path: Path) -> None:
    refused(shop)
    arrives(forge, clone(git("remote", "get-url", "origin", cwd=shop), tmp_path / "second").directory)


def refused(shop: Path) -> None:
    before = heads(shop)["main"]
    (answer,) = at_once([(shop, [*INTENT, "--name", "checkout", "--write", "commit", "--push"])])
    assert (answer.code, answer.codes) == (2, ["ATM609"])
    assert "origin did not take branch main: the branch is protected" in answer.refusal
    assert "Not allowed to push to protected branch main" in answer.refusal
    assert "--write branch" in answer.refusal
    assert "token" not in answer.refusal.lower()
    # The commit is taken back, so that the branch which the answer names starts from what the server has.
    assert heads(shop)["main"] == before
    assert local(shop, "main") == before
    assert git("status", "--porcelain", cwd=shop) == ""


def arrives(forge: Forge, directory: Path) -> None:
    before = heads(directory)["main"]
    (answer,) = at_once([(directory, [*INTENT, "--name", "cart", "--write", "branch", "--push"])])
    assert answer.code == 0, answer.refusal
    written = answer.written
    assert written["pushed"] is True
    assert heads(directory) == {"main": before, "atmos/new-cart": written["commit"]}
    assert written["link"] == f"http://gitea.localhost:{forge.port}/shop-pushes/gitops/compare/main...atmos/new-cart"
    # Gitea's own answer to the same two names, and its page to that path.
    path = f"/shop-pushes/gitops/compare/{written['link'].rpartition('/compare/')[2]}"
    compared = forge.ask("alice", "GET", f"/repos{path}")
    assert [commit["sha"] for commit in compared["commits"]] == [written["commit"]]
    opened = {"base": "main", "head": "atmos/new-cart", "title": "Add cart"}
    pull = forge.ask("alice", "POST", "/repos/shop-pushes/gitops/pulls", json=opened)
    assert pull["mergeable"] is True


def test_the_link_is_a_page_of_gitea(forge: Forge, tmp_path: Path) -> None:
    """Of a public repository, whose pages need no session."""
    forge.repository("admin", "open", private=False)
    directory = new_repo(by_name(forge.push_url("admin", "open", "admin")), tmp_path / "open")
    (answer,) = at_once([(directory, [*INTENT, "--name", "cart", "--write", "branch", "--push"])])
    link = answer.written["link"].replace("gitea.localhost", "127.0.0.1")
    page = httpx.get(link, timeout=PATIENCE)
    assert page.status_code == 200
    assert answer.written["commit"][:10] in page.text
    assert "Add the service cart" in page.text


def test_twenty_branches_at_once(forge: Forge, tmp_path: Path, record_property: Callable[[str, int], None]) -> None:
    """Two of the twenty have chosen the names of two others, so that not all can have what they want."""
    forge.organization("many-branches")
    forge.team("many-branches", "developers", "alice", "bob")
    forge.repository("many-branches", "gitops")
    url = forge.push_url("many-branches", "gitops", "alice")
    before = heads(new_repo(url, tmp_path / "first"))["main"]
    forge.protect("many-branches", "gitops")
    names = [f"service-{number % (MANY - 2)}" for number in range(MANY)]
    answers = all_at_once(url, tmp_path, names, mode="branch")
    record_property("cases", MANY)
    nothing_is_lost(answers, names)
    arrived = heads(tmp_path / "first")
    assert arrived.pop("main") == before
    assert sorted(arrived) == sorted({f"atmos/new-{name}" for name in names})
    late = [answer for answer in answers if answer.code]
    assert len(late) == 2
    for answer in late:
        branch = as_the_hint_says(answer)
        assert heads(answer.directory)[branch] == local(answer.directory, named(answer))


def test_twenty_commits_at_once(
    git_server: GitServer, tmp_path: Path, record_property: Callable[[str, int], None]
) -> None:
    """All to the one `main`: who comes late starts again from what the others pushed, and in the end all are together."""
    url = git_server.create("many-commits")
    first = new_repo(url, tmp_path / "first")
    names = [f"service-{number}" for number in range(MANY)]
    answers = all_at_once(url, tmp_path, names, mode="commit")
    record_property("cases", MANY)
    done = [(answer, name) for answer, name in zip(answers, names, strict=True) if answer.code == 0]
    nothing_is_lost([answer for answer, _ in done], [name for _, name in done])
    assert done
    for number, answer in enumerate(answers):
        if answer.code:
            # Overtaken each time it tried: nothing is left behind, and the same command goes on from there.
            assert (answer.code, answer.codes) == (1, ["ATM609"]), answer.said
            assert "run the command again" in answer.refusal
            assert git("status", "--porcelain", cwd=answer.directory) == ""
            assert git("log", "--format=%H", "origin/main..main", cwd=answer.directory) == ""
            (again,) = at_once([(answer.directory, words(number, names[number], mode="commit"))])
            assert again.code == 0, again.said
    git("pull", "--quiet", "origin", "main", cwd=first)
    assert sorted(path.name for path in (first / "apps/main").iterdir()) == sorted(names)
    (valid,) = at_once([(first, ["validate"])], asks=False)
    assert valid.code == 0, valid.said["diagnostics"]


def as_the_hint_says(answer: Answer) -> str:
    """Does it, command by command; the branch of the server that was pushed to in the end."""
    assert "it has commits that are not here" in answer.refusal
    commands = re.findall(r"`git ([^`]+)`", answer.refusal.partition("hint: ")[2])
    for command in commands:
        git(*command.split(), cwd=answer.directory)
    pushed: str = commands[-1].split()[-1]
    return pushed.rpartition(":")[2]


def named(answer: Answer) -> str:
    """The branch on which a refusal says that the work is kept."""
    return answer.refusal.rpartition(" branch ")[2]


def words(number: int, name: str, *, mode: str) -> list[str]:
    return [*INTENT, "--name", name, "--set-env", f"NUMBER={number}", "--write", mode, "--push"]


def all_at_once(url: str, tmp_path: Path, names: list[str], *, mode: str) -> list[Answer]:
    """A service in each of as many clones; equal names still make different commits."""
    runs = []
    for number, name in enumerate(names):
        git("clone", "--quiet", url, f"clone-{number}", cwd=tmp_path)
        runs.append((tmp_path / f"clone-{number}", words(number, name, mode=mode)))
    return at_once(runs)


def nothing_is_lost(answers: list[Answer], names: list[str]) -> None:
    """A yes is on the server; a no is in the clone, on the branch that it names, with the command to go on."""
    for answer, name in zip(answers, names, strict=True):
        path = f"apps/main/{name}/service.yaml"
        if answer.code == 0:
            commit, branch = answer.written["commit"], answer.written["branch"]
            git("fetch", "--quiet", "origin", cwd=answer.directory)
            assert git("branch", "--remotes", "--contains", commit, "--list", f"origin/{branch}", cwd=answer.directory)
            assert holds(answer.directory, commit, path)
        else:
            assert (answer.code, answer.codes) == (2, ["ATM609"]), answer.said
            assert holds(answer.directory, local(answer.directory, named(answer)), path)
            assert "`git push origin " in answer.refusal
        assert git("status", "--porcelain", cwd=answer.directory) == ""
