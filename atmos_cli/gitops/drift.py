"""Checks that the quotas of tenants match the budgets, and have room for what is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.budget.dimensions import amount_text, quota_name
from atmos_cli.budget.model import budget_path, read_budget
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, Severity
from atmos_cli.gitops.repository import teams
from atmos_cli.kube.quantity import Quantity, parse
from atmos_cli.kube.shape import mapping
from atmos_cli.layout.skeleton import quota
from atmos_cli.yamlio.load import load
from atmos_cli.yamlio.locate import locate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.gitops.budgeting import Budgeted
    from atmos_cli.ports import FileTree

FILE = "resourcequota.yaml"


def quota_drift(tree: FileTree, environment: str, judged: Budgeted | None) -> Iterator[Diagnostic]:
    """Yield a warning, ATM410, for each limit of a tenant's ResourceQuota that the same tree's budget does not have."""
    try:
        budget = read_budget(tree.read(budget_path(environment)), environment=environment)
    except AtmosError:
        return  # reported where budgets are read
    for team in teams(tree):
        path = f"tenants/{environment}/{team}/{FILE}"
        data = tree.read(path)
        if data is None:
            continue
        hard = _hard(data)
        wanted = quota(budget, team=team)
        for name in sorted({*hard, *wanted}):
            if _amount(hard.get(name)) != _amount(wanted.get(name)):
                yield _differs(path, data, name, hard.get(name), wanted.get(name), environment)
        if judged is not None:
            yield from _too_small(path, data, team, hard, judged)


def _too_small(path: str, data: bytes, team: str, hard: Mapping[str, Any], judged: Budgeted) -> Iterator[Diagnostic]:
    used = judged.after.sums("rollout", None).teams.get(team, {})
    for dimension, amount in used.items():
        name = quota_name(dimension)
        limit = _amount(hard.get(name or ""))
        if name and limit is not None and amount > limit:
            message = (
                f"the quota of '{team}' in '{judged.environment}' has {amount_text(dimension, limit)} of {name}, but a "
                f"rollout of all its services needs {amount_text(dimension, amount)}: the cluster would refuse pods"
            )
            hint = "raise it in the budget, then run `atmos init`; an approval alone does not change the cluster"
            yield _warning(path, data, name, message, hint, judged.environment)


def _differs(path: str, data: bytes, name: str, now: Any, wanted: str | None, environment: str) -> Diagnostic:
    limit = "no limit" if now is None else f"`{now}`"
    message = f"`{path}` has {limit} for {name}, but the budget of '{environment}' makes it {wanted or 'no limit'}"
    hint = "run `atmos init` to renew it; a file that a person changed stays, so remove that one first"
    return _warning(path, data, name, message, hint, environment)


def _warning(path: str, data: bytes, name: str, message: str, hint: str, environment: str) -> Diagnostic:
    where = Location(path, *locate(data, 0, ("spec", "hard", name)), field=f"spec.hard.{name}")
    return Diagnostic(
        Code.QUOTA_DRIFT, message, severity=Severity.WARNING, where=where, hint=hint, environment=environment
    )


def _hard(data: bytes) -> dict[str, Any]:
    try:
        return mapping(load(data), "spec", "hard")
    except AtmosError:
        return {}


def _amount(written: Any) -> Quantity | None:
    try:
        return None if written is None else parse(written)
    except AtmosError:
        return None
