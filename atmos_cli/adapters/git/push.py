"""Pushes one branch, and finds where to open its pull request; no prompts, and no credentials in any message."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from atmos_cli.adapters.git.own_programs import run
from atmos_cli.adapters.git.process import GitAnswer, ask, plain
from atmos_cli.adapters.git.repo import remote_url
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from atmos_cli.adapters.git.repo import Repo

TIMEOUT_SECONDS = 120.0
# the last ones are what a server says to the slower of two pushes in the same instant
_BEHIND = (
    r"non-fast-forward|fetch first|stale info|cannot lock ref|failed to update ref|incorrect old value"
    r"|reference already exists"
)
# what git and the hosts say, in plain words; the first match counts
_REASONS = (
    (_BEHIND, "it has commits that are not here", "`git pull --rebase`, then "),
    (r"protected branch|GH006|GH013|not allowed to push|TF402455", "the branch is protected", "`--write branch`, or "),
    (r"pre-receive|hook declined|push rule", "a rule of the server refuses it", "mend what it names, then "),
    (r"pre-push", "your pre-push hook refuses it", "mend what it names, then "),
    (
        r"authentication failed|could not read (?:user|pass)|permission denied|prompts disabled|host key|\b40[13]\b",
        "the server does not accept your credentials",
        "set up a credential helper or an SSH agent (`git ls-remote` must work without a prompt), then ",
    ),
    (r"not found|does not appear to be a git repository|\b404\b", "there is no repository", "`git remote -v`, then "),
    (
        r"could not resolve|failed to connect|timed out|connection|no answer within|network",
        "it is not reachable",
        "",
    ),
)


class BehindError(AtmosError):
    """The push came too late: the branch has commits there that are not here. Fetching and trying again may do."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """`url` is where to, without credentials; `created` says whether the branch is new there."""

    remote: str
    url: str
    created: bool


def push(repo: Repo, branch: str, *, remote: str = "origin", timeout: float = TIMEOUT_SECONDS) -> Pushed:
    """Push `branch` under its own name, never forced. AtmosError ATM606 without the remote, ATM609 with the reason."""
    url = remote_url(repo, remote)
    if url is None:
        raise fail(
            Code.REPO_NO_REMOTE,
            f"there is no remote {remote} to push to",
            hint=f"git remote add {remote} URL",
        )
    ref = f"refs/heads/{branch}"
    answer = run(repo, "push", "--porcelain", remote, f"{ref}:{ref}", env=quiet(repo), timeout=timeout)
    if answer.status:
        raise _refused(repo, answer, branch, remote)
    return Pushed(remote, plain(url), created=answer.out.startswith(b"*") or b"\n*\t" in answer.out)


def compare_link(url: str, base: str, branch: str) -> str | None:
    """Return the page on which to open a pull request of `branch` into `base`; None for an unknown kind of host."""
    place = _web_place(url)
    if place is None:
        return None
    web, host, path = place
    source, target = quote(branch, safe="/"), quote(base, safe="/")
    if "gitlab" in host:
        wish = f"merge_request%5Bsource_branch%5D={quote(branch, safe='')}"
        return f"{web}/{path}/-/merge_requests/new?{wish}&merge_request%5Btarget_branch%5D={quote(base, safe='')}"
    if host == "bitbucket.org":
        return f"{web}/{path}/pull-requests/new?source={quote(branch, safe='')}&dest={quote(base, safe='')}"
    if "bitbucket" in host:
        project, _, name = path.removeprefix("scm/").partition("/")
        wish = f"sourceBranch={quote(branch, safe='')}&targetBranch={quote(base, safe='')}"
        return f"{web}/projects/{project}/repos/{name}/pull-requests?create&{wish}"
    if "github" in host:
        return f"{web}/{path}/compare/{target}...{source}?expand=1"
    if any(word in host for word in ("gitea", "forgejo", "codeberg")):
        return f"{web}/{path}/compare/{target}...{source}"
    return None


def _web_place(url: str) -> tuple[str, str, str] | None:
    """Return `("https://host", "host", "owner/repo")` of an https, ssh or scp-like URL, without its credentials."""
    scp = re.fullmatch(r"(?:[^@/\s]+@)?([^:/\s@]+):(?!//)/?(\S+)", url)
    try:
        parts = urlsplit(f"ssh://{scp[1]}/{scp[2]}" if scp else url)
        port = parts.port
    except ValueError:
        return None
    path = parts.path.strip("/").removesuffix(".git")
    if parts.scheme not in ("http", "https", "ssh", "git+ssh") or not parts.hostname or "/" not in path:
        return None
    web = parts.scheme in {"http", "https"}
    host = f"{parts.hostname}:{port}" if port and web else parts.hostname
    return f"{parts.scheme if web else 'https'}://{host}", parts.hostname, quote(path, safe="/~%")


def quiet(repo: Repo) -> dict[str, str]:
    env = {"GIT_TERMINAL_PROMPT": "0", "SSH_ASKPASS_REQUIRE": "never", "GCM_INTERACTIVE": "never"}
    if "GIT_SSH_COMMAND" not in os.environ and "GIT_SSH" not in os.environ:
        ssh = ask(repo.top, "config", "--get", "core.sshCommand").text or "ssh"
        env["GIT_SSH_COMMAND"] = f"{ssh} -o BatchMode=yes"
    return env


def _refused(repo: Repo, answer: GitAnswer, branch: str, remote: str) -> AtmosError:
    said = f"{plain(answer.out.decode(errors='replace'))}\n{answer.err}"
    reason, first = next(
        ((why, hint) for pattern, why, hint in _REASONS if re.search(pattern, said, re.IGNORECASE)), ("git says no", "")
    )
    name = branch
    if "pull" in first and ask(repo.top, "symbolic-ref", "--short", "HEAD").text != branch:
        # A pull would change the branch that is checked out, not this one.
        first, name = "choose another name for it there: ", f"{branch}:{branch}-2"
    error = fail(
        Code.PUSH_REFUSED,
        f"{remote} did not take branch {branch}: {reason} ({answer.last_lines or 'no more was said'})",
        hint=f"{first}`git push {shell(remote)} {shell(name)}`; the commit is kept on your branch {branch}",
    )
    return BehindError(*error.diagnostics) if reason == _REASONS[0][1] else error
