# ruff: noqa: RUF001
"""Every condition that atmos is tried under, by name: what did not harm users, what did, and what nobody could see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tests.sim.scenario import Scenario, Span

Truth = Literal["null", "bad", "nodata"]
BOTH = ("ingress-nginx", "generic-app")
EDGE = ("ingress-nginx",)
APP = ("generic-app",)
DAY = 25 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One condition. Seeds take the sources in turn. `server` is how the metrics server itself behaves."""

    name: str
    truth: Truth
    scenario: Scenario
    sources: tuple[str, ...] = BOTH
    server: Literal["", "unavailable", "partial"] = ""

    def at(self, seed: int) -> Scenario:
        return replace(self.scenario, source=self.sources[seed % len(self.sources)])


def _null(name: str, sources: tuple[str, ...] = BOTH, **what: object) -> Row:
    return Row(name=name, truth="null", scenario=Scenario(**what), sources=sources)  # type: ignore[arg-type]


def _bad(name: str, sources: tuple[str, ...] = BOTH, **what: object) -> Row:
    return Row(name=name, truth="bad", scenario=Scenario(**what), sources=sources)  # type: ignore[arg-type]


def _unseen(name: str, server: Literal["", "unavailable", "partial"] = "", **what: object) -> Row:
    return Row(name=name, truth="nodata", scenario=Scenario(**what), server=server)  # type: ignore[arg-type]


def _grid() -> tuple[Row, ...]:
    """Traffic by error share by burstiness by correlation, with nothing wrong; what repeats is left out."""
    rows = []
    for rps in (0.05, 0.2, 1.0, 10.0, 100.0):
        for p0 in (0.0, 0.001, 0.01, 0.05):
            for sigma in (0.0, 0.2, 0.5, 1.0) if p0 else (0.0,):
                for rho in (0.9, 0.98) if sigma else (0.9,):
                    name = f"steady, {rps:g} rps, {p0:.1%}, σ {sigma:g}, ρ {rho:g}"
                    rows.append(_null(name, rps=rps, p0=p0, sigma=sigma, rho=rho, scrape=30.0, pods=2))
    return tuple(rows)


GRID = _grid()

NULLS = (
    _null("traffic doubles within the hour", sigma=0.2, ramp=2.0),
    _null("errors drift ×1.3 at this hour, as yesterday", sigma=0.2, drift=1.3, yesterday=True),
    _null("traffic +300 % after the deploy", sigma=0.2, traffic=4.0),
    _null(
        "incident of everybody behind the gateway",
        EDGE,
        sigma=0.2,
        gateway_incidents=(Span(start=90, end=900, factor=6),),
    ),
    _null("60 s of draining fails requests", p0=0.001, blip=60.0),
    _null("scrapes fail for 2 min", sigma=0.2, down=(Span(start=150, end=270),)),
    _null("scrapes failed for 2 min before", sigma=0.2, down=(Span(start=-1500, end=-1380),)),
    _null("Prometheus restarts (75 s)", sigma=0.2, absent=(Span(start=150, end=225),)),
    _null("all counters reset twice", sigma=0.2, resets=(-1200.0, 180.0)),
    _null("incident that ended before the deploy", sigma=0.2, incidents=(Span(start=-2700, end=-1500, factor=15),)),
    _null("bots ask for what is not there", sigma=0.2, bots=Span(start=60, end=480, factor=4)),
    _null("latency wobbles (σ 0.3)", EDGE, wobble=0.3),
    _null("a day of history, 100 rps, 1 %, σ 1", rps=100.0, sigma=1.0, before=DAY),
    _null("a day of history, 10 rps, 1 %, σ 0.5", sigma=0.5, before=DAY),
    _null("first deploy, healthy", first=True, p0=0.0),
)

BADS = (
    _bad("×1.5, 100 rps, 1 %", rps=100.0, errors_times=1.5),
    _bad("×2, 100 rps, 1 %", rps=100.0, errors_times=2.0),
    _bad("×2, 10 rps, 1 %", errors_times=2.0),
    _bad("×5, 10 rps, 1 %, σ 0.5", sigma=0.5, errors_times=5.0),
    _bad("×5, 10 rps, 1 %, σ 0.5, a day of history", sigma=0.5, errors_times=5.0, before=DAY),
    _bad("×20, 1 rps, 0.1 %, σ 0.5", rps=1.0, p0=0.001, sigma=0.5, errors_times=20.0),
    _bad("0 → 0.5 %, 10 rps", p0=0.0, errors_plus=0.005),
    _bad("0 → 1 %, 1 rps", rps=1.0, p0=0.0, errors_plus=0.01),
    _bad("0 → 5 %, 1 rps", rps=1.0, p0=0.0, errors_plus=0.05),
    _bad("0 → 50 %, 0.2 rps", rps=0.2, p0=0.0, errors_plus=0.5),
    _bad("0 → 50 %, 0.01 rps", rps=0.01, p0=0.0, errors_plus=0.5),
    _bad("0 → 100 %, 1 rps", rps=1.0, p0=0.0, errors_plus=1.0),
    _bad("one of three pods fails 30 %", APP, sigma=0.2, bad_pods=1, errors_plus=0.3),
    _bad("one of five routes fails 50 %", sigma=0.2, routes=True, errors_plus=0.5),
    _bad("latency ×1.5, 10 rps", slower=1.5),
    _bad("latency ×2, 10 rps", slower=2.0),
    _bad("10 % wait one second more, 10 rps", stalled=0.1),
    _bad("10 % wait one second more, 10 rps, wobble 0.3", stalled=0.1, wobble=0.3),
    _bad("errors leak in from minute 6", sigma=0.2, leak=0.0005, leak_from=360.0),
    _bad("traffic lost, 10 rps", EDGE, traffic=0.0),
    _bad("traffic lost but 2 %, 10 rps", EDGE, traffic=0.02),
    _bad("first deploy, 20 % errors", first=True, p0=0.2),
)

UNSEEN = (
    _unseen("metrics server answers 503", server="unavailable"),
    _unseen("no such metric", silent=True),
    _unseen("targets gone after the deploy", blind="gone"),
    _unseen("targets cannot be scraped after the deploy", blind="down"),
    _unseen("no request, before or after", rps=0.0, p0=0.0),
    _unseen("0.005 rps", rps=0.005, p0=0.0),
    _unseen("every value is NaN", nan=True),
    _unseen("no request on the first deploy", rps=0.0, p0=0.0, first=True),
)

ROWS = (*GRID, *NULLS, *BADS, *UNSEEN)
BY_NAME = {row.name: row for row in ROWS}
