"""Only pods of the new revision count, and what will not become good by waiting is said at once, with its reason."""

import pytest

from atmos_cli.engines.registry import ENGINES
from atmos_cli.verify.pods import can_surge
from atmos_cli.verify.rollout import rollout
from atmos_cli.verify.seen import Arrival, Status
from tests.verify.snapshots import SAME, cond, recorded, snapshot, when
from tests.verify.workloads import BORN, T0, UNDER_WAY, codes, deployment, one_new_pod, pod, replica_set

AT = "2026-11-23T04:06:30Z"


@pytest.mark.parametrize(
    ("name", "code", "ready", "old", "words"),
    [
        (
            "crashloop",
            "crash-loop",
            0,
            1,
            "container app: keeps crashing (exit code 1, restarted 5 times); 1 old pod still serves",
        ),
        ("imagepull", "image-pull", 0, 1, "image registry.example/shop/orders-api:nopull-1 cannot be pulled"),
        ("psa", "pod-security", 0, 1, 'violates PodSecurity "restricted:latest": runAsNonRoot != true'),
        ("quota", "quota", 20, 0, "exceeded quota: budget, requested: requests.cpu=100m, used: requests.cpu=2"),
    ],
)
def test_each_recorded_workload_fails_with_its_reason(name, code, ready, old, words):
    objects = recorded(f"k8s_workload_{name}")
    events = recorded(f"k8s_events_{name}") if name in {"psa", "quota"} else ()
    seen = snapshot(at=AT, wanted=objects[:1], objects=objects, events=events)
    found = rollout(seen, now=seen.at)
    assert found.status is Status.FAILED
    assert (codes(found)[0], found.ready, found.old_ready) == (code, ready, old)
    assert words in found.message


@pytest.mark.parametrize(
    ("name", "argo", "flux", "code"),
    [
        ("crashloop", "argo_app_crashloop_degraded", "flux_ks_crashloop_failed", "crash-loop"),
        ("imagepull", "argo_app_imagepull_degraded", "flux_ks_imagepull_failed", "image-pull"),
        ("psa", "argo_app_psa_degraded", "flux_ks_psa_failed", "pod-security"),
        ("quota", "argo_app_quota_progressing_forever", "flux_ks_quota_progressing", "quota"),
    ],
)
def test_what_both_engines_applied_without_naming_why_it_fails_is_named_by_the_rollout(name, argo, flux, code):
    objects = recorded(f"k8s_workload_{name}")
    for engine, sample in (("argocd", argo), ("flux", flux)):
        seen = snapshot(recorded(sample), at=AT, wanted=objects[:1], objects=objects)
        known = dict.fromkeys(ENGINES[engine].revisions(seen), SAME)
        found = ENGINES[engine].delivery(seen, known, pushed=when("2026-11-23T04:02:40Z"))
        assert found.arrival is Arrival.ARRIVED
        assert code.split("-", maxsplit=1)[0] not in found.message
        assert codes(rollout(seen, now=seen.at))[0] == code


def test_a_quota_refusal_is_seen_while_argo_and_flux_say_progressing():
    deployed = recorded("k8s_workload_quota")[0]  # scaled up: no progress deadline runs, the rollout is complete
    assert not any(c["reason"] == "ProgressDeadlineExceeded" for c in deployed["status"]["conditions"])
    seen = snapshot(at="2026-11-23T04:03:47Z", wanted=[deployed], objects=[deployed])
    assert codes(rollout(seen, now=seen.at)) == ["quota"]


def test_a_quota_refusal_of_the_surge_pod_may_heal_while_old_pods_can_go_first():
    refused = cond("ReplicaFailure", "True", "FailedCreate", 'pods "x" is forbidden: exceeded quota: q', BORN)
    free, held = ({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": most}} for most in ("34%", 0))
    counts = {"replicas": 3, "updatedReplicas": 0}

    def after(seconds, strategy):
        owner = deployment(strategy=strategy, status=counts, conditions=[*UNDER_WAY, refused])
        return rollout(snapshot(wanted=[owner], objects=[owner]), now=T0 + seconds).status

    assert after(1, held) is Status.FAILED
    assert after(1, free) is Status.IN_PROGRESS
    assert after(61, free) is Status.FAILED


def test_a_refusal_without_a_known_reason_is_given_thirty_seconds():
    refused = cond("ReplicaFailure", "True", "FailedCreate", "etcdserver: request timed out", BORN)
    owner = deployment(conditions=[*UNDER_WAY, refused])
    seen = snapshot(wanted=[owner], objects=[owner])
    assert rollout(seen, now=T0 + 29).status is Status.IN_PROGRESS
    assert rollout(seen, now=T0 + 31).status is Status.FAILED


def complete(**details):
    owner = deployment(**details)
    new, old = replica_set(owner, "new", "2", ready=3), replica_set(owner, "old", "1")
    pods = [pod(new, f"web-new-{i}", ready=True) for i in range(3)]
    return owner, snapshot(wanted=[owner], objects=[owner, new, old, *pods])


def test_all_new_pods_ready_is_current_with_its_times():
    _, seen = complete()
    found = rollout(seen, now=seen.at)
    assert (found.status, found.wanted, found.ready, found.old_ready) == (Status.CURRENT, 3, 3, 0)
    assert (found.started, found.finished) == (T0, T0 + 20)
    assert found.message == "3 of 3 pods ready"


def test_the_words_of_a_rollout_under_way():
    owner = deployment(
        status={"replicas": 4, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3}, conditions=UNDER_WAY
    )
    found = rollout(snapshot(wanted=[owner], objects=[owner]), now=T0)
    assert found.message == "Deployment/web: 2 of 3 new pods ready, 1 old terminating"
    assert (found.status, found.ready, found.finished) == (Status.IN_PROGRESS, 2, 0.0)


def test_a_spec_that_its_controller_has_not_seen_has_no_new_pods():
    _, seen = complete(generation=3)
    found = rollout(seen, now=seen.at)
    assert (found.status, found.ready, found.old_ready) == (Status.IN_PROGRESS, 0, 3)


def test_ready_pods_of_the_old_revision_do_not_count():
    found = one_new_pod(20)
    assert (found.status, found.ready, found.old_ready) == (Status.IN_PROGRESS, 0, 3)


def test_a_paused_deployment_is_suspended_and_a_wanted_one_that_is_not_there_is_missing():
    owner = deployment(paused=True)
    assert rollout(snapshot(wanted=[owner], objects=[owner]), now=T0).status is Status.SUSPENDED
    found = rollout(snapshot(wanted=[owner]), now=T0)
    assert (found.status, found.message) == (Status.MISSING, "Deployment/web: not in the cluster yet")


def test_zero_replicas_is_current_and_says_that_nothing_runs():
    owner = deployment(replicas=0)
    found = rollout(snapshot(wanted=[owner], objects=[owner]), now=T0)
    assert (found.status, found.wanted, found.message) == (Status.CURRENT, 0, "nothing runs: scaled to 0")


def test_nothing_wanted_is_unknown():
    assert rollout(snapshot(), now=T0).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("strategy", "replicas", "room"),
    [
        ({}, 4, True),  # 25 % of 4 is one pod
        ({}, 3, False),
        ({"rollingUpdate": {"maxUnavailable": "34%"}}, 3, True),
        ({"rollingUpdate": {"maxUnavailable": 1}}, 3, True),
        ({"rollingUpdate": {"maxUnavailable": 0}}, 30, False),
        ({"rollingUpdate": {"maxUnavailable": "x%"}}, 30, False),
        ({"type": "Recreate"}, 1, True),
    ],
)
def test_whether_an_old_pod_may_go_first(strategy, replicas, room):
    assert can_surge(deployment(replicas=replicas, strategy=strategy)) is room
