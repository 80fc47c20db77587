"""Every request is counted once: over resets, new series, second replicas, gaps, and whatever a server may send."""

import math

from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.ports import Series
from atmos_cli.verify.traffic.counts import binned, flows, last_seen, scrape_interval
from atmos_cli.verify.traffic.sources import TrafficSource
from atmos_cli.verify.traffic.tally import buckets, by_label, errors, slower

SOURCE = TrafficSource("any", "m", (("status", "5(..|xx)"),), "m_bucket", routes=("path",))
POD = "web-79c5d8b4c6-abcde"
BASE = {"instance": "10.0.0.1:80", "pod": POD, "job": "web"}


def counter(values, labels=None, *, start=0.0, step=30.0):
    return Series({**BASE, **(labels or {})}, tuple((start + i * step, float(v)) for i, v in enumerate(values)))


def total(*series, starts=None, scrape=30.0, until=1e9):
    return errors(flows(series, scrape=scrape, starts=starts or {}), SOURCE, scrape=scrape).count(-1e9, until)


increments = st.lists(st.integers(0, 50), min_size=2, max_size=40)


@given(increments, st.integers(0, 10**6))
def test_the_increase_is_what_was_added(added, before):
    values = [before + sum(added[: i + 1]) for i in range(len(added))]
    assert total(counter(values)).total == sum(added[1:])


@given(increments, st.integers(1, 39))
def test_a_reset_never_loses_what_was_counted_since(added, reset):
    values, now = [], 10_000.0
    for i, more in enumerate(added):
        now = more if i == reset else now + more
        values.append(now)
    assert total(counter(values)).total == sum(added[1:])


@given(increments, st.lists(st.integers(0, 9), min_size=1, max_size=5), st.randoms())
def test_the_order_of_series_and_samples_does_not_matter(added, codes, rng):
    made = [
        Series(
            {**BASE, "status": f"50{code}", "path": str(i)},
            tuple((30.0 * j, float(v * j)) for j, v in enumerate(added)),
        )
        for i, code in enumerate(codes)
    ]
    mixed = [Series(one.labels, tuple(rng.sample(one.samples, len(one.samples)))) for one in made]
    rng.shuffle(mixed)
    assert flows(made, scrape=30, starts={}) == flows(mixed, scrape=30, starts={})


def test_a_series_born_at_a_target_already_scraped_counts_from_zero():
    found = total(counter([100, 110, 120, 130], {"status": "200"}), counter([37, 40], {"status": "503"}, start=60))
    assert (found.bad, found.total) == (40, 70)


def test_a_series_born_with_its_pod_counts_from_zero():
    old = Series({"instance": "old", "pod": "old", "status": "200"}, ((0.0, 5.0), (30.0, 6.0)))
    young = counter([37, 40], {"status": "503"}, start=60)
    assert total(old, young, starts={POD: 45.0}).bad == 40
    assert total(old, young, starts={POD: -900.0}).bad == 3
    assert total(old, young).bad == 3


def test_a_pod_at_the_address_of_a_dead_one_is_another_target():
    old = Series({**BASE, "pod": "web-79c5d8b4c6-zzzzz", "status": "200"}, ((0.0, 5.0), (30.0, 6.0)))
    assert total(old, counter([1000, 1001], {"status": "200"}, start=60)).total == 2


def test_two_replicas_of_the_server_count_once():
    one = [counter([0, 10, 30], {"status": "200", "prometheus_replica": name}, start=i) for i, name in enumerate("ab")]
    assert total(*one).total == 30


def test_two_jobs_over_the_same_pod_count_once():
    assert total(counter([0, 10, 30], {"job": "a"}), counter([0, 10, 30], {"job": "b"})).total == 30


def test_the_same_samples_from_two_answers_count_once():
    series = counter([0, 10, 30, 60])
    early, late = Series(series.labels, series.samples[:3]), Series(series.labels, series.samples[1:])
    assert flows([early], [late], scrape=30, starts={}) == flows([series], scrape=30, starts={})


def test_a_gap_counts_only_where_it_lies_wholly_inside():
    series = Series(BASE, ((0.0, 0.0), (30.0, 5.0), (300.0, 95.0), (330.0, 100.0)))
    tally = errors(flows([series], scrape=30, starts={}), SOURCE, scrape=30)
    assert tally.count(0, 400).total == 100
    assert tally.count(30, 400).total == 95
    assert tally.count(150, 400).total == 5
    assert tally.count(0, 150).total == 5


def test_numbers_that_are_no_counts_are_not_counted():
    series = Series(BASE, ((0.0, 1.0), (30.0, math.nan), (60.0, 4.0), (90.0, math.inf), (120.0, -7.0), (150.0, 6.0)))
    assert total(series).total == 5
    assert total(Series(BASE, ((0.0, math.nan), (30.0, math.nan)))).total == 0
    assert total(Series(BASE, ())).total == 0


@given(increments)
def test_blocks_add_up_to_the_window(added):
    values = [sum(added[: i + 1]) for i in range(len(added))]
    tally = errors(flows([counter(values)], scrape=30, starts={}), SOURCE, scrape=30)
    end = 30.0 * len(added)
    assert sum(b.total for b in tally.blocks(0, end, 60)) == tally.count(end - 60 * (len(added) // 2), end).total


def test_the_first_label_that_a_series_carries_says_whether_it_failed():
    source = TrafficSource("o", "m", (("http_response_status_code", "5.."), ("error_type", ".+")))
    assert source.is_bad({"http_response_status_code": "503"})
    assert not source.is_bad({"http_response_status_code": "200", "error_type": "x"})
    assert source.is_bad({"error_type": "TimeoutError"})
    assert not source.is_bad({})
    assert not SOURCE.is_bad({"status": "5000"})
    assert SOURCE.is_bad({"status": "5xx"})


def test_errors_break_down_by_label():
    series = [counter([0, 10], {"status": "503", "path": "/a"}), counter([0, 90], {"status": "200", "path": "/b"})]
    parts = by_label(flows(series, scrape=30, starts={}), SOURCE, SOURCE.route, scrape=30)
    assert {name: (t.count(0, 99).bad, t.count(0, 99).total) for name, t in parts.items()} == {
        "/a": (10, 10),
        "/b": (0, 90),
    }
    only = errors(flows(series, scrape=30, starts={}), SOURCE, scrape=30, routes=("/a",))
    assert only.count(0, 99).total == 10


def test_slow_requests_are_those_above_the_bound_that_did_not_fail():
    series = [
        counter([0, 60], {"le": "0.5", "status": "200"}),
        counter([0, 90], {"le": "1.0", "status": "200"}),
        counter([0, 100], {"le": "+Inf", "status": "200"}),
        counter([0, 70], {"le": "+Inf", "status": "500"}),
        counter([0, 1], {"le": "nonsense", "status": "200"}),
        counter([0, 1], {"le": "NaN", "status": "200"}),
    ]
    found = flows(series, scrape=30, starts={})
    count = slower(found, SOURCE, 0.5, scrape=30).count(0, 99)
    assert (count.bad, count.total) == (40, 100)
    assert buckets(found, SOURCE, [(0, 99), (99, 200)], scrape=30) == [{0.5: 60, 1.0: 90, math.inf: 100}, {}]


def test_the_scrape_interval_survives_jitter_and_gaps():
    series = Series(BASE, tuple((15.0 * i + (0.02 if i % 2 else 0), 0.0) for i in range(20) if i not in (7, 8, 9)))
    assert scrape_interval([series]) == 15
    assert scrape_interval([]) == 30
    assert scrape_interval([Series(BASE, ((0.0, 1.0),))]) == 30


def test_increases_computed_by_the_server_become_the_same_flows():
    found = binned([Series({"status": "503"}, ((60.0, 2.5), (120.0, math.nan), (180.0, 4.0)))], width=60)
    assert errors(found, SOURCE, scrape=60).count(0, 180).bad == 6.5
    assert last_seen([Series({}, ((5.0, 1.0),))], []) == 5
    assert last_seen([]) == 0
