"""Argo CD and Flux, each with its clusters and a repo of its own, and how a proof waits for them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from tests.lab.argocd import APPLICATION, ArgoCD, is_synced
from tests.lab.flux import GIT_REPOSITORY, KUSTOMIZATION, Flux
from tests.lab.kube import ApiError, condition
from tests.lab.processes import PATIENCE, LabError, wait_until
from tests.lab.proofs.engines_repo import ENVIRONMENTS, TEAMS, Repo, documents
from tests.lab.proofs.operators import crds_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.lab.control_plane import ControlPlane
    from tests.lab.kube import Object

CNPG = "postgresql.cnpg.io/v1"
HEALTHY = "Cluster in healthy state"


@dataclass
class Bootstrap:
    """What one start from nothing looked like; `standstill`: the seconds until the last ApplicationSet had no error."""

    commit: str = ""
    seconds: float = 0
    standstill: float = 0


class World(Protocol):
    """An engine with its clusters and its repo."""

    repo: Repo
    bootstrap: Bootstrap

    @property
    def planes(self) -> Mapping[str, ControlPlane]: ...
    def rebuild(self) -> Bootstrap: ...
    def nudge(self) -> None: ...
    def missing(self, commit: str) -> list[str]: ...
    def sync(self, commit: str) -> float: ...
    def end(self) -> None: ...


def prepare(planes: Iterable[ControlPlane], *, volumes: int) -> None:
    """What a platform team brings before any engine: the CRDs of its operators, and storage."""
    for plane in planes:
        plane.kube.install_crds(*crds_for({("postgresql.cnpg.io", "Cluster")}))
        # An established kind is served a moment later: until then the server answers 429.
        wait_until(lambda plane=plane: _serves(plane, CNPG, "Cluster"), f"{plane.name}: {CNPG}")  # type: ignore[misc]
        plane.add_volumes(volumes)


def _serves(plane: ControlPlane, api_version: str, kind: str) -> bool:
    try:
        plane.kube.list(api_version, kind)
    except ApiError:
        return False
    return True


def operate(planes: Iterable[ControlPlane]) -> None:
    """Plays CloudNativePG and the ingress controller, which do not run here: all is well, as kwok says of pods."""
    for plane in planes:
        for cluster in plane.kube.list(CNPG, "Cluster"):
            if (cluster.get("status") or {}).get("phase") != HEALTHY:
                ready = {"type": "Ready", "status": "True", "reason": "ClusterIsReady", "message": "Cluster is Ready"}
                ready["lastTransitionTime"] = "2026-01-01T00:00:00Z"
                plane.kube.patch_status(cluster, {"phase": HEALTHY, "conditions": [ready]})
        for ingress in plane.kube.list("networking.k8s.io/v1", "Ingress"):
            if not (ingress.get("status") or {}).get("loadBalancer"):
                plane.kube.patch_status(ingress, {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})


def settle(world: World, missing: Callable[[], Sequence[str]]) -> float:
    """Plays the operators until `missing()` is empty; the seconds it took. Fails with what is missing still."""
    began = time.monotonic()
    last: Sequence[str] = ()

    def done() -> bool:
        nonlocal last
        operate(planes_of(world))
        last = missing()
        return not last

    try:
        wait_until(done, "the engine", pause=1)  # what is asked is large: every Application or Kustomization there is
    except LabError:
        raise AssertionError(f"after {PATIENCE:g} s still: " + "\n".join(last)) from None
    return time.monotonic() - began


def planes_of(world: World) -> list[ControlPlane]:
    return list({id(plane): plane for plane in world.planes.values()}.values())


@dataclass
class ArgoWorld:
    """A hub that is also the cluster `nonprod` (dev and staging), and the spoke `prod-eu`."""

    argocd: ArgoCD
    spoke: ControlPlane
    repo: Repo
    labels: Mapping[str, Mapping[str, str]]
    bootstrap: Bootstrap = field(default_factory=Bootstrap)

    @property
    def planes(self) -> Mapping[str, ControlPlane]:
        hub = self.argocd.plane
        return {"dev": hub, "staging": hub, "prod": self.spoke}

    def start(self) -> None:
        """From clusters with Argo CD and nothing else: register them as `atmos init` says, apply the one file."""
        prepare(planes_of(self), volumes=4)
        self.argocd.add_cluster(self.argocd.plane, "nonprod", dict(self.labels["nonprod"]))
        self.argocd.add_cluster(self.spoke, "prod-eu", dict(self.labels["prod-eu"]))
        commit = self.repo.push()
        began = time.monotonic()
        self.argocd.plane.kube.apply(*documents(self.repo.read("argocd/bootstrap/root.yaml")))
        settle(self, lambda: self.missing(commit))
        took = time.monotonic() - began
        sets = self.argocd.plane.kube.list(APPLICATION, "ApplicationSet", "argocd")
        self.bootstrap = Bootstrap(commit, took, max(map(_seconds_with_error, sets)))

    def rebuild(self) -> Bootstrap:
        self.argocd.end()
        for plane in planes_of(self):
            plane.wipe()
        self.argocd.install()
        self.argocd.begin()
        self.start()
        return self.bootstrap

    def nudge(self) -> None:
        """What a webhook of the forge does: sets and Applications look at Git now."""
        kube = self.argocd.plane.kube
        for found in kube.list(APPLICATION, "ApplicationSet", "argocd"):
            # A set that met an error keeps the mark, and the same mark again is no news.
            for mark in (None, "true"):
                kube.patch(found, {"metadata": {"annotations": {"argocd.argoproj.io/application-set-refresh": mark}}})
        for each in self.applications():
            try:
                self.argocd.refresh(each["metadata"]["name"])
            except ApiError as error:
                if error.code != 404:  # a set may have removed it meanwhile
                    raise

    def applications(self) -> list[Object]:
        return self.argocd.plane.kube.list(APPLICATION, "Application", "argocd")

    def application(self, team: str, service: str, environment: str) -> Object | None:
        wanted = {"team": team, "service": service, "env": environment}
        named = (each for each in self.applications() if wanted.items() <= _labels(each).items())
        return next(named, None)

    def missing(self, commit: str) -> list[str]:
        """What keeps the engine from being done with that commit: Applications not there, too many, or not good."""
        found = self.applications()
        services = {(label["team"], label["service"], label["env"]) for label in map(_labels, found) if "team" in label}
        wanted = self.repo.deployments()
        lines = [f"no Application for {each}" for each in sorted(wanted - services)]
        lines += [f"an Application too many for {each}" for each in sorted(services - wanted)]
        platform = (
            1
            + len(TEAMS) * len(ENVIRONMENTS)
            + len(list(self.repo.root.glob("infrastructure/*/*/*/kustomization.yaml")))
        )
        if len(found) != platform + len(wanted):
            lines.append(f"{len(found)} Applications, not {platform + len(wanted)}")
        return lines + [_said(each) for each in found if not is_synced(each, revision=commit)]

    def sync(self, commit: str) -> float:
        self.nudge()
        return settle(self, lambda: self.missing(commit))

    def end(self) -> None:
        self.argocd.end()
        for plane in planes_of(self):
            plane.end()

    def end_operations(self) -> None:
        """What `argocd app terminate-op` does: an Application that is to go waits for its running operation."""
        for each in self.applications():
            running = (each.get("status") or {}).get("operationState", {}).get("phase") == "Running"
            if running and "deletionTimestamp" in each["metadata"]:
                change = {"status": {"operationState": {"phase": "Terminating"}}}
                self.argocd.plane.kube.patch(each, change)


def _seconds_with_error(found: Object) -> float:
    """From when the ApplicationSet was made to when it last began to be without an error."""
    (good,) = [each for each in found["status"]["conditions"] if each["type"] == "ErrorOccurred"]
    since, made = good["lastTransitionTime"], found["metadata"]["creationTimestamp"]
    return (datetime.fromisoformat(since) - datetime.fromisoformat(made)).total_seconds()


@dataclass
class FluxWorld:
    """One cluster that hosts every environment."""

    flux: Flux
    repo: Repo
    cluster: str
    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    nudges: int = 0

    @property
    def planes(self) -> Mapping[str, ControlPlane]:
        return dict.fromkeys(ENVIRONMENTS, self.flux.plane)

    def start(self) -> None:
        prepare(planes_of(self), volumes=6)
        commit = self.repo.push()
        began = time.monotonic()
        root = self.repo.read(f"clusters/{self.cluster}/flux-system/gotk-sync.yaml")
        self.flux.plane.kube.apply(*documents(root))
        settle(self, lambda: self.missing(commit))
        self.bootstrap = Bootstrap(commit, time.monotonic() - began)

    def rebuild(self) -> Bootstrap:
        self.flux.end()
        self.flux.plane.wipe()
        self.flux.install()
        self.flux.begin()
        self.start()
        return self.bootstrap

    def nudge(self, namespace: str = "") -> None:
        """What a webhook of the forge does: every source, or those of one tenant, look at Git now and not within their minute."""
        self.nudges += 1
        for found in self.flux.plane.kube.list(GIT_REPOSITORY, "GitRepository", namespace):
            asked = {"reconcile.fluxcd.io/requestedAt": f"lab-{self.nudges}"}
            self.flux.plane.kube.patch(found, {"metadata": {"annotations": asked}, "spec": {"suspend": False}})

    def rest(self) -> None:
        """No source looks at Git until it is nudged: for each commit, every Kustomization of the world would be built again."""
        for found in self.flux.plane.kube.list(GIT_REPOSITORY, "GitRepository"):
            self.flux.plane.kube.patch(found, {"spec": {"suspend": True}})

    def pointers(self) -> list[Object]:
        return self.flux.plane.kube.list(KUSTOMIZATION, "Kustomization")

    def missing(self, commit: str) -> list[str]:
        found = self.pointers()
        services = {(label["team"], label["service"], label["env"]) for label in map(_labels, found) if "team" in label}
        wanted = self.repo.deployments()
        lines = [f"no Kustomization for {each}" for each in sorted(wanted - services)]
        lines += [f"a Kustomization too many for {each}" for each in sorted(services - wanted)]
        return lines + [_said(each) for each in found if not is_live(each, commit)]

    def sync(self, commit: str) -> float:
        self.nudge()
        return settle(self, lambda: self.missing(commit))

    def end(self) -> None:
        self.flux.end()
        self.flux.plane.end()


def is_live(kustomization: Object, commit: str) -> bool:
    status = kustomization.get("status") or {}
    return (
        condition(kustomization, "Ready") == "True"
        and status.get("observedGeneration") == kustomization["metadata"]["generation"]
        and str(status.get("lastAppliedRevision", "")).endswith(commit)
    )


def _labels(resource: Object) -> dict[str, str]:
    return dict(resource["metadata"].get("labels") or {})


def _said(resource: Object) -> str:
    """The object and why it is not good, short."""
    metadata, status = resource["metadata"], resource.get("status") or {}
    words = [f"{resource['kind']} {metadata['namespace']}/{metadata['name']}"]
    for part in ("sync", "health"):
        words += [str((status.get(part) or {}).get(key, "")) for key in ("status", "revision")]
    operation = status.get("operationState") or {}
    words += [str(operation.get("phase", "")), str(operation.get("message", ""))[:300]]
    words += [
        f"{each['type']}={each.get('status', '')} {each.get('message', '')}" for each in status.get("conditions") or []
    ]
    bad = (each for each in status.get("resources") or [] if each.get("status") != "Synced")
    words += [f"{each['kind']}/{each['name']} {each.get('status')}" for each in bad]
    return " ".join(word for word in words if word)
