"""Who may do what on an Argo CD hub, asked of its real server with authentication on: docs/teams.md."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.lab.argocd import APPLICATION, ArgoCD, start_argocd
from tests.lab.git_server import clone
from tests.lab.login_service import CLIENT, LoginService
from tests.lab.processes import PATIENCE, wait_until
from tests.lab.proofs.engines_repo import Repo, cluster_labels, documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lab.control_plane import ControlPlane
    from tests.lab.git_server import GitServer

pytestmark = pytest.mark.lab

FRONTEND, BACKEND = "acme:Frontend Team", "backend/ops"
WEB, LEDGER, TENANT = "frontend.web.dev.dev", "backend.ledger.dev.dev", "tenant-frontend.dev.dev"


@dataclass(frozen=True, slots=True)
class HubServer:
    """argocd-server, and a service where its people log in."""

    url: str
    hub: ArgoCD
    logins: LoginService
    admin: str

    def ask(self, method: str, path: str, token: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.request(method, f"{self.url}/api/v1/{path}", headers=headers, json=body, timeout=PATIENCE)

    def of_role(self, project: str, role: str) -> str:
        """A token of a project's role, as a pipeline would have it."""
        answer = self.ask("POST", f"projects/{project}/roles/{role}/token", self.admin, {"expiresIn": 3600})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def of_groups(self, *groups: str) -> str:
        """The token of somebody in these groups."""
        return self.logins.token("jane", groups)

    def sees(self, token: str) -> set[str]:
        answer = self.ask("GET", "applications", token)
        assert answer.status_code == 200, answer.text
        return {each["metadata"]["name"] for each in answer.json()["items"] or ()}

    def gets(self, token: str, application: str) -> int:
        return self.ask("GET", f"applications/{application}", token).status_code

    def syncs(self, token: str, application: str, **request: Any) -> int:
        """The answer's status; what runs already is waited for."""
        found = self.hub.plane.kube
        wait_until(lambda: "operation" not in found.get(APPLICATION, "Application", application, "argocd"), application)
        return self.ask("POST", f"applications/{application}/sync", token, request).status_code


@pytest.fixture(scope="module")
def server(
    new_control_plane: Callable[..., ControlPlane], git_server: GitServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HubServer]:
    """A hub that one file brought up: two teams, each with groups and a service, and nobody else with any right."""
    directory = tmp_path_factory.mktemp("who-may-hub")
    logins = LoginService(directory / "logins")
    hub = start_argocd(new_control_plane("who-may-hub"), directory / "argocd")
    kube = hub.plane.kube
    oidc = {"name": "lab", "issuer": logins.issuer, "clientID": CLIENT}
    settings = kube.get("v1", "ConfigMap", "argocd-cm", "argocd")
    kube.patch(settings, {"data": {"url": "http://127.0.0.1", "oidc.config": json.dumps(oidc)}})
    repo, answer = gitops(git_server.create("who-may-hub"), directory / "gitops")
    hub.add_cluster(hub.plane, "dev", cluster_labels(answer)["dev"])
    commit = repo.push()
    kube.apply(*documents(repo.read("argocd/bootstrap/root.yaml")))
    for name in ("atmos-root", TENANT, WEB, LEDGER):
        hub.wait_synced(name, revision=commit)
    url = hub.serve()
    yield HubServer(url, hub, logins, admin_of(hub, url))
    hub.end()
    hub.plane.end()
    logins.end()


def gitops(url: str, directory: Path) -> tuple[Repo, Any]:
    repo = Repo(clone(url, directory))
    answer = repo.atmos("init", "--env", "dev", "--team", "frontend", "--git-url", url)
    config = repo.root / "atmos-cli.yaml"
    config.write_text(f"{config.read_text()}teams:\n  frontend:\n    groups: [{json.dumps(FRONTEND)}]\n")
    repo.atmos("update")
    repo.atmos("new", "team", "backend", "--group", BACKEND)
    repo.new("frontend", "node, port 8080, called web")
    repo.new("backend", "go, port 8080, called ledger")
    return repo, answer


def admin_of(hub: ArgoCD, url: str) -> str:
    """A session of the administrator, whose first password the server made."""
    secret = hub.plane.kube.wait("v1", "Secret", "argocd-initial-admin-secret", "argocd", until=bool)
    password = base64.b64decode(secret["data"]["password"]).decode()
    answer = httpx.post(f"{url}/api/v1/session", json={"username": "admin", "password": password}, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


def test_the_server_asks_who_one_is(server: HubServer) -> None:
    assert httpx.get(f"{server.url}/api/v1/applications", timeout=PATIENCE).status_code == 401
    assert {WEB, LEDGER, TENANT, "atmos-root"} <= server.sees(server.admin)


def test_a_token_of_a_role_does_what_the_role_may(server: HubServer) -> None:
    sync, view = server.of_role("atmos-frontend", "sync"), server.of_role("atmos-backend", "view")
    assert server.sees(sync) == {WEB}
    assert (server.gets(sync, WEB), server.syncs(sync, WEB)) == (200, 200)
    assert server.sees(view) == {LEDGER}
    assert (server.gets(view, LEDGER), server.syncs(view, LEDGER)) == (200, 403)
    for token in (sync, view):
        assert {server.gets(token, other) for other in (TENANT, "atmos-root")} == {403}
    assert server.gets(sync, LEDGER) == server.gets(view, WEB) == 403


def test_people_of_a_group_do_what_the_table_says(server: HubServer) -> None:
    for group, own, other in ((FRONTEND, WEB, LEDGER), (BACKEND, LEDGER, WEB)):
        jane = server.of_groups(group)
        assert server.sees(jane) == {WEB, LEDGER}
        assert (server.syncs(jane, own), server.syncs(jane, other)) == (200, 403)
        assert {server.gets(jane, platform) for platform in (TENANT, "atmos-root")} == {403}


def test_a_team_changes_nothing_of_its_applications(server: HubServer) -> None:
    jane = server.of_groups(FRONTEND)
    found = server.hub.plane.kube.get(APPLICATION, "Application", WEB, "argocd")
    spec = found["spec"]
    elsewhere = {**spec, "source": {**spec["source"], "path": "apps/backend/ledger/overlays/dev"}}
    asked = {
        "another path": ("PUT", f"applications/{WEB}/spec", elsewhere),
        "a patch": ("PATCH", f"applications/{WEB}", {"patch": "{}", "patchType": "merge", "name": WEB}),
        "deleted": ("DELETE", f"applications/{WEB}", {}),
        "a new one": ("POST", "applications", {**found, "metadata": {"name": "mine", "namespace": "argocd"}}),
        "manifests of one's own": ("POST", f"applications/{WEB}/sync", {"manifests": ["{}"]}),
        "its project": ("PUT", "projects/atmos-frontend", {"project": {"metadata": {"name": "atmos-frontend"}}}),
    }
    answers = {what: server.ask(*request[:2], jane, request[2]) for what, request in asked.items()}
    assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(asked, 403)
    assert server.hub.plane.kube.get(APPLICATION, "Application", WEB, "argocd")["spec"] == spec


def test_what_is_not_the_newest_of_the_branch_cannot_be_synced(server: HubServer) -> None:
    """So a way back is a commit, `atmos rollback`, that whoever owns the directory reviews."""
    jane = server.of_groups(FRONTEND)
    answer = server.ask("POST", f"applications/{WEB}/sync", jane, {"revision": "someones-branch"})
    assert answer.status_code == 400
    assert "auto-sync currently set" in answer.text
    back = server.ask("POST", f"applications/{WEB}/rollback", jane, {"id": 1})
    assert back.status_code == 400
    assert "auto-sync is enabled" in back.text


def test_strangers_see_nothing(server: HubServer) -> None:
    for groups in ((), ("strangers",), ("acme:frontend team",), ("role:none",), ("Frontend Team",)):
        jane = server.of_groups(*groups)
        assert server.sees(jane) == set()
        assert server.syncs(jane, WEB) == server.gets(jane, WEB) == 403
