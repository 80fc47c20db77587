"""A cached sum is the sum: whatever changes, and wherever, it is what counting everything anew gives."""

import json
import random
import sqlite3

import pytest
import yaml

from atmos_cli.adapters.claim_cache import ClaimCache
from atmos_cli.adapters.files import DiskTree
from atmos_cli.gitops import usage as ledger
from atmos_cli.gitops.states import States
from atmos_cli.gitops.usage import use_of
from tests.cli.test_budget_commands import commit


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ATMOS_CLI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache/claims-v1.sqlite"


@pytest.fixture
def many(shop, atmos, made_once):
    def make():
        for name in ("cart", "mail"):
            assert atmos("new", "service", f"go, called {name}", "--repo", shop, "--yes").code == 0

    made_once("many", shop, make)
    return shop


def sums(root, *, cached=True, commit=None):
    states = States(root, DiskTree(root), branch="main")
    if not cached:
        states.cache = ClaimCache(None)
    effective = states.at(commit) if commit else states.here()
    return {env: use_of(effective, env).sums("rollout", None) for env in ("dev", "staging", "prod")}


def counted(monkeypatch):
    seen = []
    real = ledger._Counting._count
    monkeypatch.setattr(ledger._Counting, "_count", lambda self, unit: seen.append(unit.place) or real(self, unit))
    return seen


def test_one_change_counts_one_service(many, monkeypatch):
    sums(many, commit="HEAD")
    seen = counted(monkeypatch)
    sums(many, commit="HEAD")
    assert seen == []
    overlay = many / "apps/main/cart/overlays/dev/kustomization.yaml"
    overlay.write_text(overlay.read_text().replace("count: 1", "count: 3"))
    after = sums(many)
    assert {place.split("/")[2] for place in seen} == {"cart"}
    assert after == sums(many, cached=False)


@pytest.mark.slow
def test_random_edits_give_the_same_sums_as_counting_anew(many, git):
    rng = random.Random(5)
    overlays = sorted(many.glob("apps/*/*/overlays/*/kustomization.yaml"))
    for step in range(8):
        path = rng.choice(overlays)
        text = path.read_text()
        path.write_text(text.replace("count: ", "count: 1") if "count: " in text and len(text) < 5000 else text)
        if rng.random() < 0.5:
            (many / f"tenants/dev/main/extra{step}.yaml").write_text(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
            )
        if rng.random() < 0.5:
            commit(many, git, f"step {step}")
        assert sums(many) == sums(many, cached=False)


@pytest.mark.slow
def test_what_a_service_reads_outside_of_its_directory_is_part_of_it(many, git):
    shared = many / "apps/main/shared"
    shared.mkdir()
    (shared / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nreplicas: [{name: cart, count: 4}]\n"
    )
    overlay = many / "apps/main/cart/overlays/dev/kustomization.yaml"
    value = yaml.safe_load(overlay.read_text())
    del value["replicas"]  # the overlay's own number would win
    overlay.write_text(yaml.safe_dump({**value, "components": ["../../../shared"]}))
    commit(many, git)
    first = sums(many, commit="HEAD")
    (shared / "kustomization.yaml").write_text((shared / "kustomization.yaml").read_text().replace("4", "7"))
    commit(many, git)
    assert sums(many, commit="HEAD") != first
    assert sums(many, commit="HEAD") == sums(many, cached=False, commit="HEAD")


@pytest.mark.slow
def test_a_link_out_of_a_service_is_never_cached(many, git, monkeypatch):
    target = many / "apps/main/mail/overlays/dev/kustomization.yaml"
    kept = many / "platform/mail.yaml"
    kept.write_text(target.read_text())
    target.unlink()
    target.symlink_to("../../../../../platform/mail.yaml")
    commit(many, git)
    first = sums(many, commit="HEAD")
    kept.write_text(kept.read_text().replace("count: 1", "count: 5"))
    commit(many, git)
    assert sums(many, commit="HEAD")["dev"] != first["dev"]


def test_another_budget_is_another_sum(many, git):
    first = sums(many)
    path = many / "platform/budgets/dev.yaml"
    path.write_text(path.read_text() + "missingRequests: {cpu: 1m, memory: 1Mi}\nassume: {nodes: 3}\n")
    (many / "apps/main/agent/overlays/dev").mkdir(parents=True)
    (many / "apps/main/agent/overlays/dev/daemonset.yaml").write_text(
        json.dumps(
            {
                "apiVersion": "apps/v1",
                "kind": "DaemonSet",
                "metadata": {"name": "agent"},
                "spec": {"template": {"spec": {"containers": [{"name": "a"}]}}},
            }
        )
    )
    commit(many, git)
    grown = sums(many)["dev"].environment["pods"] - first["dev"].environment["pods"]
    assert str(grown) == "3"


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"no database at all", b"\0" * 5000])
def test_a_broken_cache_is_no_obstacle(many, own_cache, content):
    own_cache.parent.mkdir(parents=True, exist_ok=True)
    own_cache.write_bytes(content)
    assert sums(many) == sums(many, cached=False)


@pytest.mark.slow
def test_nonsense_in_the_cache_is_ignored(many, own_cache):
    sums(many, commit="HEAD")
    with sqlite3.connect(own_cache) as database:
        database.execute("UPDATE claim SET value = 'nonsense'")
    database.close()
    assert sums(many, commit="HEAD") == sums(many, cached=False, commit="HEAD")
