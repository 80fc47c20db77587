"""Both engines with a repo each, started from nothing once per run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.argocd import start_argocd
from tests.lab.flux import start_flux
from tests.lab.proofs.engines_repo import cluster_labels, new_repo
from tests.lab.proofs.engines_support import ArgoWorld, FluxWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lab.control_plane import ControlPlane
    from tests.lab.git_server import GitServer


@pytest.fixture(scope="session")
def argo_world(
    new_control_plane: Callable[..., ControlPlane], lab_directory: Path, git_server: GitServer
) -> Iterator[ArgoWorld]:
    """Argo CD with two clusters, brought up by the one bootstrap file of its repo."""
    where = {"dev": "nonprod", "staging": "nonprod", "prod": "prod-eu"}
    url = git_server.create("engines-argocd")
    repo, answer = new_repo(url, lab_directory / "repo-argocd", engine="argocd", clusters=where)
    hub, spoke = new_control_plane("proof-hub"), new_control_plane("proof-spoke")
    argocd = start_argocd(hub, lab_directory / "proof-argocd")
    world = ArgoWorld(argocd, spoke, repo, cluster_labels(answer))
    world.start()
    yield world
    argocd.end()


@pytest.fixture(scope="session")
def flux_world(
    new_control_plane: Callable[..., ControlPlane], lab_directory: Path, git_server: GitServer
) -> Iterator[FluxWorld]:
    """Flux on one cluster for all environments, brought up by the one root file of its repo."""
    url = git_server.create("engines-flux")
    where = dict.fromkeys(("dev", "staging", "prod"), "eu")
    repo, _ = new_repo(url, lab_directory / "repo-flux", engine="flux", clusters=where)
    flux = start_flux(new_control_plane("proof-flux"), lab_directory / "proof-flux", helm=False)
    world = FluxWorld(flux, repo, "eu")
    world.start()
    yield world
    flux.end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the proofs timed: starts from nothing, changes until they were live."""
    for report in terminalreporter.stats.get("passed", []):
        for what, seconds in report.user_properties:
            if what.startswith("seconds"):
                name = report.nodeid.rpartition("::")[2]
                terminalreporter.write_line(f"{seconds:7.1f} s  {what} ({name})")
