"""The parts of an assessment that only explain it: errors by label, quantiles, the transition, the burn rate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.verify.judge.latency import quantiles
from atmos_cli.verify.traffic.tally import by_label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from atmos_cli.verify.judge.material import Material
    from atmos_cli.verify.measured import Assessment, Count
    from atmos_cli.verify.traffic.tally import Tally

MOST_VALUES = 20
"""How many values of one label are reported: those with the most bad requests since."""


def described(done: Assessment, material: Material, tally: Tally) -> Assessment:
    windows, source, limits = material.windows, material.source, material.limits
    now = windows.at(material.look)
    after = tally.count(windows.zero, now)
    return replace(
        done,
        codes=_parts(material, source.code),
        pods=_parts(material, lambda labels: labels.get("pod", "")),
        routes=_parts(material, source.route),
        transition=tally.count(material.started, windows.zero if material.look else material.now),
        burn=after.share / (1 - limits.slo) if after.total and limits.slo < 1 else None,
        quantiles=quantiles(material.slow, source, windows, now=now) if material.slow and material.look else {},
    )


def _parts(material: Material, name: Callable[[Mapping[str, str]], str]) -> dict[str, tuple[Count, Count]]:
    windows = material.windows
    counted = {
        value: (one.count(windows.start, windows.end), one.count(windows.zero, windows.at(material.look)))
        for value, one in by_label(material.flows, material.source, name, scrape=windows.scrape).items()
    }
    present = {value: pair for value, pair in counted.items() if pair[0].total or pair[1].total}
    worst = sorted(present, key=lambda value: (-present[value][1].bad, -present[value][1].total, value))
    return {value: present[value] for value in worst[:MOST_VALUES]}
