"""Which programs git would start for this user, and which of them lie in the checkout and so may not run.

The user's configuration names hooks, filters, signers and helpers. It may name a file that the checkout brings
(`core.hooksPath = .githooks`, a configuration that is included from it): then whoever wrote that file would run here.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.git.process import ask
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Severity
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.adapters.git.process import GitAnswer
    from atmos_cli.adapters.git.repo import Repo

_HOOKS = "core.hookspath"
# The keys whose value is a command, by what needs them: section and last part, with any name in between.
_FILTER = {("filter", name) for name in ("clean", "smudge", "process")}
_COMMITTING = {("gpg", "program"), ("gpg", "defaultkeycommand"), ("hook", "command")}
_REMOTE = {
    *(("core", name) for name in ("sshcommand", "askpass", "gitproxy", "alternaterefscommand")),
    ("credential", "helper"),
    *(("remote", name) for name in ("receivepack", "uploadpack", "vcs")),
}
_REACHES = ("push", "fetch", "ls-remote")
# Hooks that git starts by itself, in the middle of a command.
_IMPLIED = ("reference-transaction", "post-index-change", "pre-push", "pre-auto-gc", "push-to-checkout")


@dataclass(frozen=True, slots=True)
class OwnPrograms:
    """`settings` keep git from what lies in the checkout; `foreign` has these, by key of the configuration."""

    repo: Repo
    hooks: Path
    foreign: Mapping[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """Return settings for git processes that start hooks and filters by themselves."""
        own = all(self.is_own(name) for name in _IMPLIED)
        filters = [key for key in self.foreign if _kind(key) in _FILTER]
        found = {} if own else {"core.hooksPath": os.devnull}
        found |= dict.fromkeys(filters, "")
        return found | {f"filter.{_named_in(key)}.required": "false" for key in filters}

    def is_own(self, hook: str) -> bool:
        """Return whether `hook`, if there is one, is the user's: neither it nor a link's target is in the checkout."""
        return not _inside(self.repo, self.hooks / hook)

    def notes(self) -> tuple[Diagnostic, ...]:
        """Return a warning when there are hooks that were left out."""
        left = sorted(name for name in _listed(self.hooks) if not name.endswith(".sample") and not self.is_own(name))
        if not left:
            return ()
        return (
            Diagnostic(
                Code.PROGRAM_IN_CHECKOUT,
                f"the hooks in {self.hooks} lie in the checkout, so atmos did not run them ({', '.join(left[:9])})",
                severity=Severity.WARNING,
                hint=f"run what they do yourself, or copy them to {shell(str(self.repo.git_dir / 'hooks'))}",
            ),
        )

    def require_committing(self) -> None:
        """Refuse, with ATM620, when git would sign a commit with, or ask about it, a program of the checkout."""
        self._require([key for key in self.foreign if _kind(key) in _COMMITTING], "make the commit with")

    def require_remote(self) -> None:
        """Refuse, with ATM620, when git would reach a remote with the help of a program of the checkout."""
        self._require([key for key in self.foreign if _kind(key) in _REMOTE], "reach the remote with")

    def require_filters(self, paths: tuple[str, ...]) -> None:
        """Refuse, with ATM620, when one of `paths` (from the top) would pass through a filter of the checkout."""
        filters = [key for key in self.foreign if _kind(key) in _FILTER]
        if not filters:
            return
        stdin = b"".join(os.fsencode(path) + b"\0" for path in paths)
        attributes = ask(self.repo.top, "check-attr", "-z", "--stdin", "filter", stdin=stdin).out.split(b"\0")
        used = {os.fsdecode(value) for value in attributes[2::3]}
        self._require([key for key in filters if _named_in(key) in used], "pass the files through")

    def _require(self, keys: list[str], doing: str) -> None:
        if keys:
            raise AtmosError(*(_refused(key, self.foreign[key], doing) for key in keys))


def _kind(key: str) -> tuple[str, str]:
    """Return `("filter", "clean")` of `filter.some.name.clean`."""
    return key.partition(".")[0], key.rpartition(".")[2]


def _named_in(key: str) -> str:
    """Return `some.name` of `filter.some.name.clean`."""
    return key.partition(".")[2].rpartition(".")[0]


def run(repo: Repo, *args: str, programs: OwnPrograms | None = None, **options: Any) -> GitAnswer:
    """Run `git args` as `git.ask` does, but allowed to start the user's own programs and to use the network.

    Raises ATM620 before it starts when a remote could be reached only with a program of the checkout.
    """
    own = programs or own_programs(repo)
    if args[0] in _REACHES:
        own.require_remote()
    return ask(repo.top, *args, runs=True, settings=own.settings, **options)


def own_programs(repo: Repo) -> OwnPrograms:
    """Find what the configuration of `repo` names, looked at once; asks git, and runs nothing of it."""
    answer = ask(repo.top, "config", "--list", "--show-origin", "-z", runs=True)
    words = [os.fsdecode(word) for word in answer.out.split(b"\0")]
    hooks = repo.git_dir / "hooks"
    common = ask(repo.top, "rev-parse", "--path-format=absolute", "--git-common-dir").text
    if common:
        hooks = Path(common) / "hooks"
    foreign = {}
    for origin, entry in zip(words[::2], words[1::2], strict=False):
        key, _, value = entry.partition("\n")
        brought = origin.startswith("file:") and _inside(repo, repo.top / origin.removeprefix("file:"))
        if key == _HOOKS:
            hooks = repo.top / os.path.expanduser(value)  # noqa: PTH111 - may be relative
        if _kind(key) in _FILTER | _COMMITTING | _REMOTE and (
            brought or any(_inside(repo, each) for each in _named(repo, value))
        ):
            foreign[key] = value
    return OwnPrograms(repo, hooks, foreign)


def _named(repo: Repo, command: str) -> Iterator[Path]:
    """Yield the files that a command names: git starts it from the top of the checkout."""
    try:
        words = shlex.split(command.removeprefix("!"))
    except ValueError:
        words = command.removeprefix("!").split()
    for number, word in enumerate(words):
        path = repo.top / os.path.expanduser(word)  # noqa: PTH111 - may be relative
        if ("/" in word or number > 0) and path.is_file():
            yield path


def _inside(repo: Repo, path: Path) -> bool:
    """Return whether `path`, or what it leads to, is a file or directory that a checkout of `repo` can bring along."""
    for each in (Path(os.path.abspath(path)), Path(os.path.realpath(path))):  # noqa: PTH100 - a link counts, too
        if each.is_relative_to(repo.top) and ".git" not in each.relative_to(repo.top).parts:
            return True
    return False


def _listed(directory: Path) -> list[str]:
    try:
        return os.listdir(directory)  # noqa: PTH208 - names, not paths
    except OSError:
        return []


def _refused(key: str, value: str, doing: str) -> Diagnostic:
    return Diagnostic(
        Code.PROGRAM_IN_CHECKOUT,
        f"git would {doing} `{value[:200]}`, which lies in the checkout (`{key}`), so nothing was written",
        hint=f"keep that program outside of the checkout and name it there: `git config {key} …`",
    )
