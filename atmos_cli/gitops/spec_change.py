"""Turns words and flags into an edited `service.yaml`, proven to be a spec before anything else looks at it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.nouns import vocabulary
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.gitops.host_places import host_places
from atmos_cli.gitops.intent_flags import port_numbers, replica_bounds, secret_name, variable
from atmos_cli.gitops.plain_secrets import require_no_secret, require_no_secrets
from atmos_cli.spec.change.apply import change_spec
from atmos_cli.spec.change.items import ChangeItem, contradictions
from atmos_cli.spec.change.read import EXAMPLE, read_change
from atmos_cli.spec.model import read_spec
from atmos_cli.yamlio.edit import edit
from atmos_cli.yamlio.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.config import Config
    from atmos_cli.spec.change.items import ChangeKind
    from atmos_cli.spec.change.work import SpecChange
    from atmos_cli.spec.model import ServiceSpec

_EVERYWHERE = frozenset({"service_port", "container_port", "addon", "without", "secret"})


@dataclass(frozen=True, slots=True)
class ChangeFlags:
    """What the options of `atmos change` say; None or empty: not given. `environments`: where all of it holds."""

    size: str | None = None
    replicas: int | None = None
    scale: str | None = None
    port: str | None = None
    hosts: tuple[str, ...] = ()
    addons: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    unset_env: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditedSpec:
    """`data` is the new `service.yaml`, the same as before where nothing changes."""

    data: bytes
    change: SpecChange


def edit_spec(
    text: str,
    flags: ChangeFlags,
    *,
    data: bytes,
    path: str,
    environments: Sequence[str],
    config: Config,
    catalogue: Catalogue,
) -> EditedSpec:
    """Return the `service.yaml` in `data` edited as `text` and `flags` ask, all other lines kept.

    `environments` are those that the service is in. Raises AtmosError with everything that is wrong with them at once.
    """
    require_no_secret(text, "the intent", hint="leave it out: what an intent says is kept in Git")
    spec = read_spec(data, path=path)
    _require_there(flags.environments, environments, spec)
    asked = tuple(_flagged(flags))
    items, repeated, problems = read_change(
        text, vocabulary(catalogue), spec=spec, environments=environments, only=flags.environments
    )
    problems += tuple(_scope_problems(asked))
    if problems:
        raise AtmosError(*problems)
    if not items and not repeated and not asked:
        raise AtmosError(
            Diagnostic(Code.INTENT_EMPTY, "the intent says nothing", hint=f"say what to change, {EXAMPLE}")
        )
    wanted = _served_in_production(_together(items, asked), spec, environments, config)
    change = change_spec(load(data), spec, wanted, domain=lambda name: _domain(spec, name, config))
    change = replace(change, already=(*repeated, *change.already))
    return EditedSpec(_edited(data, path, change, config), change)


def _edited(data: bytes, path: str, change: SpecChange, config: Config) -> bytes:
    try:
        edited = edit(data, change.edits)
    except AtmosError as error:
        raise AtmosError(*(_in_file(each, path) for each in error.diagnostics)) from None
    try:
        after = read_spec(edited, path=path)
    except AtmosError as error:
        raise AtmosError(*dict.fromkeys(_of_words(each, change) for each in error.diagnostics)) from None
    require_no_secrets(after.model_dump(mode="json"), config=config)
    return edited


def _in_file(diagnostic: Diagnostic, path: str) -> Diagnostic:
    return diagnostic.at(replace(diagnostic.where, path=path)) if diagnostic.where else diagnostic


def _of_words(diagnostic: Diagnostic, change: SpecChange) -> Diagnostic:
    """Return a fault of a spec that is not written as a fault of the words or the flag that asked for it."""
    field = diagnostic.where.field if diagnostic.where else ""
    said = [each.said for each in change.values if _touch(each.field, field)] or [each.said for each in change.values]
    names = " and ".join(dict.fromkeys(said))
    return replace(diagnostic, message=f"{names} cannot be done: {diagnostic.message}", where=None)


def _touch(left: str, right: str) -> bool:
    return bool(right) and (f"{left}.".startswith(f"{right}.") or f"{right}.".startswith(f"{left}."))


def _require_there(wanted: Sequence[str], environments: Sequence[str], spec: ServiceSpec) -> None:
    hint = f"it is in: {', '.join(environments)}"
    found = [
        Diagnostic(Code.ENVIRONMENT_UNKNOWN, f"{spec.name} is not in the environment `{name}`", hint=hint)
        for name in wanted
        if name not in environments
    ]
    if found:
        raise AtmosError(*found)


def _flagged(flags: ChangeFlags) -> Iterator[ChangeItem]:
    """Yield what the flags ask for, once for each environment."""
    for environment in flags.environments or ("",):
        need: ChangeKind = "needs" if environment else "addon"
        one: list[tuple[str, ChangeKind, str, Any]] = []
        if flags.size is not None:
            one.append(("--size", "size", "", flags.size))
        if flags.replicas is not None:
            one.append(("--replicas", "replicas", "", flags.replicas))
        if flags.scale is not None:
            bounds = replica_bounds(flags.scale)
            one.append(("--scale", need, "autoscaling", True))
            one += [("--scale", "min", "", bounds["min"]), ("--scale", "max", "", bounds["max"])]
        if flags.port is not None:
            pair = port_numbers(flags.port)
            one += [
                ("--port", "service_port", "", pair["service"]),
                ("--port", "container_port", "", pair["container"]),
            ]
        for host in flags.hosts:
            one += [("--host", need, "http", True), ("--host", "host", host, True)]
        one += [("--with", "addon", name, True) for name in flags.addons]
        one += [("--without", "without", name, True) for name in flags.without]
        one += [("--set-env", "variable", *variable(each)) for each in flags.env]
        one += [("--secret", "secret", secret_name(each), True) for each in flags.secrets]
        one += [("--unset-env", "no_variable", name, True) for name in flags.unset_env]
        for flag, kind, key, value in one:
            said = f"`{flag} {key or value}`" if kind != "variable" else f"`{flag} {key}=…`"
            yield ChangeItem(kind, key, value, environment, source=f"flag {flag}", said=said)


def _scope_problems(items: Sequence[ChangeItem]) -> Iterator[Diagnostic]:
    for item in items:
        if item.environment and item.kind in _EVERYWHERE:
            message = f"{item.said} is the same in every environment, and cannot be for {item.environment} alone"
            yield Diagnostic(Code.INTENT_CONTRADICTION, message, hint="leave out `--env`, or give two commands")


def _together(items: Sequence[ChangeItem], asked: Sequence[ChangeItem]) -> tuple[ChangeItem, ...]:
    """Return all items; what contradicts each other is refused, also words and a flag, either way round."""
    found = [
        Diagnostic(
            Code.INTENT_CONTRADICTION, f"{one.said} and {other.said} contradict each other", hint="keep one of them"
        )
        for one, other in contradictions((*items, *asked))
    ]
    if found:
        raise AtmosError(*dict.fromkeys(found))
    return tuple({item.slot: item for item in (*items, *asked)}.values())


def _served_in_production(
    items: Sequence[ChangeItem], spec: ServiceSpec, environments: Sequence[str], config: Config
) -> tuple[ChangeItem, ...]:
    """Return the items, a host that is said of no environment for production; not where the spec has hosts of all."""
    found: list[ChangeItem] = []
    for item in items:
        if item.kind not in {"host", "no_host"} or item.environment or spec.hosts:
            found.append(item)
        elif item.kind == "host":
            form = "`host {host} in {environment}`"
            places = host_places((item.key,), environments=environments, config=config, form=form)
            found += (replace(item, environment=name) for name in places)
        else:
            there = [name for name, each in spec.environments.items() if item.key in (each.hosts or ())]
            found += (replace(item, environment=name) for name in there) if there else (item,)
    return tuple(found)


def _domain(spec: ServiceSpec, environment: str, config: Config) -> str:
    if not environment:
        return f"{spec.name}.DOMAIN, with the domain of each environment"
    return f"{spec.name}.{config.environments[environment].http.domain}"
