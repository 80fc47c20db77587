"""What a container should ask for by what it was seen to use: the rules of KRR, exactly, and when to say nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location
from atmos_cli.kube.quantity import ZERO, Quantity, parse
from atmos_cli.yamlio.load import load
from atmos_cli.yamlio.locate import locate

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_POINTS = 100
LEAST_DAYS = 7
CPU_FLOOR = parse("10m")
MEMORY_FLOOR = parse("100Mi")
MEBIBYTE = 1 << 20
BUFFER = 15  # percent of memory above the most that was seen


@dataclass(frozen=True, slots=True)
class Usage:
    """What one container used: `cpu` is the 95th percentile in cores, `memory` the maximum in bytes, over `days`."""

    cpu: Quantity
    memory: Quantity
    points: int
    days: int
    oom: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Suggested requests: `problem` says why there are none; else `reason` says why these."""

    cpu: Quantity = ZERO
    memory: Quantity = ZERO
    reason: str = ""
    problem: str = ""


def suggest(usage: Usage) -> Suggestion:
    """Suggest requests: CPU the 95th percentile, at least 10m; memory the maximum and 15 %, in MiB, at least 100Mi."""
    if usage.oom:
        return Suggestion(problem="it was killed for want of memory, so what it was seen to use is not what it needs")
    if usage.points < LEAST_POINTS:
        return Suggestion(problem=f"{usage.points} points are too few to judge by, {LEAST_POINTS} are the least")
    if usage.days < LEAST_DAYS:
        return Suggestion(problem=f"{usage.days} days do not show a week, {LEAST_DAYS} are the least")
    cpu = max(usage.cpu.to_milli(), CPU_FLOOR)
    wanted = -(-usage.memory.nano * (100 + BUFFER) // (100 * 10**9 * MEBIBYTE))
    memory = max(Quantity(wanted * MEBIBYTE * 10**9, "Ki"), MEMORY_FLOOR)
    reason = (
        f"95 of 100 times it used at most {usage.cpu.to_milli()} CPU; the most memory it used is "
        f"{-(-usage.memory.nano // (10**9 * MEBIBYTE))}Mi, and {BUFFER} % are kept free ({usage.days} days, "
        f"{usage.points} points)"
    )
    return Suggestion(Quantity(cpu.nano, "k"), memory, reason)


def read_usage(data: bytes, *, path: str) -> dict[str, Usage]:
    """Read usage by container (JSON, YAML): `containers: {NAME: {cpu, memory, points, days, oom}}`. ATM412, located."""
    value = load(data, path=path)
    listed = value.get("containers") if isinstance(value, dict) else None
    if not isinstance(listed, dict) or not listed:
        message = f"`{path}` has no `containers`, each with `cpu`, `memory`, `points` and `days`"
        raise AtmosError(Diagnostic(Code.USAGE_INVALID, message, where=Location(path, 1, 1)))
    found, problems = {}, []
    for name, fields in listed.items():
        try:
            found[str(name)] = _usage(fields)
        except (AtmosError, KeyError, TypeError, ValueError) as error:
            why = error.diagnostics[0].message if isinstance(error, AtmosError) else _why(error)
            where = Location(path, *locate(data, 0, ("containers", name)), field=f"containers.{name}")
            problems.append(Diagnostic(Code.USAGE_INVALID, f"`containers.{name}`: {why}", where=where))
    if problems:
        raise AtmosError(*problems)
    return found


def _usage(fields: Mapping[str, Any]) -> Usage:
    cpu, memory = parse(fields["cpu"]), parse(fields["memory"])
    points, days = fields["points"], fields["days"]
    if min(cpu, memory) < ZERO:
        raise ValueError("an amount is negative")
    for number in (points, days):
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise ValueError("`points` and `days` are whole numbers")
    return Usage(cpu, memory, points, days, oom=fields.get("oom") is True)


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"`{error.args[0]}` is missing"
    return str(error) if isinstance(error, ValueError) else "this is not a mapping"
