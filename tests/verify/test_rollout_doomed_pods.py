"""Each sign that a new pod will not become good is given its time and no more (verify.md 2.3), and says why."""

import pytest

from atmos_cli.verify.probes import grace
from atmos_cli.verify.rollout import rollout
from atmos_cli.verify.seen import Status
from tests.verify.snapshots import cond, obj, snapshot
from tests.verify.workloads import (
    BORN,
    PROBE,
    STARTED,
    T0,
    UNDER_WAY,
    codes,
    deployment,
    ended,
    event,
    one_new_pod,
    pod,
    replica_set,
    waiting,
)

IMAGE = "registry/x:1"
PULL = f'Failed to pull image "{IMAGE}": rpc error: code = NotFound desc = failed to resolve reference: '


@pytest.mark.parametrize(
    ("details", "early", "late", "code"),
    [
        ({"state": waiting("CrashLoopBackOff"), "last": ended(), "restarts": 1}, 600, 600, None),
        ({"state": waiting("CrashLoopBackOff"), "last": ended(), "restarts": 2}, 44, 46, "crash-loop"),
        ({"state": waiting("CrashLoopBackOff"), "last": ended(), "restarts": 3}, None, 31, "crash-loop"),
        ({"state": waiting("CrashLoopBackOff"), "last": ended("OOMKilled", 137), "restarts": 3}, None, 31, "oom-killed"),
        ({"state": waiting("ImagePullBackOff", "Back-off pulling image")}, 119, 121, "image-pull"),
        ({"state": waiting("ErrImagePull", f"{PULL}{IMAGE}: not found")}, None, 1, "image-missing"),
        ({"state": waiting("ErrImagePull", "pull access denied for x, repository does not exist")}, None, 1, "image-denied"),
        ({"state": waiting("ErrImagePull", "no match for platform in manifest: not found")}, None, 1, "image-platform"),
        ({"state": waiting("ErrImagePull", "toomanyrequests: You have reached your pull rate limit")}, 900, 900, None),
        ({"state": waiting("ErrImagePull", "dial tcp: lookup registry: no such host")}, 900, 900, None),
        ({"state": waiting("InvalidImageName")}, None, 1, "image-invalid"),
        ({"state": waiting("ErrImageNeverPull")}, None, 1, "image-missing"),
        ({"state": waiting("CreateContainerConfigError", 'secret "db" not found')}, None, 1, "config-missing"),
        ({"state": waiting("CreateContainerConfigError", "couldn't find key url in Secret shop/db")}, None, 1, "config-missing"),
        ({"state": waiting("CreateContainerConfigError", "failed to sync secret cache: timed out")}, 29, 31, "cannot-start"),
        ({"state": waiting("RunContainerError", "exec: no such file")}, None, 1, "cannot-start"),
        ({"state": ended("ContainerCannotRun", 127)}, None, 1, "cannot-start"),
        ({"state": ended("ContainerCannotRun", 128)}, 600, 600, None),
        ({"state": ended("OOMKilled", 137), "restarts": 0}, 40, 40, None),
        ({"state": ended("OOMKilled", 137), "last": ended("OOMKilled", 137), "restarts": 1}, None, 40, "oom-killed"),
        ({"phase": "Failed", "reason": "Evicted"}, 600, 600, None),
        ({"phase": "Failed", "message": "boom"}, None, 1, "pod-failed"),
        ({"state": waiting("ContainerCreating")}, 900, 900, None),
    ],
)  # fmt: skip
def test_each_sign_is_given_its_time(details, early, late, code):
    if early is not None:
        found = one_new_pod(early, **details)
        assert (codes(found), found.status) == ([], Status.IN_PROGRESS)
    if code is not None:
        found = one_new_pod(late, **details)
        assert (codes(found), found.status) == ([code], Status.FAILED)
        assert "3 old pods still serve" in found.message


def test_the_message_names_the_container_and_the_image():
    found = one_new_pod(5, state=waiting("ErrImagePull", f"{IMAGE}: not found"))
    assert found.failures[0].message == "container web: image registry/x:1 does not exist"


def test_a_back_off_is_explained_by_the_event_of_the_attempt():
    told = [("Failed", f"{PULL}{IMAGE}: not found")]
    assert codes(one_new_pod(5, state=waiting("ImagePullBackOff", "Back-off"), events=told)) == ["image-missing"]


def test_a_secret_that_something_wanted_will_make_is_waited_for():
    missing = {"state": waiting("CreateContainerConfigError", 'secret "db" not found')}
    brings = obj("external-secrets.io/v1", "ExternalSecret", "db-from-vault", {"target": {"name": "db"}})
    assert codes(one_new_pod(60, also=[brings], **missing)) == []
    assert codes(one_new_pod(121, also=[brings], **missing)) == ["config-missing"]
    other = obj("external-secrets.io/v1", "ExternalSecret", "other")
    assert codes(one_new_pod(60, also=[other], **missing)) == ["config-missing"]


NO_NODE = {
    "phase": "Pending",
    "conditions": [cond("PodScheduled", "False", "Unschedulable", "0/3 nodes: 3 Insufficient cpu.", BORN)],
}


@pytest.mark.parametrize(
    ("events", "early", "late"),
    [
        ([], 120, 121),
        ([("NotTriggerScaleUp", "pod didn't trigger scale-up")], 30, 31),
        ([("TriggeredScaleUp", "pod triggered scale-up")], 600, 601),
        ([("Nominated", "Pod should schedule on: nodeclaim/x")], 600, 601),
    ],
)
def test_an_unschedulable_pod_is_given_the_time_that_an_autoscaler_needs(events, early, late):
    assert codes(one_new_pod(early, events=events, state=waiting(""), **NO_NODE)) == []
    found = one_new_pod(late, events=events, state=waiting(""), **NO_NODE)
    assert codes(found) == ["unschedulable"]
    assert "3 Insufficient cpu" in found.failures[0].message


def test_a_gated_pod_is_not_unschedulable():
    gated = [cond("PodScheduled", "False", "SchedulingGated", "", BORN)]
    assert codes(one_new_pod(900, state=waiting(""), phase="Pending", conditions=gated)) == []


@pytest.mark.parametrize(
    ("reason", "message", "early", "late", "code"),
    [
        ("FailedMount", 'MountVolume.SetUp failed for volume "c": configmap "cfg" not found', None, 1, "mount-failed"),
        ("FailedMount", "timed out waiting for the condition", 119, 121, "mount-failed"),
        ("FailedAttachVolume", "Multi-Attach error for volume", 119, 121, "mount-failed"),
        ("FailedCreatePodSandBox", "plugin type=calico failed", 119, 121, "sandbox-failed"),
    ],
)
def test_volumes_and_networks_that_fail_are_given_their_time(reason, message, early, late, code):
    told = [(reason, message)]
    starting = {"state": waiting("ContainerCreating"), "phase": "Pending"}
    if early:
        assert codes(one_new_pod(early, events=told, **starting)) == []
    assert codes(one_new_pod(late, events=told, **starting)) == [code]


def test_half_of_the_new_pods_for_a_minute_lose_a_deployment():
    owner = deployment(status={**STARTED, "updatedReplicas": 3}, conditions=UNDER_WAY)
    new = replica_set(owner, "new", "2", ready=1)
    bad = [pod(new, f"b{i}", state=waiting("InvalidImageName")) for i in range(2)]
    seen = snapshot(wanted=[owner], objects=[owner, new, pod(new, "good", ready=True), *bad])
    assert rollout(seen, now=T0 + 59).status is Status.IN_PROGRESS
    assert rollout(seen, now=T0 + 60).status is Status.FAILED
    seen = snapshot(
        wanted=[owner], objects=[owner, new, pod(new, "good", ready=True), pod(new, "fine", ready=True), bad[0]]
    )
    assert rollout(seen, now=T0 + 600).status is Status.IN_PROGRESS


def test_pods_that_fail_alike_are_said_once():
    owner = deployment(status={**STARTED, "updatedReplicas": 3}, conditions=UNDER_WAY)
    new = replica_set(owner, "new", "2")
    bad = [pod(new, f"b{i}", state=waiting("InvalidImageName")) for i in range(3)]
    seen = snapshot(wanted=[owner], objects=[owner, new, *bad])
    assert codes(rollout(seen, now=T0 + 1)) == ["image-invalid"]


def test_a_pod_that_is_being_deleted_is_not_looked_at():
    owner = deployment(status=STARTED, conditions=UNDER_WAY)
    new = replica_set(owner, "new", "2")
    gone = pod(new, "web-new-1", state=waiting("InvalidImageName"))
    gone["metadata"]["deletionTimestamp"] = BORN
    seen = snapshot(wanted=[owner], objects=[owner, new, gone])
    assert codes(rollout(seen, now=T0 + 1)) == []


# Probes


@pytest.mark.parametrize(
    ("probe", "startup", "seconds"),
    [
        ({}, None, 10 + 1 + 10 + 5 + 1),  # period 10, timeout 1, failures 3, successes 1
        ({"initialDelaySeconds": 30}, None, 40 + 1 + 10 + 5 + 1),
        ({"periodSeconds": 2, "timeoutSeconds": 3, "failureThreshold": 5}, None, 2 + 3 + 6 + 1 + 3),
        ({"failureThreshold": 1}, None, 0),
        ({"failureThreshold": 1, "initialDelaySeconds": 7}, None, 7),
        ({}, {"periodSeconds": 5, "failureThreshold": 30}, 150 + 1 + 10 + 5 + 1),
    ],
)
def test_the_grace_of_a_readiness_probe(probe, startup, seconds):
    container = {"readinessProbe": {"httpGet": {"port": 80}, **probe}}
    container |= {"startupProbe": {"httpGet": {"port": 80}, **startup}} if startup else {}
    assert grace(container) == seconds


def test_a_pod_that_never_becomes_ready_is_explained_when_the_deadline_has_passed():
    late = [cond("Progressing", "False", "ProgressDeadlineExceeded", since="2026-11-23T04:05:00Z")]
    owner = deployment(status=STARTED, conditions=late)
    new = replica_set(owner, "new", "2")
    fresh = pod(new, "web-new-1", probe=PROBE)
    told = [event(fresh, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")]
    seen = snapshot(wanted=[owner], objects=[owner, new, fresh], events=told)
    found = rollout(seen, now=T0 + 305)
    assert codes(found) == ["not-ready", "progress-deadline"]
    words = "container web: not ready 305 s after its start: Readiness probe failed: HTTP probe failed with statuscode: 503 (GET /healthz on port 8080)"
    assert found.failures[0].message == words
    assert found.message == f"Deployment/web: no progress within 300 s: {words}; 3 old pods still serve"


def test_a_pod_that_is_not_ready_yet_is_not_doomed_before_the_deadline():
    assert codes(one_new_pod(299, probe=PROBE)) == []
