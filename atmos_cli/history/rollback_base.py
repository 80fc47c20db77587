"""Where a rollback starts from, and how its result is judged."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.adapters.files import DiskTree
from atmos_cli.adapters.git import history, notes, rollbacks
from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Severity, fail
from atmos_cli.foreign import shell
from atmos_cli.gitops.guard import check
from atmos_cli.gitops.repository import Deployment, config_of, find_service
from atmos_cli.gitops.write import Base
from atmos_cli.history.restoring import RollbackStart
from atmos_cli.spec.model import read_spec
from atmos_cli.verify.model import Limits
from atmos_cli.verify.settings import limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.config import Config, WriteMode
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.gitops.repository import Repository

BUDGET = frozenset({Code.BUDGET_EXCEEDED, Code.CLAIM_INDETERMINATE})
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def follow(repo: Repo, branch: str, *, run: str = "") -> Iterator[Diagnostic]:
    """Fetch what `origin` has, branch and notes; warns where it cannot be asked. Moves nothing of the user's."""
    if repos.remote_url(repo) is None:
        return
    problem = rollbacks.follow_remote(repo, branch) or notes.fetch(repo)
    if problem:
        who = f"run {run}: " if run else ""
        message = f"{who}origin cannot be asked for newer commits and records, so only what is here counts ({problem})"
        yield Diagnostic(Code.GIT_FAILED, message, severity=Severity.WARNING, hint="`git fetch origin` must work")


def rollback_start(
    repository: Repository, repo: Repo, environment: str, *, mode: WriteMode
) -> tuple[Base, RollbackStart]:
    """Return the checkout, or for a branch the newer base branch, here or at `origin`; its deployment is still empty.

    Raises ATM604 when a commit would go to another branch than the engines follow, ATM602 without any commit, ATM610
    where history is cut off.
    """
    if history.is_shallow(repo):
        message = "the history here is cut off (a shallow clone), so nobody can tell which state was good"
        raise fail(Code.GIT_FAILED, message, hint="`git fetch --unshallow`; in CI, check out with `fetch-depth: 0`")
    branch = repository.config.git.branch
    here, remote = (repos.resolve(repo, f"refs/{where}/{branch}") for where in ("heads", "remotes/origin"))
    nowhere = Deployment("", "", environment)
    if mode == "branch":
        tip = here if here and (remote is None or history.is_ancestor(repo, remote, here)) else remote
        tip = tip or repos.resolve(repo, "HEAD")
        if tip is None:
            raise _no_commit()
        tree = CommitTree(repo, tip)
        config = config_of(tree)
        return Base(tree, tip), RollbackStart(
            repo=repo, tip=tip, ahead=remote or tip, tree=tree, config=config, deployment=nowhere
        )
    now = repos.head(repo)
    if now.commit is None:
        raise _no_commit()
    if now.branch != branch and mode == "commit":
        message = f"`{now.branch or 'no branch'}` is checked out, but the engines follow `{branch}`"
        raise fail(Code.REPO_DETACHED, message, hint=f"`--write branch`, or `git switch {shell(branch)}` first")
    disk = DiskTree(repository.root)
    return Base(disk), RollbackStart(
        repo=repo, tip=now.commit, ahead=remote or now.commit, tree=disk, config=config_of(disk), deployment=nowhere
    )


def named_deployment(start: RollbackStart, service: str, environment: str, *, team: str | None) -> Deployment:
    """Return the deployment that is meant, also one that a later commit removed. Raises ATM511 or ATM702."""
    try:
        found = find_service(start.tree, service, team=team)
    except AtmosError:
        gone = _removed(start, service, environment, team=team)
        if gone is None:
            raise
        return gone
    for each in found:
        if each.environment == environment:
            return each
    gone = _removed(start, found[0].service, environment, team=found[0].team)
    if gone is None:
        places = ", ".join(each.environment for each in found)
        message = f"`{service}` is not in {environment}, and never was"
        raise fail(Code.ENVIRONMENT_UNKNOWN, message, hint=f"it is in: {places}")
    return gone


def limits_of(start: RollbackStart) -> Limits:
    """Return the spec's settings of rollbacks; the defaults when it is gone or wrong, which `validate` reports."""
    path = f"{start.service_directory}/service.yaml"
    data = start.tree.read(path)
    try:
        if data is None:
            return Limits()
        kinds = catalogue(start.tree).cluster_kinds
        return limits(read_spec(data, path=path), start.deployment.environment, start.config, kinds)
    except AtmosError:
        return Limits()


def softened(
    found: Iterable[Diagnostic], before: Effective, touched: Sequence[Deployment], config: Config, *, named: bool
) -> tuple[Diagnostic, ...]:
    """Return what is found of a rollback as it counts for one: as for any change, with two differences.

    What is wrong already, and stays as it is, does not keep a better state from coming back. And a state that ran
    before may pass a budget, since others may use its share meanwhile; no state may pass a ceiling, and one
    that a person named has to fit like any other change.
    """
    known = {each for deployment in touched for each in check(before, deployment, config=config)}
    return tuple(_softened(each, known, named=named) for each in found)


def _softened(diagnostic: Diagnostic, known: set[Diagnostic], *, named: bool) -> Diagnostic:
    if diagnostic.severity is not Severity.ERROR:
        return diagnostic
    if diagnostic in known:
        return replace(diagnostic, severity=Severity.WARNING, message=f"as it is now: {diagnostic.message}")
    if diagnostic.code in BUDGET and not named:
        hint = "a rollback goes ahead over a budget; the quota of the tenant may still refuse pods"
        return replace(diagnostic, severity=Severity.WARNING, hint=hint)
    if diagnostic.code in BUDGET:
        return replace(diagnostic, hint=diagnostic.hint.partition(", or ask for approval")[0])
    return diagnostic


def _removed(start: RollbackStart, service: str, environment: str, *, team: str | None) -> Deployment | None:
    """Return a deployment that is in the commit before the last one that touched its overlay, and not here."""
    owner, _, name = service.rpartition("/")
    owner = team or owner
    if not _LABEL.fullmatch(name) or (owner and not _LABEL.fullmatch(owner)):
        return None
    owners = (owner,) if owner else _owners(start)
    found = []
    for each in owners:
        deployment = Deployment(each, name, environment)
        last = rollbacks.newest(start.repo, start.tip, [deployment.directory])
        if last and history.parent(start.repo, last):
            found.append(deployment)
    if len(found) > 1:
        hint = f"say which: {', '.join(f'{each.team}/{name}' for each in found)}"
        raise fail(Code.SERVICE_UNKNOWN, f"several teams had a service `{name}`", hint=hint)
    return found[0] if found else None


def _owners(start: RollbackStart) -> tuple[str, ...]:
    paths = (*start.tree.files("apps"), *start.tree.files(f"tenants/{start.deployment.environment}"))
    return tuple(sorted({path.split("/")[1 if path.startswith("apps/") else 2] for path in paths if "/" in path}))


def _no_commit() -> AtmosError:
    hint = "commit what there is first"
    return fail(Code.REPO_NO_GIT, "there is no commit yet, so there is nothing to go back to", hint=hint)
