"""Who may do what on a Flux cluster, asked of the real API server as people of each team: docs/teams.md."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from atmos_cli.config import Config
from atmos_cli.engines.registry import ENGINES
from tests.lab.components import KUBERNETES
from tests.lab.flux import GIT_REPOSITORY, KUSTOMIZATION, Flux, start_flux
from tests.lab.git_server import clone
from tests.lab.kube import ApiError, Kube
from tests.lab.processes import wait_until
from tests.lab.proofs.engines_repo import Repo, documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lab.control_plane import ControlPlane
    from tests.lab.git_server import GitServer
    from tests.lab.oracle import Oracle

pytestmark = pytest.mark.lab

FRONTEND, BACKEND = "acme:Frontend Team", "backend/ops"
REQUESTED = "reconcile.fluxcd.io/requestedAt"
FLUX, SOURCE = "kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in groups, as the API server sees one whom its login service sent."""

    kube: Kube
    groups: tuple[str, ...]

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [("Impersonate-User", "jane"), *(("Impersonate-Group", each) for each in self.groups)]

    def may(self, verb: str, resource: str, namespace: str, *, group: str = "", subresource: str = "") -> bool:
        attributes = {
            "verb": verb,
            "resource": resource,
            "namespace": namespace,
            "group": group,
            "subresource": subresource,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = self.kube.request("POST", path, json=review, headers=self.headers)
        return bool(answer["status"]["allowed"])

    def patch(self, found: dict[str, Any], change: Any, how: str = "merge-patch+json") -> str:
        """The reason of a refusal; empty when the patch was taken."""
        headers = [*self.headers, ("Content-Type", f"application/{how}")]
        try:
            self.kube.request("PATCH", self.kube.path_of(found), content=json.dumps(change), headers=headers)
        except ApiError as error:
            return f"{error.code} {error.message}"
        return ""


@pytest.fixture(scope="module")
def flux_of_teams(
    new_control_plane: Callable[..., ControlPlane], git_server: GitServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flux]:
    """A cluster that Flux brought up from one file: two teams, each with groups and a service."""
    directory = tmp_path_factory.mktemp("who-may")
    engine = start_flux(new_control_plane("who-may"), directory / "flux", helm=False)
    repo = gitops(git_server.create("who-may"), directory / "gitops")
    commit = repo.push()
    engine.plane.kube.apply(*documents(repo.read("clusters/dev/flux-system/gotk-sync.yaml")))
    for team, service in (("frontend", "web"), ("backend", "ledger")):
        engine.wait_ready("Kustomization", service, f"{team}-dev", revision=commit)
    yield engine
    engine.end()
    engine.plane.end()


def gitops(url: str, directory: Path) -> Repo:
    repo = Repo(clone(url, directory))
    repo.atmos("init", "--engine", "flux", "--env", "dev", "--team", "frontend", "--git-url", url)
    config = repo.root / "atmos-cli.yaml"
    config.write_text(f"{config.read_text()}teams:\n  frontend:\n    groups: [{json.dumps(FRONTEND)}]\n")
    repo.atmos("update")
    repo.atmos("new", "team", "backend", "--group", BACKEND)
    repo.new("frontend", "node, port 8080, called web")
    repo.new("backend", "go, port 8080, called ledger")
    return repo


@pytest.fixture
def frontend(flux_of_teams: Flux) -> Person:
    return Person(flux_of_teams.plane.kube, (FRONTEND,))


@pytest.fixture
def web(flux_of_teams: Flux) -> dict[str, Any]:
    return flux_of_teams.plane.kube.get(KUSTOMIZATION, "Kustomization", "web", "frontend-dev")


@pytest.fixture
def source(flux_of_teams: Flux) -> dict[str, Any]:
    return flux_of_teams.plane.kube.get(GIT_REPOSITORY, "GitRepository", "gitops", "frontend-dev")


LOOKS = [
    ("get", "deployments", "apps", ""),
    ("list", "pods", "", ""),
    ("get", "pods", "", "log"),
    ("list", "events", "", ""),
    ("watch", "kustomizations", FLUX, ""),
    ("get", "gitrepositories", SOURCE, ""),
]
NEVER = [
    ("get", "secrets", "", ""),
    ("create", "pods", "", "exec"),
    ("patch", "deployments", "apps", ""),
    ("delete", "pods", "", ""),
    ("create", "kustomizations", FLUX, ""),
    ("update", "kustomizations", FLUX, ""),
    ("delete", "kustomizations", FLUX, ""),
    ("patch", "kustomizations", FLUX, "status"),
    ("patch", "helmreleases", "helm.toolkit.fluxcd.io", ""),
    ("create", "rolebindings", "rbac.authorization.k8s.io", ""),
    ("impersonate", "serviceaccounts", "", ""),
]


def test_the_table_holds_of_each_team(flux_of_teams: Flux) -> None:
    wrong = []
    for groups, own, other in (
        ((FRONTEND,), "frontend-dev", "backend-dev"),
        ((BACKEND,), "backend-dev", "frontend-dev"),
    ):
        person = Person(flux_of_teams.plane.kube, groups)
        wanted = {
            **{(right, space): True for right in LOOKS for space in (own, other)},
            **{(right, space): False for right in NEVER for space in (own, other)},
            **{(right, space): False for right in LOOKS for space in ("flux-system", "default", "")},
        }
        for kind, group in (("kustomizations", FLUX), ("gitrepositories", SOURCE)):
            wanted |= {(("patch", kind, group, ""), own): True}
            wanted |= {(("patch", kind, group, ""), space): False for space in (other, "flux-system", "")}
        wrong += [
            f"{groups} {right} in {space or 'all'}: {not answer}"
            for (right, space), answer in wanted.items()
            if person.may(right[0], right[1], space, group=right[2], subresource=right[3]) is not answer
        ]
    assert not wrong, "\n".join(wrong)


def test_nobody_else_may_look(flux_of_teams: Flux) -> None:
    for groups in (("strangers",), ("acme:frontend team",), ("view",), ("backend",)):
        person = Person(flux_of_teams.plane.kube, groups)
        assert not any(person.may(right[0], right[1], "frontend-dev", group=right[2]) for right in LOOKS)


def test_a_team_asks_for_its_own_and_the_engine_reconciles(
    flux_of_teams: Flux, frontend: Person, web: dict[str, Any], source: dict[str, Any]
) -> None:
    """What `flux reconcile kustomization web --with-source` does."""
    for found in (source, web):
        assert frontend.patch(found, {"metadata": {"annotations": {REQUESTED: "now, by jane"}}}) == ""
        flux_of_teams.plane.kube.wait(
            found["apiVersion"],
            found["kind"],
            found["metadata"]["name"],
            "frontend-dev",
            until=lambda now: (now.get("status") or {}).get("lastHandledReconcileAt") == "now, by jane",
        )
    assert frontend.patch(web, {"metadata": {"annotations": {REQUESTED: None}}}) == ""


def test_a_team_asks_nothing_of_another_ones(flux_of_teams: Flux, frontend: Person) -> None:
    ledger = flux_of_teams.plane.kube.get(KUSTOMIZATION, "Kustomization", "ledger", "backend-dev")
    said = frontend.patch(ledger, {"metadata": {"annotations": {REQUESTED: "now"}}})
    assert said.startswith("403")
    assert "atmos-flux-sync" not in said


CHANGES: dict[str, dict[str, Any]] = {
    "another path": {"spec": {"path": "./apps/backend/ledger/overlays/dev"}},
    "another account": {"spec": {"serviceAccountName": "kustomize-controller"}},
    "paused": {"spec": {"suspend": True}},
    "no pruning": {"spec": {"prune": False}},
    "a label": {"metadata": {"labels": {"team": "backend"}}},
    "no labels": {"metadata": {"labels": None}},
    "a finalizer": {"metadata": {"finalizers": ["mine.example/stay"]}},
    "no finalizers": {"metadata": {"finalizers": None}},
    "an owner": {
        "metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "1-2-3"}]}
    },
    "an annotation": {"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}},
    "a request and a path": {"metadata": {"annotations": {REQUESTED: "x"}}, "spec": {"path": "./x"}},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_team_changes_nothing_else(flux_of_teams: Flux, frontend: Person, web: dict[str, Any], name: str) -> None:
    said = frontend.patch(web, CHANGES[name])
    assert said.startswith("422"), said
    assert "ValidatingAdmissionPolicy 'atmos-flux-sync'" in said
    assert "change it in Git" in said
    now = flux_of_teams.plane.kube.get(KUSTOMIZATION, "Kustomization", "web", "frontend-dev")
    assert (now["spec"], now["metadata"]["labels"]) == (web["spec"], web["metadata"]["labels"])


def test_a_team_changes_no_source_and_takes_no_annotation_away(
    flux_of_teams: Flux, frontend: Person, web: dict[str, Any], source: dict[str, Any]
) -> None:
    elsewhere = [{"op": "replace", "path": "/spec/url", "value": "https://git.example.com/mine.git"}]
    assert "atmos-flux-sync" in frontend.patch(source, elsewhere, "json-patch+json")
    flux_of_teams.plane.kube.patch(web, {"metadata": {"annotations": {"example.com/kept": "yes"}}})
    for change in (None, "no"):
        said = frontend.patch(web, {"metadata": {"annotations": {"example.com/kept": change}}})
        assert "atmos-flux-sync" in said
    assert frontend.patch(web, {"metadata": {"annotations": {REQUESTED: "again"}}}) == ""


def test_whoever_was_bound_by_hand_is_held_as_well_and_an_administrator_is_not(
    flux_of_teams: Flux, web: dict[str, Any]
) -> None:
    kube = flux_of_teams.plane.kube
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "tenant-flux-sync"}
    kube.apply(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "by-hand", "namespace": "frontend-dev"},
            "roleRef": role,
            "subjects": [{"apiGroup": role["apiGroup"], "kind": "Group", "name": "oncall"}],
        }
    )
    oncall = Person(kube, ("oncall",))
    wait_until(lambda: oncall.may("patch", "kustomizations", "frontend-dev", group=FLUX), "the binding")
    assert "atmos-flux-sync" in oncall.patch(web, {"spec": {"suspend": True}})
    administrator = Person(kube, (FRONTEND, "system:masters"))
    assert administrator.patch(web, {"spec": {"suspend": True}}) == ""
    assert administrator.patch(web, {"spec": {"suspend": None}}) == ""


@pytest.mark.parametrize("version", sorted(KUBERNETES))
def test_every_api_server_takes_the_objects(oracle_for: Callable[[str], Oracle], version: str) -> None:
    config = Config.model_validate(
        {
            "clusters": {"eu": {"engine": "flux", "kubernetes": version}},
            "environments": {"dev": {"cluster": "eu"}},
            "teams": {"frontend": {"groups": [FRONTEND]}},
        }
    )
    engine, oracle = ENGINES["flux"], oracle_for(version)
    oracle.kube.namespace("frontend-dev")
    made = [
        *engine.cluster_access(config, cluster="eu", teams=["frontend"]).values(),
        *engine.tenant_access(config, team="frontend", environment="dev", teams=["frontend"]).values(),
    ]
    assert len(made) == (3 if version == "1.25" else 7)
    assert [oracle.ask(each).message for each in made if not oracle.ask(each).accepted] == []
