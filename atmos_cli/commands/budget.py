"""`atmos budget show|explain|diff|check|init`: what is used, by whom, what it costs, and what a change makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.snapshots import merged
from atmos_cli.adapters.git.windows import branches
from atmos_cli.budget.explain import Explained, explained
from atmos_cli.budget.prices import with_cost
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.gitops.budgeting import Budgeted, budgeted
from atmos_cli.gitops.judging import Judged, judge
from atmos_cli.gitops.policy import decides
from atmos_cli.gitops.repository import Deployment, Repository, find_service
from atmos_cli.gitops.states import States
from atmos_cli.gitops.usage import use_of
from atmos_cli.history.approvals import covered
from atmos_cli.kube.quantity import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.budget.evaluate import Totals
    from atmos_cli.budget.model import Budget, Count
    from atmos_cli.budget.prices import PriceSheet
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.kube.quantity import Quantity

MOST_BRANCHES = 20
BRANCHES = "atmos/*"


@dataclass(frozen=True, slots=True)
class Shown:
    """One environment: what all of it uses, and by team or service; `count` says which of the three numbers."""

    environment: str
    count: Count
    budget: Budget
    sheet: PriceSheet | None
    total: Totals
    parts: tuple[tuple[str, Totals], ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExplainedDeployment:
    """One deployment, explained; `total` by count."""

    deployment: Deployment
    lines: tuple[Explained, ...]
    totals: dict[str, Totals]
    sheet: PriceSheet | None


def states_of(repository: Repository, *, base: str | None = None) -> States:
    return States(repository.root, repository.tree, branch=repository.config.git.branch, base=base)


def show(
    repository: Repository, environments: tuple[str, ...], *, by: str = "team", what: Count | None = None
) -> tuple[Shown, ...]:
    """Return what the checkout uses. Raises AtmosError with every budget that cannot be read."""
    states = states_of(repository)
    effective = states.here()
    found: list[Shown] = []
    problems: list[Diagnostic] = []
    for environment in repository.config.named(environments):
        try:
            budget, sheet = states.policy.budget(environment), states.policy.sheet
            count = what or budget.count
            use = use_of(effective, environment, services=None if by == "service" else ())
        except AtmosError as error:
            problems += error.diagnostics
            continue
        sums = use.sums(count, sheet)
        named = (
            [(f"{team}/{service}", totals) for (team, service), totals in sums.services.items()]
            if by == "service"
            else list(sums.teams.items())
        )
        parts = sorted((part for part in named if _any(part[1])), key=lambda part: (-_weight(part[1]), part[0]))
        unknown = tuple(f"{team}/{name}: {note}" for (team, name), notes in sums.unknown.items() for note, _ in notes)
        found.append(
            Shown(
                environment=environment,
                count=count,
                budget=budget,
                sheet=sheet,
                total=sums.environment,
                parts=tuple(parts),
                unknown=unknown,
            )
        )
    if problems:
        raise AtmosError(*dict.fromkeys(problems))
    return tuple(found)


def _any(totals: Totals) -> bool:
    return any(amount.nano for amount in totals.values())


def _weight(totals: Totals) -> int:
    """Return what puts the largest users first: money where there are prices, else CPU."""
    return totals.get("money", totals.get("requests.cpu", ZERO)).nano


def explain(
    repository: Repository, service: str, *, team: str | None, environments: tuple[str, ...]
) -> tuple[ExplainedDeployment, ...]:
    """Explain what a service asks for. Raises ATM511 for an unknown service, and what a build raises."""
    states = states_of(repository)
    effective = states.here()
    wanted = repository.config.named(environments)
    found = []
    for deployment in find_service(repository.tree, service, team=team):
        if deployment.environment in wanted:
            terms = states.policy.terms(deployment.environment)
            lines = explained([built.resource for built in effective.of(deployment)], terms=terms)
            claimed = effective.claim(deployment)
            totals = {
                count: with_cost(claimed.total(count), states.policy.sheet) for count in ("steady", "peak", "rollout")
            }
            found.append(ExplainedDeployment(deployment, lines, totals, states.policy.sheet))
    return tuple(found)


def diff(repository: Repository, base: str, head: str) -> tuple[Budgeted, ...]:
    """Compare each environment at `head` with `base`, by the budgets of `base`."""
    states = states_of(repository, base=base)
    before, after = _commit(states, base), _commit(states, head)
    old, new = states.at(before), states.at(after)
    return tuple(
        budgeted(new, before=old, environment=environment, earlier=states.earlier([environment]))
        for environment in repository.config.environments
    )


def check(repository: Repository, *, base: str | None = None) -> Judged:
    """Judge the tree that will land: HEAD merged into the base. For CI, merge groups, hooks; no prompt or network."""
    states = states_of(repository, base=base)
    if states.repo is None or states.base is None:
        message = f"there is no commit `{base or repository.config.git.branch}` to compare with"
        raise fail(Code.GIT_FAILED, message, hint="fetch it (`fetch-depth: 0` in CI), or name one with `--base REF`")
    head = _commit(states, "HEAD")
    with merged(states.repo, states.base, head) as together:
        tree = together or head
        before, after = states.at(states.base), states.at(tree)
        return judge(
            states,
            before=before,
            after=after,
            environments=tuple(repository.config.environments),
            approvals=lambda rows: covered(
                rows, after=after, before=before, root=repository.root, base=base, author=False
            ),
            changed=[path for path in repos.changed_paths(states.repo, states.base, tree) if decides(path)],
        )


def _commit(states: States, name: str) -> str:
    found = repos.resolve(states.repo, name) if states.repo else None
    if found is None:
        raise fail(Code.GIT_FAILED, f"there is no commit `{name}`", hint="name a branch, tag or commit")
    return found


@dataclass(frozen=True, slots=True)
class Pending:
    """A branch that is not merged yet, and what it would add to an environment."""

    branch: str
    environment: str
    adds: tuple[tuple[str, Quantity], ...]


def pending(repository: Repository, environments: Sequence[str], *, without: str = "") -> tuple[Pending, ...]:
    """Return what other open branches of atmos would add, for information: which of them land is not known."""
    states = states_of(repository)
    if states.repo is None or states.base is None:
        return ()
    before = states.at(states.base)
    found: list[Pending] = []
    for branch, commit in branches(states.repo, BRANCHES, count=MOST_BRANCHES):
        if branch != without:
            with merged(states.repo, states.base, commit) as tree:
                found += _added(states.at(tree), before, environments, branch) if tree else ()
    return tuple(found)


def _added(after: Effective, before: Effective, environments: Sequence[str], branch: str) -> Iterator[Pending]:
    for environment in environments:
        try:
            judged = budgeted(after, before=before, environment=environment)
        except AtmosError:
            continue
        adds = [(r.dimension, r.after - r.before) for r in judged.rows if r.scope == "environment"]
        more = tuple((dimension, amount) for dimension, amount in adds if amount.nano > 0)
        if more:
            yield Pending(branch, environment, more)


def users(judged: Budgeted, dimension: str, *, most: int = 3) -> tuple[tuple[str, Quantity], ...]:
    """Return the teams that use most of a dimension."""
    sums = judged.after.sums(judged.budget.count, judged.sheet)
    found = sorted(
        ((team, totals.get(dimension, ZERO)) for team, totals in sums.teams.items()), key=lambda u: -u[1].nano
    )
    return tuple((team, amount) for team, amount in found[:most] if amount.nano)
