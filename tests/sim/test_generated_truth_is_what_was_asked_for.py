"""The simulator itself: what it records holds the truth of its scenario, with everything that makes scraping hard."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.sim.catalogue import ROWS
from tests.sim.generator import DAY, generate, pods
from tests.sim.scenario import DEPLOY, Scenario, Span, times

SOURCES = {
    "ingress-nginx": ("nginx_ingress_controller_requests", "status"),
    "generic-app": ("http_requests_total", "code"),
}
NAMED = pytest.mark.parametrize("source", SOURCES)


def counted(world, source, start, end, *, code=None):
    """Requests between two times, over the series of our service, by the plain sum of what each counter grew."""
    name, label = SOURCES[source]
    total = 0.0
    for one in world.series.get(name, ()):
        ours = one.labels.get("ingress", "web") == "web"
        if ours and (code is None or one.labels[label] == code):
            values = [0.0, *(v for at, v in zip(one.at, one.values, strict=True) if start < at <= end)]
            before = [v for at, v in zip(one.at, one.values, strict=True) if at <= start]
            values[0] = before[-1] if before else 0.0
            total += sum(now - then if now >= then else now for then, now in pairwise(values))
    return total


@NAMED
def test_the_same_seed_gives_the_same_samples(source):
    first, again, other = (generate(Scenario(source=source, sigma=0.5), seed) for seed in (7, 7, 8))
    told = [[(one.labels, one.at, one.values) for many in w.series.values() for one in many] for w in (first, again)]
    assert told[0] == told[1]
    assert counted(first, source, DEPLOY, DEPLOY + 900) != counted(other, source, DEPLOY, DEPLOY + 900)


@NAMED
def test_traffic_and_errors_are_as_asked(source):
    scenario = Scenario(source=source, rps=50, p0=0.02, errors_times=3, traffic=2)
    world, moment = generate(scenario, 3), times(scenario)
    before = [counted(world, source, DEPLOY - 3600, DEPLOY, code=code) for code in (None, "503")]
    after = [counted(world, source, moment.settled, moment.settled + 3600, code=code) for code in (None, "503")]
    assert before[0] == pytest.approx(50 * 3600, rel=0.2)  # an hour's mean wobbles by 6 %
    assert after[0] == pytest.approx(100 * 3600, rel=0.2)
    assert before[1] / before[0] == pytest.approx(0.02, rel=0.05)
    assert after[1] / after[0] == pytest.approx(0.06, rel=0.05)


@NAMED
def test_burstiness_moves_errors_in_blocks_and_not_their_mean(source):
    """Over many services the mean stays, while the counts of five minutes spread far more than by chance."""
    spreads, totals = {}, {}
    for sigma in (0.0, 1.0):
        blocks = []
        for seed in range(12):
            world = generate(Scenario(source=source, rps=100, sigma=sigma), seed)
            starts = np.arange(DEPLOY - 3600, DEPLOY - 300, 300)
            blocks += [counted(world, source, start, start + 300, code="503") for start in starts]
        spreads[sigma], totals[sigma] = np.var(blocks) / np.mean(blocks), np.mean(blocks)
    assert spreads[1.0] > 20 * spreads[0.0]
    assert totals[1.0] == pytest.approx(totals[0.0], rel=0.3)


@NAMED
def test_a_code_that_never_happened_has_no_series_until_it_does(source):
    scenario = Scenario(source=source, rps=10, p0=0.0, errors_plus=0.5)
    name, label = SOURCES[source]
    ours = [one for one in generate(scenario, 1).series[name] if one.labels.get("ingress", "web") == "web"]
    born = [one for one in ours if one.labels[label] == "503"]
    assert min(one.at[0] for one in born) > DEPLOY
    assert max(one.values[0] for one in born) > 1  # so `increase()` would miss its first errors


def test_pods_change_with_the_deploy():
    scenario = Scenario(source="generic-app", pods=3)
    world = generate(scenario, 1)
    seen = {one.labels["pod"]: (one.at[0], one.at[-1]) for one in world.series["up"]}
    old, new = pods(scenario, new=False), pods(scenario, new=True)
    assert set(seen) == {*old, *new}
    assert all(seen[pod][1] < DEPLOY + 40 for pod in old)
    assert all(start < seen[pod][0] < start + 16 for pod, start in new.items())


@NAMED
def test_scrapes_jitter_but_keep_their_order(source):
    for one in generate(Scenario(source=source), 1).series["up"]:
        gaps = np.diff(one.at)
        assert gaps.min() > 14
        assert gaps.max() < 16
        assert len(set(gaps.round(3))) > 10


def test_gaps_restarts_and_resets_are_there():
    moment = times(Scenario())
    failing = generate(Scenario(down=(Span(start=60, end=180),)), 1)
    away = generate(Scenario(absent=(Span(start=60, end=180),)), 1)
    reset = generate(Scenario(resets=(60.0,)), 1)
    for world, downs in ((failing, 8), (away, 0)):
        up = world.series["up"][0]
        assert sum(value == 0 for value in up.values) == downs
        sampled = world.series["nginx_ingress_controller_requests"][0].at
        assert max(np.diff(sampled)) > 119
        assert not [at for at in sampled if moment.settled + 60 <= at < moment.settled + 180]
    assert max(np.diff(away.series["up"][0].at)) > 119
    for one in reset.series["nginx_ingress_controller_requests"]:
        assert sum(now < then for then, now in pairwise(one.values)) == 1


def test_yesterday_is_a_day_ago_and_did_not_know_the_deploy():
    scenario = Scenario(rps=50, yesterday=True, errors_times=10)
    world, moment = generate(scenario, 1), times(scenario)
    start = moment.settled - DAY
    share = [counted(world, "ingress-nginx", start, start + 600, code=code) for code in ("503", None)]
    assert share[0] / share[1] == pytest.approx(0.01, rel=0.2)


def test_histograms_count_every_request_and_never_fall_between_bounds():
    world = generate(Scenario(slower=2.0), 1)
    buckets = world.series["nginx_ingress_controller_request_duration_seconds_bucket"]
    gateway = [one for one in buckets if one.labels["instance"] == "10.1.0.4:10254"]
    for below, above in pairwise(gateway):
        assert all(a <= b for a, b in zip(below.values, above.values, strict=True))
    requests = [
        one
        for one in world.series["nginx_ingress_controller_requests"]
        if one.labels["ingress"] == "web" and one.labels["instance"] == "10.1.0.4:10254"
    ]
    assert sum(one.values[-1] - one.values[0] for one in requests) == gateway[-1].values[-1] - gateway[-1].values[0]


def test_rows_have_names_of_their_own_and_every_axis_is_covered():
    assert len({row.name for row in ROWS}) == len(ROWS)
    grid = {(r.scenario.rps, r.scenario.p0, r.scenario.sigma) for r in ROWS if r.name.startswith("steady")}
    assert len(grid) == 5 * (1 + 3 * 4)


@pytest.mark.parametrize("row", [row for row in ROWS if not row.name.startswith("steady")], ids=lambda row: row.name)
def test_every_condition_can_be_generated(row):
    world = generate(replace(row.at(1), after=600.0), 1)
    assert "up" in world.series
