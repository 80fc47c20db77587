"""What the API server refuses is never shown as good, by an Argo CD that looks again and again; where it is, atmos says so."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.lab.argocd import is_marked, is_synced, start_argocd
from tests.lab.git_server import QUIET, clone
from tests.lab.processes import LabError, wait_until
from tests.lab.proofs.engines_argocd import ArgoWorld
from tests.lab.proofs.engines_repo import Repo, cluster_labels, documents
from tests.lab.proofs.engines_world import said_of
from tests.lab.proofs.verify_support import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lab.control_plane import ControlPlane
    from tests.lab.git_server import GitServer
    from tests.lab.kube import Object

pytestmark = pytest.mark.lab

POLL = 5  # seconds
LOOKS = 4
SET = "argocd/applicationsets/apps-main.yaml"
OPTION = "argocd.argoproj.io/compare-options"
OTHER = {"matchLabels": {"track": "stable"}}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "ledger": (
        {"selector": OTHER, "template": {"metadata": {"labels": OTHER["matchLabels"]}}},
        "field is immutable",
    ),
    "pricing": ({"imagePulPolicy": "Always"}, "field not declared in schema"),
}


@pytest.fixture(scope="module")
def world(
    new_control_plane: Callable[..., ControlPlane], git_server: GitServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ArgoWorld]:
    """One cluster, one team, and a service for each kind of refusal."""
    directory, plane = tmp_path_factory.mktemp("refusals"), new_control_plane("refusals")
    url = git_server.create("refusals")
    repo = Repo(clone(url, directory / "gitops"))
    labels = cluster_labels(repo.atmos("init", "--env", "dev", "--git-url", url))
    for service in REFUSED:
        repo.new("main", f"go, port 8080, called {service}")
    found = ArgoWorld(start_argocd(plane, directory / "argocd", poll=POLL), plane, repo, labels)
    found.argocd.add_cluster(plane, "dev", labels["dev"])
    commit = repo.push()
    plane.kube.apply(*documents(repo.read("argocd/bootstrap/root.yaml")))
    until_good(found, commit)
    yield found
    found.argocd.end()
    plane.end()


@pytest.fixture
def kubeconfig(world: ArgoWorld, tmp_path: Path) -> Path:
    return Watched(world, tmp_path).kubeconfig()


def application(world: ArgoWorld, service: str) -> Object:
    none = {"kind": "no Application", "metadata": {"namespace": "main-dev", "name": service}}
    return world.application("main", service, "dev") or none


def until_good(world: ArgoWorld, commit: str, *, option: str = "ServerSideDiff=false") -> None:
    """At that commit, and with the option that the set has there. A sync that keeps trying what was wrong is ended, as a person would do."""
    last: list[str] = []

    def all_good() -> bool:
        found = [application(world, service) for service in REFUSED]
        for each in found:
            world.argocd.retry(each, revision=commit)
            state = (each.get("status") or {}).get("operationState") or {}
            if state.get("phase") == "Running" and state.get("retryCount"):
                world.argocd.plane.kube.patch(each, {"status": {"operationState": {"phase": "Terminating"}}})
        last[:] = [
            f"{said_of(each)} {each['metadata']}"
            for each in found
            if not is_synced(each, revision=commit) or each["metadata"]["annotations"].get(OPTION) != option
        ]
        return not last

    try:
        wait_until(all_good, "the services", pause=1)
    except LabError:
        raise AssertionError("\n".join(last)) from None


def overlay(service: str) -> str:
    return f"apps/main/{service}/overlays/dev/kustomization.yaml"


def push_what_is_refused(world: ArgoWorld) -> str:
    """Beside it, each commit has a new tag, which Argo CD does not apply, either."""
    files: dict[str, str | None] = {}
    for service, (spec, _) in REFUSED.items():
        wanted = yaml.safe_load(world.repo.read(overlay(service)))
        patch = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": service}, "spec": spec}
        wanted["patches"].append({"target": {"kind": "Deployment", "name": service}, "patch": yaml.safe_dump(patch)})
        wanted["images"][0]["newTag"] = "0.2.0"
        files[overlay(service)] = yaml.safe_dump(wanted, sort_keys=False)
    return world.repo.push(files, "what the API server refuses")


@pytest.fixture
def before(world: ArgoWorld) -> Iterator[dict[str, str]]:
    files = {path: world.repo.read(path) for path in (*map(overlay, REFUSED), SET)}
    yield files
    # With something to apply: a commit that leaves the cluster as it is has no sync that could succeed.
    tag = f"newTag: mended-{secrets.token_hex(3)}"
    until_good(
        world, world.repo.push({path: re.sub("newTag: .*", tag, text) for path, text in files.items()}, "mended")
    )


def compared(found: Object, commit: str) -> bool:
    return ((found.get("status") or {}).get("sync") or {}).get("revision") == commit and not is_marked(found)


def shown(found: Object) -> tuple[str, str]:
    status = found["status"]
    return status["sync"]["status"], status["health"]["status"]


def atmos(world: ArgoWorld, kubeconfig: Path, *arguments: str) -> tuple[int, Any]:
    """A person's command; its exit status and the answer."""
    command = [sys.executable, "-m", "atmos_cli", *arguments, "--output", "json"]
    environment = {**os.environ, **QUIET, "KUBECONFIG": str(kubeconfig)}
    done = subprocess.run(
        command, cwd=world.repo.root, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_what_atmos_writes_is_never_shown_as_good(world: ArgoWorld, kubeconfig: Path, before: dict[str, str]) -> None:
    assert f"{OPTION}: ServerSideDiff=false" in before[SET]
    commit = push_what_is_refused(world)
    seen: dict[str, dict[str, tuple[str, str]]] = {service: {} for service in REFUSED}

    def looked_enough() -> bool:
        for service, looks in seen.items():
            found = application(world, service)
            if compared(found, commit):
                looks[found["status"]["reconciledAt"]] = shown(found)
        return all(len(looks) >= LOOKS for looks in seen.values())

    wait_until(looked_enough, f"{LOOKS} looks at each service")
    for service, looks in seen.items():
        assert {sync for sync, _ in looks.values()} <= {"OutOfSync", "Unknown"}, (service, looks)
    for service, (_, reason) in REFUSED.items():
        code, told = atmos(world, kubeconfig, "verify", f"main/{service}", "--env", "dev")
        (verdict,) = told["data"]["verdicts"]
        assert (code, verdict["outcome"]) == (1, "fail"), verdict
        assert reason in json.dumps(verdict), verdict
    code, told = atmos(world, kubeconfig, "status")
    assert code == 1, told


def test_an_application_of_others_that_hides_it_is_not_called_good(
    world: ArgoWorld, kubeconfig: Path, before: dict[str, str]
) -> None:
    """As others write it: applied by the server and silent about comparing, which 3.6 reads as compared by the server."""
    silent = before[SET].replace(f"{OPTION}: ServerSideDiff=false", f"{OPTION}: IgnoreExtraneous")
    own = world.repo.push({SET: silent}, "as others write it")
    until_good(world, own, option="IgnoreExtraneous")
    _, told = atmos(world, kubeconfig, "validate")
    assert "ATM713" in {each["code"] for each in told["diagnostics"]}

    commit = push_what_is_refused(world)

    def hidden(service: str) -> bool:
        found = application(world, service)
        if not compared(found, commit) or shown(found) != ("Synced", "Healthy"):
            return False
        return bool(found["status"]["operationState"]["syncResult"]["revision"] != commit)

    wait_until(lambda: all(map(hidden, REFUSED)), "the trap: Synced and Healthy, and nothing applied")

    def named() -> bool:
        code, told = atmos(world, kubeconfig, "status")
        assert code == 1, told
        words = [each["delivery"]["message"] for each in told["data"]["services"]]
        return all("its option ServerSideApply=true alone hides" in each for each in words)

    wait_until(named, "a cause in `atmos status`", pause=1)
    for service in REFUSED:
        code, told = atmos(world, kubeconfig, "verify", f"main/{service}", "--env", "dev")
        (verdict,) = told["data"]["verdicts"]
        assert (code, verdict["outcome"]) in ((1, "fail"), (4, "inconclusive")), verdict
