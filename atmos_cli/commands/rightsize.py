"""`atmos budget rightsize`: a smaller (or larger) size in `service.yaml`, with its reason and what it saves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.transaction import apply
from atmos_cli.blueprint.compose import compose
from atmos_cli.budget.claim import claim
from atmos_cli.budget.prices import with_cost
from atmos_cli.budget.rightsize import Suggestion, Usage, read_usage, suggest
from atmos_cli.commands.budget import states_of
from atmos_cli.config import namespace
from atmos_cli.diagnostics import Code, fail
from atmos_cli.gitops.repository import Repository, find_service
from atmos_cli.kube.quantity import ZERO
from atmos_cli.result import ChangeSet
from atmos_cli.spec.model import Resources, read_spec
from atmos_cli.yamlio.load import load
from atmos_cli.yamlio.locate import locate

if TYPE_CHECKING:
    from pathlib import Path

    from atmos_cli.budget.evaluate import Totals
    from atmos_cli.kube.quantity import Quantity
    from atmos_cli.spec.model import ServiceSpec

SHOWN = ("requests.cpu", "requests.memory", "money")


@dataclass(frozen=True, slots=True)
class Rightsizing:
    """`changes` are empty when there is nothing to suggest; `saves` is by environment and dimension."""

    service: str
    suggestion: Suggestion
    notes: tuple[str, ...]
    saves: tuple[tuple[str, str, Quantity], ...]
    changes: ChangeSet
    currency: str = ""


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
        return Rightsizing(service=first.service, suggestion=suggestion, notes=(), saves=(), changes=ChangeSet({}))
    size = Resources(cpu=str(suggestion.cpu), memory=str(suggestion.memory))
    other = spec.model_copy(update={"size": size})
    saves, currency = [], ""
    for each in deployments:
        now, then, currency = _totals(repository, spec, other, each.team, each.environment)
        saves += [(each.environment, name, now.get(name, ZERO) - then.get(name, ZERO)) for name in SHOWN if name in now]
    changed = _with_size(data, size)
    changes = ChangeSet({path: changed}, {path: data})
    return Rightsizing(
        service=first.service,
        suggestion=suggestion,
        notes=tuple(_notes(spec)),
        saves=tuple(saves),
        changes=changes,
        currency=currency,
    )


def apply_rightsizing(repository: Repository, found: Rightsizing) -> None:
    apply(repository.root, found.changes)


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
    found = []
    if "autoscaling" in spec.addons:
        found.append("its autoscaler aims at a percentage of the CPU request, so another request is another aim")
    if spec.language == "java":
        found.append(
            "a JVM takes its heap from the memory limit and needs more while it starts: watch the first rollout"
        )
    return found


def _with_size(data: bytes, size: Resources) -> bytes:
    """Return `service.yaml` with another `size`; every other line stays as it is."""
    lines = data.decode().splitlines(keepends=True)
    text = f'size: {{cpu: "{size.cpu}", memory: "{size.memory}"}}\n'
    value = load(data)
    if not isinstance(value, dict) or "size" not in value:
        return ("".join(lines).rstrip("\n") + "\n" + text).encode()
    start = locate(data, 0, ("size",))[0] - 1
    end = start + 1
    while end < len(lines) and lines[end][:1] in (" ", "\t"):
        end += 1
    return "".join([*lines[:start], text, *lines[end:]]).encode()
