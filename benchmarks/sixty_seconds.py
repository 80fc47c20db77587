"""How long it takes from the sentence to pods that are ready. `python benchmarks/sixty_seconds.py [argocd] [flux]`.

In the lab (docs/lab.md): a real API server, scheduler, controllers, engine and Git server. kwok says of pods what a
kubelet would say, so pulling an image takes no time here. The repo is bootstrapped before the clock starts. Timed:
plan, checks, commit and push (one command), the engine, told as a forge's webhook would tell it, and pods that are
rolled out in each environment. Cold is the first service, without bytecode of atmos and its
libraries; warm is the next one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.lab.argocd import start_argocd
from tests.lab.control_plane import start_control_plane
from tests.lab.flux import start_flux
from tests.lab.git_server import QUIET, GitServer, clone
from tests.lab.kube import rolled_out
from tests.lab.proofs.engines_argocd import ArgoWorld
from tests.lab.proofs.engines_flux import FluxWorld
from tests.lab.proofs.engines_repo import Repo, cluster_labels, documents
from tests.lab.proofs.engines_world import prepare

if TYPE_CHECKING:
    from tests.lab.control_plane import ControlPlane

ENVIRONMENTS = ("dev", "prod")
INTENT = "node, port 80"


def main() -> None:
    for engine in sys.argv[1:] or ("argocd", "flux"):
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="atmos-sixty-")))
            server = GitServer(directory / "git")
            stack.callback(server.end)
            plane = start_control_plane(directory / "plane", name="sixty")
            stack.callback(plane.end)
            world = begun(engine, plane, server.create("gitops"), directory)
            stack.callback(world.end)
            for how, name in (("cold", "first"), ("warm", "second")):
                command, engine_took, pods = measured(world, plane, name, cold=how == "cold", directory=directory)
                whole = command + engine_took + pods
                print(
                    f"{engine}, {how}: {whole:.1f} s from the sentence to ready pods in {' and '.join(ENVIRONMENTS)} "
                    f"(atmos {command:.1f}, engine {engine_took:.1f}, pods {pods:.1f}; load {os.getloadavg()[0]:.1f})",
                    flush=True,
                )


def begun(engine: str, plane: ControlPlane, url: str, directory: Path) -> ArgoWorld | FluxWorld:
    """A repo with no service, and the engine in rest on its first commit."""
    repo = Repo(clone(url, directory / "repo"))
    where = [word for name in ENVIRONMENTS for word in ("--env", name, "--cluster", f"{name}=one")]
    answer = repo.atmos("init", "--engine", engine, *where, "--git-url", url)
    prepare([plane], volumes=1)
    repo.push()
    kube = plane.kube
    world: ArgoWorld | FluxWorld
    if engine == "argocd":
        argocd = start_argocd(plane, directory / "argocd")
        argocd.add_cluster(plane, "one", cluster_labels(answer)["one"])
        kube.apply(*documents(repo.read("argocd/bootstrap/root.yaml")))
        argocd.wait_synced("atmos-root")
        for name in ENVIRONMENTS:
            argocd.wait_synced(f"tenant-main.{name}.one")
        world = ArgoWorld(argocd, plane, repo, {})
    else:
        flux = start_flux(plane, directory / "flux", helm=False)
        kube.apply(*documents(repo.read("clusters/one/flux-system/gotk-sync.yaml")))
        flux.wait_ready("Kustomization", "apps", "flux-system")
        world = FluxWorld(flux, repo, "one")
    return world


def measured(
    world: ArgoWorld | FluxWorld, plane: ControlPlane, name: str, *, cold: bool, directory: Path
) -> tuple[float, float, float]:
    """Seconds of the command, of the engine until it reports good, and of pods after that."""
    environment = {**os.environ, **QUIET}
    if cold:
        environment |= {"PYTHONPYCACHEPREFIX": str(directory / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}
    began = time.monotonic()
    command = [sys.executable, "-m", "atmos_cli", "new", "service", f"{INTENT}, called {name}", "--yes", "--push"]
    subprocess.run(command, cwd=world.repo.root, env=environment, check=True, capture_output=True)
    pushed = time.monotonic()
    world.nudge()
    if isinstance(world, ArgoWorld):
        for each in ENVIRONMENTS:
            world.argocd.wait_synced(f"main.{name}.{each}.one")
    else:
        commit = world.repo.push()
        for each in ENVIRONMENTS:
            world.flux.wait_ready("Kustomization", name, f"main-{each}", revision=commit)
    good = time.monotonic()
    for each in ENVIRONMENTS:
        plane.kube.wait("apps/v1", "Deployment", name, f"main-{each}", until=rolled_out)
    return pushed - began, good - pushed, time.monotonic() - good


if __name__ == "__main__":
    main()
