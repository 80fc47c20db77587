"""Finds out whether an approval is used up, from the first-parent history alone: trailers and dates prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.adapters.git import history
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.budget.digest import claim_digest
from atmos_cli.budget.model import budget_path
from atmos_cli.config import FILE
from atmos_cli.diagnostics import AtmosError
from atmos_cli.gitops.effective import Effective
from atmos_cli.gitops.repository import Deployment, config_of
from atmos_cli.history.trusted_base import same_approval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.approval.decide import State
    from atmos_cli.approval.model import Approval
    from atmos_cli.history.trusted_base import TrustedBase


def consumption(trusted: TrustedBase, approval: Approval, *, path: str) -> tuple[State, str]:
    """Return (state, commit that used it): the first commit of the base branch that has both it and its claim.

    It is dead ("used") once the service asked for anything else afterwards, even if the old claim comes back.
    """
    since = ""
    for commit in _moments(trusted, approval, path):
        tree = CommitTree(trusted.repo, commit)
        try:
            if not since and not same_approval(tree, path, approval):
                continue
            same = digest_in(Effective(tree), _deployment(approval)) == approval.claim_digest
        finally:
            tree.close()
        if same and not since:
            since = commit
        elif since and not same:
            return "used", since
    return ("in use", since) if since else ("pending", "")


def digest_in(effective: Effective, deployment: Deployment) -> str:
    """Return the claim digest of `deployment`; empty when there is no such service, or its claim cannot be built."""
    try:
        if deployment not in effective.deployments(deployment.environment):
            return ""
        cluster = config_of(effective.tree).environments[deployment.environment].cluster
        claim = effective.claim(deployment)
    except (AtmosError, KeyError):
        return ""
    return claim_digest(
        claim,
        environment=deployment.environment,
        cluster=cluster,
        team=deployment.team,
        service=deployment.service,
    )


def _deployment(approval: Approval) -> Deployment:
    return Deployment(approval.team, approval.service, approval.environment)


def _moments(trusted: TrustedBase, approval: Approval, path: str) -> Iterator[str]:
    """Yield commits at which the answer can change, oldest first: those that touch it, their parents, and the end."""
    arrived = history.first_parents(trusted.repo, trusted.tip, path)[:1]
    if not arrived:
        return
    touching = (path, f"apps/{approval.team}/{approval.service}", budget_path(approval.environment), FILE)
    seen = set()
    for commit in history.first_parents(trusted.repo, trusted.tip, *touching, since=arrived[0]):
        for each in (history.parent(trusted.repo, commit), commit):
            if each is not None and each not in seen:
                seen.add(each)
                yield each
    if trusted.tip not in seen:
        yield trusted.tip
