"""The same on Argo CD and Flux: live objects, changes from day to day, and the way back from an emptied etcd."""

from __future__ import annotations

import fcntl
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.config import read_config
from atmos_cli.engines.registry import ENGINES
from atmos_cli.gitops.generate import generate
from atmos_cli.spec.model import ServiceSpec
from tests.lab.conftest import PREFIX
from tests.lab.git_server import git
from tests.lab.kube import rolled_out
from tests.lab.proofs.engines_live import DATA, changed, essences, live, of_service, uids
from tests.lab.proofs.engines_repo import ENVIRONMENTS, documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.kube import Object
    from tests.lab.proofs.engines_live import Key, Live
    from tests.lab.proofs.engines_repo import Repo
    from tests.lab.proofs.engines_world import World
    from tests.lab.proofs.worlds import Worlds

pytestmark = pytest.mark.lab


@pytest.fixture(params=["argo", "flux"], ids=["argocd", "flux"])
def world(worlds: Worlds, request: pytest.FixtureRequest) -> World:
    return worlds[request.param]


def test_one_service_gives_the_same_objects_on_both_engines(
    world: World, request: pytest.FixtureRequest, testrun_uid: str, record_property: Callable[[str, int], None]
) -> None:
    """Apart from each engine's own labels and annotations, and what the API server assigns.

    The engines may live in two workers: the first to come here leaves what it has, and counts as no case; the second compares.
    """
    mine = {" ".join(key): resource for key, resource in essences(live(world)).items()}
    assert {key.split()[1] for key in mine} >= {
        *("Cluster", "Deployment", "HTTPRoute", "NetworkPolicy", "PodDisruptionBudget")
    }
    engine = request.node.callspec.id
    theirs = swapped(f"{PREFIX}{testrun_uid}", engine, mine)
    record_property("cases", int(theirs is not None))
    if theirs is not None:
        assert mine.keys() == theirs.keys()
        for key, resource in mine.items():
            assert resource == theirs[key], key


def swapped(name: str, engine: str, mine: dict[str, Object]) -> dict[str, Object] | None:
    """What the other engine left in this run, if it came first; else None, and `mine` is left for it."""
    directory = Path(tempfile.gettempdir()) / name
    directory.mkdir(exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        others = [path for path in directory.glob("*.json") if path.stem != engine]
        if others:
            theirs: dict[str, Object] = json.loads(others[0].read_text())
            shutil.rmtree(directory)
            return theirs
        (directory / f"{engine}.json").write_text(json.dumps(mine))
    return None


def test_what_is_live_is_what_render_shows(world: World) -> None:
    """Every object that `atmos render` shows is live with all its fields; more than those the server alone has put there."""
    found = live(world)
    for team, service in sorted({(team, service) for team, service, _ in world.repo.deployments()}):
        shown = documents(world.repo.atmos_text("render", f"{team}/{service}"))
        assert {resource["metadata"]["namespace"] for resource in shown} == {f"{team}-{name}" for name in ENVIRONMENTS}
        for resource in shown:
            key = (resource["metadata"]["namespace"], resource["kind"], resource["metadata"]["name"])
            assert not (lost := lacks(found[key], resource)), (key, lost)


def lacks(there: Any, wanted: Any, at: str = "") -> str:
    """The first place where `there` is not at least `wanted`; empty when it is."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        found = (lacks(there.get(key), value, f"{at}.{key}") for key, value in wanted.items() if value != {})
        return next((each for each in found if each), "")
    if isinstance(wanted, list) and isinstance(there, list) and len(wanted) == len(there):
        found = (
            lacks(one, other, f"{at}[{number}]") for number, (one, other) in enumerate(zip(there, wanted, strict=True))
        )
        return next((each for each in found if each), "")
    return "" if there == wanted else f"{at}: {there!r}, not {wanted!r}"


def test_only_what_should_changes(world: World, record_property: Callable[[str, object], None]) -> None:
    """Add, change, rename and remove services: everybody else's objects stay the same ones, data outlives its service."""
    start, took = live(world), {}

    with_volume(world.repo, "pay", "vault")
    world.repo.new("shop", "go, port 8080, postgres, called basket")
    added = world.repo.push()
    took["add"] = world.sync(added)
    both = live(world)
    mine = of_service(both, "shop", "basket") | of_service(both, "pay", "vault")
    assert changed(start, both) == mine.keys()
    data = {key: uid for key, uid in uids(mine).items() if key[1] in DATA}
    assert len(data) == 2 * len(ENVIRONMENTS)

    dev, staging, prod = (f"apps/shop/basket/overlays/{name}/kustomization.yaml" for name in ENVIRONMENTS)
    commit = world.repo.push(
        {
            dev: replaced(world.repo, dev, 'newTag: "0.1.0"', 'newTag: "0.2.0"'),
            staging: replaced(world.repo, staging, "count: 2", "count: 3"),
            prod: replaced(world.repo, prod, "- postgres-cluster.yaml\n", ""),
            "apps/shop/basket/overlays/prod/postgres-cluster.yaml": None,
        }
    )
    took["change"] = world.sync(commit)
    after = live(world)
    assert changed(both, after) == {("shop-dev", "Deployment", "basket"), ("shop-staging", "Deployment", "basket")} | (
        {key for key in data if key[0] == "shop-prod"} & changed(both, after)
    )
    assert uids(after) == uids(both), "a change makes nothing anew, and a removed data object is not pruned"
    pods = after["shop-dev", "Deployment", "basket"]["spec"]["template"]["spec"]["containers"]
    assert [pod["image"] for pod in pods] == ["registry.example.com/shop/basket:0.2.0"]
    assert after["shop-staging", "Deployment", "basket"]["spec"]["replicas"] == 3

    world.repo.remove("shop", "basket")
    world.repo.new("shop", "go, port 8080, postgres, called hamper")
    took["rename"] = world.sync(world.repo.push())
    renamed = live(world)
    assert of_service(renamed, "shop", "basket").keys() == {key for key in data if key[2] == "basket-db"}
    assert uids(of_service(renamed, "shop", "basket")).items() <= data.items()
    assert of_service(renamed, "shop", "hamper").keys() == {
        (space, kind, name.replace("basket", "hamper")) for space, kind, name in of_service(both, "shop", "basket")
    }
    assert others(renamed, "basket", "hamper") == others(after, "basket", "hamper")

    world.repo.remove("shop", "hamper")
    world.repo.remove("pay", "vault")
    git("checkout", "--quiet", added, "--", ".", cwd=world.repo.root)
    world.repo.remove("pay", "vault")
    took["return"] = world.sync(world.repo.push())
    returned = live(world)
    assert (
        uids(of_service(returned, "shop", "basket")).items()
        >= {k: u for k, u in data.items() if k[2] == "basket-db"}.items()
    )
    assert of_service(returned, "shop", "basket").keys() == of_service(both, "shop", "basket").keys()
    assert {key[1] for key in of_service(returned, "pay", "vault")} == {"PersistentVolumeClaim"}
    assert uids(of_service(returned, "pay", "vault")).items() <= data.items()
    for claim in of_service(returned, "pay", "vault").values():
        assert claim["status"]["phase"] == "Bound"

    world.repo.remove("shop", "basket")
    took["remove"] = world.sync(world.repo.push())
    left = {key: resource for key, resource in live(world).items() if key not in start}
    assert {key[1] for key in left} == set(DATA)
    clean(world, left)
    assert uids(live(world)) == uids(start)
    for what, seconds in took.items():
        record_property(f"seconds to {what}", round(seconds, 1))


def others(found: Live, *services: str) -> dict[Key, str]:
    return {key: uid for key, uid in uids(found).items() if not key[2].startswith(services)}


def replaced(repo: Repo, path: str, old: str, new: str) -> str:
    text = repo.read(path)
    assert old in text
    return text.replace(old, new)


def with_volume(repo: Repo, team: str, name: str) -> None:
    """A service with a persistent volume, which `service.yaml` can say and an intent cannot: its files as atmos makes them."""
    volumes = {"data": {"path": "/data", "size": "1Gi", "kind": "persistent"}}
    spec = ServiceSpec.model_validate({"name": name, "language": "go", "replicas": 1, "volumes": volumes})
    config = read_config(repo.read("atmos-cli.yaml").encode(), engines=ENGINES)
    files = generate(spec, team=team, environments=ENVIRONMENTS, config=config, catalogue=catalogue()).files
    for path, data in files.items():
        (repo.root / path).parent.mkdir(parents=True, exist_ok=True)
        (repo.root / path).write_bytes(data)
    git("add", "--all", cwd=repo.root)
    git("commit", "--quiet", "-m", f"Add the service {name}", cwd=repo.root)


def clean(world: World, left: Live) -> None:
    """Data that outlived its service goes only when somebody deletes it."""
    for (namespace, kind, name), resource in left.items():
        plane = world.planes[namespace.rsplit("-", 1)[1]]
        plane.kube.delete(resource["apiVersion"], kind, name, namespace)
        plane.kube.wait_gone(resource["apiVersion"], kind, name, namespace)


def test_a_removed_tenant_keeps_its_namespace_and_what_is_in_it(world: World) -> None:
    """Quota, limits and rights go with the tenant's directory; a deleted namespace would take databases with it."""
    before, kube = live(world), world.planes["staging"].kube
    files = {str(path.relative_to(world.repo.root)) for path in world.repo.root.glob("tenants/staging/pay/*.yaml")}
    texts = {path: world.repo.read(path) for path in files}
    world.repo.push(dict.fromkeys(files))
    world.nudge()
    for api_version, kind, name in (
        ("v1", "ResourceQuota", "budget"),
        ("v1", "LimitRange", "defaults"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding", "pay-deployer"),
    ):
        kube.wait_gone(api_version, kind, name, "pay-staging")
    assert kube.get("v1", "Namespace", "pay-staging")["status"]["phase"] == "Active"
    world.repo.push(texts)
    world.nudge()
    kube.wait("rbac.authorization.k8s.io/v1", "RoleBinding", "pay-deployer", "pay-staging", until=bool)
    # Services that were tried without rights would wait for their interval; the next commit is sooner.
    world.sync(world.repo.tree.commit({}, "Try again"))
    after = live(world)
    assert essences(after) == essences(before)
    services = {key for key in before if key[1] in (*DATA, "Deployment", "Service", "HTTPRoute")}
    assert {key: uids(after)[key] for key in services} == {key: uids(before)[key] for key in services}


def test_an_emptied_etcd_comes_back_from_the_one_file(
    world: World, record_property: Callable[[str, object], None]
) -> None:
    """The disaster: every control plane empty, the engine installed again, the one file applied: all is as it was."""
    before = essences(live(world))
    bootstrap = world.rebuild()
    record_property("seconds from the one file to everything back", round(bootstrap.seconds, 1))
    assert essences(live(world)) == before
    for team, service, environment in world.repo.deployments():
        kube = world.planes[environment].kube
        kube.wait("apps/v1", "Deployment", service, f"{team}-{environment}", until=rolled_out)
    # 180 s would be a set that met an error and stood still; without one it has none from its first seconds on.
    assert bootstrap.standstill < 150
