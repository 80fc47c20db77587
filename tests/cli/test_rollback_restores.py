"""`atmos rollback` brings back exactly what one service ran in one environment, whatever else the commits did."""

import pytest

from . import rolling
from .conftest import state
from .rolling import PROD, ROOM, rolling_template, world  # noqa: F401 - fixtures


def test_the_repo_of_these_tests_is_valid(world):
    done = world.run("validate", "--repo", world.root)
    assert done.code == 0, done.err


def test_the_last_verified_state_comes_back_over_several_commits(world):
    good = world.deploy("1.1")
    world.verified(good)
    world.deploy("1.2")
    bad = world.deploy("1.3")
    done = world.rollback("--yes", "--reason", "R1 503s 1.2% -> 4%\nAtmos-Restores: forged")
    assert done.code == 0, done.out
    data = done.json["data"]
    assert (data["takesBack"], data["restores"], data["chosen"], data["exact"]) == (bad, good, "verified", True)
    assert world.tag() == "1.1"
    assert world.git("rev-parse", f"{good}:{ROOM}") == world.git("rev-parse", f"HEAD:{ROOM}")
    body = world.git("log", "-1", "--format=%B")
    assert f"Atmos-Rollback-Of: {bad}\nAtmos-Restores: {good}\nAtmos-Service: prod/default/checkout\n" in body
    assert world.git("log", "-1", "--format=%(trailers:key=Atmos-Restores,valueonly)") == good
    assert world.git("log", "-1", "--format=%(trailers:key=Atmos-Reason,valueonly)").endswith("forged")
    assert world.git("diff", "--name-only", "HEAD~1") == PROD
    assert world.git("status", "--porcelain") == ""


def test_without_a_verdict_it_is_the_state_before_and_says_so(world):
    before = world.head
    world.deploy("1.1")
    done = world.rollback("--yes")
    assert done.json["data"]["restores"] == before
    assert "the previous state was never verified" in world.git("log", "-1", "--format=%B")
    assert world.tag() == "1.0"


def test_only_one_service_of_a_commit_is_taken_back(world):
    world.deploy("1.1", service="cart")
    world.write("apps/default/cart/overlays/prod/kustomization.yaml", world.read(PROD).replace("checkout", "cart"))
    world.replace(PROD, "1.0", "2.0")
    world.replace("apps/default/cart/overlays/prod/kustomization.yaml", "1.0", "2.0")
    world.commit("Both to 2.0")
    world.deploy("2.1", service="cart")
    assert world.rollback("--yes").code == 0
    assert (world.tag(), world.tag(service="cart")) == ("1.0", "2.1")


def test_another_environment_is_left_alone(world):
    world.replace(PROD, "1.0", "2.0")
    world.replace(PROD.replace("prod", "dev"), "1.0", "2.0")
    world.commit("Both environments to 2.0")
    assert world.rollback("--yes").code == 0
    assert (world.tag(), world.tag(environment="dev")) == ("1.0", "2.0")


def test_files_that_were_added_go_and_files_that_were_renamed_come_back(world):
    overlay = f"{ROOM}/overlays/prod"
    world.write(
        f"{overlay}/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default-prod}\n"
    )
    world.replace(PROD, "- ../../base\n", "- ../../base\n- settings.yaml\n")
    good = world.commit("With settings")
    world.git("mv", f"{overlay}/settings.yaml", f"{overlay}/options.yaml")
    world.replace(PROD, "settings.yaml", "options.yaml")
    world.replace(f"{overlay}/options.yaml", "name: a", "name: b")
    world.write(f"{overlay}/more.txt", "more\n")
    world.commit("Renamed")
    done = world.rollback("--yes")
    assert done.code == 0, done.out
    assert done.json["data"]["files"] == {
        "added": [f"{overlay}/settings.yaml"],
        "modified": [PROD],
        "removed": [f"{overlay}/more.txt", f"{overlay}/options.yaml"],
    }
    assert world.git("rev-parse", f"{good}:{overlay}") == world.git("rev-parse", f"HEAD:{overlay}")


def test_a_service_that_was_removed_comes_back(world):
    good = world.head
    world.git("rm", "-rq", ROOM)
    world.git("commit", "-qm", "No checkout any more")
    done = world.rollback("--yes")
    assert done.code == 0, done.out
    assert world.git("rev-parse", f"{good}:{ROOM}/base") == world.git("rev-parse", f"HEAD:{ROOM}/base")
    assert (world.root / PROD).exists()
    assert not (world.root / PROD.replace("prod", "dev")).exists()


def test_a_squashed_and_a_merged_branch_are_taken_back_whole(world):
    for how in ("--squash", "--no-ff"):
        good = world.head
        world.git("switch", "-qc", f"feature{how}")
        first = world.deploy(f"3.0{how}")
        world.deploy(f"3.1{how}")
        world.git("switch", "-q", "main")
        world.write(f"other{how}", "unrelated\n")
        world.commit("unrelated")
        unrelated = world.head
        world.git("merge", "-q", how, *(["-m", "Merge"] if how == "--no-ff" else []), f"feature{how}")
        if how == "--squash":
            world.git("commit", "-qm", "Squashed")
        merge = world.head
        named = ["--commit", first] if how == "--no-ff" else []
        done = world.rollback("--yes", *named)
        assert done.code == 0, done.out
        assert (done.json["data"]["takesBack"], done.json["data"]["restores"]) == (merge, unrelated)
        assert world.git("rev-parse", f"{good}:{ROOM}") == world.git("rev-parse", f"HEAD:{ROOM}")


def test_a_branch_leaves_checkout_and_index_alone(world):
    world.deploy("1.1")
    world.write("mine.txt", "staged\n")
    world.git("add", "mine.txt")
    world.replace(PROD, "1.1", "my edit")
    before = state(world.root)
    done = world.rollback("--yes", "--write", "branch")
    assert done.code == 0, done.out
    written = done.json["data"]["written"]
    after = state(world.root)
    assert after[:3] == before[:3]
    assert world.tag(commit=written["branch"]) == "1.0"
    assert world.git("diff", "--name-only", "main", written["branch"]) == PROD


def test_files_alone_can_be_written_and_never_over_the_users_own_edits(world):
    world.deploy("1.1")
    head = world.head
    world.replace(PROD, "1.1", "mine")
    assert world.rollback("--yes", "--write", "files").codes == ["ATM603"]
    assert world.tag() == "mine"
    world.git("checkout", "-q", PROD)
    assert world.rollback("--yes", "--write", "files").code == 0
    assert (world.tag(), world.head) == ("1.0", head)


def test_a_dry_run_writes_nothing_at_all(world):
    world.deploy("1.1")
    before = state(world.root)
    done = world.run("rollback", "checkout", "--env", "prod", "--dry-run", "--diff", "--repo", world.root)
    assert done.code == 0, done.out + done.err
    assert '+- {name: checkout, newName: registry.test/checkout, newTag: "1.0"}' in done.out
    assert "the previous state was never verified" in done.out
    assert state(world.root) == before


def test_what_was_rolled_back_is_not_a_state_to_go_back_to(world):
    good = world.deploy("1.1")
    world.verified(good, at=1)
    regretted = world.deploy("1.2")
    world.verified(regretted, at=2)
    assert world.rollback("--yes", "--to", good).code == 0
    world.deploy("1.3")
    done = world.rollback("--yes")
    assert done.code == 0, done.out
    assert done.json["data"]["restores"] == good
    assert world.tag() == "1.1"


def test_a_broken_overlay_is_taken_back(world):
    world.replace(PROD, "resources:\n- ../../base", "resources:\n- ../../nothing")
    world.commit("Broken")
    done = world.rollback("--yes")
    assert done.code == 0, done.out
    assert "../../base" in world.read(PROD)


@pytest.mark.parametrize("one_cluster", [False, True])
def test_the_delivery_pointer_of_the_environment_comes_back_with_it(tmp_path, atmos, one_cluster):
    world = rolling.make(tmp_path / "repo", atmos, engine="flux", one_cluster=one_cluster)
    path = f"delivery/{'dev' if one_cluster else 'prod'}/default/checkout.yaml"
    good = world.read(path)
    world.write(path, good.replace("3m", "9m"))
    world.replace(PROD, "1.0", "2.0")
    world.commit("2.0, slower")
    done = world.rollback("--yes")
    assert done.code == 0, done.out
    if not one_cluster:
        assert world.read(path) == good
    else:
        from atmos_cli.yamlio.load import load_all

        timeouts = {
            d.value["metadata"]["namespace"]: d.value["spec"]["timeout"] for d in load_all(world.read(path).encode())
        }
        assert timeouts == {"default-dev": "9m", "default-prod": "3m"}
