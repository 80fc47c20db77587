"""Both engines with a repo each: started from nothing when first asked for, ended when no test needs them any more."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.argocd import start_argocd
from tests.lab.flux import start_flux
from tests.lab.proofs.engines_argocd import ArgoWorld
from tests.lab.proofs.engines_flux import FluxWorld
from tests.lab.proofs.engines_repo import cluster_labels, new_repo

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.control_plane import ControlPlane
    from tests.lab.git_server import GitServer
    from tests.lab.proofs.engines_world import World


@dataclass
class Worlds:
    """`worlds["argo"]` and `worlds["flux"]`; one that could not be started is not tried again."""

    new_control_plane: Callable[..., ControlPlane]
    git_server: GitServer
    directory: Path
    _known: dict[str, World | Exception] = field(default_factory=dict)

    def __getitem__(self, name: str) -> World:
        if name not in self._known:
            try:
                self._known[name] = {"argo": self._argo, "flux": self._flux}[name]()
            except Exception as error:  # noqa: BLE001 - whatever it was, each test that needs the world is told
                self._known[name] = error
        found = self._known[name]
        if isinstance(found, Exception):
            raise found
        return found

    def end(self, name: str) -> None:
        """Harmless when it was never started."""
        found = self._known.get(name)
        if found is not None and not isinstance(found, Exception):
            del self._known[name]
            found.end()

    def _argo(self) -> ArgoWorld:
        """Argo CD with two clusters, brought up by the one bootstrap file of its repo."""
        directory = Path(tempfile.mkdtemp(prefix="proof-argocd-", dir=self.directory))
        where = {"dev": "nonprod", "staging": "nonprod", "prod": "prod-eu"}
        url = self.git_server.create(directory.name)
        repo, answer = new_repo(url, directory / "repo", engine="argocd", clusters=where)
        hub, spoke = self.new_control_plane("proof-hub"), self.new_control_plane("proof-spoke")
        world = ArgoWorld(start_argocd(hub, directory), spoke, repo, cluster_labels(answer))
        world.start()
        return world

    def _flux(self) -> FluxWorld:
        """Flux on one cluster for all environments, brought up by the one root file of its repo."""
        directory = Path(tempfile.mkdtemp(prefix="proof-flux-", dir=self.directory))
        where = dict.fromkeys(("dev", "staging", "prod"), "eu")
        url = self.git_server.create(directory.name)
        repo, _ = new_repo(url, directory / "repo", engine="flux", clusters=where)
        world = FluxWorld(start_flux(self.new_control_plane("proof-flux"), directory, helm=False), repo, "eu")
        world.start()
        return world
