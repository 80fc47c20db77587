"""Kubernetes quantities without floats: grammar, value, canonical text and arithmetic."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.kube.quantity import ZERO, Quantity, canonical, parse, total

VALUES = [
    ("0", "0", "0"), ("0Ki", "0", "0"), ("100m", "1/10", "100m"), ("1.5", "3/2", "1500m"), ("1500m", "3/2", "1500m"), (".5", "1/2", "500m"), ("5.", "5", "5"),
    ("1Gi", 2**30, "1Gi"), ("1.5Gi", 3 * 2**29, "1536Mi"), ("1024Mi", 2**30, "1Gi"), ("0.5Ki", 512, "512"), (".001Ki", "1024/1000", "1024m"), ("1023Ki", 1023 * 1024, "1023Ki"),
    ("1k", 1000, "1k"), ("1024", 1024, "1024"), ("1E", 10**18, "1E"), ("1E3", 1000, "1e3"), ("1e3", 1000, "1e3"), ("1e4", 10**4, "10e3"), ("1e-3", "1/1000", "1e-3"), ("12E", 12 * 10**18, "12E"),
    ("9Ei", 2**63 - 1, "9223372036854775807"), ("7Ei", 7 * 2**60, "7Ei"), ("0.2G", 2 * 10**8, "200M"), ("3.001n", "4/1000000000", "4n"), ("0.5e-9", "1/1000000000", "1e-9"),
    ("0.00000012345", "124/1000000000", "124n"), ("-0.1n", "-1/1000000000", "-1n"), ("100.035Ki", "10243584/100", "102435840m"), ("0.000000000001Ki", "2/1000000000", "2n"),
    ("+1", 1, "1"), ("-1.5Gi", -3 * 2**29, "-1536Mi"), (" 2Gi ", 2**31, "2Gi"), ("007", 7, "7"), (2, 2, "2"), (0.5, "1/2", "500m"), (1e-7, "1/10000000", "100e-9"), (1.0, 1, "1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "shortest"), VALUES)
def test_value_and_canonical_text(text: Any, value: Any, shortest: str) -> None:
    found = parse(text)
    assert Fraction(found.nano, 10**9) == Fraction(value)
    assert canonical(found) == str(found) == shortest
    assert parse(shortest) == found


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("200K", "write k for thousands"), ("1ki", "capital"), ("1mi", "capital"), ("512MB", "without a B"), ("1GiB", "without a B"), ("1i", "as in"), ("", "as in"),
        ("1e", "as in"), ("1e1.5", "as in"), ("1 Gi", "as in"), ("1,5", "as in"), ("Mi", "as in"), ("m", "as in"), ("E", "as in"), ("e3", "as in"), ("+", "as in"),
        (".", "as in"), ("1.2.3", "as in"), ("--1", "as in"), ("0x10", "as in"), ("\u0661", "as in"), ("1_000", "as in"), ("nan", "as in"), ("1e99999", "exponent"), ("1e-65", "exponent"),
        ("1" * 65, "characters"), (10**100, "characters"), (True, "number"), (None, "number"), ([], "number"), (float("inf"), "as in"), (float("nan"), "as in"),
    ],
)  # fmt: skip
def test_what_is_no_quantity(text: Any, hint: str) -> None:
    start = time.process_time()
    with pytest.raises(AtmosError) as caught:
        parse(text)
    assert time.process_time() - start < 0.1
    (found,) = caught.value.diagnostics
    assert found.code is Code.QUANTITY_INVALID
    assert hint in found.hint
    assert len(found.message) < 80


def test_an_integer_too_long_to_print_is_refused() -> None:
    with pytest.raises(AtmosError):
        parse(10**5000)


def test_arithmetic_is_exact_and_keeps_the_family() -> None:
    assert str(parse("100m") + parse("0.2")) == "300m"
    assert str(parse("1Gi") + parse("1G")) == str(Quantity(2**30 * 10**9 + 10**18, "Ki"))
    assert str(ZERO + parse("512Mi") + parse("512Mi")) == "1Gi"
    assert str(parse("250m") * 4) == "1"
    assert str(total(parse(text) for text in ("1Mi", "1Mi", "1"))) == "2097153"
    assert parse("0.2G") == parse("200M")
    assert hash(parse("1Ki")) == hash(parse("1024"))
    assert parse("1Ki") > parse("1k")
    assert sum([parse("0.1")] * 10, ZERO) == parse("1")


@pytest.mark.parametrize(
    ("text", "milli", "whole"),
    [
        ("0.1m", 1, 1),
        ("1500u", 2, 1),
        ("100.5m", 101, 1),
        ("1.5", 1500, 2),
        ("-9.01", -9010, -10),
        ("0", 0, 0),
        ("1Ki", 1024000, 1024),
    ],
)
def test_rounding_is_away_from_zero(text: str, milli: int, whole: int) -> None:
    quantity = parse(text)
    assert (quantity.milli, quantity.whole) == (milli, whole)
    assert quantity.to_milli() == Quantity(milli * 10**6)
    assert quantity.to_whole() == Quantity(whole * 10**9)


@given(st.integers(-(10**30), 10**30), st.sampled_from(["k", "Ki", "e"]))
def test_the_canonical_text_is_the_value(nano: int, suffix: str) -> None:
    quantity = Quantity(nano, suffix)
    if suffix != "Ki" or abs(nano) < 2**63 * 10**9:
        assert parse(canonical(quantity)) == quantity


@given(st.text(max_size=12) | st.text("0123456789.eE+-kKMGTPEinum ", max_size=12))
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    try:
        quantity = parse(text)
    except AtmosError as error:
        assert error.diagnostics[0].hint  # noqa: PT017 - either way is right
    else:
        assert parse(str(quantity)) == quantity
