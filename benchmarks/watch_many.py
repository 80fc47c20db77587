"""What it costs to watch many services at once from one process. `python benchmarks/watch_many.py [SERVICES]`.

Starts a cluster of the lab (docs/lab.md), lets it run so many Deployments (default 500) of two pods each, and watches
them from a process of its own: its memory, how often it asked, and how long until it saw each pod of a change of all.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

TEAMS = 50
REPLICAS = 2
QUIET_SECONDS = 60
KINDS = (("apps/v1", "Deployment"), ("apps/v1", "ReplicaSet"), ("v1", "Pod"), ("v1", "Event"), ("batch/v1", "Job"))


def main() -> None:
    if sys.argv[1:2] == ["--watch"]:
        watch(Path(sys.argv[2]), int(sys.argv[3]))
        return
    from tests.lab.control_plane import start_control_plane

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory(prefix="atmos-watch-") as name:
        plane = start_control_plane(Path(name), name="many", nodes=2)
        try:
            started = time.perf_counter()
            for number in range(TEAMS):
                plane.kube.namespace(f"team-{number:02d}")
            for number in range(count):
                plane.kube.apply(deployment(number, "web:1"))
            running(plane.kube, count, "web:1")
            print(f"{count} services run after {time.perf_counter() - started:.0f} s", flush=True)
            command = [sys.executable, __file__, "--watch", str(plane.kubeconfig), str(count)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as watcher:
                assert watcher.stdout is not None
                print(watcher.stdout.readline(), end="", flush=True)
                print(watcher.stdout.readline(), end="", flush=True)
                for number in range(count):
                    plane.kube.apply(deployment(number, "web:2"))
                print(watcher.stdout.read(), end="", flush=True)
        finally:
            plane.end()


def watch(kubeconfig: Path, count: int) -> None:
    """The process that is measured."""
    from atmos_cli.adapters.kubernetes.client import ClusterClient
    from atmos_cli.adapters.kubernetes.kubeconfig import access, read_kubeconfig
    from atmos_cli.adapters.kubernetes.watch import Mirror

    found = access(read_kubeconfig({"KUBECONFIG": str(kubeconfig)}), "many", setting="")
    with ClusterClient(found) as cluster, Mirror(cluster, KINDS) as mirror:
        started = time.perf_counter()
        pods = mirror.list("v1", "Pod")
        listed = time.perf_counter() - started
        for kind in KINDS:
            mirror.list(*kind)
        first = cluster.transport.requests
        told(f"first look: {len(pods)} pods after {listed:.2f} s, {first} requests", mirror)
        time.sleep(QUIET_SECONDS)
        quiet = cluster.transport.requests - first
        told(f"quiet: {quiet} requests in {QUIET_SECONDS} s", mirror)
        started, before = time.perf_counter(), cluster.transport.requests
        while not done(mirror, count):
            mirror.wait(5.0)
            time.sleep(1.0)  # as a display that is drawn once a second
        seconds = time.perf_counter() - started
        asked = cluster.transport.requests - before
        told(f"all changed: seen after {seconds:.0f} s, {asked} requests ({asked * 60 / seconds:.1f} a minute)", mirror)
        started = time.perf_counter()
        trees = sum(len(mirror.owned(rs["metadata"]["uid"])) for rs in mirror.list("apps/v1", "ReplicaSet"))
        told(f"one look at every tree: {trees} pods in {time.perf_counter() - started:.2f} s, no request", mirror)


def told(text: str, mirror: Any) -> None:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{text}; {mirror.store.size / 2**20:.1f} MiB kept, at most {most:.0f} MiB of memory", flush=True)


def done(mirror: Any, count: int) -> bool:
    pods = mirror.list("v1", "Pod")
    good = sum(p["spec"]["containers"][0]["image"] == "web:2" and p["status"].get("phase") == "Running" for p in pods)
    return good == len(pods) == count * REPLICAS


def running(kube: Any, count: int, image: str) -> None:
    while True:
        pods = [p for p in kube.list("v1", "Pod") if p["spec"]["containers"][0]["image"] == image]
        if sum(p["status"].get("phase") == "Running" for p in pods) == count * REPLICAS:
            return
        time.sleep(2)


def deployment(number: int, image: str) -> dict[str, Any]:
    """About as large as what atmos writes."""
    name, namespace = f"service-{number:04d}", f"team-{number % TEAMS:02d}"
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": namespace}
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10}
    container = {
        "name": "web",
        "image": image,
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": f"SETTING_{n}", "value": "x" * 40} for n in range(10)],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "16Mi"}},
        "readinessProbe": probe,
        "livenessProbe": probe,
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True},
    }
    value = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
    return json.loads(json.dumps(value))  # type: ignore[no-any-return]


if __name__ == "__main__":
    main()
