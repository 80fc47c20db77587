"""The world of Argo CD: a hub, a spoke and a repo, and how to have it look at Git."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tests.lab.argocd import APPLICATION, ArgoCD, is_synced
from tests.lab.proofs.engines_repo import ENVIRONMENTS, TEAMS, Repo, documents
from tests.lab.proofs.engines_world import Bootstrap, labels_of, planes_of, prepare, said_of, settle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.control_plane import ControlPlane
    from tests.lab.kube import Object


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
            self.argocd.refresh(each["metadata"]["name"])

    def applications(self) -> list[Object]:
        return self.argocd.plane.kube.list(APPLICATION, "Application", "argocd")

    def application(self, team: str, service: str, environment: str) -> Object | None:
        wanted = {"team": team, "service": service, "env": environment}
        named = (each for each in self.applications() if wanted.items() <= labels_of(each).items())
        return next(named, None)

    def missing(self, commit: str) -> list[str]:
        """What keeps the engine from being done with that commit: Applications not there, too many, or not good.

        What stands still is looked at again.
        """
        found = self.applications()
        for each in found:
            self.argocd.retry(each, revision=commit)
        services = {
            (label["team"], label["service"], label["env"]) for label in map(labels_of, found) if "team" in label
        }
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
        return lines + [said_of(each) for each in found if not is_synced(each, revision=commit)]

    def sync(self, commit: str) -> float:
        self.nudge()
        return settle(self, lambda: self.missing(commit))

    def follow(self, commit: str, team: str, service: str) -> float:
        """As `sync`, for a service alone that is there before and after."""
        for each in self._own(team, service):
            self.argocd.refresh(each["metadata"]["name"])
        return settle(self, lambda: self._behind(commit, team, service))

    def _own(self, team: str, service: str) -> list[Object]:
        found = [self.application(team, service, environment) for environment in ENVIRONMENTS]
        return [each for each in found if each is not None]

    def _behind(self, commit: str, team: str, service: str) -> list[str]:
        found = self._own(team, service)
        for each in found:
            self.argocd.retry(each, revision=commit)
        return [said_of(each) for each in found if not is_synced(each, revision=commit)]

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
