"""`atmos rollback` does nothing that a person would regret, says every reason at once, and what would allow it."""

import pytest

from .conftest import state
from .rolling import CLAIM, JOB, PROD, ROOM

OVERLAY = f"{ROOM}/overlays/prod"


def reasons(done):
    assert done.code == 1, done.out
    return [each["code"] for each in done.json["data"]["reasons"]]


def add(deployed, name, text):
    deployed.write(f"{OVERLAY}/{name}", text)
    deployed.replace(PROD, "- ../../base\n", f"- ../../base\n- {name}\n")
    return deployed.commit(f"Add {name}")


def test_a_newer_commit_is_never_taken_back_unseen(deployed):
    bad = deployed.deploy("1.1")
    newer = deployed.deploy("1.2")
    before = state(deployed.root)
    done = deployed.rollback("--yes", "--commit", bad, "--force")
    assert reasons(done) == ["newer-commit"]
    assert done.codes == ["ATM820"]
    assert newer[:10] in done.json["diagnostics"][0]["message"]
    assert state(deployed.root) == before


def test_a_newer_commit_of_the_base_counts_and_one_of_another_service_does_not(deployed):
    bad = deployed.deploy("1.1")
    deployed.deploy("9", service="cart")
    deployed.replace(PROD.replace("prod", "dev"), "count: 1", "count: 2")
    deployed.commit("dev only")
    assert deployed.rollback("--dry-run", "--commit", bad).code == 0
    deployed.replace(f"{ROOM}/base/deployment.yaml", "8080", "8081")
    deployed.commit("base")
    assert "newer-commit" in reasons(deployed.rollback("--dry-run", "--commit", bad))


@pytest.mark.slow
def test_a_newer_commit_that_only_the_remote_has_counts(deployed):
    bare = deployed.share()
    bad = deployed.deploy("1.1")
    deployed.git("push", "-q", "origin", "main")
    other = deployed.clone_of(bare, "other")
    other.deploy("1.2")
    other.git("push", "-q", "origin", "main")
    done = deployed.rollback("--yes", "--no-push")
    assert reasons(done) == ["newer-commit"]
    assert deployed.head == bad
    # on a branch the newest is known, and it is the one that is taken back
    done = deployed.rollback("--yes", "--write", "branch", "--no-push")
    assert done.json["data"]["takesBack"] == other.head


@pytest.mark.slow
def test_a_rollback_is_not_taken_back_without_a_name(deployed):
    first = deployed.head
    bad = deployed.deploy("1.1")
    assert deployed.rollback("--yes").code == 0
    done = deployed.rollback("--yes")
    assert reasons(done) == ["is-rollback", "quarantined"]
    assert bad[:10] in done.json["diagnostics"][0]["message"]
    assert reasons(deployed.rollback("--yes", "--to", bad)) == ["quarantined"]
    assert deployed.rollback("--yes", "--to", bad, "--force").code == 0
    assert deployed.tag() == "1.1"
    assert deployed.rollback("--yes", "--to", first).code == 0


@pytest.mark.slow
def test_a_merged_rollback_is_one_too(deployed):
    deployed.deploy("1.1")
    branch = deployed.rollback("--yes", "--write", "branch").json["data"]["written"]["branch"]
    deployed.git("merge", "-q", "--no-ff", "-m", "Merge it", branch)
    assert "is-rollback" in reasons(deployed.rollback("--yes"))


@pytest.mark.slow
def test_a_passed_image_is_out_of_quarantine(deployed):
    bad = deployed.deploy("1.1")
    deployed.rollback("--yes")
    again = deployed.deploy("1.1")
    deployed.verified(again, at=1e10, images=["registry.test/checkout:1.1"])
    deployed.deploy("1.2")
    done = deployed.rollback("--yes", "--to", bad)
    assert done.code == 0, done.out


@pytest.mark.slow
def test_a_migration_stops_it_until_somebody_says_that_it_is_compatible(deployed):
    add(deployed, "migrate.yaml", JOB)
    done = deployed.rollback("--yes")
    assert reasons(done) == ["migration"]
    assert "migration" in done.json["diagnostics"][0]["message"]
    assert deployed.rollback("--dry-run", "--migrations-compatible").code == 0
    assert "migration" in reasons(deployed.rollback("--dry-run", "--force", "--accept-data-loss"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CLAIM.replace("SIZE", "1Gi"), "PersistentVolumeClaim/uploads"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: extra}\n", "Namespace/main-prod"),
    ],
    ids=["claim", "namespace"],
)
def test_data_is_not_removed_without_its_own_word(deployed, text, says):
    add(deployed, "data.yaml", text)
    done = deployed.rollback("--yes", "--force", "--migrations-compatible")
    assert reasons(done) == ["data-loss"]
    assert says in done.json["diagnostics"][0]["message"]
    assert (deployed.root / OVERLAY / "data.yaml").exists()
    assert deployed.rollback("--yes", "--accept-data-loss").code == 0
    assert not (deployed.root / OVERLAY / "data.yaml").exists()


def test_a_volume_does_not_shrink(deployed):
    add(deployed, "data.yaml", CLAIM.replace("SIZE", "1Gi"))
    deployed.replace(f"{OVERLAY}/data.yaml", "1Gi", "2Gi")
    deployed.commit("grow")
    done = deployed.rollback("--yes")
    assert reasons(done) == ["data-loss"]
    assert "2Gi to 1Gi" in done.json["diagnostics"][0]["message"]


def test_all_reasons_stand_together(deployed):
    deployed.write(f"{OVERLAY}/migrate.yaml", JOB)
    bad = add(deployed, "data.yaml", CLAIM.replace("SIZE", "1Gi"))
    deployed.replace(PROD, "- data.yaml", "- data.yaml\n- migrate.yaml")
    deployed.commit("more")
    found = reasons(deployed.rollback("--yes", "--commit", bad))
    assert found == ["newer-commit", "migration", "data-loss"]


@pytest.mark.slow
def test_a_changed_base_names_the_other_environments(deployed):
    good = deployed.head
    deployed.replace(f"{ROOM}/base/deployment.yaml", "cpu: 10m", "cpu: 20m")
    deployed.deploy("1.1")
    before = state(deployed.root)
    done = deployed.rollback("--yes")
    assert reasons(done) == ["shared-files"]
    assert "dev would change" in done.json["diagnostics"][0]["message"]
    assert state(deployed.root) == before
    only = deployed.rollback("--dry-run", "--overlay-only").json["data"]
    assert (only["exact"], only["alsoChanges"], only["files"]["modified"]) == (False, [], [PROD])
    done = deployed.rollback("--yes", "--all-environments")
    assert done.json["data"]["alsoChanges"] == ["dev"]
    assert "changes dev as well" in deployed.git("log", "-1", "--format=%B")
    assert deployed.git("rev-parse", f"{good}:{ROOM}") == deployed.git("rev-parse", f"HEAD:{ROOM}")


@pytest.mark.slow
def test_a_base_that_changed_nothing_that_runs_does_not_matter(deployed):
    deployed.write(f"{ROOM}/base/deployment.yaml", "# a comment\n" + deployed.read(f"{ROOM}/base/deployment.yaml"))
    deployed.deploy("1.1")
    done = deployed.rollback("--yes")
    assert done.code == 0, done.out
    assert done.json["data"]["files"]["modified"] == [PROD]
    assert deployed.read(f"{ROOM}/base/deployment.yaml").startswith("# a comment")


@pytest.mark.slow
def test_a_base_that_no_other_environment_feels_comes_back_too(deployed):
    deployed.git("rm", "-rq", f"{ROOM}/overlays/dev")
    deployed.commit("prod only")
    deployed.replace(f"{ROOM}/base/deployment.yaml", "cpu: 10m", "cpu: 20m")
    deployed.commit("more cpu")
    done = deployed.rollback("--yes")
    assert done.code == 0, done.out
    assert done.json["data"]["files"]["modified"] == [f"{ROOM}/base/deployment.yaml"]


@pytest.mark.slow
def test_files_of_others_are_never_restored(deployed):
    deployed.write("apps/shared/annotate/kustomization.yaml", COMPONENT.replace("VALUE", "first"))
    deployed.replace(PROD, "resources:", "components: [../../../../shared/annotate]\nresources:")
    deployed.commit("component")
    deployed.replace("apps/shared/annotate/kustomization.yaml", "first", "second")
    deployed.deploy("1.1")
    done = deployed.rollback("--yes", "--all-environments")
    assert reasons(done) == ["foreign-files"]
    assert "apps/shared/annotate/kustomization.yaml" in done.json["diagnostics"][0]["message"]
    done = deployed.rollback("--yes", "--overlay-only")
    assert done.json["data"]["files"]["modified"] == [PROD]


COMPONENT = """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- target: {kind: Deployment}
  patch: |
    - {op: add, path: /metadata/annotations, value: {note: VALUE}}
"""


def test_nothing_to_restore_is_said(deployed):
    assert deployed.rollback("--yes").codes == ["ATM822"]  # the first state of all
    deployed.verified(deployed.deploy("1.1"))
    deployed.write(PROD, "# only a comment\n" + deployed.read(PROD))
    deployed.commit("comment")
    done = deployed.rollback("--yes")
    assert (done.code, done.codes) == (1, ["ATM822"])
    assert "already runs" in done.json["diagnostics"][0]["message"]


def test_unknown_names_are_said_in_plain_words(deployed):
    deployed.deploy("1.1")
    assert deployed.rollback("--yes", service="chekout").codes == ["ATM511"]
    assert deployed.rollback("--yes", environment="staging").codes == ["ATM702"]
    assert deployed.rollback("--yes", "--to", "nonsense").codes == ["ATM815"]
    assert deployed.rollback("--yes", "--to", "--all").code == 2
    assert deployed.rollback("--yes", service="../..").codes == ["ATM511"]
    deployed.git("switch", "-q", "--orphan", "elsewhere")
    deployed.git("commit", "-q", "--allow-empty", "-m", "x")
    deployed.git("switch", "-q", "main")
    assert deployed.rollback("--yes", "--to", "elsewhere").codes == ["ATM815"]


@pytest.mark.slow
def test_a_commit_on_another_branch_than_the_engines_follow_is_no_rollback(deployed):
    deployed.deploy("1.1")
    deployed.git("switch", "-qc", "feature")
    assert deployed.rollback("--yes").codes == ["ATM604"]
    assert deployed.rollback("--yes", "--write", "branch").code == 0


@pytest.mark.slow
def test_a_budget_warns_a_ceiling_refuses_and_a_named_state_has_to_fit(deployed):
    deployed.replace(PROD, "count: 1", "count: 4")
    good = deployed.commit("four")
    deployed.replace(PROD, "count: 4", "count: 1")
    deployed.commit("one")
    limit = 'version: 1\nenvironment: prod\ncount: steady\nlimits:\n  pods: {limit: "3", ceiling: "CEILING"}\n'
    deployed.write("platform/budgets/prod.yaml", limit.replace("CEILING", "9"))
    deployed.commit("budget")
    done = deployed.rollback("--dry-run")
    assert done.code == 0, done.out
    assert ("ATM401", "warning") in {(each["code"], each["severity"]) for each in done.json["diagnostics"]}
    assert "ATM401" in deployed.rollback("--dry-run", "--to", good).codes
    assert deployed.rollback("--dry-run", "--to", good).code == 1
    deployed.write("platform/budgets/prod.yaml", limit.replace("CEILING", "3"))
    deployed.commit("ceiling")
    done = deployed.rollback("--dry-run")
    assert (done.code, done.codes) == (1, ["ATM402"])


@pytest.mark.slow
def test_what_is_wrong_already_does_not_keep_a_better_state_from_coming_back(deployed):
    deployed.replace(f"{ROOM}/base/deployment.yaml", "drop: [ALL]", "drop: []")
    deployed.commit("wrong, and long since")
    deployed.deploy("1.1")
    assert deployed.run("validate", "--repo", deployed.root).code == 1
    done = deployed.rollback("--yes")
    assert done.code == 0, done.out
    assert all(each["severity"] == "warning" for each in done.json["diagnostics"])


def test_a_state_that_is_wrong_in_a_new_way_does_not_come_back(deployed):
    deployed.replace(
        PROD,
        "replicas:",
        "patches:\n- target: {kind: Deployment}\n  patch: |\n    - {op: add, path: /spec/nonsense, value: 1}\nreplicas:",
    )
    bad = deployed.commit("wrong")
    deployed.replace(PROD, "/spec/nonsense", "/metadata/annotations")
    deployed.replace(PROD, "value: 1", "value: {a: b}")
    deployed.commit("mended")
    done = deployed.rollback("--yes", "--to", bad)
    assert (done.code, done.codes) == (1, ["ATM311"])
