"""From one sentence to a committed, validated, budgeted change."""

import os
import subprocess
import sys

import pytest

from tests.cli.conftest import state

INTENT = "node, port 80, postgres"


def test_one_command_makes_repo_and_service(tmp_path, atmos, git):
    done = atmos("new", "service", INTENT, "--init", tmp_path / "demo", "--yes")
    assert done.code == 0, done.out + done.err
    root = tmp_path / "demo"
    assert git("status", "--porcelain", cwd=root) == ""
    assert len(git("log", "--format=%s", cwd=root).splitlines()) == 2
    message = git("log", "-1", "--format=%B", cwd=root)
    assert "Atmos-Service: main/node-web" in message
    assert "Atmos-Blueprint: web@" in message
    assert "Atmos-Version: " in message
    assert (root / "apps/main/node-web/overlays/prod/kustomization.yaml").is_file()
    assert atmos("validate", "--repo", root).code == 0


def test_the_plan_says_where_every_value_came_from(repo, atmos):
    done = atmos(
        "new",
        "service",
        "Node.js service called checkout, exposed on port 80, with a database",
        "--repo",
        repo,
        "--size",
        "m",
        "--dry-run",
        "-o",
        "json",
    )
    assert done.code == 0, done.out
    plan = {row["field"]: row for row in done.json["data"]["plan"]}
    assert plan["name"]["value"] == "checkout"
    assert plan["name"]["source"].startswith("your words")
    assert plan["size"]["source"] == "flag --size"
    assert plan["replicas"]["source"].startswith("repo config")
    assert plan["probes"]["source"] == "blueprint default"
    assert "database" in plan["postgres"]["source"]
    assert not list((repo / "apps").glob("*")) if (repo / "apps").exists() else True


def test_it_ends_with_the_real_names(shop, repo, atmos):
    done = atmos("new", "service", "java 81:8080, postgres, called orders", "--repo", repo, "--yes")
    assert done.code == 0, done.out + done.err
    assert "DATABASE_URL" in done.out
    assert "orders-db-app" in done.out
    assert "apps/main/orders/overlays/dev/kustomization.yaml" in done.out.replace("\n", "")


def test_what_is_not_public_is_reached_by_its_name_and_port_inside(repo, atmos):
    done = atmos("new", "service", "node, port 8080", "--name", "web", "--repo", repo, "--dry-run", "-o", "json")
    assert [each["step"] for each in done.json["data"]["next"] if each["topic"] == "reach"] == [
        "inside the cluster only: http://web.main-dev:8080"
    ]


def test_budget_of_every_environment_is_shown(repo, atmos):
    done = atmos("new", "service", INTENT, "--repo", repo, "--dry-run", "-o", "json")
    rows = done.json["data"]["budget"]
    assert {row["environment"] for row in rows} == {"dev", "staging", "prod"}
    assert {row["dimension"] for row in rows} >= {"requests.cpu", "requests.memory", "pods"}


def test_dry_run_writes_nothing(repo, atmos):
    before = state(repo)
    assert atmos("new", "service", INTENT, "--repo", repo, "--dry-run").code == 0
    assert state(repo) == before


def test_files_only(repo, atmos, git):
    head = git("rev-parse", "HEAD", cwd=repo)
    assert atmos("new", "service", INTENT, "--repo", repo, "--yes", "--write", "files").code == 0
    assert git("rev-parse", "HEAD", cwd=repo) == head
    assert "apps/" in git("status", "--porcelain", cwd=repo)


def test_a_branch_leaves_checkout_and_index_alone(repo, atmos, git):
    (repo / "notes.txt").write_text("mine")
    (repo / "CODEOWNERS").write_text("changed, not committed")
    git("add", "notes.txt", cwd=repo)
    files, status, head, _ = state(repo)
    done = atmos("new", "service", INTENT, "--repo", repo, "--yes", "--write", "branch", "-o", "json")
    assert done.code == 0, done.out
    assert done.json["data"]["written"]["branch"] == "atmos/new-node-web"
    assert state(repo)[:3] == (files, status, head)
    listed = git("ls-tree", "-r", "--name-only", "atmos/new-node-web", cwd=repo)
    assert "apps/main/node-web/base/deployment.yaml" in listed
    assert "notes.txt" not in listed


def test_push_sends_the_branch(repo, tmp_path, atmos, git):
    bare = tmp_path / "origin.git"
    git("init", "--bare", "-q", str(bare), cwd=tmp_path)
    git("remote", "add", "origin", str(bare), cwd=repo)
    git("push", "-q", "origin", "main", cwd=repo)
    done = atmos("new", "service", INTENT, "--repo", repo, "--yes", "--write", "branch", "--push", "-o", "json")
    assert done.code == 0, done.out
    assert done.json["data"]["written"]["pushed"]
    assert git("rev-parse", "atmos/new-node-web", cwd=bare) == done.json["data"]["written"]["commit"]


def test_a_compare_link_for_a_known_forge(repo, atmos, git):
    git("remote", "add", "origin", "git@github.com:shop/gitops.git", cwd=repo)
    done = atmos("new", "service", INTENT, "--repo", repo, "--yes", "--write", "branch", "-o", "json")
    assert done.json["data"]["written"]["link"].startswith("https://github.com/shop/gitops/compare/main...")


def test_render_and_diff(shop, atmos, git):
    text = atmos("render", "checkout", "--env", "prod", "--repo", shop).out
    assert "kind: Deployment" in text
    assert "kind: Cluster" in text
    assert "namespace: main-prod" in text
    git("checkout", "-q", "-b", "bump", cwd=shop)
    overlay = shop / "apps/main/checkout/overlays/prod/kustomization.yaml"
    overlay.write_text(overlay.read_text().replace('newTag: "0.1.0"', 'newTag: "0.2.0"'))
    changes = atmos("diff", "--repo", shop, "-o", "json").json["data"]["changes"]
    assert [(c["environment"], c["resource"]["kind"], c["change"]) for c in changes] == [
        ("prod", "Deployment", "changed")
    ]
    assert any("0.2.0" in line for line in changes[0]["diff"])


def test_flux_gets_a_pointer_of_its_own(tmp_path, atmos):
    root = tmp_path / "flux"
    assert atmos("init", root, "--engine", "flux", "--yes").code == 0
    assert atmos("new", "service", INTENT, "--repo", root, "--yes").code == 0
    assert (root / "delivery/prod/main/node-web.yaml").is_file()
    assert not (root / "argocd").exists()
    assert atmos("validate", "--repo", root).code == 0


def test_a_second_service_edits_no_file_of_the_first(shop, atmos, git):
    assert atmos("new", "service", "go, port 8080, redis, called cart", "--repo", shop, "--yes").code == 0
    changed = git("show", "--name-status", "--format=", "HEAD", cwd=shop).splitlines()
    assert changed
    assert all(line.startswith("A\tapps/main/cart/") for line in changed)


@pytest.mark.slow
@pytest.mark.parametrize(
    "extra",
    [
        {"TZ": "Asia/Tokyo", "LC_ALL": "C", "LANG": "C"},
        {"TZ": "America/Lima", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "7"},
    ],
)
def test_the_same_bytes_in_another_place_and_time_zone(tmp_path, extra):
    def made(where, **env):
        where.mkdir()
        subprocess.run(
            [
                sys.executable,
                "-m",
                "atmos_cli",
                "new",
                "service",
                INTENT + ", redis, public, metrics, 2..4",
                "--init",
                str(where / "demo"),
                "--yes",
            ],
            cwd=where,
            env={**os.environ, **env},
            check=True,
            capture_output=True,
        )
        done = subprocess.run(
            ["git", "rev-parse", "HEAD^{tree}"], cwd=where / "demo", capture_output=True, text=True, check=True
        )
        return done.stdout

    assert made(tmp_path / "one") == made(tmp_path / "two", **extra)
