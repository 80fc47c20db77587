"""`atmos status` and `atmos tree` of real engines on real API servers, from a clone that a developer made yesterday."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from atmos_cli.adapters.clock import SystemClock
from atmos_cli.adapters.kubernetes.transport import Transport
from atmos_cli.commands.status import Asked, Watcher
from atmos_cli.commands.status_watch import follow
from atmos_cli.commands.tree import trees
from atmos_cli.gitops.repository import open_repository
from atmos_cli.verify.seen import Status
from atmos_cli.verify.tree import nodes
from tests.lab.git_server import QUIET, git
from tests.lab.processes import wait_until
from tests.lab.proofs.engines_world import CNPG, planes_of
from tests.lab.proofs.verify_support import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from atmos_cli.commands.status import Overview, StatusRow
    from tests.lab.kube import Object
    from tests.lab.proofs.engines_world import World
    from tests.lab.proofs.worlds import Worlds

pytestmark = pytest.mark.lab

OVERLAY = "apps/shop/cart/overlays/dev/kustomization.yaml"


@pytest.fixture(params=["argo", "flux"])
def world(worlds: Worlds, request: pytest.FixtureRequest) -> World:
    found = worlds[request.param]
    run_databases(found)
    return found


def run_databases(world: World) -> None:
    """Say that every instance of every database is ready, as the operator would that does not run here."""
    for plane in planes_of(world):
        for each in plane.kube.list(CNPG, "Cluster"):
            plane.kube.patch_status(each, {"readyInstances": each["spec"]["instances"]})


@pytest.fixture
def clone(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The developer's own clone; the base branch says where Argo CD runs, and KUBECONFIG has a context per cluster."""
    directory, config = tmp_path / "clone", world.repo.read("atmos-cli.yaml")
    world.repo.push({"atmos-cli.yaml": config.replace("  prod-eu:\n", "  prod-eu:\n    hub: nonprod\n")})
    git("clone", "--quiet", world.repo.tree.url, str(directory), cwd=tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(Watched(world, tmp_path).kubeconfig()))
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    yield directory
    world.repo.push({"atmos-cli.yaml": config})


def settled(clone: Path, until: Callable[[Overview], bool]) -> Overview:
    """The first look that is as `until` says."""
    found: list[Overview] = []

    def look() -> bool:
        with Watcher(open_repository(clone), Asked(), SystemClock()) as watcher:
            found.append(watcher.look())
        return until(found[-1])

    try:
        wait_until(look, "status")
    except Exception as error:
        told = [f"{row.target.service} {row.target.environment}: {row}" for row in found[-1].rows if not row.good]
        raise AssertionError("\n".join(told)) from error
    return found[-1]


def failed(row: StatusRow) -> bool:
    return row.status is not None and row.status.health.status is Status.FAILED


def atmos(clone: Path, *arguments: str) -> tuple[int, Object]:
    command = [sys.executable, "-m", "atmos_cli", *arguments, "--output", "json"]
    done = subprocess.run(command, cwd=clone, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    answer: Object = json.loads(done.stdout)
    return done.returncode, answer["data"]


def test_status_and_tree_say_what_real_engines_did(
    world: World, clone: Path, record_property: Callable[[str, object], None]
) -> None:
    """All well; then a crashing image, which the clone learns of by itself; then all well again."""
    world.sync(world.repo.push())
    run_databases(world)  # also those that this sync made
    whole = settled(clone, lambda found: found.exit_code == 0)
    shown = {(row.target.team, row.target.service, row.target.environment) for row in whole.rows}
    assert shown == world.repo.deployments()
    code, told = atmos(clone, "tree", "shop/cart", "--env", "dev")
    assert code == 0, told
    began = time.monotonic()
    code, told = atmos(clone, "status")
    record_property("seconds for status of 12 deployments", round(time.monotonic() - began, 1))
    assert (code, [each["drift"]["count"] for each in told["services"]]) == (0, [0] * 12)

    sound = world.repo.read(OVERLAY)
    commit = world.repo.push({OVERLAY: sound.replace('newTag: "0.1.0"', 'newTag: "broken-crashloop"')})
    try:
        world.nudge()
        # Argo CD records the commit a moment after its objects are applied, which is enough for a pod to crash.
        broken = settled(clone, lambda found: any(failed(row) and row.live == commit for row in found.rows))
        (row,) = [each for each in broken.rows if failed(each)]
        assert (row.target.service, row.target.environment, row.live) == ("cart", "dev", commit)
        assert row.status is not None
        assert "crash" in row.status.health.message
        (grown,) = trees(open_repository(clone), Asked("shop/cart", None, ("dev",)), clock=SystemClock())
        assert grown.root is not None
        bad = {each.kind for each in nodes(grown.root) if each.health.status is Status.FAILED}
        assert {"Deployment", "Pod", "container"} <= bad
        assert len([each for each in nodes(grown.root) if each.kind == "ReplicaSet"]) == 2
    finally:
        world.repo.push({OVERLAY: sound})
        world.nudge()
    settled(clone, lambda found: found.exit_code == 0)


def test_watching_asks_nothing_again_and_sees_a_change(
    world: World, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first look, everything comes from watches: no list is asked for, however often it looks."""
    settled(clone, lambda found: found.exit_code == 0)
    asked: list[str] = []
    ask = Transport.ask

    def counted(self: Transport, method: str, path: str, **options: object) -> object:
        asked.append(path)
        return ask(self, method, path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Transport, "ask", counted)
    kube = world.planes["dev"].kube
    with Watcher(open_repository(clone), Asked(), SystemClock()) as watcher:
        overviews = follow(watcher)
        next(overviews)
        next(overviews)
        asked.clear()
        pod = next(each for each in kube.list("v1", "Pod", "shop-dev") if each["metadata"]["name"].startswith("cart-"))
        kube.delete("v1", "Pod", pod["metadata"]["name"], "shop-dev")
        found = next(overviews)
        assert len(found.rows) == 12
        assert not asked
        overviews.close()
