"""Every check of a change before it is written: effective manifests, findings, claims and budgets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.bundle import catalogue, versions
from atmos_cli.blueprint.service_facts import made_up_image
from atmos_cli.budget.findings import budget_diagnostics, claim_diagnostics
from atmos_cli.checks.registry import run
from atmos_cli.checks.subject import Subject
from atmos_cli.clusters.facts import cluster_facts
from atmos_cli.config import Config, namespace
from atmos_cli.diagnostics import AtmosError, Diagnostic, errors, in_order
from atmos_cli.gitops.budgeting import Budgeted, budgeted
from atmos_cli.gitops.host_claims import claims_more, hosts_taken
from atmos_cli.gitops.ownership import doubly_owned
from atmos_cli.gitops.repository import Deployment, config_of
from atmos_cli.kube.resource import identity
from atmos_cli.spec.model import read_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from atmos_cli.approval.coverage import Coverage
    from atmos_cli.budget.claim import Claim
    from atmos_cli.budget.evaluate import LimitRow
    from atmos_cli.clusters.facts import ClusterKinds
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.kustomize.model import Built
    from atmos_cli.ports import FileTree
    from atmos_cli.spec.model import ServiceSpec


@dataclass(frozen=True, slots=True)
class Guarded:
    """`budgets` has each environment that could be evaluated; `rows` are those of all of them.

    `effects`: what happens to what runs, one line each.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    rows: tuple[LimitRow, ...] = ()
    claims: Mapping[Deployment, Claim] = field(default_factory=dict)
    budgets: Mapping[str, Budgeted] = field(default_factory=dict)
    effects: tuple[str, ...] = ()


def guard(
    effective: Effective,
    *,
    touched: Sequence[Deployment],
    before: Effective | None,
    environments: Sequence[str],
    changed: Sequence[str] = (),
    earlier: Callable[[Sequence[str]], Mapping[str, Effective]] | None = None,
    fits: Callable[[Budgeted], str] | None = None,
    approvals: Callable[[Sequence[LimitRow]], Coverage] | None = None,
) -> Guarded:
    """Check what is touched, and the budget of each environment over all that runs there.

    Of a touched deployment that builds what it built before, only errors are found.

    `before` is the tree the change starts from; None counts everything as new. `changed` are the paths it touches.
    `earlier` returns the trees at the start of each `window`, `fits` says what would fit where something is over, and
    `approvals` returns which of the rows that are over may be.
    """
    config = config_of(effective.tree)
    found: list[Diagnostic] = []
    claims: dict[Deployment, Claim] = {}
    for deployment in touched:
        mine = [*check(effective, deployment, config=config)]
        try:
            claims[deployment] = effective.claim(deployment)
            where = f"{deployment.directory}/kustomization.yaml"
            mine += claim_diagnostics(claims[deployment], environment=deployment.environment, where=where)
        except AtmosError:
            pass  # `check` and the budget say why
        found += errors(mine) if before and _builds_the_same(effective, before, deployment) else mine
    budgets: dict[str, Budgeted] = {}
    for environment in environments:
        found += effective.policy.own_problems(environment)
        try:
            windows = earlier([environment]) if earlier else {}
            budgets[environment] = budgeted(
                effective, before=before, environment=environment, changed=changed, earlier=windows
            )
        except AtmosError as error:
            found += error.diagnostics
    rows = tuple(row for each in budgets.values() for row in each.rows)
    if approvals is not None and any(row.outcome == "over" for row in rows):
        coverage = approvals(rows)
        found += coverage.diagnostics
        rows = coverage.applied(rows)
        budgets = {name: replace(each, rows=coverage.applied(each.rows)) for name, each in budgets.items()}
    for each in budgets.values():
        over = budget_diagnostics(each.rows, ask="`--request-approval`", fits=fits(each) if fits else "")
        found += [*each.findings, *over]
    if _makes_more(effective, before, touched):
        found += doubly_owned(effective, environments=environments, touched=touched)
    if claims_more(effective, before, touched):
        found += hosts_taken(effective, config, touched=touched)
    return Guarded(in_order(found), rows, claims, budgets)


def _builds_the_same(effective: Effective, before: Effective, deployment: Deployment) -> bool:
    """Say whether a change does nothing to a deployment: warnings of that are none of a plan."""
    try:
        now, known = effective.of(deployment), before.of(deployment)
    except AtmosError:
        return False
    return [each.resource for each in now] == [each.resource for each in known]


def _makes_more(effective: Effective, before: Effective | None, touched: Sequence[Deployment]) -> bool:
    """Say whether a deployment makes an object that it did not make before: else no two can own one since."""
    for deployment in touched:
        try:
            after = {identity(each.resource) for each in effective.of(deployment)}
            known = {identity(each.resource) for each in before.of(deployment)} if before else set()
        except AtmosError:
            return True
        if not after <= known:
            return True
    return False


def check(effective: Effective, deployment: Deployment, *, config: Config) -> tuple[Diagnostic, ...]:
    """Return the findings of every check on one deployment, or why it cannot be built."""
    try:
        resources = effective.of(deployment)
    except AtmosError as error:
        return error.diagnostics
    spec = spec_of(effective.tree, deployment)
    kinds = catalogue(effective.tree).cluster_kinds
    return run(subject(deployment, resources, config=config, spec=spec, kinds=kinds), effective.tree)


def spec_of(tree: FileTree, deployment: Deployment) -> ServiceSpec | None:
    """Return the spec of a deployment; None when it is invalid, which `validate` reports itself, or absent."""
    path = f"apps/{deployment.team}/{deployment.service}/service.yaml"
    data = tree.read(path)
    try:
        return read_spec(data, path=path) if data is not None else None
    except AtmosError:
        return None


def made_up_in(tree: FileTree, deployment: Deployment, config: Config) -> str:
    """Return the image that stands in for one that the spec of a deployment does not name; empty where it does."""
    return _made_up(spec_of(tree, deployment), deployment, config)


def _made_up(spec: ServiceSpec | None, deployment: Deployment, config: Config) -> str:
    where = {"team": deployment.team, "environment": deployment.environment}
    return made_up_image(spec, config=config, **where) if spec else ""


def subject(
    deployment: Deployment,
    resources: tuple[Built, ...],
    *,
    config: Config,
    spec: ServiceSpec | None,
    kinds: ClusterKinds,
) -> Subject:
    """Return what checks see of a deployment. The Secrets that its spec refers to are said to exist."""
    environment = config.environments[deployment.environment]
    cluster = config.clusters[environment.cluster]
    missing = cluster_facts(cluster, kinds).storage_missing
    return Subject(
        service=deployment.service,
        team=deployment.team,
        environment=deployment.environment,
        namespace=namespace(deployment.team, deployment.environment),
        kubernetes=cluster.kubernetes,
        production=environment.production,
        resources=resources,
        declared_secrets=frozenset(secret.secret for secret in spec.secrets.values()) if spec else frozenset(),
        secret_store=environment.secrets.store if environment.secrets else "",
        cluster=environment.cluster,
        no_default_storage=kinds.type_of(cluster).title if missing else "",
        versions=versions(),
        made_up_image=_made_up(spec, deployment, config),
    )
