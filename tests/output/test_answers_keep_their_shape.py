"""What every command says to people, and the keys of what it says to programs, as golden files.

`ATMOS_UPDATE_GOLDEN=1 pytest tests/output/test_answers_keep_their_shape.py` writes them anew.
"""

import json
import os
import re
from pathlib import Path

import pytest

from tests.cli.status_support import crashing, new_world
from tests.verify.fake_cluster import FakeCluster

GOLDEN = Path(__file__).parent / "golden"
RUNS = Path(__file__).parent.parent / "verify/recorded/runs"
# What differs from run to run: commits, digests, instants, and where the repo lies.
VARYING = (
    (re.compile(r"SHA256:[\w+/]+=*|sha256:[0-9a-f]{64}|\b[0-9a-f]{7,64}\b"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z| UTC|\+00:00)?"), "<when>"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "<day>"),
    (re.compile(r"checkout-[0-9a-z]{8}\b"), "<approval>"),
    (re.compile(r"[^ '\"\n=]*/test_[\w-]+/"), "<tmp>/"),
)


def golden(name, text):
    for pattern, stand_in in VARYING:
        text = pattern.sub(stand_in, text)
    path = GOLDEN / name
    if os.environ.get("ATMOS_UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def shape(value):
    """The keys of JSON with the types of what they hold; of a list, that of its members together."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        found = {json.dumps(shape(each)) for each in value}
        return [json.loads(each) for each in sorted(found)]
    return type(value).__name__


@pytest.fixture
def answers(atmos):
    """Runs a command for people and for programs, and holds both against `golden/<name>.*`."""

    def run(name, *args, json_too=True):
        done = atmos(*args)
        golden(f"{name}.txt", f"{done.out}--- standard error\n{done.err}--- exit {done.code}\n")
        if json_too:
            told = atmos(*args, "--output", "json")
            assert told.code == done.code
            golden(f"{name}.json", json.dumps(shape(told.json["data"]), indent=1) + "\n")

    return run


def grown(shop, count=3):
    overlay = shop / "apps/main/checkout/overlays/dev/kustomization.yaml"
    overlay.write_text(re.sub(r"count: \d+", f"count: {count}", overlay.read_text()))


def test_init_and_new(repo, answers):
    at = ("--repo", repo)
    answers("init", "init", repo, "--team", "shop", "--yes", "--dry-run")
    answers("new", "new", "service", "node, port 80, postgres", "--dry-run", *at)
    answers("new-over", "new", "service", "go, called big, 200 replicas", "--env", "dev", "--dry-run", *at)
    answers("new-unasked", "new", "service", "go, called cart", *at, json_too=False)
    answers("new-written", "new", "service", "go, called cart", "--yes", *at, json_too=False)


def test_outdated(shop, answers, monkeypatch):
    monkeypatch.setattr("atmos_cli.adapters.clock.today", lambda: "2026-11-30")
    at = ("--repo", shop)
    answers("outdated-nothing", "outdated", *at)
    for path, old, new in (
        ("overlays/dev/postgres-cluster.yaml", "postgresql:17.12-standard-trixie", "postgresql:17.6"),
        ("overlays/prod/kustomization.yaml", "registry.example.com", "docker.io/bitnami"),
    ):
        file = shop / "apps/main/checkout" / path
        file.write_text(file.read_text().replace(old, new))
    answers("outdated", "outdated", *at)


@pytest.mark.slow
def test_what_only_looks(shop, answers, git):
    at = ("--repo", shop)
    answers("validate-good", "validate", *at)
    answers("recover", "recover", *at)
    answers("explain", "explain", "ATM401")
    answers("blueprint-list", "blueprint", "list", *at)
    answers("blueprint-lint", "blueprint", "lint", "redis", *at)
    answers("blueprint-test", "blueprint", "test", "redis", *at)
    answers("diff-none", "diff", *at)
    grown(shop)
    answers("diff", "diff", *at)
    grown(shop, 50)
    (shop / "apps/main/checkout/base/odd.yaml").write_text("kind: [\n")
    answers("validate", "validate", *at)


USE = {"cpu": "60m", "memory": "120Mi", "points": 5000, "days": 14}
PRICES = """\
name: eu-1-2026q4
currency: USD
asOf: 2026-10-01
source: contract 4711
per: hour
items:
  cpu: {price: "0.0259", unit: core}
  memory: {price: "0.00347", unit: GiB}
"""


@pytest.mark.slow
def test_budgets(shop, answers, git, tmp_path):
    at = ("--repo", shop)
    answers("budget-show", "budget", "show", *at)
    (shop / "platform/prices.yaml").write_text(PRICES)
    git("add", "-A", cwd=shop)
    git("commit", "-qm", "Prices", cwd=shop)
    answers("budget-show-service", "budget", "show", "dev", "--by", "service", *at, json_too=False)
    answers("budget-explain", "budget", "explain", "checkout", "--env", "dev", *at)
    answers("budget-audit", "budget", "audit", *at)
    answers("budget-init-kept", "budget", "init", *at, "--dry-run")
    answers("budget-init", "budget", "init", "dev", "--replace", "--dry-run", *at)
    use = tmp_path / "use.json"
    use.write_text(json.dumps({"containers": {"checkout": USE}}))
    answers("change", "change", "checkout", "size m in prod, add redis, node", "--dry-run", *at)
    answers("budget-rightsize", "budget", "rightsize", "checkout", "--from", use, *at)
    git("checkout", "-qb", "bigger", cwd=shop)
    grown(shop)
    git("commit", "-qam", "More", cwd=shop)
    answers("budget-diff", "budget", "diff", "main..HEAD", *at)
    answers("budget-diff-markdown", "budget", "diff", "main..HEAD", "-o", "markdown", *at, json_too=False)
    answers("budget-check", "budget", "check", *at)
    grown(shop, 50)
    git("commit", "-qam", "Too many", cwd=shop)
    answers("budget-check-over", "budget", "check", *at)
    page = tmp_path / "budget.html"
    answers("budget-page", "budget", "show", "--html", page, *at, json_too=False)
    golden("budget.html", page.read_text())


@pytest.mark.slow
def test_approvals(world, answers):
    at = ("--repo", world.root)
    answers("approve-check-none", "approve", "check", *at)
    world.branch(3)
    asked = ("approve", "request", "--env", "staging", "--service", "checkout", "--reason", "sale", *at)
    answers("approve-request", *asked, "--dry-run")
    answers("approve-written", *asked, "--yes", "--write", "files", json_too=False)
    path = next(Path(world.root).glob("platform/approvals/staging/checkout/*")).relative_to(world.root).as_posix()
    answers("approve-show", "approve", "show", path, *at)
    answers("approve-check", "approve", "check", *at)
    answers("approve-sign", "approve", "sign", path, "--key", world.keys / "ana", "--yes", *at)


@pytest.mark.slow
def test_rollbacks(deployed, answers):
    at = ("--repo", deployed.root)
    good = deployed.deploy("1.1")
    deployed.verified(good)
    deployed.deploy("1.2")
    asked = ("rollback", "checkout", "--env", "prod", "--reason", "it hurts", *at)
    answers("rollback", *asked, "--dry-run", "--diff")
    answers("rollback-written", *asked, "--yes", json_too=False)


@pytest.fixture(scope="module")
def live_template(tmp_path_factory):
    return "argocd", tmp_path_factory.mktemp("template") / "gitops"


@pytest.mark.slow
def test_what_is_live(live_template, tmp_path, atmos, git, monkeypatch, answers):
    made = new_world(*live_template, tmp_path / "gitops", atmos, git)
    monkeypatch.setattr("atmos_cli.commands.status.connect", made.connect)
    made.sync()
    at = ("--repo", made.root)
    answers("status-good", "status", *at)
    answers("tree-good", "tree", "checkout", "--env", "dev", *at, json_too=False)
    crashing(made.find("dev", "Pod"))
    made.clusters["prod"] = FakeCluster(reason="connection refused")
    answers("status", "status", *at)
    answers("tree", "tree", "checkout", *at)
    page = tmp_path / "tree.html"
    answers("tree-page", "tree", "checkout", "--html", page, *at, json_too=False)
    golden("tree.html", page.read_text())


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", sorted(path.name for path in RUNS.iterdir()))
def test_verdicts(name, atmos, answers, tmp_path):
    answers(f"verify-{name}", "verify", "--replay", RUNS / name)
    for form in ("junit", "markdown"):
        golden(f"verify-{name}.{form}", atmos("verify", "--replay", RUNS / name, "-o", form).out)
