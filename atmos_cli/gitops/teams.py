"""The team that is meant where a service comes in."""

from __future__ import annotations

from atmos_cli.diagnostics import Code, fail
from atmos_cli.foreign import shell


def team_of(known: tuple[str, ...], wanted: str | None) -> str:
    """Return the team that is meant: `wanted`, or the only one there is. Raises AtmosError when that is not one."""
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted is None:
        hint = f"say which: {' or '.join(f'`--team {shell(name)}`' for name in known)}" if known else "run `atmos init`"
        raise fail(Code.TEAM_UNKNOWN, "this repo has several teams" if known else "this repo has no team", hint=hint)
    if wanted not in known:
        message = f"team `{wanted}` has no tenant in this repo"
        raise fail(Code.TEAM_UNKNOWN, message, hint=f"add it with `atmos new team {shell(wanted)}`")
    return wanted
