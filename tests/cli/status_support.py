"""A repo with one service, and clusters in which an engine has applied it: what `status` and `tree` are tried on."""

import copy
import shutil
import time
from dataclasses import dataclass, field

from atmos_cli.diagnostics import AtmosError
from atmos_cli.gitops.effective import Effective
from atmos_cli.gitops.repository import deployments, open_repository
from atmos_cli.live.connect import ClusterConnection
from tests.verify.fake_cluster import FakeCluster
from tests.verify.snapshots import cond

PAST = "2020-01-01T00:00:00Z"
# A minute from now, so that every commit of a test is older than the engine's last look at Git.
SOON = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))


def meta(resource, **more):
    found = copy.deepcopy(resource)
    uid = f"{resource['kind']}/{resource['metadata'].get('namespace', '')}/{resource['metadata']['name']}"
    found["metadata"] |= {"uid": uid, "generation": 1, "creationTimestamp": PAST, **more}
    return found


def child(owner, api_version, kind, name, **body):
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
    reference |= {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
    space, labels = owner["metadata"]["namespace"], body.pop("labels", {})
    metadata = {"name": name, "namespace": space, "labels": labels, "ownerReferences": [reference]}
    return meta({"apiVersion": api_version, "kind": kind, "metadata": metadata, **body})


def applied(resource):
    """The live object of a manifest, all well, and what its controllers made."""
    live = meta(resource)
    if resource["kind"] == "Deployment":
        return _deployment(live)
    if resource["kind"] == "Cluster":
        ready = cond("Ready", "True", "ClusterIsReady", since=PAST)
        count = live["spec"]["instances"]
        live["status"] = {"phase": "Cluster in healthy state", "readyInstances": count, "conditions": [ready]}
    if resource["kind"] == "Service":
        endpoints = [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}]
        name = live["metadata"]["name"]
        labels = {"kubernetes.io/service-name": name}
        part = child(live, "discovery.k8s.io/v1", "EndpointSlice", f"{name}-x", labels=labels, endpoints=endpoints)
        return [live, part]
    if resource["kind"] == "PodDisruptionBudget":
        live["status"] = {"observedGeneration": 1, "disruptionsAllowed": 1}
    return [live]


def _deployment(live):
    live["metadata"].setdefault("annotations", {})["deployment.kubernetes.io/revision"] = "1"
    count, name = live["spec"].get("replicas", 1), live["metadata"]["name"]
    counts = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas", "updatedReplicas"), count)
    conditions = [
        cond("Available", "True", since=PAST),
        cond("Progressing", "True", "NewReplicaSetAvailable", since=PAST),
    ]
    live["status"] = {"observedGeneration": 1, **counts, "conditions": conditions}
    template, labels = live["spec"]["template"], {"pod-template-hash": "abc"}
    sets = child(
        live, "apps/v1", "ReplicaSet", f"{name}-abc", labels=labels, spec={"replicas": count, "template": template}
    )
    sets["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "1"}
    sets["status"] = {"observedGeneration": 1, "fullyLabeledReplicas": count, **counts}
    pods = [_pod(sets, f"{name}-abc-{number}", template, labels) for number in range(count)]
    return [live, sets, *pods]


def _pod(owner, name, template, labels):
    statuses = [
        {"name": each["name"], "ready": True, "restartCount": 0, "state": {"running": {"startedAt": PAST}}}
        for each in template["spec"]["containers"]
    ]
    status = {"phase": "Running", "conditions": [cond("Ready", "True", since=PAST)], "containerStatuses": statuses}
    return child(owner, "v1", "Pod", name, labels=labels, spec=template["spec"], status=status)


def application(deployment, cluster, commit):
    """An Application that has applied `commit` and found nothing to do since."""
    team, service, environment = deployment
    name = f"{team}.{service}.{environment}.{cluster}"
    metadata = {"name": name, "namespace": "argocd", "labels": {"team": team, "service": service, "env": environment}}
    sync = {"revision": commit}
    status = {
        "reconciledAt": SOON,
        "sync": {"status": "Synced", "revision": commit},
        "health": {"status": "Healthy"},
        "operationState": {"phase": "Succeeded", "syncResult": sync, "operation": {"sync": sync}, "finishedAt": PAST},
        "resources": [{"kind": "Service", "name": service, "status": "Synced"}],
    }
    spec = {"destination": {"name": cluster}, "syncPolicy": {"automated": {"selfHeal": True}}}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": metadata,
        "spec": spec,
        "status": status,
    }


def kustomization(deployment, _cluster, commit):
    """A Kustomization that has applied `commit`."""
    team, service, environment = deployment
    revision = f"main@sha1:{commit}"
    found = meta(
        {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": "Kustomization",
            "metadata": {"name": service, "namespace": f"{team}-{environment}"},
            "spec": {"sourceRef": {"kind": "GitRepository", "name": "gitops"}},
        }
    )
    found["status"] = {
        "observedGeneration": 1,
        "conditions": [cond("Ready", "True", "ReconciliationSucceeded", since=PAST)],
        "lastAppliedRevision": revision,
        "lastAttemptedRevision": revision,
        "inventory": {"entries": [{"id": "x", "v": "v1"}]},
        "history": [{"lastReconciled": PAST, "metadata": {"revision": revision}}],
    }
    return found


def source(deployment, commit):
    found = meta(
        {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": {"name": "gitops", "namespace": f"{deployment.team}-{deployment.environment}"},
            "spec": {},
        }
    )
    artifact = {"revision": f"main@sha1:{commit}", "lastUpdateTime": PAST}
    ready = cond("Ready", "True", "Succeeded", since=PAST)
    found["status"] = {"observedGeneration": 1, "artifact": artifact, "conditions": [ready]}
    return found


@dataclass
class World:
    """`sync` plays the engines: it applies what the repo holds at its HEAD."""

    root: object
    git: object
    clusters: dict = field(default_factory=dict)
    opened: int = 0

    def head(self):
        return self.git("rev-parse", "HEAD", cwd=self.root)

    def sync(self, *environments):
        repository = open_repository(self.root)
        effective, commit = Effective(repository.tree), self.head()
        for each in deployments(repository.tree):
            if environments and each.environment not in environments:
                continue
            name = repository.config.environments[each.environment].cluster
            cluster = self.clusters.setdefault(name, FakeCluster())
            argo = repository.config.engine(each.environment) == "argocd"
            cluster.put((application if argo else kustomization)(each, name, commit))
            if not argo:
                cluster.put(source(each, commit))
            for built in effective.of(each):
                cluster.put(*applied(built.resource))
        return commit

    def commit(self, files, message="change"):
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        self.git("add", "--all", cwd=self.root)
        self.git("commit", "--quiet", "-m", message, cwd=self.root)
        return self.head()

    def read(self, path):
        return (self.root / path).read_text()

    def connect(self, _config, cluster, **_):
        self.opened += 1
        found = self.clusters.setdefault(cluster, FakeCluster())
        if isinstance(found, AtmosError):
            raise found
        return ClusterConnection(found, found)

    def find(self, cluster, kind, name=""):
        """The one object of a kind, to be changed in place."""
        return next(
            each
            for each in self.clusters[cluster].objects
            if each["kind"] == kind and name in ("", each["metadata"]["name"])
        )


def new_world(engine, template, root, atmos, git):
    """A copy of the repo at `template`, which the first caller makes."""
    if not template.exists():
        done = atmos("init", template, "--yes", "--engine", engine, "--git-url", "https://git.example.test/gitops.git")
        assert done.code == 0, done.err
        done = atmos("new", "service", "node, port 80, postgres, called checkout", "--repo", template, "--yes")
        assert done.code == 0, done.err
    shutil.copytree(template, root)
    return World(root, git)


def crashing(pod):
    """The pod as it is after its container ended a few times."""
    ended = {"exitCode": 1, "reason": "Error", "finishedAt": PAST}
    pod["status"]["conditions"] = [cond("Ready", "False", since=PAST)]
    pod["status"]["containerStatuses"][0] |= {
        "ready": False,
        "restartCount": 5,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}},
        "lastState": {"terminated": ended},
    }
