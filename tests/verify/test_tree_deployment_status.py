"""What was applied, and whether something stands still, read from what real engines wrote."""

import pytest

from atmos_cli.engines.registry import ENGINES, health_rules
from atmos_cli.verify.deployment_status import delivered, deployment_status
from atmos_cli.verify.seen import Arrival, Delivery, Status

from .snapshots import NEWER_EQUAL, OLDER, SAME, cond, names, obj, recorded, snapshot

ARGO, FLUX = ENGINES["argocd"], ENGINES["flux"]


def of(name):
    return ARGO if name.startswith("argo") else FLUX


def standing_of(engine, seen, known, *, wanted):
    """As `atmos status` asks for it."""
    arrived = engine.delivery(seen, known, pushed=0)
    revision = wanted if arrived.arrival is Arrival.ARRIVED else engine.applied_revision(seen)
    return deployment_status(seen, arrived, revision=revision, pause=engine.paused(seen), rules=health_rules())


@pytest.mark.parametrize("name", [each for each in names() if each.startswith(("argo_app", "flux_ks", "flux_hr"))])
def test_any_recorded_object_has_a_standing(name):
    found = standing_of(of(name), snapshot(recorded(name)), {}, wanted="a" * 40)
    assert found.delivery.message
    assert found.health.status is Status.UNKNOWN
    assert not found.good, "nothing was wanted and nothing was seen: that is not good"


@pytest.mark.parametrize(
    "name", ["argo_app_live_healthy", "argo_app_image_bump_live", "argo_app_syncing_health_is_old"]
)
def test_argo_cd_applied_what_its_last_successful_sync_says(name):
    app = recorded(name)
    state = app["status"]["operationState"]
    history = [each["revision"] for each in app["status"].get("history", [])]
    wanted = state["syncResult"]["revision"] if state["phase"] == "Succeeded" else history[-1]
    assert ARGO.applied_revision(snapshot(app)) == wanted


def test_a_sync_that_failed_applied_nothing_so_the_one_before_counts():
    app = recorded("argo_app_sync_failed_retries_exhausted")
    assert app["status"]["operationState"]["phase"] == "Failed"
    assert ARGO.applied_revision(snapshot(app)) == ""
    app["status"]["history"] = [{"revision": "1" * 40}, {"revision": "2" * 40}]
    assert ARGO.applied_revision(snapshot(app)) == "2" * 40


def test_flux_applied_what_it_says_until_a_health_check_fails():
    live, failing = recorded("flux_ks_live_healthy"), recorded("flux_ks_crashloop_failed")
    assert live["status"]["lastAppliedRevision"].endswith(FLUX.applied_revision(snapshot(live)))
    new = failing["status"]["lastAttemptedRevision"].rpartition(":")[2]
    found = standing_of(FLUX, snapshot(failing), {new: SAME}, wanted=new)
    assert found.delivery.arrival is Arrival.ARRIVED
    assert found.revision == new, "the new objects are there, whatever lastAppliedRevision says"


def test_a_chart_names_its_commit_by_twelve_digits():
    assert len(FLUX.applied_revision(snapshot(recorded("flux_hr_live")))) == 12


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("argo_app_automated_disabled", "automated sync is off"),
        ("flux_ks_suspended_ready_true", "the Kustomization is suspended"),
    ],
)
def test_what_stands_still_says_so_and_when_it_last_moved(name, message):
    found = of(name).paused(snapshot(recorded(name)))
    assert found is not None
    assert found.message == message
    assert found.since > 1.7e9


@pytest.mark.parametrize("name", ["argo_app_live_healthy", "flux_ks_live_healthy", "argo_app_crashloop_degraded"])
def test_what_is_not_paused_is_not_called_so(name):
    assert of(name).paused(snapshot(recorded(name))) is None


def test_a_paused_deployment_and_an_application_that_is_left_alone_are_paused_too():
    still = obj("apps/v1", "Deployment", "orders", {"paused": True}, {"conditions": [cond("Progressing", "Unknown")]})
    found = standing_of(ARGO, snapshot(objects=[still]), {}, wanted="a" * 40).pause
    assert found is not None
    assert found.message == "Deployment/orders is paused"
    app = recorded("argo_app_live_healthy")
    app["metadata"]["annotations"]["argocd.argoproj.io/skip-reconcile"] = "true"
    assert ARGO.paused(snapshot(app)) is not None


@pytest.mark.parametrize("arrival", list(Arrival))
def test_only_what_arrived_is_a_good_root(arrival):
    found = delivered(Delivery(arrival, "code", "words"))
    assert (found.status is Status.CURRENT) == (arrival is Arrival.ARRIVED)
    assert (found.message, found.code) == ("words", "code")


def test_the_workload_says_more_than_the_service_that_has_no_pods_through_it():
    objects = recorded("k8s_workload_crashloop")
    wanted = [each for each in objects if each["kind"] == "Deployment"]
    wanted.append(obj("v1", "Service", "a-service", {"selector": {"app": "nothing"}}))
    app = recorded("argo_app_crashloop_degraded")
    found = standing_of(ARGO, snapshot(app, wanted=wanted, objects=[*objects, wanted[-1]]), {}, wanted="a" * 40)
    assert found.worst is not None
    assert (found.worst.kind, found.health.status) == ("Deployment", Status.FAILED)


def test_an_older_revision_that_is_applied_is_named_and_is_not_good():
    app = recorded("argo_app_live_healthy")
    known = {app["status"]["sync"]["revision"]: OLDER, app["status"]["operationState"]["syncResult"]["revision"]: OLDER}
    found = standing_of(ARGO, snapshot(app), known, wanted="a" * 40)
    assert found.revision == app["status"]["operationState"]["syncResult"]["revision"]
    assert not found.good
    newer = dict.fromkeys(known, NEWER_EQUAL)
    assert standing_of(ARGO, snapshot(app), newer, wanted="a" * 40).revision == "a" * 40
