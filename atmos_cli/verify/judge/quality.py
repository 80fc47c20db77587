"""Checks of data quality before any statistics: no data is neither good nor bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.verify.judge.phrase import number, span
from atmos_cli.verify.judge.rules import ENOUGH
from atmos_cli.verify.judge.vetoes import Siblings, expected
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.traffic.counts import GAP

if TYPE_CHECKING:
    from atmos_cli.verify.judge.sequence import Windows
    from atmos_cli.verify.measured import Count
    from atmos_cli.verify.traffic.tally import Tally

LOST = 0.10
"""Less than this part of the expected traffic is lost traffic and no quiet moment."""
LOST_LEAST = 60.0
LOST_WAIT = 180.0
LOST_EXPECTED = 1000.0


def unavailable(message: str) -> Reason:
    return Reason(
        Outcome.INCONCLUSIVE,
        "metrics-unavailable",
        f"the metrics server gave no usable answer: {message}",
        "check `prometheus:` of this cluster in atmos-cli.yaml; what the rollout showed still stands",
    )


def no_metrics(namespace: str, workload: str) -> Reason:
    return Reason(
        Outcome.INCONCLUSIVE,
        "no-metrics",
        f"no metric that atmos knows counts requests of `{workload}` in namespace `{namespace}`",
        "add `metrics` to the spec and count http_requests_total with a status label, or put an ingress in front",
    )


def blind(before: Count, newest: float, *, now: float, scrape: float) -> Reason | None:
    """Report that series which existed have stopped; None when they have not."""
    if now - newest <= max(120.0, GAP * scrape) or not before.total:
        return None
    when = f"for {span(now - newest)}" if newest else "any more"
    return Reason(
        Outcome.INCONCLUSIVE,
        "metrics-blind",
        f"requests were counted before this deploy, but no sample has come {when}",
        "was the metrics port renamed, or does the PodMonitor no longer select the pods? look at `up` of its targets",
    )


def lost(
    before: Count,
    after: Count,
    windows: Windows,
    *,
    history: Tally | None,
    siblings: Siblings | None,
    edge: bool,
) -> Reason | None:
    """Report that expected traffic is missing, for a broken route counts no error at all; None when it is not."""
    until = after.end
    if until - windows.zero < max(LOST_LEAST, 2.5 * windows.scrape):
        return None
    should = expected(history, before, windows, until)
    if should < ENOUGH or after.total >= LOST * should:
        return None
    others = siblings.share_of_traffic() if siblings else None
    said = f"{number(after.total)} requests in {span(until - windows.zero)}, where about {number(should)} were expected"
    if others is not None and others < 0.7:
        message = f"{said}, but the other services behind the same edge have lost traffic too"
        return Reason(
            Outcome.INCONCLUSIVE, "cluster-wide", message, "look at the ingress, the mesh or the network first"
        )
    proven = others is not None and edge and until - windows.zero >= LOST_WAIT and should >= LOST_EXPECTED
    return Reason(
        Outcome.FAIL if proven else Outcome.WARN,
        "traffic-lost",
        said,
        "is the route, the Service's selector or the readiness probe broken? compare the EndpointSlices with the pods",
    )


def always_low(tally: Tally, windows: Windows, look: int) -> bool:
    """Check whether there was too little traffic before as well, so that no judgement is possible."""
    before = tally.count(windows.start, windows.end).total
    return 0 < before < ENOUGH and tally.count(windows.zero, windows.at(look)).total < ENOUGH


def low(after: Count, *, more: bool) -> Reason | None:
    """Report too few requests to say anything, else None; `more`: there is time left to wait for them."""
    if after.total >= ENOUGH:
        return None
    came = f"{number(after.total)} requests in {span(after.end - after.start)}"
    hint = "waiting for more" if more else "add `verify.smoke` probes to the spec, or verify when users are awake"
    return Reason(Outcome.INCONCLUSIVE, "low-traffic", f"only {came}: too few to say anything", hint)


def partial(warnings: tuple[str, ...], *, demoted: bool) -> Reason:
    """Report that the server answered with a part of the data only; `demoted`: it would have been a FAIL."""
    said = "".join(c if c.isprintable() else " " for c in warnings[0])[:200]
    return Reason(
        Outcome.WARN if demoted else Outcome.PASS,
        "partial-data",
        f"the metrics server answered with a part of the data only, which can prove no failure: {said}",
        "look at the stores behind the metrics server",
    )
