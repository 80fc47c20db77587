"""A GitOps repo as `atmos init` and `atmos new` write it, and the engines that take it: what the proofs share."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import yaml

from tests.lab.argocd import APPLICATION, ArgoCD, is_synced
from tests.lab.flux import GIT_REPOSITORY, KUSTOMIZATION, Flux
from tests.lab.git_server import QUIET, WorkTree, clone, git
from tests.lab.kube import ApiError, condition
from tests.lab.processes import LabError, wait_until
from tests.lab.proofs.operators import crds_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.lab.control_plane import ControlPlane
    from tests.lab.kube import Object

TEAMS = ("pay", "shop")
ENVIRONMENTS = ("dev", "staging", "prod")
CNPG = "postgresql.cnpg.io/v1"
HEALTHY = "Cluster in healthy state"

# Both teams have a service of the same name, and between them they use every kind that needs no further operator.
SERVICES = (
    ("shop", "node, port 80, postgres, redis, public, called orders"),
    ("shop", "python, port 8080, called cart"),
    ("pay", "go, port 8080, postgres, called ledger"),
    ("pay", "ruby, port 3000, called orders"),
)


@dataclass(frozen=True, slots=True)
class Repo:
    """A work tree that only atmos and, where a test says so, a person writes to."""

    tree: WorkTree

    @property
    def root(self) -> Path:
        return self.tree.directory

    def atmos(self, *arguments: str) -> Object:
        """Runs the command line as a developer would; the `data` of its JSON answer."""
        command = [sys.executable, "-m", "atmos_cli", *arguments, "--yes", "--output", "json"]
        environment = {**os.environ, **QUIET}
        run = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"atmos {' '.join(arguments)}: exit {run.returncode}\n{run.stdout}\n{run.stderr}"
        answer: Object = json.loads(run.stdout)
        return answer

    def atmos_text(self, *arguments: str) -> str:
        """What a command without a question prints."""
        command = [sys.executable, "-m", "atmos_cli", *arguments]
        run = subprocess.run(command, cwd=self.root, env={**os.environ, **QUIET}, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"atmos {' '.join(arguments)}: exit {run.returncode}\n{run.stdout}\n{run.stderr}"
        return run.stdout

    def new(self, team: str, intent: str) -> None:
        self.atmos("new", "service", intent, "--team", team)

    def remove(self, team: str, service: str) -> None:
        """What a developer does: the service's directory and, for Flux, its pointers go."""
        shutil.rmtree(self.root / "apps" / team / service)
        for pointer in self.root.glob(f"delivery/*/{team}/{service}.yaml"):
            pointer.unlink()

    def push(self, files: Mapping[str, str | None] | None = None, message: str = "change") -> str:
        """Commits what a person changed, if anything, and pushes; the commit's id."""
        if files or git("status", "--porcelain", cwd=self.root):
            return self.tree.commit(files or {}, message)
        git("push", "--quiet", "origin", "HEAD:main", cwd=self.root)
        return git("rev-parse", "HEAD", cwd=self.root)

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def deployments(self) -> set[tuple[str, str, str]]:
        """Every (team, service, environment) that the repo holds."""
        overlays = (path.relative_to(self.root).parts for path in self.root.glob("apps/*/*/overlays/*"))
        return {(parts[1], parts[2], parts[4]) for parts in overlays}


def new_repo(url: str, directory: Path, *, engine: str, clusters: Mapping[str, str]) -> tuple[Repo, Object]:
    """`atmos init` and one `atmos new` for each of SERVICES; the repo, and what `init` answered."""
    repo = Repo(clone(url, directory))
    where = [word for environment, name in clusters.items() for word in ("--cluster", f"{environment}={name}")]
    teams = [word for team in TEAMS for word in ("--team", team)]
    answer = repo.atmos("init", "--engine", engine, *where, *teams, "--git-url", url)
    for team, intent in SERVICES:
        repo.new(team, intent)
    return repo, answer


def cluster_labels(answer: Object) -> dict[str, dict[str, str]]:
    """Cluster -> the labels of its Secret, from the commands that `atmos init` tells the platform team to run."""
    found = {}
    for step in answer["data"]["next"]:
        words = step.split()
        if "--name" in words:
            pairs = [words[at + 1].split("=") for at, word in enumerate(words) if word == "--label"]
            found[words[words.index("--name") + 1]] = {key: value for key, value in pairs}
    return found


@dataclass
class Bootstrap:
    """What one start from nothing looked like."""

    commit: str = ""
    seconds: float = 0


class World(Protocol):
    """An engine with its clusters and its repo."""

    repo: Repo
    planes: Mapping[str, ControlPlane]
    bootstrap: Bootstrap

    def rebuild(self) -> Bootstrap: ...
    def nudge(self) -> None: ...
    def missing(self, commit: str) -> list[str]: ...
    def sync(self, commit: str, *, seconds: float = 150) -> float: ...


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


def settle(world: World, missing: Callable[[], Sequence[str]], *, seconds: float) -> float:
    """Plays the operators until `missing()` is empty; the seconds it took. Fails with what is missing still."""
    began = time.monotonic()
    last: Sequence[str] = ()

    def done() -> bool:
        nonlocal last
        operate(planes_of(world))
        last = missing()
        return not last

    try:
        wait_until(done, "the engine", seconds=seconds)
    except LabError:
        raise AssertionError(f"after {seconds:g} s still: " + "\n".join(last)) from None
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
        settle(self, lambda: self.missing(commit), seconds=300)
        self.bootstrap = Bootstrap(commit, time.monotonic() - began)

    def rebuild(self) -> Bootstrap:
        self.argocd.end()
        for plane in planes_of(self):
            plane.wipe()
        self.argocd.install()
        self.argocd.begin()
        self.start()
        return self.bootstrap

    def nudge(self) -> None:
        """What a webhook of the forge does: the sets look at Git now; Applications do so every few seconds anyway."""
        for found in self.argocd.plane.kube.list(APPLICATION, "ApplicationSet", "argocd"):
            marked = {"argocd.argoproj.io/application-set-refresh": "true"}
            self.argocd.plane.kube.patch(found, {"metadata": {"annotations": marked}})

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
        platform = 1 + len(TEAMS) * len(ENVIRONMENTS) + len(list(self.repo.root.glob("infrastructure/*/*/*/kustomization.yaml")))
        if len(found) != platform + len(wanted):
            lines.append(f"{len(found)} Applications, not {platform + len(wanted)}")
        return lines + [_said(each) for each in found if not is_synced(each, revision=commit)]

    def sync(self, commit: str, *, seconds: float = 150) -> float:
        self.nudge()
        return settle(self, lambda: self.missing(commit), seconds=seconds)

    def end_operations(self) -> None:
        """What `argocd app terminate-op` does: an Application that is to go waits for its running operation."""
        for each in self.applications():
            running = (each.get("status") or {}).get("operationState", {}).get("phase") == "Running"
            if running and "deletionTimestamp" in each["metadata"]:
                change = {"status": {"operationState": {"phase": "Terminating"}}}
                self.argocd.plane.kube.patch(each, change)


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
        settle(self, lambda: self.missing(commit), seconds=300)
        self.bootstrap = Bootstrap(commit, time.monotonic() - began)

    def rebuild(self) -> Bootstrap:
        self.flux.end()
        self.flux.plane.wipe()
        self.flux.install()
        self.flux.begin()
        self.start()
        return self.bootstrap

    def nudge(self) -> None:
        """What a webhook of the forge does: every source looks at Git now and not within its minute."""
        self.nudges += 1
        for found in self.flux.plane.kube.list(GIT_REPOSITORY, "GitRepository"):
            asked = {"reconcile.fluxcd.io/requestedAt": f"lab-{self.nudges}"}
            self.flux.plane.kube.patch(found, {"metadata": {"annotations": asked}})

    def pointers(self) -> list[Object]:
        return self.flux.plane.kube.list(KUSTOMIZATION, "Kustomization")

    def missing(self, commit: str) -> list[str]:
        found = self.pointers()
        services = {(label["team"], label["service"], label["env"]) for label in map(_labels, found) if "team" in label}
        wanted = self.repo.deployments()
        lines = [f"no Kustomization for {each}" for each in sorted(wanted - services)]
        lines += [f"a Kustomization too many for {each}" for each in sorted(services - wanted)]
        return lines + [_said(each) for each in found if not is_live(each, commit)]

    def sync(self, commit: str, *, seconds: float = 150) -> float:
        self.nudge()
        return settle(self, lambda: self.missing(commit), seconds=seconds)


def is_live(kustomization: Object, commit: str) -> bool:
    status = kustomization.get("status") or {}
    return (
        condition(kustomization, "Ready") == "True"
        and status.get("observedGeneration") == kustomization["metadata"]["generation"]
        and str(status.get("lastAppliedRevision", "")).endswith(commit)
    )


KINDS = (
    ("v1", "ConfigMap"),
    ("v1", "LimitRange"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "ResourceQuota"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("policy/v1", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    (CNPG, "Cluster"),
)
DATA = ("Cluster", "PersistentVolumeClaim")

Key = tuple[str, str, str]  # namespace, kind, name
Live = dict[Key, "Object"]


def live(world: World) -> Live:
    """Everything that is in the tenants' namespaces, without what Kubernetes itself puts or derives there."""
    found = {}
    tenants = {f"{team}-{environment}" for team in TEAMS for environment in ENVIRONMENTS}
    for plane in planes_of(world):
        for api_version, kind in KINDS:
            for resource in plane.kube.list(api_version, kind):
                metadata = resource["metadata"]
                if metadata["namespace"] in tenants and metadata["name"] not in ("kube-root-ca.crt", "default"):
                    found[metadata["namespace"], kind, metadata["name"]] = resource
    return found


def of_service(found: Live, team: str, service: str) -> Live:
    """The objects of one service in every environment, its database included."""
    return {
        key: resource
        for key, resource in found.items()
        if key[0].startswith(f"{team}-") and (key[2] == service or key[2].startswith(f"{service}-"))
    }


def essence(resource: Object) -> Object:
    """An object without its status, what the server assigns, and the marks of either engine."""
    metadata = resource["metadata"]
    spared = ("argocd.argoproj.io/tracking-id", "pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/")
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if not k.startswith(spared)}
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if not k.startswith("kustomize.toolkit.fluxcd.io/")}
    assigned = ("clusterIP", "clusterIPs", "volumeName") if resource["kind"] != "NetworkPolicy" else ()
    kept = {key: value for key, value in resource.items() if key not in ("metadata", "status", "spec")}
    spec = resource.get("spec")
    if isinstance(spec, dict):
        kept["spec"] = {key: value for key, value in spec.items() if key not in assigned or value == "None"}
    return {**kept, "metadata": {"name": metadata["name"], "labels": labels, "annotations": annotations}}


def essences(found: Live) -> dict[Key, Object]:
    return {key: essence(resource) for key, resource in found.items()}


def uids(found: Live) -> dict[Key, str]:
    return {key: str(resource["metadata"]["uid"]) for key, resource in found.items()}


def changed(before: Live, after: Live) -> set[Key]:
    """What came, went, was made anew, or is no longer what it was."""
    return {
        key
        for key in before.keys() | after.keys()
        if key not in before
        or key not in after
        or before[key]["metadata"]["uid"] != after[key]["metadata"]["uid"]
        or essence(before[key]) != essence(after[key])
    }


def documents(text: str) -> list[Any]:
    return [document for document in yaml.safe_load_all(text) if document]


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
