"""`atmos render` and `atmos diff`: what will run, and what a change makes of it in each environment."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.gitops.effective import Effective
from atmos_cli.gitops.effects import effects_of
from atmos_cli.gitops.repository import Deployment, Repository, find_service
from atmos_cli.gitops.write import git_repo
from atmos_cli.kube.resource import Identity, identity
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.emit import emit

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.ports import FileTree


@dataclass(frozen=True, slots=True)
class ObjectDiff:
    """One object that differs in one environment; `lines` are those of a unified diff of its YAML."""

    deployment: Deployment
    resource: Identity
    change: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """Every object that differs, and what landing that does to what runs: one line for each thing."""

    objects: tuple[ObjectDiff, ...]
    effects: tuple[str, ...]


def render(repository: Repository, service: str, *, team: str | None, environments: tuple[str, ...]) -> list[Resource]:
    """Return the effective objects of a service, by environment. Raises ATM511, ATM702 or what a build raises."""
    wanted = repository.config.named(environments)
    found = [d for d in find_service(repository.tree, service, team=team) if d.environment in wanted]
    if not found:
        there = ", ".join(d.environment for d in find_service(repository.tree, service, team=team))
        message = f"`{service}` is not in {', '.join(wanted)}"
        raise fail(Code.ENVIRONMENT_UNKNOWN, message, hint=f"it is in: {there}")
    effective = Effective(repository.tree)
    return [built.resource for deployment in found for built in effective.of(deployment)]


def diff(repository: Repository, *, base: str | None, environments: tuple[str, ...]) -> Diff:
    """Compare the checkout with `base` (default: where it left the base branch), as the engines see both."""
    wanted = repository.config.named(environments)
    before, after = Effective(base_tree(repository, base)), Effective(repository.tree)
    known = {*before.deployments()}, {*after.deployments()}
    everything = [each for each in {*known[0], *known[1]} if each.environment in wanted]
    # As every plan has them, so that a diff says of a commit what its plan said.
    everything.sort(key=lambda each: (each.team, each.service, wanted.index(each.environment)))
    found: list[ObjectDiff] = []
    differ: list[Deployment] = []
    problems: list[AtmosError] = []
    for deployment in everything:
        try:
            old = _objects(before, deployment) if deployment in known[0] else {}
            new = _objects(after, deployment) if deployment in known[1] else {}
        except AtmosError as error:
            problems.append(error)
            continue
        found += (mine := _differences(deployment, old, new))
        differ += [deployment] if mine else []
    if problems:
        raise AtmosError(*(d for error in problems for d in error.diagnostics), exit_code=1)
    return Diff(tuple(found), effects_of(before, after, differ).lines)


def base_tree(repository: Repository, base: str | None) -> FileTree:
    """Return the tree of `base` (None: the merge base with the configured base branch); empty before any commit."""
    repo = git_repo(repository.root)
    head = repos.resolve(repo, "HEAD")
    if head is None:
        return MemoryTree({})
    name = base or repository.config.git.branch
    commit = repos.resolve(repo, name) or (None if base else head)
    if commit is None:
        raise fail(Code.GIT_FAILED, f"there is no commit `{name}`", hint="name a branch, tag or commit")
    return CommitTree(repo, commit if base else repos.merge_base(repo, commit, head) or commit)


def _objects(effective: Effective, deployment: Deployment) -> dict[Identity, Resource]:
    return {identity(built.resource): built.resource for built in effective.of(deployment)}


def _differences(
    deployment: Deployment, old: dict[Identity, Resource], new: dict[Identity, Resource]
) -> list[ObjectDiff]:
    found = []
    for key in sorted({*old, *new}):
        if old.get(key) == new.get(key):
            continue
        change = "added" if key not in old else "removed" if key not in new else "changed"
        before = emit(old[key]).splitlines() if key in old else []
        after = emit(new[key]).splitlines() if key in new else []
        lines = list(difflib.unified_diff(before, after, lineterm="", n=3))[2:]
        found.append(ObjectDiff(deployment, key, change, tuple(lines)))
    return found
