"""Flux's controllers, run against a control plane of the lab."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from tests.lab.components import binary, share
from tests.lab.kube import Object, condition, crds_in
from tests.lab.processes import Process, free_port, retry_ports, start, stop_all, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.control_plane import ControlPlane

CRDS = ("source-crds", "kustomize-crds", "helm-crds")
TENANCY = ("--no-cross-namespace-refs", "--default-service-account=default")
GIT_REPOSITORY = "source.toolkit.fluxcd.io/v1"
KUSTOMIZATION = "kustomize.toolkit.fluxcd.io/v1"
HELM_RELEASE = "helm.toolkit.fluxcd.io/v2"
API_VERSIONS = {"GitRepository": GIT_REPOSITORY, "Kustomization": KUSTOMIZATION, "HelmRelease": HELM_RELEASE}


@dataclass(eq=False)
class Flux:
    """Source-, kustomize- and (on request) helm-controller, locked down for tenants as `lab_engines.md` has it."""

    plane: ControlPlane
    directory: Path
    helm: bool
    processes: list[Process] = field(default_factory=list)

    def install(self) -> None:
        """The CRDs, the namespace `flux-system` and its service accounts: what a bootstrap brings before any Git."""
        chosen = CRDS if self.helm else CRDS[:2]
        self.plane.kube.install_crds(*(crd for name in chosen for crd in crds_in(share("flux", name))))
        self.plane.kube.namespace("flux-system")
        for account in ("kustomize-controller", "helm-controller"):
            self.plane.kube.apply(_account(account), _admin(account))

    def begin(self) -> None:
        """Starts the controllers and waits until each answers its probe."""
        storage = free_port()
        try:
            self._start(
                "source-controller",
                *("--storage-path", str(self.directory / "storage"), "--storage-addr", f"127.0.0.1:{storage}"),
                *("--storage-adv-addr", f"127.0.0.1:{storage}"),
            )
            self._start(
                "kustomize-controller",
                *(*TENANCY, "--no-remote-bases", "--requeue-dependency=2s"),
                "--feature-gates=CancelHealthCheckOnNewRevision=true",
            )
            if self.helm:
                self._start("helm-controller", *TENANCY, "--requeue-dependency=2s")
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        stop_all(self.processes)
        self.processes.clear()

    def wait_ready(self, kind: str, name: str, namespace: str, *, revision: str = "") -> Object:
        """The object, once Flux says it is Ready for its present generation and, when given, for that commit."""
        return self.plane.kube.wait(
            API_VERSIONS[kind], kind, name, namespace, until=lambda found: _is_ready(found, revision)
        )

    def _start(self, name: str, *arguments: str) -> None:
        health = free_port()
        environment = {
            "KUBECONFIG": str(self.plane.kubeconfig),
            "RUNTIME_NAMESPACE": "flux-system",
            # The kubeconfig cache and work directories of the controllers belong to this run.
            "TMPDIR": str(self.directory),
            "HOME": str(self.directory),
        }
        command: tuple[str | Path, ...] = (
            *(binary(name), "--metrics-addr", f"127.0.0.1:{free_port()}", "--health-addr", f"127.0.0.1:{health}"),
            *("--log-level", "info", *arguments),
        )
        process = start(name, command, logs=self.directory / "logs", environment=environment)
        self.processes.append(process)
        wait_until(lambda: _answers(f"http://127.0.0.1:{health}/readyz"), f"{name}: ready", processes=[process])


def start_flux(plane: ControlPlane, directory: Path, *, helm: bool = True) -> Flux:
    """Flux on that control plane; the caller ends it."""
    (directory / "storage").mkdir(parents=True, exist_ok=True)
    flux = Flux(plane, directory, helm)
    flux.install()
    retry_ports(flux.begin)
    return flux


def _answers(url: str) -> bool:

    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _is_ready(found: Object, revision: str) -> bool:
    status = found.get("status") or {}
    if status.get("observedGeneration") != found["metadata"]["generation"] or condition(found, "Ready") != "True":
        return False
    seen = (status.get("artifact") or {}).get("revision") or status.get("lastAppliedRevision", "")
    return str(seen).endswith(revision)


def _account(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "flux-system"}}


def _admin(account: str) -> Object:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"flux-{account}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": "flux-system"}],
    }
