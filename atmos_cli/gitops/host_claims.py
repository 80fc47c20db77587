"""Every public address has one owner: two routes for the same one on a cluster take turns, or the older one wins."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.gitops.repository import Deployment, deployments
from atmos_cli.kube.hosts import claims_of
from atmos_cli.kustomize.locate import locate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from atmos_cli.config import Config
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.kube.hosts import HostClaim
    from atmos_cli.kustomize.model import Built


def hosts_taken(
    effective: Effective, config: Config, *, touched: Collection[Deployment] | None = None
) -> Iterator[Diagnostic]:
    """Yield an error for each host that two deployments of a cluster claim; only those of `touched` when given.

    Services of one team may share a host, each with a path of its own.
    """
    owners: dict[tuple[str, str], _Owners] = {}
    # What is there already comes first: the finding then is of what is new.
    for deployment in sorted(deployments(effective.tree), key=lambda each: each in (touched or ())):
        if deployment.environment not in config.environments:
            continue
        cluster = config.environments[deployment.environment].cluster
        for built, claim in _claims(effective, deployment):
            held = owners.setdefault((cluster, claim.host), _Owners())
            other = held.before(deployment, claim.path)
            if other is not None and (touched is None or deployment in touched):
                yield _finding(effective, built, claim, other, deployment, cluster)


@dataclass(slots=True)
class _Owners:
    """Who claims a host on a cluster: the first one of each path, and of each team."""

    paths: dict[str, Deployment] = field(default_factory=dict)
    teams: dict[str, Deployment] = field(default_factory=dict)

    def before(self, deployment: Deployment, path: str) -> Deployment | None:
        """Note a claim; the one before it that cannot stand beside it, None where there is none."""
        first = self.paths.setdefault(path, deployment)
        self.teams.setdefault(deployment.team, deployment)
        if first != deployment:
            return first
        # Two teams are enough to know: one of them is another one's.
        return next((each for team, each in islice(self.teams.items(), 2) if team != deployment.team), None)


def claims_more(effective: Effective, before: Effective | None, touched: Collection[Deployment]) -> bool:
    """Say whether a deployment claims a host that it did not claim before."""
    for deployment in touched:
        now = {claim[:2] for _, claim in _claims(effective, deployment)}
        known = {claim[:2] for _, claim in _claims(before, deployment)} if before else set()
        if now - known:
            return True
    return False


def _claims(effective: Effective, deployment: Deployment) -> Iterator[tuple[Built, HostClaim]]:
    try:
        built = effective.of(deployment)
    except AtmosError:
        return  # the checks say why
    for each in built:
        yield from ((each, claim) for claim in claims_of(each.resource))


def _finding(
    effective: Effective, built: Built, claim: HostClaim, first: Deployment, second: Deployment, cluster: str
) -> Diagnostic:
    there = f"{first.team}/{first.service}"
    there += f" in '{first.environment}'" if first.environment != second.environment else ""
    message = (
        f"the host {claim.host} of {second.team}/{second.service} is that of {there} already, on the same cluster"
        f" `{cluster}`"
    )
    hint = "take another host"
    if (first.team, first.service) == (second.team, second.service):
        hint = f"give it to one of them, under `environments.{first.environment}.hosts` of service.yaml"
    elif first.team == second.team:
        hint += ", or give one of the two a path of its own: `http: {path: /api}` under `addons`"
    where = locate(effective.tree, built, claim.at)
    return Diagnostic(Code.HOST_TAKEN, message, where=where, hint=hint, environment=second.environment)
