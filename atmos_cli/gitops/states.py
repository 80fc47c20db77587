"""The states of a repo that a budget compares: a commit, the checkout, a change on top of either."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from atmos_cli.adapters.claim_cache import ClaimCache, claim_cache
from atmos_cli.adapters.files import DiskTree
from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.snapshots import ChangedSnapshot, CommitSnapshot, Snapshot, checkout
from atmos_cli.adapters.git.windows import start_of_window
from atmos_cli.budget.terms import seconds
from atmos_cli.config import FILE
from atmos_cli.gitops.builds import Builds
from atmos_cli.gitops.effective import Effective
from atmos_cli.gitops.policy import Policy, decides
from atmos_cli.gitops.trusted import base_of
from atmos_cli.ports import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.ports import FileTree


class States:
    """All states of one repo share its base branch's policy, its claims and its builds.

    `base` names another commit to trust.
    """

    def __init__(self, root: Path, tree: FileTree, *, branch: str, base: str | None = None) -> None:
        # A repo that is only planned is in no Git yet, whatever surrounds the directory.
        planned = not isinstance(tree, DiskTree) or not root.is_dir()
        self.repo: Repo | None = None if planned or not _in_git(root) else repos.open_repo(root)
        self.branch = branch
        self.tree = tree
        self.base = self._commit(base)
        self.builds = Builds()
        self.cache: ClaimCache = claim_cache(self.repo.top) if self.repo else ClaimCache(None)
        trusted = CommitSnapshot(self.repo, self.base).tree if self.repo and self.base else None
        known = trusted is not None and trusted.read(FILE) is not None
        self.policy = Policy(trusted, own=tree) if trusted is not None and known else Policy(tree)

    def at(self, commit: str) -> Effective:
        """Return the state at a commit, or at a tree that has no commit yet."""
        if self.repo is None:
            raise TypeError("whoever names a commit has a repo")
        return self._effective(CommitSnapshot(self.repo, commit))

    def here(self) -> Effective:
        """Return the checkout as it is, with what is not committed."""
        snapshot = checkout(self.repo, self.tree) if self.repo else Snapshot(self.tree)
        return self._effective(snapshot, tree=self.tree)

    def changed(self, below: Effective, changes: Mapping[str, bytes | None]) -> Effective:
        snapshot, tree = ChangedSnapshot(below.snapshot, changes), MemoryTree(changes, below.tree)
        policy = self.policy.with_own(tree) if any(map(decides, changes)) else self.policy
        return self._effective(snapshot, tree=tree, policy=policy)

    def judged_by(self, state: Effective, policy: Policy) -> Effective:
        """Return a state as another policy counts it, such as one with the budget of a new environment."""
        return state if state.policy is policy else self._effective(state.snapshot, tree=state.tree, policy=policy)

    def earlier(self, environments: Iterable[str], *, policy: Policy | None = None) -> dict[str, Effective]:
        """Return, by span, where the base branch was at the start of each window that the budgets of `policy` name."""
        spans: dict[str, Effective] = {}
        if self.repo is None or self.base is None:
            return spans
        for environment in environments:
            for change in (policy or self.policy).budget(environment).per_change.values():
                if change.window and change.window not in spans:
                    commit = start_of_window(self.repo, self.base, seconds=seconds(change.window))
                    spans[change.window] = self.at(commit)
        return spans

    def _effective(
        self, snapshot: Snapshot, *, tree: FileTree | None = None, policy: Policy | None = None
    ) -> Effective:
        return Effective(
            tree or snapshot.tree,
            policy=policy or self.policy,
            snapshot=snapshot,
            cache=self.cache,
            builds=self.builds,
        )

    def _commit(self, base: str | None) -> str | None:
        if self.repo is None:
            return None
        return repos.resolve(self.repo, base) if base else base_of(self.repo, self.branch)[1]


def _in_git(root: Path) -> bool:
    """Return whether it is worth asking Git: loading it costs more than all the rest of a small `validate`."""
    return "GIT_DIR" in os.environ or any((folder / ".git").exists() for folder in (root, *root.resolve().parents))
