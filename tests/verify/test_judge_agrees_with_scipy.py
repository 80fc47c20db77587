"""The special functions and tests are those of scipy, over thousands of random points."""

import math
import random

import numpy as np
import pytest
import scipy.special
import scipy.stats

from atmos_cli.verify.judge.beta import beta_quantile, betainc, p_above, p_worse, ratio_interval, share_above


def points(many, seed):
    rng = random.Random(seed)
    for _ in range(many):
        yield 10 ** rng.uniform(-1.5, 4), 10 ** rng.uniform(-1.5, 4), rng.random()


def test_incomplete_beta():
    worst = max(abs(betainc(a, b, x) - float(scipy.special.betainc(a, b, x))) for a, b, x in points(5000, 1))
    assert worst < 1e-10


def test_small_tails_are_right_relatively():
    for a, b, x in points(3000, 2):
        theirs = float(scipy.special.betainc(a, b, x * a / (a + b)))
        if theirs > 1e-250:
            assert betainc(a, b, x * a / (a + b)) == pytest.approx(theirs, rel=1e-8)


def test_counts_of_a_busy_service():
    for a, b in ((1.8e6, 3e5), (3e5, 1.8e6), (5e5, 5e5)):
        for z in (-4, -1, 0, 1, 4):
            x = a / (a + b) + z * math.sqrt(a * b / (a + b) ** 3)
            assert betainc(a, b, x) == pytest.approx(float(scipy.special.betainc(a, b, x)), rel=1e-6)


def test_quantile():
    for a, b, q in points(500, 3):
        if 1e-4 < q < 1 - 1e-4 and min(a, b) > 0.5:
            assert beta_quantile(q, a, b) == pytest.approx(float(scipy.stats.beta.ppf(q, a, b)), rel=1e-6, abs=1e-12)


def test_the_ratio_test_is_the_conditional_binomial_test():
    rng = random.Random(4)
    for _ in range(2000):
        before, total = rng.randint(100, 40000), rng.randint(10, 6000)
        bad_before, bad, margin = rng.randint(0, 60), rng.randint(1, 60), rng.choice((1.0, 1.25))
        split = margin * total / (margin * total + before)
        theirs = scipy.stats.binom.sf(bad - 1, bad + bad_before, split)
        assert p_worse(bad_before, before, bad, total, phi=1.0, margin=margin) == pytest.approx(theirs, rel=1e-8)


@pytest.mark.slow
def test_a_share_above_a_limit_is_the_binomial_test():
    rng = random.Random(5)
    for _ in range(1000):
        total = rng.randint(1, 500)
        bad = rng.randint(0, total)
        theirs = scipy.stats.binomtest(bad, total, 0.05, alternative="greater").pvalue
        assert p_above(bad, total, share=0.05) == pytest.approx(theirs, rel=1e-8, abs=1e-250)
        upper = scipy.stats.binomtest(bad, total).proportion_ci(0.95, method="exact").high
        assert share_above(bad, total) == pytest.approx(upper, rel=1e-8)


def test_few_errors_get_the_exact_interval():
    low, high = ratio_interval(4, 36000, 6, 6000, phi=1.0)
    share = scipy.stats.binomtest(6, 10).proportion_ci(0.95, method="exact")
    assert low == pytest.approx(share.low / (1 - share.low) * 6, rel=1e-6)
    assert high == pytest.approx(share.high / (1 - share.high) * 6, rel=1e-6)
    assert ratio_interval(0, 36000, 6, 6000, phi=1.0)[1] == math.inf


def test_the_interval_covers_the_true_ratio():
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(1500):
        bad_before, bad = rng.binomial(36000, 0.002), rng.binomial(6000, 0.003)
        low, high = ratio_interval(float(bad_before), 36000, float(bad), 6000, phi=1.0)
        covered += low <= 1.5 <= high
    assert 0.93 <= covered / 1500 <= 0.99


def test_the_worked_examples_of_the_specification():
    assert p_worse(0, 36000, 4, 6000, phi=1, margin=1.0) == pytest.approx(4e-4, rel=0.1)
    assert p_worse(0, 36000, 5, 6000, phi=1, margin=1.0) == pytest.approx(6e-5, rel=0.1)
    assert p_worse(241, 30072, 61, 5012, phi=1, margin=1.0) == pytest.approx(0.003, rel=0.2)
    assert p_worse(241, 30072, 61, 5012, phi=1, margin=1.25) == pytest.approx(0.10, rel=0.1)
