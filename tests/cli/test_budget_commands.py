"""`atmos budget`: the same numbers for people, programs, pull requests and browsers."""

import json
import subprocess

import pytest
import yaml

PRICES = """\
name: default
currency: USD
asOf: 2026-10-01
per: hour
items:
  cpu: {price: "0.031611", unit: core}
  memory: {price: "0.004237", unit: GiB}
  storage: {price: "0.00005479452", unit: GiB}
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ATMOS_CLI_CACHE", str(tmp_path / "cache"))


def commit(root, git, message="change"):
    git("add", "-A", cwd=root)
    git("commit", "-qm", message, cwd=root)


def limits(root, environment, **values):
    path = root / f"platform/budgets/{environment}.yaml"
    value = yaml.safe_load(path.read_text())
    value.update(values)
    path.write_text(yaml.safe_dump(value))


def test_show_says_what_is_used_and_what_it_costs(shop, atmos, git):
    without = atmos("budget", "show", "staging", "--repo", shop)
    assert "requests.cpu" in without.out
    assert "a month" not in without.out
    (shop / "platform/prices.yaml").write_text(PRICES)
    commit(shop, git)
    with_prices = atmos("budget", "show", "staging", "--repo", shop).out
    assert "USD 16.60 a month (default, 2026-10-01)" in with_prices
    data = atmos("budget", "show", "staging", "--by", "service", "--what", "steady", "--repo", shop, "-o", "json").json[
        "data"
    ]
    (only,) = data["environments"]
    assert only["limits"]["requests.cpu"] == {"limit": "4", "used": "0.45"}
    assert [part["name"] for part in only["parts"]] == ["main/checkout"]
    assert only["prices"]["asOf"] == "2026-10-01"


def test_explain_names_every_container_and_rule(shop, atmos):
    done = atmos("budget", "explain", "checkout", "-e", "prod", "--repo", shop)
    assert "surge 25% adds 1" in done.out
    assert "instances 3" in done.out
    (share,) = atmos("budget", "explain", "checkout", "-e", "prod", "--repo", shop, "-o", "json").json["data"][
        "deployments"
    ]
    assert share["totals"]["rollout"]["pods"] == "6"
    assert atmos("budget", "explain", "nothing", "--repo", shop).code == 2


def test_validate_shows_what_differs_from_the_base(shop, atmos):
    assert "budget dev" not in atmos("validate", "--repo", shop).out
    overlay = shop / "apps/main/checkout/overlays/dev/kustomization.yaml"
    overlay.write_text(overlay.read_text().replace("count: 1", "count: 3"))
    assert "budget dev: environment pods 3 -> 5 of 40 (ok)" in atmos("validate", "--repo", shop).out


@pytest.mark.slow
def test_diff_for_people_programs_and_pull_requests(shop, atmos, git):
    git("checkout", "-qb", "bigger", cwd=shop)
    overlay = shop / "apps/main/checkout/overlays/dev/kustomization.yaml"
    overlay.write_text(overlay.read_text().replace("count: 1", "count: 3"))
    commit(shop, git)
    assert "0.45" in atmos("budget", "diff", "main..HEAD", "--repo", shop).out
    rows = atmos("budget", "diff", "main..HEAD", "--repo", shop, "-o", "json").json["data"]["budget"]
    pods = next(r for r in rows if (r["environment"], r["scope"], r["dimension"]) == ("dev", "environment", "pods"))
    assert (pods["before"], pods["after"]) == ("3", "5")
    text = atmos("budget", "diff", "main..HEAD", "--repo", shop, "-o", "markdown").out
    assert text.startswith("<!-- atmos-budget -->")
    assert "| environment | pods | 3 | 5 | 40 | - | ✅ |" in text
    assert atmos("budget", "diff", "main", "--repo", shop).code == 2


@pytest.mark.slow
def test_check_judges_what_will_land(shop, atmos, git):
    assert atmos("budget", "check", "--repo", shop).code == 0
    for name, count in (("one", 20), ("two", 25)):
        git("checkout", "-qb", name, "main", cwd=shop)
        done = atmos(
            "new", "service", f"go, called {name}, {count} replicas, size xs", "--env", "dev", "--repo", shop, "--yes"
        )
        assert done.code == 0, done.out + done.err
        assert atmos("budget", "check", "--repo", shop).code == 0, "each of them fits alone"
    git("checkout", "-q", "main", cwd=shop)
    git("merge", "-q", "one", cwd=shop)
    git("checkout", "-q", "two", cwd=shop)
    done = atmos("budget", "check", "--repo", shop, "-o", "json")
    assert done.code == 1, "with what landed meanwhile it no longer fits"
    assert "ATM401" in done.codes


@pytest.mark.slow
def test_new_says_what_would_fit(shop, atmos):
    done = atmos(
        "new", "service", "go, called big, 200 replicas", "--env", "dev", "--repo", shop, "--dry-run", "-o", "json"
    )
    assert done.code == 1
    hint = next(d["hint"] for d in done.json["diagnostics"] if d["code"] in ("ATM401", "ATM402"))
    fitting = int(hint.split(" replica")[0].rsplit(" ", 1)[-1])
    arguments = ("--env", "dev", "--repo", shop, "--dry-run")
    assert atmos("new", "service", f"go, called big, {fitting} replicas", *arguments).code == 0
    assert atmos("new", "service", f"go, called big, {fitting + 1} replicas", *arguments).code == 1


@pytest.mark.slow
def test_new_tells_of_open_branches(shop, atmos, git):
    assert (
        atmos(
            "new",
            "service",
            "go, called other, 10 replicas",
            "--env",
            "dev",
            "--repo",
            shop,
            "--yes",
            "--write",
            "branch",
        ).code
        == 0
    )
    done = atmos("new", "service", "go, called big, 38 replicas, size xs", "--env", "dev", "--repo", shop, "--dry-run")
    assert done.code == 1, done.out
    assert "atmos/new-other would add to dev" in done.out


def test_budget_init_suggests_from_what_is_used(shop, atmos):
    assert "has a budget already" in atmos("budget", "init", "--repo", shop, "--dry-run").out
    (shop / "platform/budgets/prod.yaml").unlink()
    done = atmos("budget", "init", "prod", "--repo", shop, "--yes", "--write", "files", "-o", "json")
    assert done.code == 0, done.out
    assert done.json["data"]["limits"]["prod"] == {
        "requests.cpu": "2",
        "requests.memory": "4Gi",
        "requests.storage": "45Gi",
        "pods": "9",
        "persistentvolumeclaims": "5",
    }
    assert atmos("validate", "--repo", shop, "-o", "json").code == 0


def test_budget_init_starts_from_the_base_and_is_judged_like_every_change(shop, atmos, git):
    git("rm", "-q", "platform/budgets/prod.yaml", cwd=shop)
    git("commit", "-qm", "Without a budget", cwd=shop)
    git("checkout", "-qb", "other", cwd=shop)
    git("rm", "-rq", "apps/main/checkout", cwd=shop)
    git("commit", "-qm", "Without the service", cwd=shop)
    done = atmos("budget", "init", "prod", "--repo", shop, "--yes", "--write", "branch", "-o", "json")
    assert done.code == 0, done.out
    assert done.json["data"]["limits"]["prod"]["requests.storage"] == "45Gi", "of what runs on the base branch"
    assert git("diff", "--name-only", "main", "atmos/budget-init", cwd=shop) == "platform/budgets/prod.yaml"


@pytest.mark.slow
def test_rightsize_changes_the_size_and_what_is_made_of_it(shop, atmos, git, tmp_path):
    spec = shop / "apps/main/checkout/service.yaml"
    before = spec.read_text()
    figures = tmp_path / "usage.yaml"
    figures.write_text("containers: {checkout: {cpu: 60m, memory: 120Mi, points: 5000, days: 14}}\n")
    shown = atmos("budget", "rightsize", "checkout", "--from", figures, "--repo", shop, "-o", "json")
    assert shown.code == 0, shown.err
    assert (shown.json["data"]["cpu"], shown.json["data"]["memory"]) == ("60m", "138Mi")
    assert {s["environment"]: s["amount"] for s in shown.json["data"]["saves"] if s["dimension"] == "requests.cpu"}[
        "dev"
    ] == "80m"
    assert spec.read_text() == before
    ask = ("budget", "rightsize", "checkout", "--from", figures, "--repo", shop)
    unasked = atmos(*ask, "--write")
    assert (unasked.code, "ATM901" in unasked.err, spec.read_text()) == (2, True, before)
    assert atmos(*ask, "--write", "--dry-run").code == 0
    assert spec.read_text() == before
    done = atmos(*ask, "--write", "--yes")
    assert done.code == 0, done.out + done.err
    assert "Budget of prod" in done.out
    gone = [line for line in before.splitlines() if line not in spec.read_text().splitlines()]
    assert gone == ["size: s"]
    assert "size:\n  cpu: 60m\n  memory: 138Mi\n" in spec.read_text()
    assert git("log", "-1", "--format=%s", cwd=shop) == "Rightsize checkout: cpu 60m, memory 138Mi"
    for environment in ("dev", "staging", "prod"):
        overlay = shop / f"apps/main/checkout/overlays/{environment}/kustomization.yaml"
        assert "memory: 138Mi" in overlay.read_text(), "what is written takes effect"
    assert atmos("update", "--check", "--repo", shop).code == 0
    again = atmos(*ask, "--write")
    assert (again.code, "its size says so already" in again.out) == (0, True)
    figures.write_text("containers: {checkout: {cpu: '50', memory: 120Mi, points: 5000, days: 14}}\n")
    held = spec.read_text()
    over = atmos(*ask, "--write", "--yes", "-o", "json")
    assert (over.code, "ATM40" in over.out, over.json["data"]["written"]) == (1, True, [])
    assert spec.read_text() == held
    figures.write_text("containers: {checkout: {cpu: 60m, memory: 120Mi, points: 5, days: 14}}\n")
    assert atmos("budget", "rightsize", "checkout", "--from", figures, "--repo", shop).code == 1
    assert atmos("budget", "rightsize", "checkout", "--repo", shop).code == 2


def test_rightsize_from_a_prometheus_that_is_none(shop, atmos):
    done = atmos("budget", "rightsize", "checkout", "--prometheus", "http://user:secret@127.0.0.1:9", "--repo", shop)
    assert done.code == 2
    assert "ATM412" in done.err
    assert "secret" not in done.err


def test_validate_sees_a_quota_that_drifted(shop, atmos):
    path = shop / "tenants/dev/main/resourcequota.yaml"
    path.write_text(path.read_text().replace('requests.cpu: "4"', 'requests.cpu: "400"'))
    done = atmos("validate", "--repo", shop, "-o", "json")
    (drift,) = [d for d in done.json["diagnostics"] if d["code"] == "ATM410"]
    assert drift["where"]["path"] == "tenants/dev/main/resourcequota.yaml"
    assert drift["where"]["line"] > 1
    assert done.code == 0


def test_the_page_is_one_file_without_script(shop, atmos, tmp_path):
    page = tmp_path / "budget.html"
    assert atmos("budget", "show", "--html", page, "--repo", shop).code == 0
    text = page.read_text()
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert text.count("<svg") == 12  # four limits, three environments


@pytest.mark.lab
def test_a_browser_shows_the_page(shop, atmos, tmp_path):
    page = tmp_path / "budget.html"
    atmos("budget", "show", "--html", page, "--repo", shop)
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", f"file://{page}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "<h2>staging</h2>" in done.stdout
    assert json.dumps("requests.cpu")[1:-1] in done.stdout
    shot = tmp_path / "page.png"
    subprocess.run(
        [*command[:4], f"--screenshot={shot}", f"file://{page}"], capture_output=True, timeout=60, check=True
    )
    assert shot.stat().st_size > 10_000
