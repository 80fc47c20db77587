"""A real Kubernetes control plane on loopback: etcd, API server and, unless left out, controllers, scheduler and kwok."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.lab.components import KUBERNETES, MAIN, binary
from tests.lab.kube import Kube, Object, condition
from tests.lab.processes import Process, free_port, retry_ports, start, stop_all, wait_until

STAGES = Path(__file__).parent / "kwok_stages.yaml"
LEADERLESS = ("--leader-elect=false", "--bind-address", "127.0.0.1")


@dataclass(eq=False)
class ControlPlane:
    """One cluster. `kube` asks it; `kubeconfig` and `token` are for programs; its pods run on simulated nodes."""

    name: str
    version: str
    directory: Path
    controllers: bool
    nodes: int
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    ports: dict[str, int] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    kube: Kube = field(init=False)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.ports['apiserver']}"

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    def kubeconfig_for(self, namespace: str, token: str = "") -> Path:
        """Another kubeconfig for the same server: its context has this namespace."""
        path = self.directory / f"kubeconfig-{namespace}"
        path.write_text(_kubeconfig(self.name, self.url, token or self.token, namespace))
        return path

    def begin(self) -> None:
        """Start on new ports and wait until it answers and every node is ready."""
        self.ports = {name: free_port() for name in ("etcd", "peer", "apiserver", "kcm", "scheduler", "kwok")}
        self.kubeconfig.write_text(_kubeconfig(self.name, self.url, self.token))
        self.kube = Kube(self.url, self.token)
        try:
            self._run()
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        stop_all(self.processes)
        self.processes.clear()
        self.kube.close()

    def wipe(self) -> None:
        """The disaster: everything stops, etcd's data is gone, and an empty control plane comes up at the same address."""
        stop_all(self.processes)
        self.processes.clear()
        self._run()

    def add_volumes(self, count: int, size: str = "100Gi") -> None:
        """PersistentVolumes that claims without a storage class can bind: nothing here provisions any."""
        self.kube.apply(*(_volume(f"lab-{number}-{secrets.token_hex(3)}", size) for number in range(count)))

    def _run(self) -> None:
        shutil.rmtree(self.directory / "etcd", ignore_errors=True)
        self._start("etcd", *_etcd(self.directory, self.ports))
        self._start(KUBERNETES[self.version], *_apiserver(self.directory, self.ports, self.token))
        wait_until(self._answers, f"{self.name}: API server", processes=self.processes)
        if not self.controllers:
            return
        self._start("kube-controller-manager", *_controller_manager(self.directory, self.ports))
        self._start("kube-scheduler", *_scheduler(self.directory, self.ports))
        self._start("kwok", *_kwok(self.directory, self.ports))
        names = [f"node-{number}" for number in range(1, self.nodes + 1)]
        self.kube.apply(*map(_node, names))
        for name in names:
            wait_until(
                lambda name=name: condition(self.kube.get("v1", "Node", name), "Ready") == "True",  # type: ignore[misc]
                f"{self.name}: {name}",
                processes=self.processes,
            )
        # Pods of the first test need it, and it comes from a controller a moment after the namespace.
        self.kube.wait("v1", "ConfigMap", "kube-root-ca.crt", "default", until=bool)

    def _start(self, component: str, *arguments: str) -> None:
        logs = self.directory / "logs"
        self.processes.append(start(component, (binary(component), *arguments), logs=logs))

    def _answers(self) -> bool:
        try:
            ready = self.kube.http.get("/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False
        return ready and self.kube.find("v1", "Namespace", "default") is not None


def start_control_plane(
    directory: Path, *, name: str = "lab", version: str = MAIN, controllers: bool = True, nodes: int = 2
) -> ControlPlane:
    """A fresh, empty cluster, ready in about five seconds; `controllers=False` gives an API server alone.

    The caller ends it. Raises LabError with the logs when it does not come up.
    """
    (directory / "certs").mkdir(parents=True, exist_ok=True)
    subprocess.run(["openssl", "genrsa", "-out", directory / "sa.key", "2048"], check=True, capture_output=True)
    plane = ControlPlane(name, version, directory, controllers, nodes)
    (directory / "tokens.csv").write_text(f"{plane.token},admin,admin,system:masters\n")
    retry_ports(plane.begin)
    return plane


def _kubeconfig(name: str, server: str, token: str, namespace: str = "default") -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": server, "insecure-skip-tls-verify": True}}],
            "users": [{"name": "admin", "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": "admin", "namespace": namespace}}],
            "current-context": name,
        }
    )


def _etcd(directory: Path, ports: dict[str, int]) -> tuple[str, ...]:
    client, peer = f"http://127.0.0.1:{ports['etcd']}", f"http://127.0.0.1:{ports['peer']}"
    return (
        *("--data-dir", str(directory / "etcd"), "--unsafe-no-fsync", "--log-level", "error"),
        *("--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer),
        *("--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"),
    )


def _apiserver(directory: Path, ports: dict[str, int], token: str) -> tuple[str, ...]:
    key = str(directory / "sa.key")
    return (
        *("--etcd-servers", f"http://127.0.0.1:{ports['etcd']}"),
        *("--bind-address", "127.0.0.1", "--secure-port", str(ports["apiserver"]), "--advertise-address", "127.0.0.1"),
        *("--cert-dir", str(directory / "certs"), "--token-auth-file", str(directory / "tokens.csv")),
        *("--service-account-key-file", key, "--service-account-signing-key-file", key),
        *("--service-account-issuer", "https://kubernetes.default.svc", "--authorization-mode", "RBAC"),
        *("--service-cluster-ip-range", "10.250.0.0/16", "--allow-privileged", "--endpoint-reconciler-type", "none"),
    )


def _controller_manager(directory: Path, ports: dict[str, int]) -> tuple[str, ...]:
    return (
        *("--kubeconfig", str(directory / "kubeconfig"), "--cert-dir", str(directory / "kcm")),
        *("--service-account-private-key-file", str(directory / "sa.key"), "--secure-port", str(ports["kcm"])),
        *LEADERLESS,
    )


def _scheduler(directory: Path, ports: dict[str, int]) -> tuple[str, ...]:
    config, certs = str(directory / "kubeconfig"), str(directory / "scheduler")
    return ("--kubeconfig", config, "--cert-dir", certs, "--secure-port", str(ports["scheduler"]), *LEADERLESS)


def _kwok(directory: Path, ports: dict[str, int]) -> tuple[str, ...]:
    # Without the lease duration nodes flap to NotReady after a minute and their pods lose Ready for good.
    return (
        *("--kubeconfig", str(directory / "kubeconfig"), "--config", str(STAGES), "--manage-all-nodes"),
        *("--node-lease-duration-seconds", "40", "--server-address", f"127.0.0.1:{ports['kwok']}"),
    )


def _node(name: str) -> Object:
    capacity = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "1000"}
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": labels},
        "status": {"capacity": capacity, "allocatable": capacity},
    }


def _volume(name: str, size: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": f"/nowhere/{name}"},
        },
    }
