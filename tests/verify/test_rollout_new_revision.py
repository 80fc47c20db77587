"""Only pods of the new revision count, and what will not become good by waiting is said at once, with its reason."""

import copy

import pytest

from atmos_cli.verify.delivery import delivery, revisions
from atmos_cli.verify.pods import surge_room
from atmos_cli.verify.probes import grace
from atmos_cli.verify.rollout import rollout
from atmos_cli.verify.seen import Arrival, Status
from tests.verify.scenes import SAME, cond, obj, owned_by, recorded, scene, when

BORN = "2026-11-23T04:00:00Z"
T0 = when(BORN)


def deployment(*, replicas=3, revision="2", status=None, conditions=(), paused=None, strategy=None, generation=2):
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "progressDeadlineSeconds": 300}
    spec |= {"paused": paused} if paused is not None else {}
    spec |= {"strategy": strategy} if strategy else {}
    counts = {
        "replicas": replicas,
        "updatedReplicas": replicas,
        "readyReplicas": replicas,
        "availableReplicas": replicas,
    }
    progress = [cond("Available", "True"), cond("Progressing", "True", "NewReplicaSetAvailable")]
    body = {"observedGeneration": 2, **counts, **(status or {}), "conditions": [*conditions] or progress}
    marks = {"deployment.kubernetes.io/revision": revision}
    return obj("apps/v1", "Deployment", "web", spec, body, generation=generation, annotations=marks)


def replica_set(owner, digest, revision, ready=0):
    marks = {"deployment.kubernetes.io/revision": revision}
    labels = {"pod-template-hash": digest}
    return obj(
        "apps/v1", "ReplicaSet", f"web-{digest}", {"replicas": 3}, {"readyReplicas": ready, "observedGeneration": 1},
        annotations=marks, labels=labels, ownerReferences=owned_by(owner), generation=1,
    )  # fmt: skip


def pod(
    owner, name, *, ready=False, restarts=0, state=None, last=None, conditions=(), phase="Running", probe=None, **status
):
    digest = owner["metadata"].get("labels", {}).get("pod-template-hash", "")
    container = {"name": "web", "image": "registry/x:1", "resources": {"limits": {"memory": "128Mi"}}}
    container |= {"readinessProbe": probe} if probe else {}
    seen = {"name": "web", "image": "registry/x:1", "restartCount": restarts, "ready": ready}
    seen |= {"state": state or {"running": {"startedAt": BORN}}, "lastState": last or {}}
    found = [cond("Ready", ready, since="2026-11-23T04:00:20Z"), *conditions]
    return obj(
        "v1", "Pod", name, {"containers": [container]},
        {"phase": phase, "conditions": found, "containerStatuses": [seen], **status},
        labels={"pod-template-hash": digest}, ownerReferences=owned_by(owner), creationTimestamp=BORN,
    )  # fmt: skip


def waiting(reason, message=""):
    return {"waiting": {"reason": reason, "message": message}}


def ended(reason="Error", code=1, at="2026-11-23T04:00:30Z"):
    return {"terminated": {"reason": reason, "exitCode": code, "finishedAt": at}}


def event(about, reason, message, first=BORN, last=None, kind="Warning", count=1):
    return {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": f"e-{reason}", "namespace": "shop-dev"},
        "involvedObject": {"kind": about["kind"], "name": about["metadata"]["name"], "namespace": "shop-dev"},
        "reason": reason, "message": message, "type": kind, "count": count, "firstTimestamp": first, "lastTimestamp": last or first,
    }  # fmt: skip


STARTED = {"replicas": 4, "updatedReplicas": 1, "readyReplicas": 3, "availableReplicas": 3}
UNDER_WAY = (cond("Progressing", "True", "ReplicaSetUpdated"),)


def one_new_pod(after, *, events=(), also=(), **details):
    """A rolling update whose first new pod is as told, `after` seconds after it was made."""
    owner = deployment(status=STARTED, conditions=UNDER_WAY)
    new, old = replica_set(owner, "new", "2"), replica_set(owner, "old", "1", ready=3)
    fresh = pod(new, "web-new-1", **details)
    olds = [pod(old, f"web-old-{i}", ready=True) for i in range(3)]
    told = [event(fresh, *words) for words in events]
    seen = scene(wanted=[owner, *also], objects=[owner, new, old, fresh, *olds], events=told, at=T0 + after)
    return rollout(seen, now=seen.at)


def codes(found):
    return [doom.code for doom in found.dooms]


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
    seen = scene(at=AT, wanted=objects[:1], objects=objects, events=events)
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
        seen = scene(recorded(sample), at=AT, wanted=objects[:1], objects=objects)
        found = delivery(seen, engine, dict.fromkeys(revisions(seen), SAME), pushed=when("2026-11-23T04:02:40Z"))
        assert found.arrival is Arrival.ARRIVED
        assert code.split("-", maxsplit=1)[0] not in found.message
        assert codes(rollout(seen, now=seen.at))[0] == code


def test_a_quota_refusal_is_seen_while_argo_and_flux_say_progressing():
    deployed = recorded("k8s_workload_quota")[0]  # scaled up: no progress deadline runs, the rollout is complete
    assert not any(c["reason"] == "ProgressDeadlineExceeded" for c in deployed["status"]["conditions"])
    seen = scene(at="2026-11-23T04:03:47Z", wanted=[deployed], objects=[deployed])
    assert codes(rollout(seen, now=seen.at)) == ["quota"]


def test_a_quota_refusal_of_the_surge_pod_may_heal_while_old_pods_can_go_first():
    refused = cond("ReplicaFailure", "True", "FailedCreate", 'pods "x" is forbidden: exceeded quota: q', BORN)
    free, held = ({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": most}} for most in ("34%", 0))
    counts = {"replicas": 3, "updatedReplicas": 0}

    def after(seconds, strategy):
        owner = deployment(strategy=strategy, status=counts, conditions=[*UNDER_WAY, refused])
        return rollout(scene(wanted=[owner], objects=[owner]), now=T0 + seconds).status

    assert after(1, held) is Status.FAILED
    assert after(1, free) is Status.IN_PROGRESS
    assert after(61, free) is Status.FAILED


def test_a_refusal_without_a_known_reason_is_given_thirty_seconds():
    refused = cond("ReplicaFailure", "True", "FailedCreate", "etcdserver: request timed out", BORN)
    owner = deployment(conditions=[*UNDER_WAY, refused])
    seen = scene(wanted=[owner], objects=[owner])
    assert rollout(seen, now=T0 + 29).status is Status.IN_PROGRESS
    assert rollout(seen, now=T0 + 31).status is Status.FAILED


def complete(**details):
    owner = deployment(**details)
    new, old = replica_set(owner, "new", "2", ready=3), replica_set(owner, "old", "1")
    pods = [pod(new, f"web-new-{i}", ready=True) for i in range(3)]
    return owner, scene(wanted=[owner], objects=[owner, new, old, *pods])


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
    found = rollout(scene(wanted=[owner], objects=[owner]), now=T0)
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
    assert rollout(scene(wanted=[owner], objects=[owner]), now=T0).status is Status.SUSPENDED
    found = rollout(scene(wanted=[owner]), now=T0)
    assert (found.status, found.message) == (Status.MISSING, "Deployment/web: not in the cluster yet")


def test_zero_replicas_is_current_and_says_that_nothing_runs():
    owner = deployment(replicas=0)
    found = rollout(scene(wanted=[owner], objects=[owner]), now=T0)
    assert (found.status, found.wanted, found.message) == (Status.CURRENT, 0, "nothing runs: scaled to 0")


def test_nothing_wanted_is_unknown():
    assert rollout(scene(), now=T0).status is Status.UNKNOWN


# Doomed at once, after a while, or not (verify.md §2.3)

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
    assert found.dooms[0].message == "container web: image registry/x:1 does not exist"


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
    assert "3 Insufficient cpu" in found.dooms[0].message


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
    seen = scene(wanted=[owner], objects=[owner, new, pod(new, "good", ready=True), *bad])
    assert rollout(seen, now=T0 + 59).status is Status.IN_PROGRESS
    assert rollout(seen, now=T0 + 60).status is Status.FAILED
    seen = scene(
        wanted=[owner], objects=[owner, new, pod(new, "good", ready=True), pod(new, "fine", ready=True), bad[0]]
    )
    assert rollout(seen, now=T0 + 600).status is Status.IN_PROGRESS


def test_pods_that_fail_alike_are_said_once():
    owner = deployment(status={**STARTED, "updatedReplicas": 3}, conditions=UNDER_WAY)
    new = replica_set(owner, "new", "2")
    bad = [pod(new, f"b{i}", state=waiting("InvalidImageName")) for i in range(3)]
    seen = scene(wanted=[owner], objects=[owner, new, *bad])
    assert codes(rollout(seen, now=T0 + 1)) == ["image-invalid"]


def test_a_pod_that_is_being_deleted_is_not_looked_at():
    owner = deployment(status=STARTED, conditions=UNDER_WAY)
    new = replica_set(owner, "new", "2")
    gone = pod(new, "web-new-1", state=waiting("InvalidImageName"))
    gone["metadata"]["deletionTimestamp"] = BORN
    seen = scene(wanted=[owner], objects=[owner, new, gone])
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


PROBE = {"httpGet": {"path": "/healthz", "port": 8080}}


def test_a_pod_that_never_becomes_ready_is_explained_when_the_deadline_has_passed():
    late = [cond("Progressing", "False", "ProgressDeadlineExceeded", since="2026-11-23T04:05:00Z")]
    owner = deployment(status=STARTED, conditions=late)
    new = replica_set(owner, "new", "2")
    fresh = pod(new, "web-new-1", probe=PROBE)
    told = [event(fresh, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")]
    seen = scene(wanted=[owner], objects=[owner, new, fresh], events=told)
    found = rollout(seen, now=T0 + 305)
    assert codes(found) == ["not-ready", "progress-deadline"]
    words = "container web: not ready 305 s after its start: Readiness probe failed: HTTP probe failed with statuscode: 503 (GET /healthz on port 8080)"
    assert found.dooms[0].message == words
    assert found.message == f"Deployment/web: no progress within 300 s: {words}; 3 old pods still serve"


def test_a_pod_that_is_not_ready_yet_is_not_doomed_before_the_deadline():
    assert codes(one_new_pod(299, probe=PROBE)) == []


# StatefulSet, DaemonSet, Job, Argo Rollout


def stateful(**status):
    counts = {
        "replicas": 3,
        "readyReplicas": 2,
        "updatedReplicas": 1,
        "currentRevision": "db-a",
        "updateRevision": "db-b",
    }
    body = {"observedGeneration": 1, **counts, **status}
    return obj("apps/v1", "StatefulSet", "db", {"replicas": 3}, body, generation=1)


def marked(owner, name, revision, **details):
    found = pod(owner, name, **details)
    found["metadata"]["labels"] = {"controller-revision-hash": revision}
    return found


def test_one_bad_new_pod_stops_a_stateful_set_and_an_old_bad_pod_does_not():
    owner = stateful()
    bad = {"state": waiting("InvalidImageName")}
    olds = [marked(owner, f"db-{i}", "db-a", ready=True) for i in range(2)]
    seen = scene(wanted=[owner], objects=[owner, *olds, marked(owner, "db-2", "db-b", **bad)])
    found = rollout(seen, now=T0 + 1)
    assert (found.status, found.ready, found.old_ready) == (Status.FAILED, 0, 2)
    assert (
        found.message
        == "StatefulSet/db: db-2: container web: registry/x:1 is no valid image name; 2 old pods still serve"
    )
    seen = scene(wanted=[owner], objects=[owner, marked(owner, "db-2", "db-a", **bad)])
    assert rollout(seen, now=T0 + 1).status is Status.IN_PROGRESS


def test_a_stateful_set_is_complete_when_its_revisions_agree_though_the_api_server_sets_a_partition():
    owner = stateful(readyReplicas=3, updatedReplicas=3)
    owner["spec"]["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    seen = scene(wanted=[owner], objects=[owner])
    assert rollout(seen, now=T0).status is Status.IN_PROGRESS
    owner["status"]["currentRevision"] = "db-b"
    found = rollout(scene(wanted=[owner], objects=[owner]), now=T0)
    assert (found.status, found.ready) == (Status.CURRENT, 3)


def test_sets_say_by_events_that_their_pods_are_refused():
    owner = stateful()
    told = [
        event(
            owner,
            "FailedCreate",
            'create Pod db-2 in StatefulSet db failed: pods "db-2" is forbidden: exceeded quota: q',
        )
    ]
    found = rollout(scene(wanted=[owner], objects=[owner], events=told), now=T0 + 1)
    assert (found.status, codes(found)) == (Status.FAILED, ["quota"])


def test_a_daemon_sets_new_pods_are_those_of_its_newest_revision():
    body = {
        "observedGeneration": 1,
        "desiredNumberScheduled": 2,
        "currentNumberScheduled": 2,
        "updatedNumberScheduled": 1,
        "numberReady": 1,
    }
    owner = obj("apps/v1", "DaemonSet", "log", {}, body, generation=1)
    history = [
        {**obj("apps/v1", "ControllerRevision", f"log-{h}", labels={"controller-revision-hash": h}, ownerReferences=owned_by(owner)), "revision": n}
        for h, n in (("a", 1), ("b", 2))
    ]  # fmt: skip
    good, bad = marked(owner, "log-1", "a", ready=True), marked(owner, "log-2", "b", state=waiting("InvalidImageName"))
    found = rollout(scene(wanted=[owner], objects=[owner, *history, good, bad]), now=T0 + 1)
    assert (found.status, found.ready, found.old_ready) == (Status.FAILED, 0, 1)
    bad["spec"]["nodeName"] = "n1"
    node = obj("v1", "Node", "n1", {"unschedulable": True}, {"conditions": [cond("Ready", "True")]}, namespace="")
    found = rollout(scene(wanted=[owner], objects=[owner, *history, good, bad, node]), now=T0 + 1)
    assert found.status is Status.IN_PROGRESS


def test_a_stuck_or_failed_job_fails_and_a_running_one_is_not_good_yet():
    def job(*conditions, **more):
        return obj(
            "batch/v1",
            "Job",
            "migrate",
            {"backoffLimit": 2},
            {"startTime": BORN, "active": 1, "conditions": [*conditions], **more},
        )

    running = job()
    found = rollout(scene(wanted=[running], objects=[running]), now=T0 + 600)
    assert (found.status, found.message) == (Status.IN_PROGRESS, "Job/migrate: 1 active, failed 0 of at most 3 times")
    stuck = pod(running, "migrate-x", state=waiting("ErrImagePull", "x: not found"))
    assert codes(rollout(scene(wanted=[running], objects=[running, stuck]), now=T0)) == ["image-missing"]
    lost = job(cond("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit"))
    assert codes(rollout(scene(wanted=[lost], objects=[lost]), now=T0)) == ["job-failed"]
    died = pod(lost, "migrate-y", phase="Failed", state=ended())
    assert codes(rollout(scene(wanted=[lost], objects=[lost, died]), now=T0)) == ["job-failed", "pod-failed"]
    done = job(cond("Complete", "True"))
    assert rollout(scene(wanted=[done], objects=[done]), now=T0).status is Status.CURRENT
    brief = copy.deepcopy(done)
    brief["spec"]["ttlSecondsAfterFinished"] = 0
    assert rollout(scene(wanted=[brief]), now=T0).status is Status.CURRENT


def test_an_argo_rollouts_new_pods_are_those_of_its_current_hash():
    body = {
        "observedGeneration": "1",
        "phase": "Progressing",
        "currentPodHash": "new",
        "replicas": 2,
        "updatedReplicas": 1,
        "readyReplicas": 1,
    }
    owner = obj("argoproj.io/v1alpha1", "Rollout", "web", {"replicas": 1}, body, generation=1)
    new, old = replica_set(owner, "new", "2"), replica_set(owner, "old", "1", ready=1)
    for made, digest in ((new, "new"), (old, "old")):
        made["metadata"]["labels"] = {"rollouts-pod-template-hash": digest}
    bad = pod(new, "web-new-1", state=waiting("InvalidImageName"))
    found = rollout(scene(wanted=[owner], objects=[owner, new, old, bad]), now=T0 + 1)
    assert (found.status, found.old_ready, codes(found)) == (Status.FAILED, 1, ["image-invalid"])


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
    assert surge_room(deployment(replicas=replicas, strategy=strategy)) is room


def test_sets_without_a_progress_deadline_get_ten_minutes():
    owner = stateful()
    slow = marked(owner, "db-2", "db-b", probe=PROBE)
    seen = scene(wanted=[owner], objects=[owner, slow])
    assert codes(rollout(seen, now=T0 + 599)) == []
    assert codes(rollout(seen, now=T0 + 600)) == ["not-ready"]


def test_a_stateful_set_whose_pods_are_all_new_and_not_all_ready_is_not_done():
    owner = stateful(updatedReplicas=3, currentRevision="db-b")
    found = rollout(scene(wanted=[owner], objects=[owner]), now=T0)
    assert (found.status, found.message) == (Status.IN_PROGRESS, "StatefulSet/db: 3 of 3 new pods there, 2 of 3 ready")
