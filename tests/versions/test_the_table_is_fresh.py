"""All that atmos writes has support and every fix on the day of the table; it turns red by another table, not by the calendar."""

import re
from pathlib import Path

import pytest

from atmos_cli.adapters.bundle import versions
from atmos_cli.kube.schemas import SUPPORTED, _index
from atmos_cli.versions.judge import faults, known_image, stale_action, stale_image, unpinned
from atmos_cli.versions.table import VersionTable
from atmos_cli.yamlio.load import load, load_all

ROOT = Path(__file__).parents[2]
TABLE = versions()
VALUE = load((ROOT / "blueprints/versions.yaml").read_bytes())


def other(section, name, **series):
    """The table with other values in the series that one thing writes."""
    value = load((ROOT / "blueprints/versions.yaml").read_bytes())
    thing = value[section][name] if name else value[section]
    thing["series"][thing["writes"]] |= series
    return VersionTable.model_validate(value)


def test_nothing_is_behind_on_its_day():
    assert list(faults(TABLE, on=TABLE.as_of)) == []


def test_another_day_says_what_has_ended_since():
    said = list(faults(TABLE, on="2028-11-10"))
    assert any(
        each.startswith("images.postgres: PostgreSQL 16 is written, and its support ended on 2028-11-09")
        for each in said
    )
    assert any(each.startswith("kubernetes: Kubernetes 1.36 ") for each in said)


def test_the_last_day_of_support_still_counts():
    assert list(faults(other("kubernetes", "", end=TABLE.as_of), on=TABLE.as_of)) == []
    assert len(list(faults(other("kubernetes", "", end="2026-11-29"), on=TABLE.as_of))) == 1


def test_a_fix_that_is_newer_than_what_is_written_is_a_fault():
    table = other("images", "postgres", fixes={"17.13": ["CVE-2026-9"]})
    assert list(faults(table, on=TABLE.as_of)) == ["images.postgres: PostgreSQL 17.12 is written, and lacks CVE-2026-9"]


@pytest.mark.parametrize("change", [{"newest": "18.1"}, {"fixes": {"16.1": ["CVE-1"]}}])
def test_a_version_stands_in_its_own_series(change):
    with pytest.raises(ValueError, match="is not of the series `17` of PostgreSQL"):
        other("images", "postgres", **change)


def test_what_is_written_has_a_row():
    value = load((ROOT / "blueprints/versions.yaml").read_bytes())
    value["kubernetes"]["writes"] = "1.99"
    with pytest.raises(ValueError, match=r"`1\.99` is written, and no series of Kubernetes"):
        VersionTable.model_validate(value)


def test_kubernetes_has_the_minors_of_which_there_are_schemas():
    assert tuple(TABLE.kubernetes.series) == SUPPORTED


def test_the_majors_that_a_spec_may_name_are_those_of_the_table():
    manifest = load((ROOT / "blueprints/postgres/blueprint.yaml").read_bytes())
    assert tuple(manifest["inputs"]["version"]["values"]) == TABLE.images["postgres"].offers
    assert manifest["inputs"]["version"]["default"] == TABLE.images["postgres"].writes


def golden():
    for path in sorted((ROOT / "blueprints").glob("*/tests/*/expected/*.yaml")):
        for document in load_all(path.read_bytes()):
            yield document.value


def test_every_custom_resource_that_blueprints_write_has_its_version_in_the_table():
    found = {value["apiVersion"] for value in golden()}
    groups = {
        group: version for group, _, version in (each.rpartition("/") for each in found) if group in _index()["crds"]
    }
    assert groups
    assert groups.items() <= {group: each.writes for group, each in TABLE.apis.items()}.items()


def test_golden_images_are_the_newest():
    texts = "\n".join(path.read_text() for path in (ROOT / "blueprints").glob("*/tests/*/expected/*.yaml"))
    found = {each for each in re.findall(r"(?:image|imageName): (\S+)", texts) if known_image(TABLE, each)}
    assert len(found) >= 3
    assert [each for each in sorted(found) if stale_image(TABLE, each, on=TABLE.as_of)] == []


def test_actions_are_pinned_by_commit_and_images_are_listed_as_not_pinned():
    assert unpinned(TABLE) == ("PostgreSQL 17.12", "PostgreSQL 16.16", "PostgreSQL 18.7", "Valkey 8.1.11")
    assert re.fullmatch(r"actions/checkout@[0-9a-f]{40} # v6\.\d+\.\d+", TABLE.action("actions/checkout"))
    assert not any(stale_action(TABLE, name, each.writes, on=TABLE.as_of) for name, each in TABLE.actions.items())


def test_an_action_whose_commit_is_not_known_stays_a_version():
    assert other("actions", "actions/checkout", digest=None).action("actions/checkout") == "actions/checkout@v6"


def test_every_row_says_where_it_is_from():
    assert all(each.source.startswith("https://") for each in (*TABLE.all.values(), *TABLE.gone))
