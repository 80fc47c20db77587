"""Everything that is asked of a change before it is written: effective manifests, checks, claim and budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.kustomize import build
from atmos_cli.budget.claim import Claim, added, claim
from atmos_cli.budget.evaluate import Row, budget_diagnostics, claim_diagnostics, evaluate
from atmos_cli.budget.model import budget_path, read_budget
from atmos_cli.checks.registry import run
from atmos_cli.checks.subject import Subject
from atmos_cli.config import Config, namespace
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, Severity, in_order
from atmos_cli.spec.model import read_spec
from atmos_cli.usecases.ownership import doubly_owned
from atmos_cli.usecases.repository import Deployment, config_of, deployments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.budget.model import Count
    from atmos_cli.kube.quantity import Quantity
    from atmos_cli.kustomize.model import Built
    from atmos_cli.ports import FileTree

Totals = dict[str, "Quantity"]


class Effective:
    """What will run, by deployment, of one tree; each overlay is built once, when first asked for."""

    def __init__(self, tree: FileTree) -> None:
        self.tree = tree
        self._built: dict[Deployment, tuple[Built, ...] | AtmosError] = {}

    def of(self, deployment: Deployment) -> tuple[Built, ...]:
        """Raises AtmosError with positions when the overlay cannot be built."""
        if deployment not in self._built:
            try:
                self._built[deployment] = build(self.tree, deployment.directory)
            except AtmosError as error:
                self._built[deployment] = error
        found = self._built[deployment]
        if isinstance(found, AtmosError):
            raise found
        return found

    def claim(self, deployment: Deployment) -> Claim:
        return claim([built.resource for built in self.of(deployment)])


@dataclass(frozen=True, slots=True)
class Guarded:
    diagnostics: tuple[Diagnostic, ...]
    rows: tuple[Row, ...]
    claims: Mapping[Deployment, Claim]


def guard(
    effective: Effective, *, touched: Sequence[Deployment], before: Effective | None, environments: Sequence[str]
) -> Guarded:
    """Checks of what is touched, and the budget of each environment over all that runs there.

    `before` is the tree the change starts from; None counts everything as new.
    """
    config = config_of(effective.tree)
    found: list[Diagnostic] = []
    for deployment in touched:
        found += check(effective, deployment, config=config)
    rows: list[Row] = []
    claims: dict[Deployment, Claim] = {}
    for environment in environments:
        try:
            mine, environment_claims, unknown = budget_rows(effective, before=before, environment=environment)
        except AtmosError as error:
            found += error.diagnostics
            continue
        rows += mine
        found += unknown
        claims |= environment_claims
    for deployment in touched:
        if deployment in claims:
            where = f"{deployment.directory}/kustomization.yaml"
            found += claim_diagnostics(claims[deployment], environment=deployment.environment, where=where)
    found += budget_diagnostics(rows)
    found += doubly_owned(effective, environments=environments, touched=touched)
    return Guarded(in_order(found), tuple(rows), claims)


def check(effective: Effective, deployment: Deployment, *, config: Config) -> tuple[Diagnostic, ...]:
    """The findings of every check on one deployment; why it cannot be built, when it cannot."""
    try:
        resources = effective.of(deployment)
    except AtmosError as error:
        return error.diagnostics
    declared = declared_secrets(effective.tree, deployment)
    return run(subject(deployment, resources, config=config, declared=declared), effective.tree)


def declared_secrets(tree: FileTree, deployment: Deployment) -> frozenset[str]:
    """The Secrets that `service.yaml` refers to, and so says are there; none when it is invalid or absent."""
    path = f"apps/{deployment.team}/{deployment.service}/service.yaml"
    data = tree.read(path)
    try:
        spec = read_spec(data, path=path) if data is not None else None
    except AtmosError:
        return frozenset()  # `validate` reports the spec itself
    return frozenset(secret.secret for secret in spec.secrets.values()) if spec else frozenset()


def subject(
    deployment: Deployment, resources: tuple[Built, ...], *, config: Config, declared: frozenset[str]
) -> Subject:
    environment = config.environments[deployment.environment]
    return Subject(
        service=deployment.service,
        team=deployment.team,
        environment=deployment.environment,
        namespace=namespace(deployment.team, deployment.environment),
        kubernetes=config.clusters[environment.cluster].kubernetes,
        production=environment.production,
        resources=resources,
        declared_secrets=declared,
    )


def budget_rows(
    effective: Effective, *, before: Effective | None, environment: str
) -> tuple[tuple[Row, ...], dict[Deployment, Claim], tuple[Diagnostic, ...]]:
    """The rows of one environment, the claim of each deployment, and which claims are not known."""
    budget = read_budget(effective.tree.read(budget_path(environment)), environment=environment)
    claims, unknown = _claims(effective, environment)
    after = _by_team(claims, budget.count)
    old = _by_team(_claims(before, environment)[0], budget.count) if before is not None else {}
    return evaluate(budget, before=old, after=after), claims, unknown


def _claims(effective: Effective, environment: str) -> tuple[dict[Deployment, Claim], tuple[Diagnostic, ...]]:
    found: dict[Deployment, Claim] = {}
    unknown: list[Diagnostic] = []
    for deployment in deployments(effective.tree):
        if deployment.environment != environment:
            continue
        try:
            found[deployment] = effective.claim(deployment)
        except AtmosError as error:
            reason = error.diagnostics[0]
            message = (
                f"what {deployment.team}/{deployment.service} claims in '{environment}' is not known, "
                f"so the sums are too low: {reason.message}"
            )
            where = reason.where or Location(f"{deployment.directory}/kustomization.yaml")
            unknown.append(
                Diagnostic(
                    Code.CLAIM_INDETERMINATE, message, severity=Severity.WARNING, where=where, environment=environment
                )
            )
    return found, tuple(unknown)


def _by_team(claims: Mapping[Deployment, Claim], count: Count) -> dict[str, Totals]:
    teams: dict[str, list[Totals]] = {}
    for deployment, each in claims.items():
        teams.setdefault(deployment.team, []).append(each.total(count))
    return {team: added(totals) for team, totals in teams.items()}
