"""A hub that others use stays theirs, and a repo with the old names comes to its own without a pod that restarts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.argocd import APPLICATION, ArgoCD, is_synced, start_argocd
from tests.lab.components import binary
from tests.lab.git_server import QUIET, GitServer, WorkTree, clone
from tests.lab.kube import rolled_out
from tests.lab.processes import wait_until
from tests.lab.proofs.engines_repo import Repo, cluster_labels, documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lab.control_plane import ControlPlane
    from tests.lab.kube import Object

pytestmark = pytest.mark.lab

PAGE = Path(__file__).parents[3] / "docs" / "hub-names.md"
SERVICE, TENANT = "main.ledger.dev.dev", "tenant-main.dev.dev"
ALL = {
    "sourceRepos": ["*"],
    "destinations": [{"namespace": "*", "server": "*"}],
    "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
}


@pytest.fixture
def hub(new_control_plane: Callable[..., ControlPlane], tmp_path: Path) -> Iterator[ArgoCD]:
    plane = new_control_plane("hub-names")
    engine = start_argocd(plane, tmp_path / "argocd")
    yield engine
    engine.end()
    plane.end()


def gitops(hub: ArgoCD, url: str, directory: Path) -> Repo:
    """A repo of one team, one environment and one service, whose cluster is registered."""
    repo = Repo(clone(url, directory))
    answer = repo.atmos("init", "--env", "dev", "--git-url", url)
    repo.new("main", "go, port 8080, called ledger")
    hub.add_cluster(hub.plane, "dev", cluster_labels(answer)["dev"])
    return repo


def of_others(name: str, url: str, project: str) -> dict[str, Any]:
    return {
        "apiVersion": APPLICATION,
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "project": project,
            "source": {"repoURL": url, "targetRevision": "main", "path": name},
            "destination": {"name": "in-cluster", "namespace": "others"},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
    }


def project(name: str) -> dict[str, Any]:
    return {
        "apiVersion": APPLICATION,
        "kind": "AppProject",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": ALL,
    }


def spec_of(hub: ArgoCD, kind: str, name: str) -> Any:
    return hub.plane.kube.get(APPLICATION, kind, name, "argocd")["spec"]


def deployed(hub: ArgoCD) -> Object:
    return hub.plane.kube.wait("apps/v1", "Deployment", "ledger", "main-dev", until=rolled_out)


def test_what_others_have_on_the_hub_is_as_before(
    hub: ArgoCD, work_tree: WorkTree, git_server: GitServer, tmp_path: Path
) -> None:
    kube, theirs = hub.plane.kube, (("guestbook", "default"), ("root", "platform"))
    kube.namespace("others")
    settings = {
        f"{name}/object.yaml": f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}" for name, _ in theirs
    }
    first = work_tree.commit(settings)
    kube.apply(project("default"), project("platform"))
    for name, of in theirs:
        kube.apply(of_others(name, work_tree.url, of))
        hub.wait_synced(name, revision=first)
    before = [spec_of(hub, "AppProject", of) for _, of in theirs] + [
        spec_of(hub, "Application", name) for name, _ in theirs
    ]

    repo = gitops(hub, git_server.create("hub-of-others"), tmp_path / "gitops")
    commit = repo.push()
    kube.apply(*documents(repo.read("argocd/bootstrap/root.yaml")))
    for name in ("atmos-root", TENANT, SERVICE):
        hub.wait_synced(name, revision=commit)
    deployed(hub)

    assert before == [spec_of(hub, "AppProject", of) for _, of in theirs] + [
        spec_of(hub, "Application", name) for name, _ in theirs
    ]
    second = work_tree.commit(
        {"guestbook/object.yaml": settings["guestbook/object.yaml"].replace("}}", "}, data: {new: word}}")}
    )
    for name, _ in theirs:
        hub.refresh(name)
        hub.wait_synced(name, revision=second)
    assert kube.get("v1", "ConfigMap", "guestbook", "others")["data"] == {"new": "word"}


def lines_of_the_page() -> list[str]:
    blocks = re.findall(r"the lab runs it -->\n```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def run(line: str, hub: ArgoCD, repo: Repo) -> None:
    """Types a line of the page, as somebody with the hub as kubectl's context would in the checkout."""
    programs = [str(binary("kubectl").parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = {
        **os.environ,
        **QUIET,
        "PATH": os.pathsep.join(programs),
        "KUBECONFIG": str(hub.plane.kubeconfig_for("person")),
    }
    typed = line.replace("atmos ", f"{sys.executable} -m atmos_cli ", 1) if line.startswith("atmos ") else line
    done = subprocess.run(
        ["sh", "-c", typed], cwd=repo.root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{line}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"


def test_the_page_leads_from_the_old_names_to_new_ones_and_nothing_stops(
    hub: ArgoCD, git_server: GitServer, tmp_path: Path
) -> None:
    kube = hub.plane.kube
    repo = gitops(hub, git_server.create("old-names"), tmp_path / "gitops")
    config = repo.read("atmos-cli.yaml")
    (repo.root / "atmos-cli.yaml").write_text(config.replace("hub:\n  prefix: atmos-\n", ""))
    repo.atmos("update")
    commit = repo.push()
    kube.apply(*documents(repo.read("argocd/bootstrap/root.yaml")))
    for name in ("root", TENANT, SERVICE):
        hub.wait_synced(name, revision=commit)
    assert spec_of(hub, "Application", SERVICE)["project"] == "main"
    was = deployed(hub)
    pods = {each["metadata"]["uid"] for each in kube.list("v1", "Pod", "main-dev")}

    for line in lines_of_the_page():
        if "delete appproject" in line:
            for name in (TENANT, SERVICE):
                wait_until(lambda name=name: spec_of(hub, "Application", name)["project"].startswith("atmos-"), name)
        run(line, hub, repo)

    for name in ("atmos-root", TENANT, SERVICE):
        hub.refresh(name)
        assert is_synced(hub.wait_synced(name))
    now = deployed(hub)
    assert now["metadata"]["uid"] == was["metadata"]["uid"]
    assert {each["metadata"]["uid"] for each in kube.list("v1", "Pod", "main-dev")} == pods
    names = {each["metadata"]["name"] for each in kube.list(APPLICATION, "AppProject", "argocd")}
    assert names & {"platform", "main"} == set()
