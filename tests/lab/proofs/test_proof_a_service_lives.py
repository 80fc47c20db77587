"""A service lives: every change of its life is live as `render` shows it, restarts what the plan said, and keeps its data."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lab.git_server import git
from tests.lab.proofs.engines_live import DATA, live, of_service, uids
from tests.lab.proofs.engines_repo import ENVIRONMENTS
from tests.lab.proofs.engines_world import planes_of
from tests.lab.proofs.life import NAME, SERVICE, TEAM, Life, look, run_kubectl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lab.proofs.engines_world import World
    from tests.lab.proofs.worlds import Worlds

pytestmark = pytest.mark.lab

IMAGE = "ghcr.io/acme/parrot"
BUNDLED = Path(__file__).parents[3] / "blueprints" / "web"
COMPANY = Path("platform/blueprints/web")
OURS = "minReadySeconds: 1  # nobody waits for it"


@pytest.fixture(params=["argo", "flux"], ids=["argocd", "flux"])
def world(worlds: Worlds, request: pytest.FixtureRequest) -> Iterator[World]:
    """The world, which has all that it had before when the test ends, also when it fails."""
    found = worlds[request.param]
    root, start, before = found.repo.root, git("rev-parse", "HEAD", cwd=found.repo.root), live(found)
    yield found
    git("checkout", "--quiet", "--force", "main", cwd=root)
    git("rm", "-r", "--quiet", "--ignore-unmatch", "--", ".", cwd=root)
    git("checkout", "--quiet", start, "--", ".", cwd=root)
    found.sync(found.repo.push(message="As it was"))
    left = {key: each for key, each in of_service(live(found), TEAM, SERVICE).items() if key not in before}
    for (namespace, kind, name), resource in left.items():
        kube = found.planes[namespace.removeprefix(f"{TEAM}-")].kube
        kube.delete(resource["apiVersion"], kind, name, namespace)
        kube.wait_gone(resource["apiVersion"], kind, name, namespace)
    assert uids(live(found)) == uids(before)


@pytest.fixture
def life(world: World) -> Life:
    """The service in all environments, with a hand edit that every later step has to leave alone."""
    for plane in planes_of(world):
        plane.add_volumes(len(ENVIRONMENTS))
    now = look(world)
    found = Life(world, now, now.objects)
    world.repo.atmos("new", "service", f"node, port 8080, postgres, called {SERVICE}", "--team", TEAM)
    edited = {path: world.repo.read(path) for path in map(overlay, ENVIRONMENTS)}
    for path, text in edited.items():
        (line,) = [line for line in text.splitlines() if "minReadySeconds" in line]
        edited[path] = text.replace(line.strip(), OURS)
    world.repo.push(edited, "Wait less")
    found.begin()
    return found


def overlay(environment: str) -> str:
    return f"apps/{TEAM}/{SERVICE}/overlays/{environment}/kustomization.yaml"


def everywhere(name: str) -> set[tuple[str, str]]:
    return {(f"{TEAM}-{environment}", name) for environment in ENVIRONMENTS}


def test_a_service_lives(life: Life, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """add redis → new image → promote → another size → a newer blueprint → without redis → removed; then its data, by hand."""
    assert {key[1] for key in life.last.data} == set(DATA)
    assert len(life.last.data) == 2 * len(ENVIRONMENTS)

    assert life.step("change", NAME, "add redis") == everywhere(SERVICE)
    assert life.step("deploy", NAME, "--image", f"{IMAGE}:0.2.0", "--env", "staging") == {("shop-staging", SERVICE)}
    assert life.step("promote", NAME, "--from", "staging", "--to", "prod") == {("shop-prod", SERVICE)}
    assert life.step("change", NAME, "size m") == everywhere(SERVICE)
    newer_blueprint(life.world)
    assert life.step("update", NAME) == set()
    assert life.last.objects["shop-dev", "Deployment", SERVICE]["spec"]["revisionHistoryLimit"] == 4
    assert life.step("change", NAME, "without redis") == everywhere(SERVICE)

    placeholder = f"registry.example.com/{NAME}:0.1.0"
    assert [image(life, each) for each in ENVIRONMENTS] == [placeholder, f"{IMAGE}:0.2.0", f"{IMAGE}:0.2.0"]
    assert [OURS in life.world.repo.read(overlay(each)) for each in ENVIRONMENTS] == [True] * len(ENVIRONMENTS)
    removed(life, tmp_path)
    record_property("cases", len(life.seconds))
    for what, seconds in life.seconds.items():
        record_property(f"seconds to {what}", round(seconds, 1))


def image(life: Life, environment: str) -> str:
    deployment = life.last.objects[f"{TEAM}-{environment}", "Deployment", SERVICE]
    (found,) = [each["image"] for each in deployment["spec"]["template"]["spec"]["containers"]]
    return str(found)


def newer_blueprint(world: World) -> None:
    """What the platform team does: a bundle of its own, newer than the one that came with atmos; nothing restarts for it."""
    directory = world.repo.root / COMPANY
    shutil.copytree(BUNDLED, directory, ignore=shutil.ignore_patterns("tests"))
    for name, old, new in (
        ("blueprint.yaml", "version: 1.0.0", "version: 1.1.0"),
        ("resources/deployment.yaml", "revisionHistoryLimit: 5", "revisionHistoryLimit: 4"),
    ):
        text = (directory / name).read_text()
        assert text.count(old) == 1
        (directory / name).write_text(text.replace(old, new))
    world.repo.push(message="Remember four revisions")


def removed(life: Life, directory: Path) -> None:
    """Step 1 leaves the data, and nothing else; step 2, the commands of the plan, takes it."""
    data, before = life.last.data, life.last
    answer = life.world.repo.atmos("remove", "service", NAME, "--push")["data"]
    life.settle("remove")
    life.last = look(life.world)
    assert life.last.data == data
    assert of_service(life.last.objects, TEAM, SERVICE).keys() == data.keys()
    life.nothing_else(before)
    stays = {(f"{TEAM}-{each['environment']}", *each["what"].split("/")) for each in answer["stays"]}
    assert stays == {key for key in data if key[1] == "Cluster"}
    run_kubectl(life.world, [each["command"] for each in answer["stays"]], directory)
    for namespace, _, name in (key for key in data if key[1] == "PersistentVolumeClaim"):
        kube = life.world.planes[namespace.removeprefix(f"{TEAM}-")].kube
        kube.wait_gone("v1", "PersistentVolumeClaim", name, namespace)
    assert not of_service(live(life.world), TEAM, SERVICE)
