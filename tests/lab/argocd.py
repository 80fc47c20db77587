"""Argo CD's controllers, run against a hub control plane of the lab, with other control planes as its clusters."""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.lab.components import binary, share
from tests.lab.kube import ApiError, Object, crds_in
from tests.lab.processes import Process, free_port, retry_ports, start, stop_all, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.control_plane import ControlPlane

APPLICATION = "argoproj.io/v1alpha1"
REFRESH = "argocd.argoproj.io/refresh"
RETRY = 15.0  # seconds until what stands still is looked at again; with its poll, Argo CD takes two to three minutes


@dataclass(eq=False)
class ArgoCD:
    """Redis, repo-server, application- and ApplicationSet controller.

    Unless `poll` says otherwise it hardly ever looks at Git by itself: `refresh` it, and `retry` what failed.
    """

    plane: ControlPlane
    directory: Path
    poll: int = 3600
    processes: list[Process] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)
    _marked: dict[str, float] = field(default_factory=dict)  # when each Application got the mark that it may have

    def install(self) -> None:
        """CRDs, namespace and settings: what an installation brings before any Git."""
        self.plane.kube.install_crds(*crds_in(share("argocd", "crds")))
        self.plane.kube.namespace("argocd")
        self.plane.kube.apply(
            _setting("ConfigMap", "argocd-cm", {}),
            _setting("ConfigMap", "argocd-rbac-cm", {}),
            {**_setting("Secret", "argocd-secret", {}), "stringData": {"server.secretkey": "only-for-the-lab"}},
        )

    def begin(self) -> None:
        """Starts redis and the three controllers and waits until each answers."""
        redis, repo, metrics = free_port(), free_port(), free_port()
        self.ports = {"redis": redis, "repo-server": repo}
        server = ("--redis", f"127.0.0.1:{redis}")
        try:
            self._start("redis-server", *_redis(redis), program="redis-server")
            self._start(
                "argocd-repo-server",
                *(*server, "--address", "127.0.0.1", "--port", str(repo), "--disable-tls"),
                *("--client-ca-path", ""),  # its default, a path, does not go with the flag before it
                *("--metrics-address", "127.0.0.1", "--metrics-port", str(metrics)),
                *("--revision-cache-expiration", "2s", "--default-cache-expiration", "1h"),
            )
            wait_until(lambda: _listens(metrics), "argocd-repo-server", processes=self.processes)
            self._start(
                "argocd-application-controller",
                *(*server, "--repo-server", f"127.0.0.1:{repo}", "--repo-server-plaintext", "--namespace", "argocd"),
                *("--metrics-port", str(free_port()), "--app-resync", str(self.poll), "--app-resync-jitter", "0"),
            )
            probe = free_port()
            self._start(
                "argocd-applicationset-controller",
                *("--argocd-repo-server", f"127.0.0.1:{repo}", "--repo-server-plaintext", "--namespace", "argocd"),
                *("--metrics-addr", f"127.0.0.1:{free_port()}", "--probe-addr", f"127.0.0.1:{probe}"),
                *("--webhook-addr", f"127.0.0.1:{free_port()}"),
            )
            wait_until(lambda: _listens(probe), "argocd-applicationset-controller", processes=self.processes)
        except BaseException:
            self.end()
            raise

    def serve(self) -> str:
        """Starts argocd-server, too, which asks everybody who they are; its URL."""
        port = free_port()
        self._start(
            "argocd-server",
            *("--repo-server", f"127.0.0.1:{self.ports['repo-server']}", "--repo-server-plaintext"),
            *("--redis", f"127.0.0.1:{self.ports['redis']}", "--insecure", "--namespace", "argocd"),
            *("--address", "127.0.0.1", "--port", str(port)),
            *("--metrics-address", "127.0.0.1", "--metrics-port", str(free_port())),
        )
        wait_until(lambda: _listens(port), "argocd-server", processes=self.processes)
        return f"http://127.0.0.1:{port}"

    def end(self) -> None:
        stop_all(self.processes)
        self.processes.clear()

    def add_cluster(self, plane: ControlPlane, name: str, labels: dict[str, str] | None = None) -> Object:
        """Registers a control plane (also the hub itself) under that name; the Secret that did it."""
        config = {"bearerToken": plane.token, "tlsClientConfig": {"insecure": True}}
        secret = _setting("Secret", f"cluster-{name}", {})
        secret["metadata"]["labels"] = {"argocd.argoproj.io/secret-type": "cluster", **(labels or {})}
        secret["stringData"] = {"name": name, "server": plane.url, "config": json.dumps(config)}
        return self.plane.kube.apply(secret)[0]

    def refresh(self, application: str, *, hard: bool = False) -> None:
        """Has the controller look at Git now: it does not poll in the lab.

        The mark of a look that still goes on is waited for: the same mark again is no news, and that look, which may have
        read Git before the newest commit, takes it away when it ends. An Application that its set removed meanwhile is fine.
        """
        wait_until(lambda: not self._looks(application), f"the look at {application}", processes=self.processes)
        self._mark(application, "hard" if hard else "normal")

    def retry(self, application: Object, *, revision: str = "") -> None:
        """What the poll does that is turned off in the lab: looks again at what stands still, and nothing else repeats it.

        That is an Application that could not be compared (the API server of a busy machine answered too late, or the
        controller read it before the AppProject that the same file holds), one that was compared with the commit before
        `revision`, and one whose mark the controller does not see: it may write its own older copy of the Application into
        its cache after our mark had come there, and an idle controller then leaves the mark for ever.
        """
        name = application["metadata"]["name"]
        if not is_marked(application):
            self._marked.pop(name, None)
            if failed_for(application) > RETRY or (revision and behind_for(application, revision) > RETRY):
                self._mark(name, "normal")
        elif (
            "deletionTimestamp" not in application["metadata"]
            and time.monotonic() - self._marked.setdefault(name, time.monotonic()) > RETRY
        ):
            self._mark(name, "normal")

    def _mark(self, application: str, value: str) -> None:
        named = {
            "apiVersion": APPLICATION,
            "kind": "Application",
            "metadata": {"name": application, "namespace": "argocd"},
        }
        self._marked[application] = time.monotonic()
        try:
            # The same mark again is no news, so it goes first.
            for mark in (None, value):
                self.plane.kube.patch(named, {"metadata": {"annotations": {REFRESH: mark}}})
        except ApiError as error:
            if error.code != 404:
                raise

    def _looks(self, application: str) -> bool:
        found = self.plane.kube.find(APPLICATION, "Application", application, "argocd")
        if found is None or not is_marked(found) or "deletionTimestamp" in found["metadata"]:
            return False
        self.retry(found)
        return True

    def wait_synced(self, application: str, *, revision: str = "") -> Object:
        """The Application, once it is Synced and Healthy, its operation has succeeded and, when given, at that commit."""

        def done(found: Object) -> bool:
            self.retry(found, revision=revision)
            return is_synced(found, revision=revision)

        return self.plane.kube.wait(APPLICATION, "Application", application, "argocd", until=done)

    def _start(self, name: str, *arguments: str, program: str = "argocd") -> None:
        commands = [str(binary(command).parent) for command in ("kustomize", "helm", "git")]
        commands.append(str(share("argocd", "path")))
        environment = {
            "ARGOCD_BINARY_NAME": name,
            "KUBECONFIG": str(self.plane.kubeconfig_for("argocd")),
            "ARGOCD_GPG_ENABLED": "false",
            "ARGOCD_FAKE_IN_CLUSTER": "true",
            "ARGOCD_GPG_DATA_PATH": str(self.directory / "gpg"),
            "PATH": os.pathsep.join([*commands, os.environ.get("PATH", "")]),
            "HOME": str(self.directory),
            "TMPDIR": str(self.directory),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        self.processes.append(
            start(name, (binary(program), *arguments), logs=self.directory / "logs", environment=environment)
        )


def start_argocd(plane: ControlPlane, directory: Path, *, poll: int = 3600) -> ArgoCD:
    """Argo CD with that control plane as its hub, which looks at Git every `poll` seconds; the caller ends it."""
    directory.mkdir(parents=True, exist_ok=True)
    argocd = ArgoCD(plane, directory, poll)
    argocd.install()
    retry_ports(argocd.begin)
    return argocd


def is_synced(application: Object, *, revision: str = "") -> bool:
    """True when status says Synced, Healthy and Succeeded, compared with the commit `revision` or any."""
    status = application.get("status") or {}
    sync = status.get("sync") or {}
    return (
        sync.get("status") == "Synced"
        and (status.get("health") or {}).get("status") == "Healthy"
        and (status.get("operationState") or {}).get("phase") == "Succeeded"
        and str(sync.get("revision", "")).endswith(revision)
        and not is_marked(application)
    )


def is_marked(application: Object) -> bool:
    """True while the controller was asked to look at Git again and has not done so."""
    return REFRESH in application["metadata"].get("annotations", {})


def failed_for(application: Object) -> float:
    """Seconds since the controller first could not compare the Application with its clusters, project or Git; 0 when it could."""
    conditions = (application.get("status") or {}).get("conditions") or []
    failed = [each for each in conditions if each["type"] in {"ComparisonError", "InvalidSpecError", "UnknownError"}]
    since = [datetime.fromisoformat(each["lastTransitionTime"]) for each in failed if "lastTransitionTime" in each]
    return max(((datetime.now(UTC) - each).total_seconds() for each in since), default=0.0)


def behind_for(application: Object, revision: str) -> float:
    """Seconds since the controller compared the Application with another commit than `revision`; 0 when with that."""
    status = application.get("status") or {}
    compared = str((status.get("sync") or {}).get("revision") or "")
    if "reconciledAt" not in status or compared.endswith(revision):
        return 0.0
    return (datetime.now(UTC) - datetime.fromisoformat(status["reconciledAt"])).total_seconds()


def _setting(kind: str, name: str, data: dict[str, str]) -> Object:
    labels = {"app.kubernetes.io/part-of": "argocd", "app.kubernetes.io/name": name}
    metadata = {"name": name, "namespace": "argocd", "labels": labels}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data}


def _redis(port: int) -> tuple[str, ...]:
    return ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
