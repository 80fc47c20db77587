"""The rule for probes: `health check at /up`, `liveness /live`, `readiness /ready`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.vocabulary import normal

if TYPE_CHECKING:
    from atmos_cli.spec.parse import Parse

# `health` is all three probes, `live` those that ask whether it runs, `ready` the one that asks whether it serves.
_SAID = {
    "health": "health",
    "health check": "health",
    "health checks": "health",
    "healthcheck": "health",
    "healthchecks": "health",
    "health probe": "health",
    "healthz": "health",
    "probe": "health",
    "probes": "health",
    "liveness": "live",
    "liveness check": "live",
    "liveness probe": "live",
    "live": "live",
    "readiness": "ready",
    "readiness check": "ready",
    "readiness probe": "ready",
    "ready": "ready",
}
_WITH_A_PATH_ONLY = frozenset({"live", "ready", "health"})
_LINKS = frozenset({"at", "on", "is", "path", "endpoint", "under", "url", "get", "via", "with", "the"})
_PATH = re.compile(r"/[!-~]{0,200}")
_ALONE = frozenset({"/healthz", "/health"})


def health(parse: Parse, start: int) -> int:
    """Claim the path of a probe; what names a probe and no path is asked about."""
    if parse.key(start) in _ALONE:
        return parse.token("health", parse.text_at(start), start, 1)
    for count in () if parse.is_noun(start) else (2, 1):
        said = " ".join(normal(parse.key(start, n)) for n in range(count))
        if said not in _SAID:
            continue
        lead = count
        while parse.key(start, lead) in _LINKS:
            lead += 1
        path = parse.text_at(start, lead)
        if _PATH.fullmatch(path):
            return parse.token(_SAID[said], path, start, lead + 1)
        if said in _WITH_A_PATH_ONLY and said != "health":
            return 0
        message = f"{parse.said(start, count)} is not followed by a path"
        hint = "write `health check at /healthz`; without words the probes ask for what the language usually has"
        return parse.problem(Code.SPEC_INVALID, message, start, count, hint=hint)
    return 0
