"""One service of a world from its first commit to its removal: what is asked of it after each step."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import yaml

from tests.lab.components import binary
from tests.lab.git_server import git
from tests.lab.kube import rolled_out
from tests.lab.processes import wait_until
from tests.lab.proofs.engines_live import DATA, changed, essence, live, of_service, uids
from tests.lab.proofs.engines_repo import ENVIRONMENTS, TEAMS, documents
from tests.lab.proofs.engines_world import CNPG, planes_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.kube import Kube, Object
    from tests.lab.proofs.engines_live import Key, Live
    from tests.lab.proofs.engines_world import World

TEAM, SERVICE = "shop", "parrot"
NAME = f"{TEAM}/{SERVICE}"
RESTART = re.compile(rf"(?P<where>.+?)  {NAME}  Deployment/(?P<name>\S+): (?:all pods stop|pods restart)")

Workload = tuple[str, str]  # namespace, name of a Deployment


@dataclass(frozen=True, slots=True)
class Running:
    """The UIDs of a Deployment's ReplicaSets, which are its pod templates, and of its pods."""

    sets: frozenset[str]
    pods: frozenset[str]


@dataclass(frozen=True, slots=True)
class Look:
    """Everything in the tenants' namespaces, and what runs there."""

    objects: Live
    running: dict[Workload, Running]

    @property
    def data(self) -> dict[Key, str]:
        """The databases and claims of the service: key -> UID."""
        mine = of_service(self.objects, TEAM, SERVICE)
        return {key: uid for key, uid in uids(mine).items() if key[1] in DATA}


def look(world: World) -> Look:
    found: dict[Workload, Running] = {}
    for plane in planes_of(world):
        for namespace in _tenants(world, plane.kube):
            found |= _running(plane.kube, namespace)
    return Look(live(world), found)


def _tenants(world: World, kube: Kube) -> list[str]:
    here = [name for name in ENVIRONMENTS if world.planes[name].kube is kube]
    return [f"{team}-{environment}" for team in TEAMS for environment in here]


def _running(kube: Kube, namespace: str) -> dict[Workload, Running]:
    sets = {each["metadata"]["uid"]: _owner(each) for each in kube.list("apps/v1", "ReplicaSet", namespace)}
    pods = [each for each in kube.list("v1", "Pod", namespace) if "deletionTimestamp" not in each["metadata"]]
    of_set = {each["metadata"]["uid"]: _owner(each) for each in pods}
    found = {}
    for deployment in kube.list("apps/v1", "Deployment", namespace):
        mine = {uid for uid, owner in sets.items() if owner == deployment["metadata"]["uid"]}
        own = {uid for uid, owner in of_set.items() if owner in mine}
        found[namespace, deployment["metadata"]["name"]] = Running(frozenset(mine), frozenset(own))
    return found


def _owner(resource: Object) -> str:
    return next((str(each["uid"]) for each in resource["metadata"].get("ownerReferences") or []), "")


def restarted(before: Look, after: Look) -> set[Workload]:
    """Deployments that were there and have a new pod template; that must be those of which a pod is gone, and no other."""
    both = before.running.keys() & after.running.keys()
    new_template = {each for each in both if after.running[each].sets - before.running[each].sets}
    lost_pods = {each for each in both if before.running[each].pods - after.running[each].pods}
    assert new_template == lost_pods, "no proof here makes a service smaller"
    return new_template


def foretold(effects: list[str]) -> set[Workload]:
    """The Deployments whose pods restart, as the lines of a plan or diff say it."""
    matches = (RESTART.match(line) for line in effects)
    return {
        (f"{TEAM}-{environment}", each["name"]) for each in matches if each for environment in each["where"].split(", ")
    }


@dataclass
class Life:
    """A service that changes by the command line alone; `seconds`: what the engine took for each step."""

    world: World
    last: Look
    others: Live
    seconds: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Takes the service as it is for the beginning; the claims of its databases are made here, as no operator runs."""
        self.settle("begin")
        for environment in ENVIRONMENTS:
            _claimed(self.world.planes[environment].kube, f"{TEAM}-{environment}")
        self.last = look(self.world)
        self.shown_is_live()

    def step(self, *words: str) -> set[Workload]:
        """Runs one atmos command with `--push`, waits until it is live and looks; the Deployments that restarted."""
        answer = self.world.repo.atmos(*words, "--push")["data"]
        said = self.effects()
        planned = answer.get("update", answer).get("effects")
        assert planned in (None, said), f"the plan says {planned}, and the diff of its commit {said}"
        before = self.last
        self.settle(words[2] if words[0] == "change" else words[0], follow=True)
        self.last = look(self.world)
        self.shown_is_live()
        self.nothing_else(before)
        assert self.last.data == before.data, "a database or claim is another one, or gone"
        found = restarted(before, self.last)
        assert found == foretold(said), said
        return found

    def effects(self) -> list[str]:
        """What `atmos diff` says of the newest commit."""
        told = json.loads(self.world.repo.atmos_text("diff", "--base", "HEAD~1", "--output", "json"))
        effects: list[str] = told["data"]["effects"]
        return effects

    def settle(self, what: str, *, follow: bool = False) -> None:
        """Waits until the newest commit is live: all of the world, or with `follow` this service alone."""
        commit = git("rev-parse", "HEAD", cwd=self.world.repo.root)
        took = self.world.follow(commit, TEAM, SERVICE) if follow else self.world.sync(commit)
        self.seconds[what] = took
        for environment in ENVIRONMENTS:
            kube, namespace = self.world.planes[environment].kube, f"{TEAM}-{environment}"
            wait_until(partial(_at_rest, kube, namespace), f"pods of {namespace}")

    def shown_is_live(self) -> None:
        """What `atmos render` shows is there and nothing else; each object is what the server makes of it when it is new."""
        mine = {
            k: v for k, v in of_service(self.last.objects, TEAM, SERVICE).items() if k[1] != "PersistentVolumeClaim"
        }
        shown = documents(self.world.repo.atmos_text("render", NAME))
        assert {key_of(each) for each in shown} == mine.keys()
        for each in shown:
            environment = each["metadata"]["namespace"].removeprefix(f"{TEAM}-")
            new = as_new(self.world.planes[environment].kube, each)
            assert comparable(mine[key_of(each)]) == comparable(new), key_of(each)

    def nothing_else(self, before: Look) -> None:
        """Services of others are what they were, and so are their pods."""
        theirs = {k: v for k, v in self.last.objects.items() if k not in of_service(self.last.objects, TEAM, SERVICE)}
        assert not changed(self.others, theirs)
        for workload, running in before.running.items():
            if workload[1] not in (SERVICE, f"{SERVICE}-redis"):
                assert self.last.running[workload] == running, workload


def key_of(resource: Object) -> Key:
    return resource["metadata"]["namespace"], resource["kind"], resource["metadata"]["name"]


def as_new(kube: Kube, resource: Object) -> Object:
    """What the server would keep of the object if nothing had been there before; it keeps nothing."""
    metadata = {**resource["metadata"], "name": f"{resource['metadata']['name']}-new"}
    return kube.create({**resource, "metadata": metadata}, dryRun="All", fieldValidation="Strict")


def comparable(resource: Object) -> Object:
    """The essence, without its name and what the controller of Deployments counts."""
    found = essence(resource)
    counted = "deployment.kubernetes.io/revision"
    annotations = {key: value for key, value in found["metadata"]["annotations"].items() if key != counted}
    return {**found, "metadata": {"labels": found["metadata"]["labels"], "annotations": annotations}}


def _at_rest(kube: Kube, namespace: str) -> bool:
    """Every Deployment has rolled out, and the pods of older templates are gone."""
    deployments = kube.list("apps/v1", "Deployment", namespace)
    pods = [each for each in kube.list("v1", "Pod", namespace) if each["metadata"].get("ownerReferences")]
    wanted = sum(each["spec"]["replicas"] for each in deployments)
    return all(rolled_out(each) for each in deployments) and len(pods) == wanted


def _claimed(kube: Kube, namespace: str) -> None:
    """Plays CloudNativePG: a claim that belongs to the database, so that it goes when the database does."""
    cluster = kube.get(CNPG, "Cluster", f"{SERVICE}-db", namespace)
    owner = {"apiVersion": CNPG, "kind": "Cluster", "name": cluster["metadata"]["name"]}
    owner |= {"uid": cluster["metadata"]["uid"], "controller": True}
    name = f"{SERVICE}-db-1"
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace, "ownerReferences": [owner]},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": cluster_size(cluster)}},
    }
    kube.apply(claim)
    bound = lambda found: found["status"].get("phase") == "Bound"  # noqa: E731
    kube.wait("v1", "PersistentVolumeClaim", name, namespace, until=bound)


def cluster_size(cluster: Object) -> dict[str, str]:
    return {"storage": cluster["spec"]["storage"]["size"]}


def run_kubectl(world: World, commands: list[str], directory: Path) -> None:
    """Runs the commands of a plan, with a context for each cluster of atmos-cli.yaml."""
    config: dict[str, dict[str, Object]] = {"clusters": {}, "contexts": {}, "users": {}}
    for environment, settings in yaml.safe_load(world.repo.read("atmos-cli.yaml"))["environments"].items():
        own = yaml.safe_load(world.planes[environment].kubeconfig.read_text())
        name = settings["cluster"]
        for part in ("clusters", "users"):
            config[part][name] = {**own[part][0], "name": name}
        config["contexts"][name] = {"name": name, "context": {"cluster": name, "user": name}}
    path = directory / "kubeconfig"
    whole = {part: list(entries.values()) for part, entries in config.items()}
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **whole}))
    for command in commands:
        program, *words = shlex.split(command)
        assert program == "kubectl"
        subprocess.run([binary("kubectl"), f"--kubeconfig={path}", *words], check=True, capture_output=True)
