"""What `init` takes from the Git repository that it is run in: where it is, its branch, its forge."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from atmos_cli.adapters.git import history
from atmos_cli.adapters.git import repo as repos
from atmos_cli.config import BRANCH
from atmos_cli.diagnostics import Code, fail
from atmos_cli.tool_settings import FORGES

if TYPE_CHECKING:
    from pathlib import Path

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
    if not root.is_dir() or not any(root.iterdir()):
        return ""
    repo = repos.open_repo(root)
    if repo is None:
        return ""
    start = history.default_branch(repo)
    return start[0].removeprefix("origin/") if start else repos.head(repo).branch or ""


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
