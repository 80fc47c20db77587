"""`atmos outdated` says what is behind today, and which of it `atmos update` takes along."""

import pytest

from atmos_cli.adapters import clock
from tests.cli.conftest import state

CLUSTER = "apps/main/checkout/overlays/%s/postgres-cluster.yaml"
NEW, OLD = "postgresql:17.12-standard-trixie", "postgresql:17.6"


@pytest.fixture
def day(monkeypatch):
    """Sets the machine's clock to a day."""
    import calendar
    import time

    def on(text):
        seconds = calendar.timegm(time.strptime(text, "%Y-%m-%d"))
        monkeypatch.setattr(clock.time, "time", lambda: float(seconds))

    on("2026-11-30")
    return on


def behind(done):
    return {
        (each["title"], each["found"], each["wanted"], each["carriedByUpdate"]) for each in done.json["data"]["behind"]
    }


def edit(root, path, old, new):
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new))


def test_a_new_repo_is_up_to_date_and_is_only_read(shop, atmos, day):
    before = state(shop)
    done = atmos("outdated", "--repo", shop, "-o", "json")
    assert (done.code, done.json["data"]["behind"], done.json["data"]["updates"]) == (0, [], [])
    assert (done.json["data"]["on"], done.json["data"]["asOf"]) == ("2026-11-30", "2026-11-30")
    said = atmos("outdated", "--repo", shop)
    image = f"ghcr.io/cloudnative-pg/{NEW}"
    assert done.json["data"]["byVersion"] == [image]
    assert said.code == 0
    assert said.out.splitlines() == [
        f"By version, since the table has no digest of them: {image}",
        "Nothing is behind on 2026-11-30, as far as the table of 2026-11-30 knows",
    ]
    assert state(shop) == before


def test_an_image_by_digest_is_not_listed_as_one_by_version(shop, atmos, day):
    for environment in ("dev", "prod", "staging"):
        edit(shop, CLUSTER % environment, NEW, f"{NEW}@sha256:{'a' * 64}")
    assert atmos("outdated", "--repo", shop, "-o", "json").json["data"]["byVersion"] == []


def test_the_image_of_gitlabs_jobs_is_listed(tmp_path, atmos, day):
    assert atmos("init", tmp_path / "r", "--forge", "gitlab", "--yes").code == 0
    found = atmos("outdated", "--repo", tmp_path / "r", "-o", "json").json["data"]["byVersion"]
    assert found == ["docker.io/library/python:3.13"]


@pytest.fixture
def aged(shop, atmos, monkeypatch):
    """The repo as an older atmos made it: with another table, whose images and actions were current then."""
    from atmos_cli.adapters.bundle import bundled
    from atmos_cli.versions.table import VersionTable
    from atmos_cli.yamlio.load import load

    layer = bundled()
    value = load(layer.tree.read("versions.yaml"))
    value["images"]["postgres"]["series"]["17"] = {"newest": "17.6"}
    value["images"]["valkey"]["series"]["8.1"] = {"newest": "8.1.4"}
    value["actions"]["actions/checkout"] |= {"writes": "v4"}
    with monkeypatch.context() as then:
        then.setitem(vars(layer), "versions", VersionTable.model_validate(value))
        assert atmos("update", "--repo", shop, "--yes").code == 0
    return shop


def test_what_is_older_than_a_fix_goes_along_with_an_update(aged, atmos, day):
    done = atmos("outdated", "--repo", aged, "-o", "json")
    assert done.code == 1
    assert behind(done) == {("PostgreSQL", "17.6", "17.12", True), ("actions/checkout", "v4", "v6.0.3", True)}
    [postgres] = [each for each in done.json["data"]["behind"] if each["title"] == "PostgreSQL"]
    assert (postgres["fault"], len(postgres["places"])) == ("unfixed", 3)
    assert "CVE-2026-6460" in postgres["why"]
    plan = atmos("update", "--repo", aged, "--dry-run")
    assert (
        "Version  PostgreSQL 17.6 → 17.12, which mends CVE-2026-2005, CVE-2026-2006, CVE-2026-6460: main/checkout"
        in plan.out
    )
    planned = atmos("update", "--repo", aged, "--dry-run", "-o", "json").json["data"]
    assert [each["services"] for each in planned["versions"]] == [["main/checkout"]]
    assert planned["services"][0]["newer"] == ["PostgreSQL 17.6 → 17.12"]
    assert atmos("update", "--repo", aged, "--yes").code == 0
    assert NEW in (aged / (CLUSTER % "prod")).read_text()
    assert atmos("outdated", "--repo", aged).code == 0


def test_what_people_wrote_by_hand_is_left_to_them(shop, atmos, day):
    edit(shop, CLUSTER % "dev", NEW, OLD)
    done = atmos("outdated", "--repo", shop, "-o", "json")
    assert (done.code, behind(done)) == (1, {("PostgreSQL", "17.6", "17.12", False)})
    said = atmos("outdated", "--repo", shop).out
    assert said.startswith("Left to people, since `atmos update` cannot:\n  PostgreSQL 17.6 -> 17.12: lacks CVE-")
    assert said.splitlines()[2] == "    main/checkout in dev"


def test_a_conflict_is_not_carried(aged, atmos, day):
    edit(aged, CLUSTER % "dev", OLD, "postgresql:17.7")
    done = atmos("outdated", "--repo", aged, "-o", "json")
    assert ("PostgreSQL", "17.7", "17.12", False) in behind(done)
    assert ("PostgreSQL", "17.6", "17.12", False) in behind(done), "nothing of a service with a conflict is written"


def test_settings_and_images_of_others_are_left_to_people(shop, atmos, day):
    edit(shop, "atmos-cli.yaml", '"1.36"', '"1.34"')
    edit(shop, "apps/main/checkout/overlays/dev/kustomization.yaml", "registry.example.com", "docker.io/bitnami")
    (shop / ".github/workflows/own.yaml").write_text("jobs: {a: {steps: [\n{uses: x/y@v1},\n\n]}}\n# uses: a\n")
    with (shop / ".github/workflows/own.yaml").open("a") as file:
        file.write("    - uses: 'actions/setup-python@v4'\n    - uses: actions/checkout@" + "a" * 40 + " # v4.2.2\n")
    done = atmos("outdated", "--repo", shop, "-o", "json")
    titles = {title for title, *_ in behind(done)}
    assert titles == {
        "Kubernetes",
        "docker.io/bitnami/main/checkout:0.1.0",
        "actions/setup-python",
        "actions/checkout",
    }
    assert not any(carried for *_, carried in behind(done))


def test_today_is_what_counts_and_not_the_day_of_the_table(shop, atmos, day):
    day("2027-06-29")
    done = atmos("outdated", "--repo", shop, "-o", "json")
    assert done.code == 1
    assert behind(done) == {("Kubernetes", "1.36", "1.36", False)}
    assert done.json["data"]["atmos"] == ["kubernetes: Kubernetes 1.36 is written, and its support ended on 2027-06-28"]
    assert "atmos itself is behind" in atmos("outdated", "--repo", shop).out
    assert atmos("validate", "--repo", shop, "-o", "json").codes == ["ATM332"] * 3, "which judges by the table"


def test_a_service_that_cannot_be_read_is_said(shop, atmos, day):
    edit(shop, "apps/main/checkout/service.yaml", "name: checkout", "name: [")
    done = atmos("outdated", "--repo", shop, "-o", "json")
    assert (done.code, done.codes) == (1, ["ATM301"])


def test_without_a_repo(tmp_path, atmos):
    assert "ATM601" in atmos("outdated", "--repo", tmp_path).err
