"""What `init` takes from the Git repository that it is run in: where it is, its branch, its forge."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from atmos_cli.adapters.git import history
from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.commands.inputs import edited_inputs
from atmos_cli.config import BRANCH
from atmos_cli.diagnostics import Code, fail
from atmos_cli.gitops.write import Base, base_of
from atmos_cli.ports import MemoryTree
from atmos_cli.tool_settings import FORGES

if TYPE_CHECKING:
    from pathlib import Path

    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.config import Config, WriteMode
    from atmos_cli.ports import FileTree
    from atmos_cli.tool_settings import Forge


def remote_of(root: Path) -> str | None:
    """Return where `origin` of the repo in `root` itself is."""
    if not (root / ".git").exists():
        return None
    repo = repos.open_repo(root)
    return repos.remote_url(repo) if repo else None


def branch_of(root: Path) -> str:
    """Return the branch that a repo's work ends in, as far as Git knows it, else what is checked out; "" for none.

    A new directory inside another checkout becomes a repo of its own.
    """
    repo = _repo_of(root)
    start = history.default_branch(repo) if repo else None
    return start[0].removeprefix("origin/") if start else checked_out_branch(root)


def checked_out_branch(root: Path) -> str:
    """Return the branch that a commit would go to; "" for none, or a repo that does not exist yet."""
    repo = _repo_of(root)
    return repos.head(repo).branch or "" if repo else ""


def _repo_of(root: Path) -> Repo | None:
    return repos.open_repo(root) if root.is_dir() and any(root.iterdir()) else None


def writable_branch(name: str) -> str:
    """Return the name, or raise ATM901 for one that pipelines and engines could read as something else."""
    if not BRANCH.fullmatch(name):
        hint = "rename it, or name another one with `--branch`: letters, digits and any of `_ . / + -`"
        raise fail(Code.USAGE, f"atmos cannot write the name of the branch `{name[:80]}` into pipelines", hint=hint)
    return name


def forge_of(given: str, url: str) -> Forge:
    """Return the forge that is named, else the one in the name of the remote's host."""
    wanted = given or ("gitlab" if "gitlab" in (urlsplit(url).hostname or "") else FORGES[0])
    for each in FORGES:
        if each == wanted:
            return each
    raise fail(Code.USAGE, f"there is no forge `{wanted[:80]}`", hint=f"forges are: {', '.join(FORGES)}")


def write_mode(wanted: WriteMode, *, new: bool) -> WriteMode:
    """Return how to write: a repo that does not exist yet has nothing that a branch could start from."""
    return "commit" if wanted == "branch" and new else wanted


def start_from(root: Path, here: FileTree, *, mode: WriteMode, config: Config) -> tuple[Base, dict[str, bytes | None]]:
    """Return what to start from, and the inputs that are not committed there: the commit is made from them, too."""
    if mode == "files" or not root.is_dir():
        return Base(here), {}
    repo = repos.open_repo(root)
    commit = repos.resolve(repo, "HEAD") if repo else None
    committed: FileTree = CommitTree(repo, commit) if repo and commit else MemoryTree({})
    return base_of(root, here, mode=mode, config=config), edited_inputs(here, committed)
