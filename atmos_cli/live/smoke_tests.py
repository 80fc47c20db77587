"""The smoke probes of a spec, run once when the pods are good and users are too few to judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.verify.outcome import Outcome, Reason

if TYPE_CHECKING:
    from atmos_cli.ports import Ask, Clock
    from atmos_cli.verify.model import Limits, Target

TRIES = 3
PAUSE_SECONDS = 2.0


def smoke(ask_web: Ask, clock: Clock, target: Target, limits: Limits) -> Reason | None:
    """Run every probe: PASS when all answer as the spec says, FAIL with the first that does not, None without any."""
    if not limits.smoke or not target.hosts:
        return None
    for probe in limits.smoke:
        path, _, status = probe.rpartition(" ")
        url = f"https://{target.hosts[0]}{path}"
        wrong = _asked(ask_web, clock, url, int(status))
        if wrong:
            message = f"the smoke probe {url} {wrong}, not {status}"
            return Reason(Outcome.FAIL, "smoke-failed", message, hint=f"curl -i {url}")
    probes = "1 smoke probe answers" if len(limits.smoke) == 1 else f"{len(limits.smoke)} smoke probes answer"
    return Reason(Outcome.PASS, "smoke", f"{probes} as expected; too few users to say more")


def _asked(ask_web: Ask, clock: Clock, url: str, wanted: int) -> str:
    """Return what the URL answers instead of `wanted`, after a few tries; "" when it answers as wanted."""
    for attempt in range(TRIES):
        found = ask_web("get", url)
        if found["status"] == wanted:
            return ""
        if attempt + 1 < TRIES:
            clock.sleep(PAUSE_SECONDS)
    return f"answers {found['status']}" if found["status"] else f"has no answer ({found['why']})"
