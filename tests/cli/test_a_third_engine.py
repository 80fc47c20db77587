"""An engine is a folder and a line: one of some thirty lines, registered here, goes the whole way."""

import inspect

import pytest

from atmos_cli.cli.init import init
from atmos_cli.config import Cluster
from atmos_cli.engines import NAMES
from atmos_cli.engines.engine import Engine, Place
from atmos_cli.engines.registry import ENGINES
from atmos_cli.live.refresh import refresh
from atmos_cli.verify.model import Target
from atmos_cli.verify.seen import Arrival, Delivery, Order, Pause
from atmos_cli.yamlio.load import load_all
from tests.verify.snapshots import snapshot

from .filled import fill_in
from .status_support import World


class Puller(Engine):
    name, title, marks = "puller", "Puller", "a Pull in pulls/"
    roots, kinds, pointers = ("pulls",), {"Pull": "puller.example"}, ("Pull",)
    health, watched = {}, (("puller.example/v1", "Pull"),)

    def root_files(self, config, *, teams, configured):
        return {f"pulls/{cluster}.yaml": [pull(cluster, "", config.git.url)] for cluster in mine(config)}

    def service_files(self, config, *, team, service):
        paths = {cluster: self.pointer_path(cluster, team=team, service=service) for cluster in mine(config)}
        return {path: [pull(service, env, "") for env in config.on_cluster(name)] for name, path in paths.items()}

    def pointer_path(self, cluster, *, team, service):
        return f"pulls/{cluster}/{team}/{service}.yaml"

    def first_steps(self, config):
        return [f"start Puller on {cluster}" for cluster in mine(config)]

    def places(self, listing, cluster):
        found = listing([f"infrastructure/controllers/{cluster}"])
        return [Place("platform", path, path, stamp, "tree") for path, stamp in found.items()]

    def root_urls(self, pointer):
        return filter(None, [pointer.spec.get("url")])

    urls = root_urls

    def findings(self, facts):
        yield from (one.finding(("spec",), "pulls nothing") for one in facts.of("Pull") if "url" not in one.spec)

    def reached(self, facts):
        return ["apps"]

    def revisions(self, snapshot):
        return tuple(each["spec"]["at"] for each in snapshot.delivery)

    def delivery(self, snapshot, relations, *, pushed):
        known = any(relations[each].order is Order.SAME for each in self.revisions(snapshot))
        return Delivery(Arrival.ARRIVED if known else Arrival.PENDING, "pulled" if known else "waiting", "as it says")

    def applied_revision(self, snapshot):
        return next(iter(self.revisions(snapshot)), "")

    def paused(self, snapshot):
        return Pause("nobody pulls", 0.0) if any("stop" in each["spec"] for each in snapshot.delivery) else None

    def delivery_objects(self, clusters, target):
        found = clusters.cluster.get(*self.watched[0], target.service, namespace=target.namespace)
        return (found,) if found else ()

    def refresh(self, clusters, asked):
        clusters.cluster.annotate(*self.watched[0], asked.target.service, namespace="", annotations={"now": asked.at})

    def unblock(self, *, team, service, environment):
        return f"pull {service} again"


def mine(config):
    return [name for name, cluster in config.clusters.items() if cluster.engine == "puller"]


def pull(name, environment, url):
    metadata = {"name": name, "namespace": f"main-{environment}", "labels": {"env": environment}}
    return {"apiVersion": "puller.example/v1", "kind": "Pull", "metadata": metadata, "spec": {"url": url}}


@pytest.fixture
def world(tmp_path, monkeypatch, atmos, git):
    monkeypatch.setitem(ENGINES, "puller", Puller())
    root = tmp_path / "gitops"
    done = atmos("init", root, "--yes", "--engine", "puller", "--env", "dev", "--git-url", "https://git.example.test/g")
    assert done.code == 0, done.err
    assert "start Puller on dev" in done.out
    assert not (root / "argocd").exists()
    assert not (root / "clusters").exists()
    fill_in(root)
    done = atmos("new", "service", "node, port 80, called checkout", "--repo", root, "--yes")
    assert done.code == 0, done.err
    made = World(root, git)
    monkeypatch.setattr("atmos_cli.commands.status.connect", made.connect)
    return made


def test_a_new_service_is_pointed_at_and_its_files_are_checked(world, atmos):
    path = world.root / "pulls/dev/main/checkout.yaml"
    assert [each.value["metadata"]["name"] for each in load_all(path.read_bytes(), path="")] == ["checkout"]
    done = atmos("validate", "--repo", world.root, "-o", "json")
    assert (done.code, done.codes) == (0, ["ATM332"])
    assert atmos("render", "checkout", "--env", "dev", "--repo", world.root).code == 0
    path.write_text(path.read_text().replace('url: ""', "other: 1"))
    done = atmos("validate", "--repo", world.root, "-o", "json")
    assert ("ATM710", "pulls/dev/main/checkout.yaml") in [
        (each["code"], each["where"]["path"]) for each in done.json["diagnostics"] if each["where"]
    ]


def test_what_it_applied_is_seen_and_what_stands_still_says_so(world, atmos):
    world.sync()
    cluster = world.clusters["dev"]
    cluster.objects = [each for each in cluster.objects if "fluxcd" not in each["apiVersion"]]
    owner = pull("checkout", "dev", "") | {"spec": {"at": world.head()}}
    cluster.put(owner)
    done = atmos("status", "--repo", world.root, "-o", "json")
    assert done.code == 0, done.out
    done = atmos("tree", "checkout", "--repo", world.root, "-o", "json")
    assert done.json["data"]["trees"][0]["root"]["kind"] == "Pull"
    target = Target("main", "checkout", "dev", "dev", "main-dev", "puller", "checkout")
    refresh(world.connect(None, "dev"), target, snapshot(), Delivery(Arrival.PENDING, "", ""), at=0.0)
    assert cluster.annotated[0][0] == "Pull"
    world.find("dev", "Pull")["spec"]["stop"] = True
    assert "nobody pulls" in atmos("status", "--repo", world.root).out


@pytest.mark.slow
def test_a_rollback_restores_what_points_at_the_service_and_says_how_to_go_on(world, atmos):
    pointer, overlay = "pulls/dev/main/checkout.yaml", "apps/main/checkout/overlays/dev/kustomization.yaml"
    was = world.read(pointer)
    changed = {overlay: world.read(overlay).replace("0.1.0", "0.2.0"), pointer: was.replace('url: ""', "url: x")}
    world.commit(changed, "Deploy 0.2.0")
    done = atmos("rollback", "checkout", "--env", "dev", "--yes", "--repo", world.root)
    assert done.code == 0, done.err
    assert world.read(pointer) == was
    assert "pull checkout again" in done.out


def test_an_engine_that_is_not_registered_is_refused_with_its_place(world, atmos):
    config = world.root / "atmos-cli.yaml"
    config.write_text(config.read_text().replace("engine: puller", "engine: fleet"))
    done = atmos("validate", "--repo", world.root, "-o", "json")
    (found,) = done.json["diagnostics"]
    assert (done.code, found["code"], found["where"]["field"]) == (2, "ATM701", "clusters.dev.engine")
    assert found["hint"] == f"use one of: {', '.join(ENGINES)}"
    refused = atmos("init", world.root.parent / "other", "--engine", "fleet", "--yes")
    assert refused.code == 2
    assert "there is no engine `fleet`" in refused.err


def test_the_help_names_the_engines_that_are_registered_and_the_default(atmos):
    assert set(NAMES) == set(ENGINES)
    assert "|".join(NAMES) in atmos("init", "--help").out
    assert inspect.signature(init).parameters["engine"].default == Cluster().engine
