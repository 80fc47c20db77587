"""Made-up workloads and pods as a cluster shows them, for the tests about rollouts."""

from atmos_cli.verify.rollout import rollout
from tests.verify.snapshots import cond, obj, owned_by, snapshot, when

BORN = "2026-11-23T04:00:00Z"
T0 = when(BORN)
PROBE = {"httpGet": {"path": "/healthz", "port": 8080}}


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
    seen = snapshot(wanted=[owner, *also], objects=[owner, new, old, fresh, *olds], events=told, at=T0 + after)
    return rollout(seen, now=seen.at)


def codes(found):
    return [failure.code for failure in found.failures]
