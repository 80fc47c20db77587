"""`atmos rollback` brings back exactly what one service ran in one environment, whatever else the commits did."""

import pytest

from . import rolling
from .conftest import state
from .rolling import PROD, ROOM


def test_the_repo_of_these_tests_is_valid(deployed):
    done = deployed.run("validate", "--repo", deployed.root)
    assert done.code == 0, done.err


def test_the_last_verified_state_comes_back_over_several_commits(deployed):
    good = deployed.deploy("1.1")
    deployed.verified(good)
    deployed.deploy("1.2")
    bad = deployed.deploy("1.3")
    done = deployed.rollback("--yes", "--reason", "R1 503s 1.2% -> 4%\nAtmos-Restores: forged")
    assert done.code == 0, done.out
    data = done.json["data"]
    assert (data["takesBack"], data["restores"], data["chosen"], data["exact"]) == (bad, good, "verified", True)
    assert deployed.tag() == "1.1"
    assert deployed.git("rev-parse", f"{good}:{ROOM}") == deployed.git("rev-parse", f"HEAD:{ROOM}")
    body = deployed.git("log", "-1", "--format=%B")
    assert f"Atmos-Rollback-Of: {bad}\nAtmos-Restores: {good}\nAtmos-Service: prod/main/checkout\n" in body
    assert deployed.git("log", "-1", "--format=%(trailers:key=Atmos-Restores,valueonly)") == good
    assert deployed.git("log", "-1", "--format=%(trailers:key=Atmos-Reason,valueonly)").endswith("forged")
    assert deployed.git("diff", "--name-only", "HEAD~1") == PROD
    assert deployed.git("status", "--porcelain") == ""


@pytest.mark.slow
def test_without_a_verdict_it_is_the_state_before_and_says_so(deployed):
    before = deployed.head
    deployed.deploy("1.1")
    done = deployed.rollback("--yes")
    assert done.json["data"]["restores"] == before
    assert "the previous state was never verified" in deployed.git("log", "-1", "--format=%B")
    assert deployed.tag() == "1.0"


@pytest.mark.slow
def test_only_one_service_of_a_commit_is_taken_back(deployed):
    deployed.deploy("1.1", service="cart")
    deployed.write("apps/main/cart/overlays/prod/kustomization.yaml", deployed.read(PROD).replace("checkout", "cart"))
    deployed.replace(PROD, "1.0", "2.0")
    deployed.replace("apps/main/cart/overlays/prod/kustomization.yaml", "1.0", "2.0")
    deployed.commit("Both to 2.0")
    deployed.deploy("2.1", service="cart")
    assert deployed.rollback("--yes").code == 0
    assert (deployed.tag(), deployed.tag(service="cart")) == ("1.0", "2.1")


@pytest.mark.slow
def test_another_environment_is_left_alone(deployed):
    deployed.replace(PROD, "1.0", "2.0")
    deployed.replace(PROD.replace("prod", "dev"), "1.0", "2.0")
    deployed.commit("Both environments to 2.0")
    assert deployed.rollback("--yes").code == 0
    assert (deployed.tag(), deployed.tag(environment="dev")) == ("1.0", "2.0")


@pytest.mark.slow
def test_files_that_were_added_go_and_files_that_were_renamed_come_back(deployed):
    overlay = f"{ROOM}/overlays/prod"
    deployed.write(
        f"{overlay}/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: main-prod}\n"
    )
    deployed.replace(PROD, "- ../../base\n", "- ../../base\n- settings.yaml\n")
    good = deployed.commit("With settings")
    deployed.git("mv", f"{overlay}/settings.yaml", f"{overlay}/options.yaml")
    deployed.replace(PROD, "settings.yaml", "options.yaml")
    deployed.replace(f"{overlay}/options.yaml", "name: a", "name: b")
    deployed.write(f"{overlay}/more.txt", "more\n")
    deployed.commit("Renamed")
    done = deployed.rollback("--yes")
    assert done.code == 0, done.out
    assert done.json["data"]["files"] == {
        "added": [f"{overlay}/settings.yaml"],
        "modified": [PROD],
        "removed": [f"{overlay}/more.txt", f"{overlay}/options.yaml"],
    }
    assert deployed.git("rev-parse", f"{good}:{overlay}") == deployed.git("rev-parse", f"HEAD:{overlay}")


def test_a_service_that_was_removed_comes_back(deployed):
    good = deployed.head
    deployed.git("rm", "-rq", ROOM)
    deployed.git("commit", "-qm", "No checkout any more")
    done = deployed.rollback("--yes")
    assert done.code == 0, done.out
    assert deployed.git("rev-parse", f"{good}:{ROOM}/base") == deployed.git("rev-parse", f"HEAD:{ROOM}/base")
    assert (deployed.root / PROD).exists()
    assert not (deployed.root / PROD.replace("prod", "dev")).exists()


@pytest.mark.slow
def test_a_squashed_and_a_merged_branch_are_taken_back_whole(deployed):
    for how in ("--squash", "--no-ff"):
        good = deployed.head
        deployed.git("switch", "-qc", f"feature{how}")
        first = deployed.deploy(f"3.0{how}")
        deployed.deploy(f"3.1{how}")
        deployed.git("switch", "-q", "main")
        deployed.write(f"other{how}", "unrelated\n")
        deployed.commit("unrelated")
        unrelated = deployed.head
        deployed.git("merge", "-q", how, *(["-m", "Merge"] if how == "--no-ff" else []), f"feature{how}")
        if how == "--squash":
            deployed.git("commit", "-qm", "Squashed")
        merge = deployed.head
        named = ["--commit", first] if how == "--no-ff" else []
        done = deployed.rollback("--yes", *named)
        assert done.code == 0, done.out
        assert (done.json["data"]["takesBack"], done.json["data"]["restores"]) == (merge, unrelated)
        assert deployed.git("rev-parse", f"{good}:{ROOM}") == deployed.git("rev-parse", f"HEAD:{ROOM}")


@pytest.mark.slow
def test_a_branch_leaves_checkout_and_index_alone(deployed):
    deployed.deploy("1.1")
    deployed.write("mine.txt", "staged\n")
    deployed.git("add", "mine.txt")
    deployed.replace(PROD, "1.1", "my edit")
    before = state(deployed.root)
    done = deployed.rollback("--yes", "--write", "branch")
    assert done.code == 0, done.out
    written = done.json["data"]["written"]
    after = state(deployed.root)
    assert after[:3] == before[:3]
    assert deployed.tag(commit=written["branch"]) == "1.0"
    assert deployed.git("diff", "--name-only", "main", written["branch"]) == PROD


@pytest.mark.slow
def test_files_alone_can_be_written_and_never_over_the_users_own_edits(deployed):
    deployed.deploy("1.1")
    head = deployed.head
    deployed.replace(PROD, "1.1", "mine")
    assert deployed.rollback("--yes", "--write", "files").codes == ["ATM603"]
    assert deployed.tag() == "mine"
    deployed.git("checkout", "-q", PROD)
    assert deployed.rollback("--yes", "--write", "files").code == 0
    assert (deployed.tag(), deployed.head) == ("1.0", head)


def test_a_dry_run_writes_nothing_at_all(deployed):
    deployed.deploy("1.1")
    before = state(deployed.root)
    done = deployed.run("rollback", "checkout", "--env", "prod", "--dry-run", "--diff", "--repo", deployed.root)
    assert done.code == 0, done.out + done.err
    assert '+- {name: checkout, newName: registry.test/checkout, newTag: "1.0"}' in done.out
    assert "the previous state was never verified" in done.out
    assert state(deployed.root) == before


@pytest.mark.slow
def test_what_was_rolled_back_is_not_a_state_to_go_back_to(deployed):
    good = deployed.deploy("1.1")
    deployed.verified(good, at=1)
    regretted = deployed.deploy("1.2")
    deployed.verified(regretted, at=2)
    assert deployed.rollback("--yes", "--to", good).code == 0
    deployed.deploy("1.3")
    done = deployed.rollback("--yes")
    assert done.code == 0, done.out
    assert done.json["data"]["restores"] == good
    assert deployed.tag() == "1.1"


def test_a_broken_overlay_is_taken_back(deployed):
    deployed.replace(PROD, "resources:\n- ../../base", "resources:\n- ../../nothing")
    deployed.commit("Broken")
    done = deployed.rollback("--yes")
    assert done.code == 0, done.out
    assert "../../base" in deployed.read(PROD)


@pytest.mark.slow
@pytest.mark.parametrize("one_cluster", [False, True])
def test_the_delivery_pointer_of_the_environment_comes_back_with_it(tmp_path, atmos, one_cluster):
    deployed = rolling.make(tmp_path / "repo", atmos, engine="flux", one_cluster=one_cluster)
    path = f"delivery/{'dev' if one_cluster else 'prod'}/main/checkout.yaml"
    good = deployed.read(path)
    deployed.write(path, good.replace("3m", "9m"))
    deployed.replace(PROD, "1.0", "2.0")
    deployed.commit("2.0, slower")
    done = deployed.rollback("--yes")
    assert done.code == 0, done.out
    if not one_cluster:
        assert deployed.read(path) == good
    else:
        from atmos_cli.yamlio.load import load_all

        timeouts = {
            d.value["metadata"]["namespace"]: d.value["spec"]["timeout"] for d in load_all(deployed.read(path).encode())
        }
        assert timeouts == {"main-dev": "9m", "main-prod": "3m"}
