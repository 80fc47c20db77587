"""`atmos budget rightsize`: a smaller (or larger) size in `service.yaml` and the files, with its reason and saving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.compose import compose
from atmos_cli.budget.claim import claim
from atmos_cli.budget.prices import with_cost
from atmos_cli.budget.rightsize import Suggestion, Usage, read_usage, suggest
from atmos_cli.commands.budget import states_of
from atmos_cli.commands.change import ChangeOptions, update_edited
from atmos_cli.config import namespace
from atmos_cli.diagnostics import Code, fail
from atmos_cli.gitops.repository import Repository, find_service
from atmos_cli.gitops.services import ServiceName
from atmos_cli.kube.quantity import ZERO
from atmos_cli.spec.model import Resources, read_spec
from atmos_cli.yamlio.edit import edit
from atmos_cli.yamlio.edits import SetValue

if TYPE_CHECKING:
    from pathlib import Path

    from atmos_cli.budget.evaluate import Totals
    from atmos_cli.commands.update import UpdatePlan
    from atmos_cli.kube.quantity import Quantity
    from atmos_cli.spec.model import ServiceSpec

SHOWN = ("requests.cpu", "requests.memory", "money")


@dataclass(frozen=True, slots=True)
class Rightsizing:
    """`edited` is `service.yaml` with the suggestion, None where there is none or it says so already.

    `saves` is by environment and dimension.
    """

    name: ServiceName
    suggestion: Suggestion
    notes: tuple[str, ...] = ()
    saves: tuple[tuple[str, str, Quantity], ...] = ()
    edited: bytes | None = None
    currency: str = ""

    @property
    def path(self) -> str:
        return f"{self.name.directory}/service.yaml"


def rightsize(
    repository: Repository,
    service: str,
    *,
    team: str | None,
    file: Path | None = None,
    prometheus: str | None = None,
    environment: str | None = None,
    days: int = 14,
) -> Rightsizing:
    """Suggest a size from use. Raises ATM412 when the figures cannot be used, ATM511 for an unknown service."""
    deployments = find_service(repository.tree, service, team=team)
    first = next((each for each in deployments if each.environment == environment), deployments[-1])
    path = f"apps/{first.team}/{first.service}/service.yaml"
    data = repository.tree.read(path)
    if data is None:
        message = f"`{first.service}` has no `{path}`, so there is no size that could be changed"
        raise fail(Code.SERVICE_UNKNOWN, message, hint="only services that atmos made have one")
    spec = read_spec(data, path=path)
    usage = _usage(file, prometheus, first, days=days)
    suggestion = suggest(usage)
    if suggestion.problem:
        return Rightsizing(ServiceName(first.team, first.service), suggestion)
    size = Resources(cpu=str(suggestion.cpu), memory=str(suggestion.memory))
    other = spec.model_copy(update={"size": size})
    saves, currency = [], ""
    for each in deployments:
        now, then, currency = _totals(repository, spec, other, each.team, each.environment)
        saves += [(each.environment, name, now.get(name, ZERO) - then.get(name, ZERO)) for name in SHOWN if name in now]
    edited = (
        None if spec.size == size else edit(data, [SetValue(("size",), size.model_dump(exclude_none=True), "port")])
    )
    return Rightsizing(
        name=ServiceName(first.team, first.service),
        suggestion=suggestion,
        notes=tuple(_notes(spec)),
        saves=tuple(saves),
        edited=edited,
        currency=currency,
    )


def plan_rightsizing(repository: Repository, found: Rightsizing, options: ChangeOptions) -> UpdatePlan | None:
    """Plan the update that makes the suggestion take effect in all files; None where there is nothing to do."""
    if found.edited is None:
        return None
    subject = f"Rightsize {found.name.service}: cpu {found.suggestion.cpu}, memory {found.suggestion.memory}"
    return update_edited(repository, found.name, {found.path: found.edited}, options, subject=subject)


def _usage(file: Path | None, prometheus: str | None, deployment: Any, *, days: int) -> Usage:
    if prometheus is not None and file is None:
        from atmos_cli.adapters.usage_prometheus import usage

        where = namespace(deployment.team, deployment.environment)
        name = deployment.service
        return usage(prometheus, namespace=where, workload=name, container=name, days=days)
    if file is None or prometheus is not None:
        raise fail(Code.USAGE, "figures come from one place", hint="`--from FILE` or `--prometheus URL`")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise fail(Code.USAGE_INVALID, f"{file} cannot be read: {error.strerror}") from None
    found = read_usage(data, path=file.name)
    if deployment.service not in found:
        message = f"{file.name} has no container `{deployment.service}`"
        raise fail(Code.USAGE_INVALID, message, hint=f"it has: {', '.join(sorted(found))}")
    return found[deployment.service]


def _totals(
    repository: Repository, spec: ServiceSpec, other: ServiceSpec, team: str, environment: str
) -> tuple[Totals, Totals, str]:
    policy = states_of(repository).policy
    terms, sheet = policy.terms(environment), policy.sheet
    count = policy.budget(environment).count

    def total(each: ServiceSpec) -> Totals:
        made = compose(
            each, team=team, environment=environment, config=repository.config, catalogue=repository.catalogue
        )
        return with_cost(claim([item.resource for item in made.resources], terms=terms).total(count), sheet)

    return total(spec), total(other), sheet.currency if sheet else ""


def _notes(spec: ServiceSpec) -> list[str]:
    own = [name for name, overrides in spec.environments.items() if overrides.size is not None]
    found = [f"{name} has a size of its own, which stays: `environments.{name}.size`" for name in own]
    if "autoscaling" in spec.addons:
        found.append("its autoscaler aims at a percentage of the CPU request, so another request is another aim")
    if spec.language == "java":
        found.append(
            "a JVM takes its heap from the memory limit and needs more while it starts: watch the first rollout"
        )
    return found
