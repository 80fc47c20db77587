"""Every state of a Flux Kustomization or HelmRelease that was recorded is decided as it was, not as Flux shows it."""

import pytest

from atmos_cli.engines.flux.delivery import delivery
from atmos_cli.engines.flux.status import revisions
from atmos_cli.verify.delivery.revisions import commit
from atmos_cli.verify.seen import Arrival
from tests.verify.snapshots import DIVERGED, NEWER, NEWER_EQUAL, OLDER, SAME, cond, names, obj, recorded, snapshot, when

A = "a" * 40
# sample -> (relations, arrival, code, final, a part of the message); the source holds the wanted commit
ROWS = {
    "build_failed": ({"ce67809": SAME, "252864d": OLDER}, "failed", "manifests-failed", True, "nope.yaml"),
    "crashloop_failed": ({"8b4be27": SAME}, "arrived", "applied-unhealthy", False, "Deployment/shop-dev/orders-api status: 'Failed'"),
    "denied_cluster_scoped": ({"c87d481": SAME}, "failed", "apply-failed", False, "at the cluster scope"),
    "denied_namespace": ({"c87d481": SAME}, "failed", "apply-failed", False, 'in the namespace "pay-dev"'),
    "denied_rolebinding": ({"c87d481": SAME}, "failed", "apply-failed", False, "is forbidden"),
    "image_bump_live": ({"4b89ca4": SAME, "8575794": OLDER}, "arrived", "arrived", False, "4b89ca4"),
    "imagepull_failed": ({"4b89ca4": SAME, "8575794": OLDER}, "arrived", "applied-unhealthy", False, ""),
    "immutable_dry_run_failed": ({"ce67809": SAME, "252864d": OLDER}, "failed", "apply-failed", True, "field is immutable"),
    "live_healthy": ({"c87d481": SAME}, "arrived", "arrived", False, "c87d481"),
    "notready_failed": ({"4b89ca4": SAME, "8575794": OLDER}, "arrived", "applied-unhealthy", False, ""),
    "paused_deployment_progressing": ({"7c86ce1": SAME, "06040d7": OLDER}, "arrived", "checking-health", False, ""),
    "psa_failed": ({"4b89ca4": SAME, "8575794": OLDER}, "arrived", "applied-unhealthy", False, ""),
    "queued_behind_busy_workers": ({"8575794": OLDER, "aaaaaaa": SAME}, "pending", "queued", False, "8575794"),
    "quota_progressing": ({"4b89ca4": SAME, "8575794": OLDER}, "arrived", "checking-health", False, ""),
    "rolling": ({"4b89ca4": SAME, "8575794": OLDER}, "arrived", "checking-health", False, "4b89ca4"),
    "root_missing_namespace": ({"e63cf4c": SAME, "a7c3faa": OLDER}, "failed", "apply-failed", False, 'namespaces "ghost-dev" not found'),
    "stalled_access_denied": ({}, "failed", "access-denied", True, "cross-namespace references"),
    "suspended_ready_true": ({"7c86ce1": OLDER, "aaaaaaa": SAME}, "paused", "suspended", True, "resume"),
    "unknown_field_silently_ready": ({"f19d356": SAME}, "arrived", "arrived", False, "f19d356"),
    "zero_replicas_ready": ({"4b89ca4": SAME}, "arrived", "arrived", False, ""),
}  # fmt: skip


def source(revision=A, *, at="2026-11-23T04:59:30Z", conditions=(), **spec):
    status = {
        "conditions": [cond("Ready", "True"), *conditions],
        "artifact": {"revision": f"main@sha1:{revision}", "lastUpdateTime": at},
    }
    return obj("source.toolkit.fluxcd.io/v1", "GitRepository", "gitops", spec, status)


def decide(owner, relations, *, held=None, pushed="2026-11-23T04:59:00Z", **more):
    attempted = commit(owner["status"].get("lastAttemptedRevision", ""))
    seen = snapshot(held or source(A if "aaaaaaa" in relations else (attempted or A)), owner, **more)
    full = {name: relations[name[:7]] for name in revisions(seen) if name[:7] in relations}
    return delivery(seen, full, pushed=when(pushed))


@pytest.mark.parametrize("name", ROWS)
def test_each_recorded_state_is_decided_as_it_was(name):
    relations, arrival, code, final, words = ROWS[name]
    found = decide(recorded(f"flux_ks_{name}"), relations)
    assert (found.arrival, found.code, found.final) == (arrival, code, final), found
    assert words in found.message
    assert "\n" not in found.message


def test_the_table_covers_every_recording_of_a_kustomization():
    assert {n for n in names() if n.startswith("flux_ks_")} == {f"flux_ks_{n}" for n in ROWS}


def test_a_broken_source_is_seen_though_the_kustomization_says_ready():
    held = recorded("flux_gitrepository_failed")  # still holds 8b4be27
    found = decide(recorded("flux_ks_live_healthy"), {"c87d481": OLDER, "8b4be27": OLDER}, held=held)
    assert (found.arrival, found.code, found.refresh) == (Arrival.FAILED, "source-failed", "normal")
    assert "couldn't find remote ref" in found.message


def test_a_broken_source_that_already_brought_the_commit_does_not_matter():
    held = recorded("flux_gitrepository_failed")
    found = decide(recorded("flux_ks_live_healthy"), {"c87d481": SAME, "8b4be27": NEWER_EQUAL}, held=held)
    assert found.arrival is Arrival.ARRIVED


def test_just_pushed_is_pending_and_asks_the_source_to_look():
    held = recorded("flux_gitrepository_ready")
    found = decide(recorded("flux_ks_live_healthy"), {"c87d481": OLDER}, held=held)
    assert (found.arrival, found.code, found.refresh) == (Arrival.PENDING, "not-fetched", "normal")


def test_a_queue_that_lasts_is_explained():
    owner = recorded("flux_ks_queued_behind_busy_workers")
    relations = {"8575794": OLDER, "aaaaaaa": SAME}
    assert "busy" not in decide(owner, relations).message
    found = decide(owner, relations, held=source(at="2026-11-23T04:58:00Z"))
    assert (found.code, found.refresh) == ("queued", "normal")
    assert "busy" in found.message


def test_a_newer_commit_supersedes_as_soon_as_the_source_holds_it():
    found = decide(recorded("flux_ks_live_healthy"), {"c87d481": SAME, "aaaaaaa": NEWER})
    assert (found.arrival, found.final) == (Arrival.SUPERSEDED, True)
    found = decide(recorded("flux_ks_live_healthy"), {"c87d481": NEWER}, held=recorded("flux_gitrepository_ready"))
    assert found.arrival is Arrival.SUPERSEDED


def test_an_unrelated_newer_commit_does_not_supersede():
    found = decide(recorded("flux_ks_live_healthy"), {"c87d481": SAME, "aaaaaaa": NEWER_EQUAL})
    assert found.arrival is Arrival.ARRIVED


def test_another_branch_is_diverged_once_fetched_after_the_push():
    relations = {"c87d481": DIVERGED, "aaaaaaa": DIVERGED}
    found = decide(recorded("flux_ks_live_healthy"), relations)
    assert (found.arrival, found.final) == (Arrival.DIVERGED, True)
    found = decide(recorded("flux_ks_live_healthy"), relations, held=source(at="2026-11-23T04:50:00Z"))
    assert (found.arrival, found.refresh) == (Arrival.PENDING, "normal")


def test_a_suspended_kustomization_that_applied_the_commit_before_has_arrived():
    found = decide(recorded("flux_ks_suspended_ready_true"), {"7c86ce1": SAME})
    assert found.arrival is Arrival.ARRIVED


def test_a_suspended_source_is_paused():
    held = source("c87d481032fdb0c6f4e8ef55163a7efbc007b1b0", suspend=True)
    found = decide(recorded("flux_ks_live_healthy"), {"c87d481": OLDER}, held=held)
    assert (found.arrival, found.code) == (Arrival.PAUSED, "source-suspended")
    assert found.next == f"flux resume source git {held['metadata']['name']} -n {held['metadata']['namespace']}"


@pytest.mark.parametrize("name", ["flux_ks_live_healthy", "flux_hr_live"])
def test_a_suspended_pointer_comes_with_the_command_that_resumes_it(name):
    owner = recorded(name)
    owner["spec"]["suspend"] = True
    owner["metadata"] |= {"name": "orders", "namespace": "shop-dev; reboot"}
    found = delivery(snapshot(owner), dict.fromkeys(revisions(snapshot(owner)), OLDER), pushed=0.0)
    assert found.next == f"flux resume {owner['kind'].lower()} orders -n 'shop-dev; reboot'"


def test_a_path_that_the_artifact_lacks_fails_before_it_counts_as_attempted():
    owner = recorded("flux_ks_live_healthy")
    words = "kustomization path not found: stat <tmp>/apps/shop/cart/overlays/dev: no such file or directory"
    owner["status"]["conditions"] = [cond("Ready", "False", "ArtifactFailed", words, "2026-11-23T04:59:40Z")]
    found = decide(owner, {"c87d481": OLDER, "aaaaaaa": SAME})
    assert (found.arrival, found.code, found.final) == (Arrival.FAILED, "path-missing", True)


def test_while_flux_tries_again_the_failure_is_not_forgotten():
    owner = recorded("flux_ks_immutable_dry_run_failed")
    for found in owner["status"]["conditions"]:
        if found["type"] == "Ready":
            found |= {"status": "Unknown", "reason": "Progressing", "message": "Reconciliation in progress"}
    found = decide(owner, {"ce67809": SAME, "252864d": OLDER})
    assert (found.arrival, found.code, found.final) == (Arrival.FAILED, "apply-failed", False)


def test_while_flux_tries_again_after_a_failed_health_check_the_commit_is_still_applied():
    owner = recorded("flux_ks_crashloop_failed")
    owner["status"]["conditions"] = [
        cond("Ready", "Unknown", "Progressing"),
        cond("Reconciling", "True", "Progressing", "Building manifests"),
    ]
    found = decide(owner, {"8b4be27": SAME})
    assert (found.arrival, found.code) == (Arrival.ARRIVED, "applied-unhealthy")


def test_a_kustomization_on_another_branch_is_diverged_also_when_its_source_was_not_seen():
    seen = snapshot(recorded("flux_ks_live_healthy"))
    found = delivery(seen, dict.fromkeys(revisions(seen), DIVERGED), pushed=0.0)
    assert found.arrival is Arrival.DIVERGED
    found = delivery(seen, {}, pushed=0.0)
    assert (found.arrival, found.code) == (Arrival.UNKNOWN, "revision-unknown")


def test_waiting_for_a_dependency_is_pending():
    owner = recorded("flux_ks_live_healthy")
    owner["status"]["conditions"] = [
        cond("Ready", "False", "DependencyNotReady", "dependency 'flux-system/infra' is not ready")
    ]
    found = decide(owner, {"c87d481": SAME})
    assert (found.arrival, found.code) == (Arrival.PENDING, "dependency-not-ready")


def test_a_commit_that_renders_nothing_is_no_success():
    owner = recorded("flux_ks_live_healthy")
    owner["status"]["inventory"] = {"entries": []}
    found = decide(owner, {"c87d481": SAME})
    assert (found.arrival, found.code, found.final) == (Arrival.FAILED, "nothing-rendered", True)


def test_a_field_that_the_api_server_dropped_is_named():
    container = {"name": "app", "image": "x:1"}

    def basket(**more):
        return obj("apps/v1", "Deployment", "basket", {"template": {"spec": {"containers": [container | more]}}})

    found = decide(
        recorded("flux_ks_unknown_field_silently_ready"),
        {"f19d356": SAME},
        wanted=[basket(imagePulPolicy="Always")],
        objects=[basket()],
    )
    assert (found.arrival, found.code) == (Arrival.ARRIVED, "arrived-drifting")
    assert "imagePulPolicy" in found.message


def test_an_unseen_spec_is_waited_for():
    owner = recorded("flux_ks_live_healthy")
    owner["metadata"]["generation"] = 2
    assert decide(owner, {"c87d481": SAME}).code == "spec-not-seen"


def test_nothing_found_is_pending():
    found = delivery(snapshot(source()), {}, pushed=0.0)
    assert (found.arrival, found.code) == (Arrival.PENDING, "kustomization-missing")


# HelmRelease: the commit is known by 12 digits of the chart's version


def test_a_release_is_known_by_the_short_commit_of_its_chart():
    live, failed = recorded("flux_hr_live"), recorded("flux_hr_install_failed")
    assert revisions(snapshot(live)) == ("0ba8e74a6363",)
    found = decide(live, {"0ba8e74": SAME})
    assert (found.arrival, found.code, found.revision) == (Arrival.ARRIVED, "arrived", "0ba8e74a6363")
    found = decide(failed, {"479f16d": SAME})
    assert (found.arrival, found.code, found.final) == (Arrival.FAILED, "helm-failed", False)
    assert "secrets is forbidden" in found.message
    assert decide(live, {"0ba8e74": OLDER, "aaaaaaa": SAME}).arrival is Arrival.PENDING


def release(*conditions, history_status="failed"):
    found = recorded("flux_hr_live")
    found["status"]["conditions"] = list(conditions)
    found["status"]["history"][0]["status"] = history_status
    return found


def test_a_release_that_helm_took_back_fails_though_git_still_has_it():
    words = "Helm rollback to previous release pay-dev/rates.v1 succeeded"
    taken = release(
        cond("Ready", "False", "UpgradeFailed", "upgrade failed"),
        cond("Remediated", "True", "RollbackSucceeded", words),
        cond("Stalled", "True", "RetriesExceeded", "Failed to upgrade after 1 attempt(s)"),
    )
    found = decide(taken, {"0ba8e74": SAME})
    assert (found.arrival, found.code, found.final) == (Arrival.FAILED, "remediated", True)
    assert "Git still has the commit" in found.message


def test_a_release_whose_pods_never_became_ready_was_applied():
    words = (
        "Helm upgrade failed for release pay-dev/rates with chart rates@0.1.0+0ba8e74a6363.1: context deadline exceeded"
    )
    found = decide(release(cond("Ready", "False", "UpgradeFailed", words)), {"0ba8e74": SAME})
    assert (found.arrival, found.code) == (Arrival.ARRIVED, "applied-unhealthy")


def test_helm_gives_up():
    gave_up = release(
        cond("Stalled", "True", "RetriesExceeded", "gone"), cond("Released", "False", "UpgradeFailed", "bad template")
    )
    found = decide(gave_up, {"0ba8e74": SAME})
    assert (found.code, found.final) == ("retries-exceeded", True)
    assert "bad template" in found.message
    assert decide(gave_up, {"0ba8e74": OLDER, "aaaaaaa": SAME}).arrival is Arrival.PENDING


def test_helms_own_tests_count():
    found = decide(
        release(cond("Ready", "False", "TestFailed"), cond("TestSuccess", "False", "TestFailed", "1 of 1")),
        {"0ba8e74": SAME},
    )
    assert (found.code, found.final) == ("helm-test-failed", True)


def test_while_helm_waits_live_objects_tell_that_it_applied():
    wanted = [obj("v1", "ConfigMap", "x", namespace="pay-dev")]
    busy = release(cond("Ready", "Unknown", "Progressing", "Running 'upgrade' action with timeout of 1m0s"))
    assert decide(busy, {"0ba8e74": SAME}, wanted=wanted).arrival is Arrival.APPLYING
    assert decide(busy, {"0ba8e74": SAME}, wanted=wanted, objects=wanted).code == "checking-health"


def test_a_chart_from_a_repository_names_no_commit_and_needs_proof():
    live = recorded("flux_hr_live")
    live["status"]["lastAttemptedRevision"] = "1.2.3"
    wanted = [obj("v1", "ConfigMap", "x", namespace="pay-dev")]
    assert decide(live, {"aaaaaaa": SAME}, wanted=wanted, objects=wanted).arrival is Arrival.ARRIVED
    assert decide(live, {"aaaaaaa": SAME}, wanted=wanted).arrival is Arrival.PENDING
    assert decide(live, {"aaaaaaa": SAME}).arrival is Arrival.UNKNOWN


@pytest.mark.parametrize(
    ("revision", "expected"),
    [
        (f"main@sha1:{A}", A),
        (f"feature/x@y@sha1:{A}", A),
        (f"sha1:{A}", A),
        (f"main/{A}", A),
        (A, A),
        ("0.1.0+479f16d3a5f6.1", "479f16d3a5f6"),
        ("0.1.0+479f16d3a5f6", "479f16d3a5f6"),
        ("0.1.0-rc.1+build.5.479f16d3a5f6.12", "479f16d3a5f6"),
        ("latest@sha256:" + "b" * 64, ""),
        ("refs/heads/main", ""),
        ("main", ""),
        ("1.2.3", ""),
        ("", ""),
        (f"main@sha1:{A}\n", ""),
        ("x" * 10**6, ""),
    ],
)
def test_the_grammar_of_revisions(revision, expected):
    assert commit(revision) == expected


def test_an_oci_artifact_is_known_by_the_commit_of_its_origin():
    held = source()
    held["kind"] = "OCIRepository"
    held["status"]["artifact"] = {
        "revision": "latest@sha256:" + "b" * 64,
        "metadata": {"org.opencontainers.image.revision": f"main@sha1:{A}"},
    }
    owner = recorded("flux_ks_live_healthy")
    oci = "latest@sha256:" + "b" * 64
    owner["status"] |= {
        "lastAttemptedRevision": oci,
        "lastAppliedRevision": oci,
        "lastAppliedOriginRevision": f"main@sha1:{A}",
    }
    found = decide(owner, {"aaaaaaa": SAME}, held=held)
    assert found.arrival is Arrival.ARRIVED, found
