"""What is behind of Kubernetes, images and actions, on a day that is passed in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.adapters.bundle import versions
from atmos_cli.versions.judge import (
    bump,
    known_image,
    stale_action,
    stale_image,
    stale_kubernetes,
    unusable_kubernetes,
    whole_name,
)
from atmos_cli.versions.table import VersionTable

TABLE, DAY = versions(), "2026-11-30"


@pytest.mark.parametrize(
    ("version", "fault", "wanted"),
    [
        ("1.24", "unknown", "1.25"),
        ("1.30", "ended", "1.36"),
        ("1.34", "ended", "1.36"),
        ("1.38", "unknown", "1.37"),
        ("1.40", "unknown", "1.37"),
    ],
)
def test_a_kubernetes_that_is_old_or_not_known_is_said(version, fault, wanted):
    found = stale_kubernetes(TABLE, version, on=DAY)
    assert (found.fault, found.wanted) == (fault, wanted)


@pytest.mark.parametrize("version", ["1.35", "1.36", "1.37"])
def test_a_kubernetes_with_support_is_fine_until_its_last_day(version):
    assert stale_kubernetes(TABLE, version, on=DAY) is None
    end = TABLE.kubernetes.series[version].end
    assert stale_kubernetes(TABLE, version, on=end) is None
    assert stale_kubernetes(TABLE, version, on=f"{end}x").fault == "ended"


@pytest.mark.parametrize(
    ("version", "usable"), [("1.34", True), ("1.37", True), ("1.38", False), ("1.24", False), ("x", False)]
)
def test_a_new_cluster_takes_what_there_are_schemas_of(version, usable):
    assert (unusable_kubernetes(TABLE, version) == "") is usable


@pytest.mark.parametrize(
    ("image", "fault", "wanted"),
    [
        ("ghcr.io/cloudnative-pg/postgresql:17.6", "unfixed", "17.12"),
        ("ghcr.io/cloudnative-pg/postgresql:17.12-standard-trixie", None, None),
        ("ghcr.io/cloudnative-pg/postgresql:17.11-minimal-bookworm@sha256:" + "a" * 64, "unfixed", "17.12"),
        ("postgres:16.10", "unfixed", "16.16"),
        ("docker.io/library/postgres:16.16-alpine", None, None),
        ("library/postgres:13.22", "ended", "17.12"),
        ("postgres:17", None, None),
        ("postgres:latest", None, None),
        ("postgres", None, None),
        ("postgres@sha256:" + "a" * 64, None, None),
        ("acme.io/library/postgres:9.6", None, None),
        ("valkey/valkey:8.1.4-alpine", "unfixed", "8.1.11"),
        ("valkey/valkey:8.1.10-alpine", "behind", "8.1.11"),
        ("valkey/valkey:9.9.9", None, None),
        ("bitnami/redis:7.2", "gone", ""),
        ("docker.io/bitnamilegacy/redis:7.2", "gone", ""),
        ("k8s.gcr.io/pause:3.9", "gone", ""),
        ("registry.acme.io/bitnami/redis:7.2", None, None),
    ],
)
def test_an_image_is_known_by_its_whole_name(image, fault, wanted):
    found = stale_image(TABLE, image, on=DAY)
    assert (found and found.fault, found and found.wanted) == (fault, wanted)


@pytest.mark.parametrize(
    ("action", "version", "fault"),
    [
        ("actions/checkout", "v4", "ended"),
        ("actions/checkout", "v4.2.2", "ended"),
        ("actions/setup-python", "v5", "ended"),
        ("actions/checkout", "v6", None),
        ("actions/checkout", "v6.0.1", "behind"),
        ("actions/checkout", "v7.0.0", None),
        ("actions/checkout", "a" * 40, None),
        ("actions/checkout", "main", None),
        ("acme/own", "v1", None),
    ],
)
def test_an_action_is_judged_by_its_version(action, version, fault):
    found = stale_action(TABLE, action, version, on=DAY)
    assert (found and found.fault) == fault


def test_a_bump_says_what_it_mends():
    found = bump(
        TABLE, "ghcr.io/cloudnative-pg/postgresql:17.9", "ghcr.io/cloudnative-pg/postgresql:17.12-standard-trixie"
    )
    assert (str(found), found.mends) == ("PostgreSQL 17.9 → 17.12", ("CVE-2026-6460",))
    assert bump(TABLE, "postgres:17.9", "valkey/valkey:8.1.11") is None
    assert bump(TABLE, 1, "postgres:17.9") is None


def test_without_a_table_nothing_is_judged():
    empty = VersionTable()
    assert stale_kubernetes(empty, "1.10", on=DAY) is None
    assert stale_image(empty, "postgres:9.6", on=DAY) is None
    assert unusable_kubernetes(empty, "1.99") == ""


@given(st.text(), st.sampled_from(["", "postgres:", "docker.io/library/postgres:", "valkey/valkey:v"]))
def test_any_text_may_be_an_image(text, prefix):
    stale_image(TABLE, prefix + text, on=DAY)
    known_image(TABLE, prefix + text)
    whole_name(prefix + text)
    stale_action(TABLE, "actions/checkout", text, on=DAY)


def test_a_number_may_be_of_any_length():
    assert stale_image(TABLE, f"postgres:17.{'9' * 9999}", on=DAY) is None
