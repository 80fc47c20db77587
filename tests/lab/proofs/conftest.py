"""The engines' worlds, and what the proofs timed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.proofs.engines_argocd import ArgoWorld
from tests.lab.proofs.engines_flux import FluxWorld
from tests.lab.proofs.worlds import Worlds
from tests.lab.workers import world_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.lab.control_plane import ControlPlane
    from tests.lab.git_server import GitServer

STARTED = pytest.StashKey[Worlds]()


@pytest.fixture(scope="session")
def worlds(
    pytestconfig: pytest.Config,
    new_control_plane: Callable[..., ControlPlane],
    git_server: GitServer,
    lab_directory: Path,
) -> Worlds:
    """Argo CD and Flux, each with what one bootstrap file brought up."""
    pytestconfig.stash[STARTED] = Worlds(new_control_plane, git_server, lab_directory)
    return pytestconfig.stash[STARTED]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
    """A world that nobody needs any more would take a third of a core until the end of the run."""
    yield
    name = world_of(item.nodeid)
    if name and STARTED in item.config.stash and (nextitem is None or world_of(nextitem.nodeid) != name):
        item.config.stash[STARTED].end(name)


@pytest.fixture
def argo_world(worlds: Worlds) -> ArgoWorld:
    found = worlds["argo"]
    assert isinstance(found, ArgoWorld)
    return found


@pytest.fixture
def flux_world(worlds: Worlds) -> FluxWorld:
    found = worlds["flux"]
    assert isinstance(found, FluxWorld)
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the proofs timed: starts from nothing, changes until they were live."""
    for report in terminalreporter.stats.get("passed", []):
        for what, seconds in report.user_properties:
            if what.startswith("seconds"):
                name = report.nodeid.rpartition("::")[2]
                terminalreporter.write_line(f"{seconds:7.1f} s  {what} ({name})")
