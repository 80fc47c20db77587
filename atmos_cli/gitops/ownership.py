"""Every object has one owner: two services that make the same one would take it from each other at every sync."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location
from atmos_cli.gitops.repository import Deployment, deployments
from atmos_cli.kube.resource import Identity, identity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from atmos_cli.gitops.effective import Effective


def doubly_owned(
    effective: Effective, *, environments: Collection[str], touched: Collection[Deployment] | None = None
) -> Iterator[Diagnostic]:
    """Yield an error for each object that two services of an environment make; only those of `touched` when given."""
    owners: dict[tuple[str, Identity], Deployment] = {}
    for deployment in deployments(effective.tree):
        if deployment.environment not in environments:
            continue
        try:
            built = effective.of(deployment)
        except AtmosError:
            continue  # reported by `check`, as an error of the overlay itself
        for each in built:
            key = (deployment.environment, identity(each.resource))
            first = owners.setdefault(key, deployment)
            if first != deployment and (touched is None or {first, deployment} & set(touched)):
                yield _finding(key[1], first, deployment)


def _finding(what: Identity, first: Deployment, second: Deployment) -> Diagnostic:
    message = (
        f"{what} in {what.namespace} is made by {first.team}/{first.service} and {second.team}/{second.service}; "
        "the engines would take it from one another"
    )
    where = Location(f"{second.directory}/kustomization.yaml", 1, 1, resource=str(what))
    hint = "give one of the two services another name"
    return Diagnostic(Code.DUPLICATE_OBJECT, message, where=where, hint=hint, environment=second.environment)
