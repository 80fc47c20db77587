"""Every state of an Argo CD Application that was recorded is decided as it was, not as Argo CD shows it."""

import pytest

from atmos_cli.engines.argocd.delivery import delivery
from atmos_cli.engines.argocd.status import revisions
from atmos_cli.verify.seen import Arrival, Order, Relation
from tests.verify.snapshots import DIVERGED, NEWER, NEWER_EQUAL, OLDER, OLDER_EQUAL, SAME, obj, recorded, snapshot, when

# sample -> (relations by the first 7 digits of the revision, pushed, arrival, code, final, a part of the message)
C1 = {"4b89ca4": SAME}
ROWS = {
    "automated_disabled": ({"7c86ce1": SAME, "8575794": OLDER}, "04:14:30", "paused", "automation-paused", True, "off"),
    "build_failed": ({"252864d": OLDER}, "04:09:20", "failed", "manifests-failed", True, "nope.yaml"),
    "build_failed_masked_by_grace": ({"252864d": OLDER}, "04:09:20", "pending", "older-still-shown", False, "hides"),
    "comparison_error_unknown_but_healthy": ({}, "03:31:10", "failed", "manifests-failed", False, "executable file"),
    "crashloop_degraded": (C1, "04:02:40", "arrived", "arrived", False, "4b89ca4"),
    "denied_cluster_scoped": ({"c87d481": SAME}, "03:51:30", "failed", "sync-failing", False, "ClusterRole is not permitted"),
    "denied_namespace": ({"c87d481": SAME}, "03:51:30", "failed", "sync-failing", False, "namespace pay-dev is not permitted"),
    "denied_rolebinding": ({"c87d481": SAME}, "03:51:30", "failed", "sync-failing", False, "RoleBinding is not permitted"),
    "destination_not_permitted": ({}, "03:51:30", "failed", "destination-refused", True, "allowed destinations"),
    "empty_synced_healthy": ({"479f16d": SAME}, "04:18:30", "failed", "nothing-rendered", True, "no objects"),
    "fail_on_shared_resource": ({"8b4be27": SAME}, "04:27:00", "failed", "shared-resource", False, "part of applications"),
    "helm_live": ({"0ba8e74": SAME}, "04:20:00", "arrived", "arrived", False, "0ba8e74"),
    "image_bump_live": ({"4b89ca4": SAME, "7f48b20": OLDER}, "04:02:40", "arrived", "arrived", False, "4b89ca4"),
    "imagepull_degraded": (C1, "04:02:40", "arrived", "arrived", False, "4b89ca4"),
    "live_healthy": ({"c87d481": NEWER_EQUAL, "7f48b20": SAME}, "03:48:00", "arrived", "arrived", False, "c87d481"),
    "missing_project": ({}, "03:30:00", "failed", "project-missing", False, "does not exist"),
    "notready_degraded": (C1, "04:02:40", "arrived", "arrived", False, ""),
    "orphaned_path_gone_still_synced": ({"fac0b83": OLDER, "8363463": OLDER}, "03:59:50", "pending", "older-still-shown", False, "3 minutes"),
    "path_missing": ({}, "03:51:30", "failed", "path-missing", True, "app path does not exist"),
    "paused_deployment_suspended": ({"7c86ce1": SAME}, "04:14:20", "arrived", "arrived", False, ""),
    "persisted_health_degraded": ({"a7c3faa": SAME}, "04:24:10", "arrived", "arrived", False, ""),
    "prune_false_outofsync": ({"2f666aa": SAME}, "03:56:50", "arrived", "arrived-kept-objects", False, "ledger-data is no longer in Git"),
    "psa_degraded": (C1, "04:02:40", "arrived", "arrived", False, ""),
    "quota_progressing_forever": (C1, "04:02:40", "arrived", "arrived", False, ""),
    "repo_not_permitted": ({}, "03:51:30", "failed", "repository-refused", True, "other.git is not permitted"),
    "shared_resource_warning": ({"89aee20": SAME}, "03:30:00", "failed", "shared-resource", False, "overwrite each other"),
    "sync_failed_retries_exhausted": ({"c760af8": SAME}, "04:21:10", "failed", "sync-failed", True, 'namespaces "late" not found'),
    "sync_failing_retrying": ({"f19d356": SAME}, "04:12:20", "failed", "sync-failing", True, "field is immutable"),
    "syncing_health_is_old": (C1, "04:02:40", "applying", "applying", False, ""),
    "unknown_cluster": ({}, "03:51:30", "failed", "cluster-unknown", True, "nowhere"),
    "unknown_field_comparison_error": ({"f19d356": SAME, "252864d": OLDER}, "04:12:20", "failed", "comparison-failed", True, "imagePulPolicy"),
    "unrelated_commit": ({"ea11f38": NEWER_EQUAL, "8575794": SAME}, "04:00:00", "arrived", "arrived", False, "ea11f38"),
    "zero_replicas_healthy": (C1, "04:02:40", "arrived", "arrived", False, ""),
}  # fmt: skip


def decide(app, relations, pushed="04:00:00", **more):
    seen = snapshot(app, **more)
    full = {name: relations[name[:7]] for name in revisions(seen) if name[:7] in relations}
    return delivery(seen, full, pushed=when(f"2026-11-23T{pushed}Z") if pushed else 0.0)


@pytest.mark.parametrize("name", ROWS)
def test_each_recorded_state_is_decided_as_it_was(name):
    relations, pushed, arrival, code, final, words = ROWS[name]
    found = decide(recorded(f"argo_app_{name}"), relations, pushed)
    assert (found.arrival, found.code, found.final) == (arrival, code, final), found
    assert words in found.message
    assert "\n" not in found.message


def test_the_table_covers_every_recording_of_an_application():
    from tests.verify.snapshots import names

    synthetic = {"argo_app_ssdiff_false_synced_immutable", "argo_app_ssdiff_false_synced_unknown_field"}
    assert {n for n in names() if n.startswith("argo_app_")} == {f"argo_app_{n}" for n in ROWS} | synthetic


def test_just_pushed_is_pending_though_synced_and_healthy_at_the_old_commit():
    found = decide(recorded("argo_app_live_healthy"), {"c87d481": OLDER, "7f48b20": OLDER}, "03:53:06")
    assert (found.arrival, found.code, found.refresh) == (Arrival.PENDING, "older-commit", "normal")


def deployment(selector):
    labels = {"app.kubernetes.io/name": "orders-api"}
    return obj("apps/v1", "Deployment", "orders-api", {"selector": {"matchLabels": {**labels, **selector}}})


REFUSED = {"ce67809": SAME, "ea11f38": OLDER, "252864d": OLDER}


@pytest.mark.parametrize("sample", ["immutable", "unknown_field"])
def test_server_side_diff_hides_what_the_api_server_refused_and_live_objects_tell(sample):
    app = recorded(f"argo_app_ssdiff_false_synced_{sample}")
    found = decide(app, REFUSED, "04:09:20", wanted=[deployment({"extra": "1"})], objects=[deployment({})])
    assert (found.arrival, found.code, found.refresh) == (Arrival.FAILED, "false-synced", "hard")
    assert "spec.selector.matchLabels.extra" in found.message
    assert "ServerSideDiff=true" in found.message


def test_without_that_option_a_difference_is_reason_enough_not_to_pass_and_too_little_to_fail():
    app = recorded("argo_app_ssdiff_false_synced_immutable")
    app["metadata"]["annotations"] = {}
    found = decide(app, REFUSED, "04:09:20", wanted=[deployment({"extra": "1"})], objects=[deployment({})])
    assert (found.arrival, found.code, found.refresh) == (Arrival.UNKNOWN, "not-proved", "hard")


@pytest.mark.parametrize(
    ("options", "annotations", "named"),
    [
        (["ServerSideApply=true"], {}, True),
        (["ServerSideApply=true"], {"argocd.argoproj.io/compare-options": "IgnoreExtraneous"}, True),
        (["ServerSideApply=true"], {"argocd.argoproj.io/compare-options": "ServerSideDiff=false"}, False),
        (["PruneLast=true"], {}, False),
    ],
)
def test_server_side_apply_alone_is_named_as_what_may_hide_it_from_3_6_on(options, annotations, named):
    """Which release compares is not to be seen of an Application, so that it stays too little to fail."""
    app = recorded("argo_app_ssdiff_false_synced_immutable")
    app["metadata"]["annotations"] = annotations
    app["spec"]["syncPolicy"]["syncOptions"] = options
    found = decide(app, REFUSED, "04:09:20", wanted=[deployment({"extra": "1"})], objects=[deployment({})])
    assert (found.arrival, found.code, found.refresh) == (Arrival.UNKNOWN, "not-proved", "hard")
    assert ("from Argo CD 3.6 on" in found.message) is named


def test_a_commit_that_renders_the_same_needs_no_sync_when_live_objects_show_it():
    app = recorded("argo_app_ssdiff_false_synced_immutable")
    found = decide(app, REFUSED, "04:09:20", wanted=[deployment({})], objects=[deployment({})])
    assert (found.arrival, found.code) == (Arrival.ARRIVED, "arrived")


def test_synced_without_a_sync_and_without_anything_to_prove_it_by_is_not_arrived():
    found = decide(recorded("argo_app_ssdiff_false_synced_immutable"), REFUSED, "04:09:20")
    assert (found.arrival, found.code) == (Arrival.UNKNOWN, "not-proved")


def test_a_newer_commit_that_changed_the_service_supersedes_and_an_unrelated_one_does_not():
    app = recorded("argo_app_unrelated_commit")
    assert decide(app, {"ea11f38": NEWER, "8575794": SAME}).arrival is Arrival.SUPERSEDED
    assert decide(app, {"ea11f38": NEWER_EQUAL, "8575794": SAME}).arrival is Arrival.ARRIVED


def test_an_older_commit_with_the_same_inputs_counts_once_argo_looked_after_the_push():
    app = recorded("argo_app_unrelated_commit")  # reconciled 04:06:52
    older = {"ea11f38": OLDER_EQUAL, "8575794": OLDER_EQUAL}
    assert decide(app, older, "04:06:50").arrival is Arrival.ARRIVED
    assert decide(app, older, "04:06:55").code == "not-compared"


def test_a_commit_of_another_branch_is_diverged_only_after_the_cache_is_old():
    app = recorded("argo_app_unrelated_commit")
    assert decide(app, {"ea11f38": DIVERGED}, "04:06:30", at="2026-11-23T04:07:00Z").arrival is Arrival.PENDING
    found = decide(app, {"ea11f38": DIVERGED}, "04:06:30", at="2026-11-23T04:20:00Z")
    assert (found.arrival, found.final) == (Arrival.DIVERGED, True)


def test_a_commit_that_git_does_not_know_is_unknown():
    found = decide(recorded("argo_app_unrelated_commit"), {})
    assert (found.arrival, found.code) == (Arrival.UNKNOWN, "revision-unknown")


def test_a_refresh_that_was_asked_for_is_waited_for_and_not_asked_again():
    app = recorded("argo_app_unrelated_commit")
    app["metadata"]["annotations"]["argocd.argoproj.io/refresh"] = "normal"
    found = decide(app, {"ea11f38": SAME})
    assert (found.arrival, found.code, found.refresh) == (Arrival.PENDING, "refreshing", "")


def test_an_old_commit_in_retry_pins_the_wanted_one():
    app = recorded("argo_app_sync_failing_retrying")
    app["status"]["sync"]["revision"] = "a" * 40
    found = decide(app, {"aaaaaaa": SAME, "f19d356": OLDER}, "04:13:00")
    assert (found.arrival, found.code) == (Arrival.PENDING, "other-sync-running")
    assert "f19d356" in found.message
    assert "field is immutable" in found.message


def test_an_old_commit_in_retry_is_named_while_argo_has_not_seen_the_wanted_one():
    app = recorded("argo_app_sync_failing_retrying")
    found = decide(app, {"f19d356": OLDER}, "04:13:30")
    assert (found.arrival, found.code) == (Arrival.PENDING, "older-sync-retrying")
    assert "field is immutable" in found.message
    app["status"]["operationState"]["phase"] = "Succeeded"
    assert decide(app, {"f19d356": OLDER}, "04:13:30").code == "older-commit"


REASON = 'Deployment.apps "web" is invalid: spec.selector: Invalid value: {}: field is immutable'


@pytest.mark.parametrize(
    "prefix",
    ["one or more objects failed to apply", "one or more synchronization tasks completed unsuccessfully"],
    ids=["3.2", "3.6"],
)
def test_what_the_operation_says_is_read_in_the_words_of_each_release(prefix):
    app = recorded("argo_app_sync_failing_retrying")
    del app["status"]["operationState"]["syncResult"]["resources"]
    app["status"]["operationState"]["message"] = f"{prefix}, reason: {REASON}. Retrying attempt #3 at 4:13AM."
    found = decide(app, {"f19d356": SAME}, "04:12:20")
    assert (found.arrival, found.code, found.final) == (Arrival.FAILED, "sync-failing", True)
    assert found.message.count(REASON) == 1
    assert "at 4:13AM" not in found.message


@pytest.mark.parametrize(
    ("words", "relations", "code"),
    [
        ("Retrying operation with latest revisions. Attempt #2", {"f19d356": SAME}, "applying"),
        ("Retrying operation with latest revisions. Attempt #2", {"f19d356": OLDER}, "older-still-shown"),
    ],
)
def test_an_attempt_that_runs_is_of_the_newest_commit_and_has_not_failed(words, relations, code):
    app = recorded("argo_app_sync_failing_retrying")
    state = app["status"]["operationState"]
    state |= {"message": words, "retryCount": 2}
    del state["syncResult"], state["operation"]["sync"]["revision"]
    state.pop("finishedAt", None)
    found = decide(app, relations, "04:12:00")
    assert found.code == code
    assert "Retrying" not in found.message
    assert not found.final


def test_a_given_up_commit_with_the_same_inputs_is_tried_again_at_a_newer_commit():
    app = recorded("argo_app_sync_failed_retries_exhausted")
    app["status"]["sync"]["revision"] = "a" * 40
    found = decide(app, {"aaaaaaa": NEWER_EQUAL, "c760af8": SAME})
    assert (found.code, found.final) == ("sync-failed", False)


def test_an_old_failure_does_not_fail_the_new_commit():
    app = recorded("argo_app_sync_failed_retries_exhausted")
    app["status"]["sync"]["revision"] = "a" * 40
    app["status"]["conditions"] = []
    found = decide(app, {"aaaaaaa": SAME, "c760af8": OLDER})
    assert (found.arrival, found.code) == (Arrival.APPLYING, "sync-waiting")


def test_the_application_set_says_why_there_is_no_application():
    found = delivery(snapshot(recorded("argo_appset_project_not_found")), {}, pushed=0)
    assert (found.arrival, found.code) == (Arrival.FAILED, "applicationset-failed")
    assert 'AppProject.argoproj.io "pay" not found' in found.message
    found = delivery(snapshot(), {}, pushed=0)
    assert (found.arrival, found.code) == (Arrival.PENDING, "application-missing")


def test_an_app_that_argo_is_told_to_leave_alone_is_paused():
    app = recorded("argo_app_live_healthy")
    app["metadata"]["annotations"]["argocd.argoproj.io/skip-reconcile"] = "true"
    found = decide(app, {"c87d481": OLDER, "7f48b20": OLDER})
    assert (found.arrival, found.final) == (Arrival.PAUSED, True)
    name = app["metadata"]["name"]
    assert found.next == f"kubectl -n argocd annotate application {name} argocd.argoproj.io/skip-reconcile-"


def test_a_manual_app_that_someone_synced_has_arrived():
    app = recorded("argo_app_live_healthy")
    del app["spec"]["syncPolicy"]["automated"]
    assert decide(app, {"c87d481": SAME, "7f48b20": OLDER_EQUAL}).arrival is Arrival.ARRIVED
    found = decide(app, {"c87d481": OLDER, "7f48b20": OLDER})
    assert (found.arrival, found.next) == (Arrival.PAUSED, f"argocd app sync {app['metadata']['name']}")


def test_out_of_sync_after_its_sync_is_proved_by_live_objects():
    app = recorded("argo_app_automated_disabled")
    relations = {"7c86ce1": NEWER_EQUAL, "8575794": SAME}
    app["spec"]["syncPolicy"]["automated"] = {"selfHeal": True}
    assert decide(app, relations).code == "out-of-sync"
    want = [deployment({})]
    assert decide(app, relations, wanted=want, objects=want).code == "arrived-out-of-sync"


def hydrated(phase, dry, wet, compared):
    app = recorded("argo_app_live_healthy")
    app["spec"]["sourceHydrator"] = {"drySource": {"path": "apps/x"}, "syncSource": {"targetBranch": "env/dev"}}
    current = {"phase": phase, "drySHA": dry, "hydratedSHA": wet, "message": "boom"}
    app["status"]["sourceHydrator"] = {"currentOperation": current}
    app["status"]["sync"]["revision"] = compared
    app["status"]["operationState"]["syncResult"]["revision"] = compared
    return app


def test_with_a_hydrator_the_dry_commit_counts():
    dry, wet, old = "d" * 40, "e" * 40, "0" * 40
    wants = {"ddddddd": SAME, "eeeeeee": DIVERGED, "0000000": DIVERGED}
    assert decide(hydrated("Hydrated", dry, wet, wet), wants).arrival is Arrival.ARRIVED
    assert decide(hydrated("Hydrated", dry, wet, old), wants).code == "hydrated-not-compared"
    assert decide(hydrated("Hydrating", dry, wet, old), wants).code == "hydrating"
    assert decide(hydrated("Failed", dry, wet, old), wants).code == "hydration-failed"
    assert decide(hydrated("Hydrated", dry, wet, wet), {**wants, "ddddddd": OLDER}).arrival is Arrival.PENDING


def test_of_several_sources_the_one_in_this_repo_counts():
    app = recorded("argo_app_live_healthy")
    app["status"]["sync"] = {"status": "Synced", "revisions": ["b" * 40, "a" * 40]}
    app["status"]["operationState"]["syncResult"] |= {"revision": "", "revisions": ["b" * 40, "a" * 40]}
    assert decide(app, {"aaaaaaa": SAME}).arrival is Arrival.ARRIVED
    assert decide(app, {"aaaaaaa": OLDER}).arrival is Arrival.PENDING


def test_the_same_commit_always_has_the_same_inputs():
    odd = Relation(Order.SAME, inputs_equal=False)
    assert decide(recorded("argo_app_helm_live"), {"0ba8e74": odd}).arrival is Arrival.ARRIVED
