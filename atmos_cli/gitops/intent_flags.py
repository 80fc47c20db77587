"""What the options of `atmos new service` say, beside the words; a contradiction is refused, either way round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code, fail
from atmos_cli.gitops.plan_rows import shown_value

if TYPE_CHECKING:
    from pathlib import Path

    from atmos_cli.gitops.plan_rows import NewDraft


@dataclass(frozen=True, slots=True)
class Flags:
    """What the options of `atmos new service` say; None or empty: not given."""

    name: str | None = None
    team: str | None = None
    environments: tuple[str, ...] = ()
    image: str | None = None
    hosts: tuple[str, ...] = ()
    size: str | None = None
    replicas: int | None = None
    scale: str | None = None
    port: str | None = None
    health_path: str | None = None
    ready_path: str | None = None
    env: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    addons: tuple[str, ...] = ()
    checkout: Path | None = None


def apply_flags(draft: NewDraft, flags: Flags) -> None:
    """Put what `flags` say into the draft."""
    for name, value in (("name", flags.name), ("image", flags.image)):
        if value is not None:
            draft.put_flag(name, value, value, f"--{name}")
    if flags.size is not None:
        _size(draft, flags.size)
    if flags.port is not None:
        pair = port_numbers(flags.port)
        draft.put_flag("port", pair, shown_value(pair), "--port")
    if flags.hosts:
        _hosts(draft, flags.hosts)
    _replicas(draft, flags)
    for name in flags.addons:
        draft.add(name, "--with")
    _probes(draft, flags)
    for each in flags.env:
        draft.put_one("env", *variable(each), "--set-env")
    for each in flags.secrets:
        draft.put_one("secrets", secret_name(each), None, "--secret")


def _size(draft: NewDraft, size: str) -> None:
    """Put a class; where the words have one amount, the class has the other."""
    if {"cpu", "memory"} <= draft.values.keys():
        draft.contradicts("--size", "cpu")
        return
    draft.put_flag("size", size, size, "--size")


def _hosts(draft: NewDraft, hosts: tuple[str, ...]) -> None:
    said = draft.values.get("hosts", [])
    both = list(dict.fromkeys((*said, *hosts)))
    source = f"{draft.rows['hosts'].source}; flag --host" if said else "flag --host"
    draft.put("hosts", both, ", ".join(both), source)
    draft.add("http", "--host")


def _replicas(draft: NewDraft, flags: Flags) -> None:
    scaled = "scaling" if "scaling" in draft.values else "autoscaling"
    if flags.replicas is not None:
        if scaled in draft.values or scaled in draft.values.get("addons", {}):
            draft.contradicts("--replicas", scaled)
        draft.put_flag("replicas", flags.replicas, str(flags.replicas), "--replicas")
    if flags.scale is not None:
        bounds = replica_bounds(flags.scale)
        if "replicas" in draft.values:
            draft.contradicts("--scale", "replicas")
        draft.put_flag("scaling", bounds, shown_value(bounds), "--scale")
        draft.add("autoscaling", "--scale")


def _probes(draft: NewDraft, flags: Flags) -> None:
    wanted = [("startup", flags.health_path), ("liveness", flags.health_path), ("readiness", flags.ready_path)]
    probes: dict[str, Any] = draft.values.get("probes", {})
    for name, path in wanted:
        flag = "--ready-path" if name == "readiness" else "--health-path"
        if path and probes.get(name, {"path": path}) != {"path": path}:
            if name != "startup":
                draft.contradicts(flag, "probes")
        elif path:
            probes = {**probes, name: {"path": path}}
    if flags.health_path or flags.ready_path:
        shown = ", ".join(dict.fromkeys(probe["path"] for probe in probes.values()))
        source = "flag --health-path, --ready-path"
        said = draft.rows.get("probes")
        draft.put("probes", probes, shown, f"{said.source}; {source}" if said else source)


def port_numbers(text: str) -> dict[str, int]:
    service, _, container = text.lstrip(":").partition(":")
    numbers = [number for number in (service, container or service) if number.isascii() and number.isdigit()]
    if len(numbers) != 2 or not all(1 <= int(number) <= 65535 for number in numbers):
        hint = "use a number from 1 to 65535, or two as in `80:3000` (clients:process)"
        raise fail(Code.SPEC_PORT_INVALID, f"`{text}` is not a port", hint=hint)
    return {"service": int(numbers[0]), "container": int(numbers[1])}


def replica_bounds(text: str) -> dict[str, int]:
    low, dots, high = text.partition("..")
    if not (dots and low.isdigit() and high.isdigit()):
        raise fail(Code.USAGE, f"`--scale {text}` is not a range", hint="write it as `--scale 2..10`")
    return {"min": int(low), "max": int(high)}


def variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        # Not repeated: it may be the value alone, and that may be a secret.
        raise fail(Code.USAGE, "the text after `--set-env` has no `=`", hint="write it as `--set-env NAME=value`")
    return name, value


def secret_name(text: str) -> str:
    """Return the variable that a secret is to be in. Raises ATM901 for any other text, not repeated."""
    if not text.isidentifier() or not text.isascii():
        hint = "write the name of the variable only, as in `--secret STRIPE_KEY`; the plan says where its value goes"
        raise fail(Code.USAGE, "the text after `--secret` is not the name of a variable", hint=hint)
    return text
