"""The world of Flux: one cluster for every environment, and a repo, and how to have it look at Git."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.lab.flux import GIT_REPOSITORY, KUSTOMIZATION, Flux
from tests.lab.kube import condition
from tests.lab.proofs.engines_repo import ENVIRONMENTS, Repo, documents
from tests.lab.proofs.engines_world import Bootstrap, labels_of, planes_of, prepare, said_of, settle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.control_plane import ControlPlane
    from tests.lab.kube import Object


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
        services = {
            (label["team"], label["service"], label["env"]) for label in map(labels_of, found) if "team" in label
        }
        wanted = self.repo.deployments()
        lines = [f"no Kustomization for {each}" for each in sorted(wanted - services)]
        lines += [f"a Kustomization too many for {each}" for each in sorted(services - wanted)]
        return lines + [said_of(each) for each in found if not is_live(each, commit)]

    def sync(self, commit: str) -> float:
        self.nudge()
        return settle(self, lambda: self.missing(commit))

    def follow(self, commit: str, team: str, service: str) -> float:
        """As `sync`, for a service alone that is there before and after."""
        for environment in ENVIRONMENTS:
            self.nudge(f"{team}-{environment}")
        return settle(self, lambda: self._behind(commit, team, service))

    def _behind(self, commit: str, team: str, service: str) -> list[str]:
        wanted = {"team": team, "service": service}.items()
        mine = [each for each in self.pointers() if wanted <= labels_of(each).items()]
        return [said_of(each) for each in mine if not is_live(each, commit)]

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
