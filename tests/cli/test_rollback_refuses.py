"""`atmos rollback` does nothing that a person would regret, says every reason at once, and what would allow it."""

import pytest

from .conftest import state
from .rolling import CLAIM, JOB, PROD, ROOM, rolling_template, world  # noqa: F401 - fixtures

OVERLAY = f"{ROOM}/overlays/prod"


def reasons(done):
    assert done.code == 1, done.out
    return [each["code"] for each in done.json["data"]["reasons"]]


def add(world, name, text):
    world.write(f"{OVERLAY}/{name}", text)
    world.replace(PROD, "- ../../base\n", f"- ../../base\n- {name}\n")
    return world.commit(f"Add {name}")


def test_a_newer_commit_is_never_taken_back_unseen(world):
    bad = world.deploy("1.1")
    newer = world.deploy("1.2")
    before = state(world.root)
    done = world.rollback("--yes", "--commit", bad, "--force")
    assert reasons(done) == ["newer-commit"]
    assert done.codes == ["ATM820"]
    assert newer[:10] in done.json["diagnostics"][0]["message"]
    assert state(world.root) == before


def test_a_newer_commit_of_the_base_counts_and_one_of_another_service_does_not(world):
    bad = world.deploy("1.1")
    world.deploy("9", service="cart")
    world.replace(PROD.replace("prod", "dev"), "count: 1", "count: 2")
    world.commit("dev only")
    assert world.rollback("--dry-run", "--commit", bad).code == 0
    world.replace(f"{ROOM}/base/deployment.yaml", "8080", "8081")
    world.commit("base")
    assert "newer-commit" in reasons(world.rollback("--dry-run", "--commit", bad))


def test_a_newer_commit_that_only_the_remote_has_counts(world):
    bare = world.share()
    bad = world.deploy("1.1")
    world.git("push", "-q", "origin", "main")
    other = world.clone_of(bare, "other")
    other.deploy("1.2")
    other.git("push", "-q", "origin", "main")
    done = world.rollback("--yes", "--no-push")
    assert reasons(done) == ["newer-commit"]
    assert world.head == bad
    # on a branch the newest is known, and it is the one that is taken back
    done = world.rollback("--yes", "--write", "branch", "--no-push")
    assert done.json["data"]["takesBack"] == other.head


def test_a_rollback_is_not_taken_back_without_a_name(world):
    first = world.head
    bad = world.deploy("1.1")
    assert world.rollback("--yes").code == 0
    done = world.rollback("--yes")
    assert reasons(done) == ["is-rollback", "quarantined"]
    assert bad[:10] in done.json["diagnostics"][0]["message"]
    assert reasons(world.rollback("--yes", "--to", bad)) == ["quarantined"]
    assert world.rollback("--yes", "--to", bad, "--force").code == 0
    assert world.tag() == "1.1"
    assert world.rollback("--yes", "--to", first).code == 0


def test_a_merged_rollback_is_one_too(world):
    world.deploy("1.1")
    branch = world.rollback("--yes", "--write", "branch").json["data"]["written"]["branch"]
    world.git("merge", "-q", "--no-ff", "-m", "Merge it", branch)
    assert "is-rollback" in reasons(world.rollback("--yes"))


def test_a_passed_image_is_out_of_quarantine(world):
    bad = world.deploy("1.1")
    world.rollback("--yes")
    again = world.deploy("1.1")
    world.verified(again, at=1e10, images=["registry.test/checkout:1.1"])
    world.deploy("1.2")
    done = world.rollback("--yes", "--to", bad)
    assert done.code == 0, done.out


def test_a_migration_stops_it_until_somebody_says_that_it_is_compatible(world):
    add(world, "migrate.yaml", JOB)
    done = world.rollback("--yes")
    assert reasons(done) == ["migration"]
    assert "migration" in done.json["diagnostics"][0]["message"]
    assert world.rollback("--dry-run", "--migrations-compatible").code == 0
    assert "migration" in reasons(world.rollback("--dry-run", "--force", "--accept-data-loss"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CLAIM.replace("SIZE", "1Gi"), "PersistentVolumeClaim/uploads"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: extra}\n", "Namespace/default-prod"),
    ],
    ids=["claim", "namespace"],
)
def test_data_is_not_removed_without_its_own_word(world, text, says):
    add(world, "data.yaml", text)
    done = world.rollback("--yes", "--force", "--migrations-compatible")
    assert reasons(done) == ["data-loss"]
    assert says in done.json["diagnostics"][0]["message"]
    assert (world.root / OVERLAY / "data.yaml").exists()
    assert world.rollback("--yes", "--accept-data-loss").code == 0
    assert not (world.root / OVERLAY / "data.yaml").exists()


def test_a_volume_does_not_shrink(world):
    add(world, "data.yaml", CLAIM.replace("SIZE", "1Gi"))
    world.replace(f"{OVERLAY}/data.yaml", "1Gi", "2Gi")
    world.commit("grow")
    done = world.rollback("--yes")
    assert reasons(done) == ["data-loss"]
    assert "2Gi to 1Gi" in done.json["diagnostics"][0]["message"]


def test_all_reasons_stand_together(world):
    world.write(f"{OVERLAY}/migrate.yaml", JOB)
    bad = add(world, "data.yaml", CLAIM.replace("SIZE", "1Gi"))
    world.replace(PROD, "- data.yaml", "- data.yaml\n- migrate.yaml")
    world.commit("more")
    found = reasons(world.rollback("--yes", "--commit", bad))
    assert found == ["newer-commit", "migration", "data-loss"]


def test_a_changed_base_names_the_other_environments(world):
    good = world.head
    world.replace(f"{ROOM}/base/deployment.yaml", "cpu: 10m", "cpu: 20m")
    world.deploy("1.1")
    before = state(world.root)
    done = world.rollback("--yes")
    assert reasons(done) == ["shared-files"]
    assert "dev would change" in done.json["diagnostics"][0]["message"]
    assert state(world.root) == before
    only = world.rollback("--dry-run", "--overlay-only").json["data"]
    assert (only["exact"], only["alsoChanges"], only["files"]["modified"]) == (False, [], [PROD])
    done = world.rollback("--yes", "--all-environments")
    assert done.json["data"]["alsoChanges"] == ["dev"]
    assert "changes dev as well" in world.git("log", "-1", "--format=%B")
    assert world.git("rev-parse", f"{good}:{ROOM}") == world.git("rev-parse", f"HEAD:{ROOM}")


def test_a_base_that_changed_nothing_that_runs_does_not_matter(world):
    world.write(f"{ROOM}/base/deployment.yaml", "# a comment\n" + world.read(f"{ROOM}/base/deployment.yaml"))
    world.deploy("1.1")
    done = world.rollback("--yes")
    assert done.code == 0, done.out
    assert done.json["data"]["files"]["modified"] == [PROD]
    assert world.read(f"{ROOM}/base/deployment.yaml").startswith("# a comment")


def test_a_base_that_no_other_environment_feels_comes_back_too(world):
    world.git("rm", "-rq", f"{ROOM}/overlays/dev")
    world.commit("prod only")
    world.replace(f"{ROOM}/base/deployment.yaml", "cpu: 10m", "cpu: 20m")
    world.commit("more cpu")
    done = world.rollback("--yes")
    assert done.code == 0, done.out
    assert done.json["data"]["files"]["modified"] == [f"{ROOM}/base/deployment.yaml"]


def test_files_of_others_are_never_restored(world):
    world.write("apps/shared/annotate/kustomization.yaml", COMPONENT.replace("VALUE", "first"))
    world.replace(PROD, "resources:", "components: [../../../../shared/annotate]\nresources:")
    world.commit("component")
    world.replace("apps/shared/annotate/kustomization.yaml", "first", "second")
    world.deploy("1.1")
    done = world.rollback("--yes", "--all-environments")
    assert reasons(done) == ["foreign-files"]
    assert "apps/shared/annotate/kustomization.yaml" in done.json["diagnostics"][0]["message"]
    done = world.rollback("--yes", "--overlay-only")
    assert done.json["data"]["files"]["modified"] == [PROD]


COMPONENT = """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- target: {kind: Deployment}
  patch: |
    - {op: add, path: /metadata/annotations, value: {note: VALUE}}
"""


def test_nothing_to_restore_is_said(world):
    assert world.rollback("--yes").codes == ["ATM822"]  # the first state of all
    world.verified(world.deploy("1.1"))
    world.write(PROD, "# only a comment\n" + world.read(PROD))
    world.commit("comment")
    done = world.rollback("--yes")
    assert (done.code, done.codes) == (1, ["ATM822"])
    assert "already runs" in done.json["diagnostics"][0]["message"]


def test_unknown_names_are_said_in_plain_words(world):
    world.deploy("1.1")
    assert world.rollback("--yes", service="chekout").codes == ["ATM511"]
    assert world.rollback("--yes", environment="staging").codes == ["ATM702"]
    assert world.rollback("--yes", "--to", "nonsense").codes == ["ATM815"]
    assert world.rollback("--yes", "--to", "--all").code == 2
    assert world.rollback("--yes", service="../..").codes == ["ATM511"]
    world.git("switch", "-q", "--orphan", "elsewhere")
    world.git("commit", "-q", "--allow-empty", "-m", "x")
    world.git("switch", "-q", "main")
    assert world.rollback("--yes", "--to", "elsewhere").codes == ["ATM815"]


def test_a_commit_on_another_branch_than_the_engines_follow_is_no_rollback(world):
    world.deploy("1.1")
    world.git("switch", "-qc", "feature")
    assert world.rollback("--yes").codes == ["ATM604"]
    assert world.rollback("--yes", "--write", "branch").code == 0


def test_a_budget_warns_a_ceiling_refuses_and_a_named_state_has_to_fit(world):
    world.replace(PROD, "count: 1", "count: 4")
    good = world.commit("four")
    world.replace(PROD, "count: 4", "count: 1")
    world.commit("one")
    limit = 'version: 1\nenvironment: prod\ncount: steady\nlimits:\n  pods: {limit: "3", ceiling: "CEILING"}\n'
    world.write("platform/budgets/prod.yaml", limit.replace("CEILING", "9"))
    world.commit("budget")
    done = world.rollback("--dry-run")
    assert done.code == 0, done.out
    assert ("ATM401", "warning") in {(each["code"], each["severity"]) for each in done.json["diagnostics"]}
    assert "ATM401" in world.rollback("--dry-run", "--to", good).codes
    assert world.rollback("--dry-run", "--to", good).code == 1
    world.write("platform/budgets/prod.yaml", limit.replace("CEILING", "3"))
    world.commit("ceiling")
    done = world.rollback("--dry-run")
    assert (done.code, done.codes) == (1, ["ATM402"])


def test_what_is_wrong_already_does_not_keep_a_better_state_from_coming_back(world):
    world.replace(f"{ROOM}/base/deployment.yaml", "drop: [ALL]", "drop: []")
    world.commit("wrong, and long since")
    world.deploy("1.1")
    assert world.run("validate", "--repo", world.root).code == 1
    done = world.rollback("--yes")
    assert done.code == 0, done.out
    assert all(each["severity"] == "warning" for each in done.json["diagnostics"])


def test_a_state_that_is_wrong_in_a_new_way_does_not_come_back(world):
    world.replace(
        PROD,
        "replicas:",
        "patches:\n- target: {kind: Deployment}\n  patch: |\n    - {op: add, path: /spec/nonsense, value: 1}\nreplicas:",
    )
    bad = world.commit("wrong")
    world.replace(PROD, "/spec/nonsense", "/metadata/annotations")
    world.replace(PROD, "value: 1", "value: {a: b}")
    world.commit("mended")
    done = world.rollback("--yes", "--to", bad)
    assert (done.code, done.codes) == (1, ["ATM311"])
