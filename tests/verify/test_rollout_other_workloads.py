"""StatefulSets, DaemonSets, Jobs and Argo Rollouts: whose pods are new, and when they are done."""

import copy

from atmos_cli.verify.rollout import rollout
from atmos_cli.verify.seen import Status
from tests.verify.snapshots import cond, obj, owned_by, snapshot
from tests.verify.workloads import BORN, PROBE, T0, codes, ended, event, pod, replica_set, waiting


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
    seen = snapshot(wanted=[owner], objects=[owner, *olds, marked(owner, "db-2", "db-b", **bad)])
    found = rollout(seen, now=T0 + 1)
    assert (found.status, found.ready, found.old_ready) == (Status.FAILED, 0, 2)
    assert (
        found.message
        == "StatefulSet/db: db-2: container web: registry/x:1 is no valid image name; 2 old pods still serve"
    )
    seen = snapshot(wanted=[owner], objects=[owner, marked(owner, "db-2", "db-a", **bad)])
    assert rollout(seen, now=T0 + 1).status is Status.IN_PROGRESS


def test_a_stateful_set_is_complete_when_its_revisions_agree_though_the_api_server_sets_a_partition():
    owner = stateful(readyReplicas=3, updatedReplicas=3)
    owner["spec"]["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    seen = snapshot(wanted=[owner], objects=[owner])
    assert rollout(seen, now=T0).status is Status.IN_PROGRESS
    owner["status"]["currentRevision"] = "db-b"
    found = rollout(snapshot(wanted=[owner], objects=[owner]), now=T0)
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
    found = rollout(snapshot(wanted=[owner], objects=[owner], events=told), now=T0 + 1)
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
    found = rollout(snapshot(wanted=[owner], objects=[owner, *history, good, bad]), now=T0 + 1)
    assert (found.status, found.ready, found.old_ready) == (Status.FAILED, 0, 1)
    bad["spec"]["nodeName"] = "n1"
    node = obj("v1", "Node", "n1", {"unschedulable": True}, {"conditions": [cond("Ready", "True")]}, namespace="")
    found = rollout(snapshot(wanted=[owner], objects=[owner, *history, good, bad, node]), now=T0 + 1)
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
    found = rollout(snapshot(wanted=[running], objects=[running]), now=T0 + 600)
    assert (found.status, found.message) == (Status.IN_PROGRESS, "Job/migrate: 1 active, failed 0 of at most 3 times")
    stuck = pod(running, "migrate-x", state=waiting("ErrImagePull", "x: not found"))
    assert codes(rollout(snapshot(wanted=[running], objects=[running, stuck]), now=T0)) == ["image-missing"]
    lost = job(cond("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit"))
    assert codes(rollout(snapshot(wanted=[lost], objects=[lost]), now=T0)) == ["job-failed"]
    died = pod(lost, "migrate-y", phase="Failed", state=ended())
    assert codes(rollout(snapshot(wanted=[lost], objects=[lost, died]), now=T0)) == ["job-failed", "pod-failed"]
    tried = pod(running, "migrate-z", phase="Failed", state=ended())
    assert codes(rollout(snapshot(wanted=[running], objects=[running, tried]), now=T0)) == []
    done = job(cond("Complete", "True"))
    assert rollout(snapshot(wanted=[done], objects=[done]), now=T0).status is Status.CURRENT
    brief = copy.deepcopy(done)
    brief["spec"]["ttlSecondsAfterFinished"] = 0
    assert rollout(snapshot(wanted=[brief]), now=T0).status is Status.CURRENT


def test_a_job_has_failed_from_the_decision_on_though_its_pods_still_end():
    decided = cond("FailureTarget", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    job = obj("batch/v1", "Job", "migrate", {"backoffLimit": 0}, {"startTime": BORN, "conditions": [decided]})
    died = pod(job, "migrate-x", phase="Failed", state=ended())
    found = rollout(snapshot(wanted=[job], objects=[job, died]), now=T0)
    assert (found.status, codes(found)) == (Status.FAILED, ["job-failed", "pod-failed"])
    assert found.message == "Job/migrate: the job failed: Job has reached the specified backoff limit"


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
    found = rollout(snapshot(wanted=[owner], objects=[owner, new, old, bad]), now=T0 + 1)
    assert (found.status, found.old_ready, codes(found)) == (Status.FAILED, 1, ["image-invalid"])


def test_sets_without_a_progress_deadline_get_ten_minutes():
    owner = stateful()
    slow = marked(owner, "db-2", "db-b", probe=PROBE)
    seen = snapshot(wanted=[owner], objects=[owner, slow])
    assert codes(rollout(seen, now=T0 + 599)) == []
    assert codes(rollout(seen, now=T0 + 600)) == ["not-ready"]


def test_a_stateful_set_whose_pods_are_all_new_and_not_all_ready_is_not_done():
    owner = stateful(updatedReplicas=3, currentRevision="db-b")
    found = rollout(snapshot(wanted=[owner], objects=[owner]), now=T0)
    assert (found.status, found.message) == (Status.IN_PROGRESS, "StatefulSet/db: 3 of 3 new pods there, 2 of 3 ready")
