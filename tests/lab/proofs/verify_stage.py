"""One service in one environment, for proofs of `atmos verify`: its deployments, and the way back to a good state."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from atmos_cli.gitops.repository import Deployment
from tests.lab.argocd import is_synced
from tests.lab.flux import KUSTOMIZATION
from tests.lab.git_server import git
from tests.lab.kube import rolled_out
from tests.lab.processes import wait_until
from tests.lab.proofs.engines_argocd import ArgoWorld
from tests.lab.proofs.engines_flux import FluxWorld, is_live

if TYPE_CHECKING:
    from tests.lab.kube import Kube, Object
    from tests.lab.proofs.verify_support import Watched

TEAM, SERVICE = "shop", "cart"


@dataclass
class Stage:
    """`shop/cart` in one environment. `tag` is the image tag that is wanted now, `number` how many there were."""

    watched: Watched
    environment: str
    base: str = ""
    tag: str = ""
    extra: list[str] = field(default_factory=list)
    good: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.watched.world, FluxWorld):
            self.watched.world.rest()
        self.base = self.watched.world.repo.read(f"{self.directory}/kustomization.yaml")
        self.tag = str(yaml.safe_load(self.base)["images"][0]["newTag"])

    @property
    def directory(self) -> str:
        return f"apps/{TEAM}/{SERVICE}/overlays/{self.environment}"

    @property
    def deployment(self) -> Deployment:
        return Deployment(TEAM, SERVICE, self.environment)

    @property
    def namespace(self) -> str:
        return f"{TEAM}-{self.environment}"

    @property
    def kube(self) -> Kube:
        return self.watched.world.planes[self.environment].kube

    def deploy(self, tag: str, *, spec: Object | None = None, files: dict[str, str] | None = None) -> str:
        """Commits and pushes that tag, a patch of the Deployment's spec and further objects; the commit."""
        self.tag = f"{tag}-{secrets.token_hex(3)}"
        wanted: dict[str, Any] = yaml.safe_load(self.base)
        wanted["images"][0]["newTag"] = self.tag
        if spec:
            patch = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": SERVICE}, "spec": spec}
            target = {"kind": "Deployment", "name": SERVICE}
            wanted["patches"].append({"target": target, "patch": yaml.safe_dump(patch, sort_keys=False)})
        more = {name: text.replace("TAG", self.tag) for name, text in (files or {}).items()}
        wanted["resources"] += more
        changed: dict[str, str | None] = {f"{self.directory}/{name}": text for name, text in more.items()}
        changed |= {f"{self.directory}/{name}": None for name in self.extra if name not in more}
        changed[f"{self.directory}/kustomization.yaml"] = yaml.safe_dump(wanted, sort_keys=False)
        self.extra = list(more)
        return self.watched.world.repo.push(changed, f"{SERVICE} {tag}")

    def restore(self) -> str:
        """Pushes a state that is good, without waiting for it."""
        self.good = True
        return self.deploy("good")

    def back_to_the_beginning(self) -> None:
        changed: dict[str, str | None] = {f"{self.directory}/{name}": None for name in self.extra}
        changed[f"{self.directory}/kustomization.yaml"] = self.base
        self.tag, self.extra = str(yaml.safe_load(self.base)["images"][0]["newTag"]), []
        self.watched.world.repo.push(changed, f"{SERVICE} as it was")
        self.ready()

    def ready(self) -> None:
        """Waits until the engine and the pods are at what is wanted now."""
        asked = 0.0

        def done() -> bool:
            nonlocal asked
            if time.monotonic() - asked > 5:
                asked = time.monotonic()
                self.hurry()
            return self._applied() and self._rolled()

        wait_until(done, f"{self.namespace}/{SERVICE} at {self.tag}")

    def hurry(self) -> None:
        """What a webhook does; and what `argocd app terminate-op` does to a sync that keeps retrying what was wrong."""
        world = self.watched.world
        if isinstance(world, FluxWorld):
            world.nudge(self.namespace)
            return
        assert isinstance(world, ArgoWorld)
        found = self.engine_object()
        operation = (found.get("status") or {}).get("operationState") or {}
        stale = not self.head().endswith((operation.get("operation") or {}).get("sync", {}).get("revision", "?"))
        if operation.get("phase") == "Running" and stale and operation.get("retryCount"):
            world.argocd.plane.kube.patch(found, {"status": {"operationState": {"phase": "Terminating"}}})
        world.argocd.refresh(found["metadata"]["name"])

    def head(self) -> str:
        return git("rev-parse", "HEAD", cwd=self.watched.world.repo.root)

    def engine_object(self) -> Object:
        """The Application or Kustomization."""
        world = self.watched.world
        if isinstance(world, ArgoWorld):
            found = world.application(TEAM, SERVICE, self.environment)
            assert found is not None
            return found
        return self.kube.get(KUSTOMIZATION, "Kustomization", SERVICE, self.namespace)

    def pause(self, *, paused: bool) -> None:
        """What an operator does who wants no changes now."""
        world, found = self.watched.world, self.engine_object()
        if isinstance(world, ArgoWorld):
            automated = {"automated": {"enabled": not paused}}
            world.argocd.plane.kube.patch(found, {"spec": {"syncPolicy": automated}})
        else:
            self.kube.patch(found, {"spec": {"suspend": paused}})

    def pods(self) -> list[Object]:
        """Those of the image that is wanted now."""
        found = self.kube.list("v1", "Pod", self.namespace, selector=f"app.kubernetes.io/name={SERVICE}")
        return [each for each in found if self.tag in each["spec"]["containers"][0]["image"]]

    def told(self, about: Object, reason: str) -> bool:
        """Whether a kubelet wrote such an event."""
        events = self.kube.list("v1", "Event", self.namespace)
        return any((e["involvedObject"].get("uid"), e["reason"]) == (about["metadata"]["uid"], reason) for e in events)

    def says(self, about: Object, reason: str, message: str, *, container: str = SERVICE) -> None:
        """An event as a kubelet writes it."""
        meta = about["metadata"]
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.kube.create(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"{meta['name']}.{secrets.token_hex(8)}", "namespace": self.namespace},
                "involvedObject": {
                    "apiVersion": "v1",
                    "kind": about["kind"],
                    "name": meta["name"],
                    "namespace": self.namespace,
                    "uid": meta["uid"],
                    "fieldPath": f"spec.containers{{{container}}}",
                },
                "reason": reason,
                "message": message,
                "type": "Warning",
                "source": {"component": "kubelet", "host": about["spec"].get("nodeName", "")},
                "firstTimestamp": now,
                "lastTimestamp": now,
                "count": 1,
            }
        )

    def _applied(self) -> bool:
        found, head = self.engine_object(), self.head()
        if isinstance(self.watched.world, ArgoWorld):
            return is_synced(found, revision=head)
        return is_live(found, head)

    def _rolled(self) -> bool:
        found = self.kube.find("apps/v1", "Deployment", SERVICE, self.namespace)
        containers = found["spec"]["template"]["spec"]["containers"] if found else [{"image": ""}]
        return found is not None and rolled_out(found) and containers[0]["image"].endswith(f":{self.tag}")
