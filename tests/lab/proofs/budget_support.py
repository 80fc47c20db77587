"""Services of a team whose budget is exactly what atmos says that they ask for, or a little less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.budget.model import Budget
from atmos_cli.commands.init import InitOptions, new_config
from atmos_cli.config import Config
from atmos_cli.diagnostics import errors
from atmos_cli.gitops.effective import Effective
from atmos_cli.gitops.generate import generate
from atmos_cli.gitops.guard import guard
from atmos_cli.gitops.repository import Deployment
from atmos_cli.kube.quantity import parse
from tests.lab.proofs.golden import bundled, repo_files
from tests.lab.proofs.support import in_memory, tenant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.diagnostics import Code
    from atmos_cli.kube.quantity import Quantity
    from atmos_cli.spec.model import ServiceSpec
    from tests.lab.kube import Object

ENVIRONMENT = "dev"
DIMENSIONS = ("requests.cpu", "requests.memory", "limits.memory", "requests.storage", "pods", "persistentvolumeclaims")
# The smallest step of each, so that one step less is the sharpest limit that must refuse.
STEP = {"requests.cpu": "1m"}


@dataclass(frozen=True, slots=True)
class Tried:
    """A repo whose budget has these limits: what atmos says to its one service, and the objects of both."""

    codes: tuple[Code, ...]
    home: list[Object]
    objects: list[Object]


def config(settings: Mapping[str, Any]) -> Config:
    plain = new_config(InitOptions(environments=(ENVIRONMENT,)), catalogue=bundled()).model_dump(by_alias=True)
    plain["environments"][ENVIRONMENT] |= settings
    return Config.model_validate(plain)


def claimed(spec: ServiceSpec, settings: Mapping[str, Any], *, count: str = "rollout") -> dict[str, Quantity]:
    """What atmos says that the service asks for in a rollout, by dimension; zero for what it does not ask for."""
    deployment, effective = _effective("claims", spec, settings, {"pods": "1000"})
    total = effective.claim(deployment).total(count)  # type: ignore[arg-type]
    return {name: total.get(name, parse("0")) for name in DIMENSIONS}


def tried(team: str, spec: ServiceSpec, settings: Mapping[str, Any], limits: Mapping[str, str]) -> Tried:
    deployment, effective = _effective(team, spec, settings, limits)
    before = Effective(in_memory(_home(team, settings, limits)))
    guarded = guard(effective, touched=[deployment], before=before, environments=[ENVIRONMENT])
    objects = [built.resource for built in effective.of(deployment)]
    codes = tuple(each.code for each in errors(guarded.diagnostics))
    return Tried(codes, tenant(effective.tree, team, ENVIRONMENT), objects)


def texts(amounts: Mapping[str, Quantity]) -> dict[str, str]:
    return {name: str(amount) for name, amount in amounts.items()}


def one_less(amounts: Mapping[str, Quantity], dimension: str) -> dict[str, str]:
    less = amounts[dimension] - parse(STEP.get(dimension, "1"))
    return {**texts(amounts), dimension: str(less)}


def _effective(
    team: str, spec: ServiceSpec, settings: Mapping[str, Any], limits: Mapping[str, str]
) -> tuple[Deployment, Effective]:
    made = generate(spec, team=team, environments=(ENVIRONMENT,), config=config(settings), catalogue=bundled())
    tree = in_memory(_home(team, settings, limits), made.files)
    return Deployment(team, spec.name, ENVIRONMENT), Effective(tree)


def _home(team: str, settings: Mapping[str, Any], limits: Mapping[str, str]) -> dict[str, bytes]:
    budget = Budget.model_validate(
        {"environment": ENVIRONMENT, "limits": {name: {"limit": amount} for name, amount in limits.items()}}
    )
    return repo_files(config(settings), teams=(team,), budgets={ENVIRONMENT: budget})
