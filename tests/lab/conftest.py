"""The lab's fixtures. Everything is started once per run, when first asked for, and ended with it."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lab.argocd import ArgoCD, start_argocd
from tests.lab.components import MAIN
from tests.lab.control_plane import ControlPlane, start_control_plane
from tests.lab.flux import Flux, start_flux
from tests.lab.forge import Forge, start_forge
from tests.lab.git_server import GitServer, WorkTree, clone
from tests.lab.oracle import Oracle
from tests.lab.processes import alarming_lines, running
from tests.lab.prometheus import Prometheus, start_prometheus

if TYPE_CHECKING:
    from tests.lab.kube import Kube

LOG_OFFSETS = pytest.StashKey[dict[Path, int]]()
FAILED = pytest.StashKey[bool]()
PREFIX = "atmos-lab-run-"


def pytest_runtest_setup(item: pytest.Item) -> None:
    offsets = {process.log: process.log.stat().st_size for process in running() if process.log.exists()}
    item.stash[LOG_OFFSETS] = offsets


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed lab test shows what each component had to say about it, and the logs are kept."""
    report = yield
    if report.failed and item.get_closest_marker("lab"):
        item.config.stash[FAILED] = True
        offsets = item.stash.get(LOG_OFFSETS, {})
        for process in running():
            said = alarming_lines(process, since=offsets.get(process.log, 0))
            if said:
                report.sections.append((process.name, said))
        logs = sorted({str(process.log.parent) for process in running()})
        report.sections.append(("whole logs", "\n".join(logs)))
    return report


@pytest.fixture(scope="session")
def lab_directory(pytestconfig: pytest.Config) -> Iterator[Path]:
    """Where this run's components keep their files; after a failure only the logs stay."""
    _remove_the_forgotten()
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    yield directory
    if pytestconfig.stash.get(FAILED, False):
        for path in directory.rglob("*"):
            if path.is_file() and path.suffix != ".log":
                path.unlink(missing_ok=True)
    else:
        shutil.rmtree(directory, ignore_errors=True)


def _remove_the_forgotten() -> None:
    """A run that was killed leaves its directory; a day later nobody looks into it any more."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if directory.is_dir() and directory.stat().st_mtime < time.time() - 86400:
            shutil.rmtree(directory, ignore_errors=True)


StartControlPlane = Callable[..., ControlPlane]


@pytest.fixture(scope="session")
def new_control_plane(lab_directory: Path) -> Iterator[StartControlPlane]:
    """Starts another cluster: `new_control_plane("prod", version="1.37", controllers=True, nodes=2)`.

    It lives until the end of the run unless the test calls its `end()`.
    """
    started: list[ControlPlane] = []

    def begin(name: str, *, version: str = MAIN, controllers: bool = True, nodes: int = 2) -> ControlPlane:
        directory = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=lab_directory))
        plane = start_control_plane(directory, name=name, version=version, controllers=controllers, nodes=nodes)
        started.append(plane)
        return plane

    yield begin
    for plane in reversed(started):
        plane.end()


@pytest.fixture(scope="session")
def control_plane(new_control_plane: StartControlPlane) -> ControlPlane:
    """The run's shared cluster, without a GitOps engine. Work in a `namespace` of your own."""
    return new_control_plane("shared")


@pytest.fixture(scope="session")
def kube(control_plane: ControlPlane) -> Kube:
    """The client of the shared cluster."""
    return control_plane.kube


def name_of(test: str) -> str:
    """A DNS label made of a test's name."""
    return re.sub(r"[^a-z0-9]+", "-", test.lower()).strip("-")[:50].strip("-")


@pytest.fixture
def namespace(request: pytest.FixtureRequest, kube: Kube) -> Iterator[str]:
    """A namespace of the shared cluster for this test alone."""
    name = kube.namespace(name_of(request.node.name))
    yield name
    kube.delete("v1", "Namespace", name)


@pytest.fixture(scope="session")
def oracle(kube: Kube) -> Oracle:
    """Asks the shared cluster whether it would take an object."""
    return Oracle(kube)


@pytest.fixture(scope="session")
def oracle_for(new_control_plane: StartControlPlane) -> Callable[[str], Oracle]:
    """The oracle of a Kubernetes minor version: `oracle_for("1.25")`; its API server stands alone, without controllers."""
    known: dict[str, Oracle] = {}

    def ask(version: str) -> Oracle:
        if version not in known:
            plane = new_control_plane(f"oracle-{version}", version=version, controllers=False)
            known[version] = Oracle(plane.kube)
        return known[version]

    return ask


@pytest.fixture(scope="session")
def flux(new_control_plane: StartControlPlane, lab_directory: Path) -> Iterator[Flux]:
    """Flux on a cluster of its own."""
    engine = start_flux(new_control_plane("flux"), lab_directory / "flux-controllers")
    yield engine
    engine.end()


@pytest.fixture(scope="session")
def argocd(new_control_plane: StartControlPlane, lab_directory: Path) -> Iterator[ArgoCD]:
    """Argo CD on a hub cluster of its own; `add_cluster` registers others."""
    engine = start_argocd(new_control_plane("argo-hub"), lab_directory / "argocd-controllers")
    yield engine
    engine.end()


@pytest.fixture(scope="session")
def git_server(lab_directory: Path) -> Iterator[GitServer]:
    """Bare repositories over http that anybody may push to, for tests that need no forge."""
    server = GitServer(lab_directory / "git")
    yield server
    server.end()


@pytest.fixture
def work_tree(request: pytest.FixtureRequest, git_server: GitServer, tmp_path: Path) -> WorkTree:
    """A clone of a new, empty repository on `git_server`; its `url` is what engines are given."""
    return clone(git_server.create(name_of(request.node.name)), tmp_path / "work")


@pytest.fixture(scope="session")
def forge(lab_directory: Path) -> Iterator[Forge]:
    """Gitea, empty but for its `admin`."""
    server = start_forge(lab_directory / "gitea")
    yield server
    server.end()


@pytest.fixture
def new_prometheus(tmp_path: Path) -> Iterator[Callable[..., Prometheus]]:
    """Starts a Prometheus for this test: `new_prometheus(history="…", targets=("127.0.0.1:1234",))`."""
    started: list[Prometheus] = []

    def begin(*, history: str = "", targets: tuple[str, ...] = ()) -> Prometheus:
        directory = tmp_path / f"prometheus-{len(started)}"
        started.append(start_prometheus(directory, history=history, targets=targets))
        return started[-1]

    yield begin
    for server in started:
        server.end()
