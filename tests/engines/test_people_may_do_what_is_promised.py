"""A team syncs and rolls back what is its own, and looks at what others have: the objects of both engines, as data."""

from __future__ import annotations

import csv

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from atmos_cli.config import Config
from atmos_cli.engines.argocd.files import root_files
from atmos_cli.engines.registry import ENGINES
from atmos_cli.team_settings import group_problem
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load

TEAMS = ("backend", "frontend", "silent")
GROUPS = {
    "frontend": ["acme:Frontend Team", "everyone", "acme:Frontend Team"],
    "backend": ["backend/ops", "everyone"],
    "unborn": ["nobody"],
}


def config(groups=GROUPS, kubernetes="1.30"):
    return Config.model_validate(
        {
            "hub": {"prefix": "atmos-"},
            "clusters": {"hub": {}, "eu": {"engine": "flux", "kubernetes": kubernetes}},
            "environments": {"dev": {"cluster": "hub"}, "prod": {"cluster": "eu"}},
            "teams": {name: {"groups": each} for name, each in groups.items()},
        }
    )


def project(team, groups=GROUPS):
    (found,) = root_files(config(groups), teams=TEAMS)[f"argocd/projects/{team}.yaml"]
    return found


def tenant(team, environment="prod", **settings):
    made = config(**settings)
    return ENGINES[made.engine(environment)].tenant_access(made, team=team, environment=environment, teams=TEAMS)


def cluster(name="eu", **settings):
    made = config(**settings)
    return ENGINES[made.clusters[name].engine].cluster_access(made, cluster=name, teams=TEAMS)


def subjects(binding):
    assert {(each["kind"], each["apiGroup"]) for each in binding["subjects"]} == {
        ("Group", "rbac.authorization.k8s.io")
    }
    return [each["name"] for each in binding["subjects"]]


def test_a_project_has_a_role_that_syncs_and_one_that_looks():
    name = "atmos-frontend"
    assert project("frontend")["spec"]["roles"] == [
        {
            "name": "sync",
            "description": "people of frontend: look, read logs, sync",
            "policies": [
                f"p, proj:{name}:sync, applications, get, {name}/*, allow",
                f"p, proj:{name}:sync, applications, sync, {name}/*, allow",
                f"p, proj:{name}:sync, logs, get, {name}/*, allow",
            ],
            "groups": ["acme:Frontend Team", "everyone"],
        },
        {
            "name": "view",
            "description": "people of other teams: look",
            "policies": [f"p, proj:{name}:view, applications, get, {name}/*, allow"],
            "groups": ["backend/ops"],
        },
    ]


def test_a_role_without_groups_is_left_out():
    assert [each["name"] for each in project("silent")["spec"]["roles"]] == ["view"]
    assert [each["name"] for each in project("frontend", {"frontend": ["f"]})["spec"]["roles"]] == ["sync"]
    assert "roles" not in project("frontend", {})["spec"]
    assert "roles" not in project("frontend", {"unborn": ["nobody"]})["spec"]


def test_a_tenant_binds_all_teams_to_look_and_its_own_to_reconcile():
    found = tenant("frontend")
    said = {
        path: (each["metadata"]["namespace"], each["roleRef"]["name"], subjects(each)) for path, each in found.items()
    }
    everyone = ["acme:Frontend Team", "backend/ops", "everyone"]
    assert said == {
        "rolebinding-view.yaml": ("frontend-prod", "view", everyone),
        "rolebinding-flux-view.yaml": ("frontend-prod", "tenant-flux-view", everyone),
        "rolebinding-flux-sync.yaml": ("frontend-prod", "tenant-flux-sync", ["acme:Frontend Team", "everyone"]),
    }
    assert set(tenant("silent")) == {"rolebinding-view.yaml", "rolebinding-flux-view.yaml"}
    assert tenant("frontend", groups={}) == tenant("frontend", environment="dev") == {}


def test_nobody_may_write_more_than_a_patch_and_a_policy_guards_that():
    found = cluster()
    rules = [
        rule
        for path, each in found.items()
        if each["kind"] == "ClusterRole" and "sync" in path
        for rule in each["rules"]
    ]
    assert [(rule["apiGroups"], rule["resources"], rule["verbs"]) for rule in rules] == [
        (["kustomize.toolkit.fluxcd.io"], ["kustomizations"], ["patch"]),
        (["source.toolkit.fluxcd.io"], ["gitrepositories"], ["patch"]),
    ]
    policy = found["admissionpolicy-flux-sync.yaml"]["spec"]
    guarded = [(each["apiGroups"], each["resources"]) for each in policy["matchConstraints"]["resourceRules"]]
    assert guarded == [(rule["apiGroups"], rule["resources"]) for rule in rules]
    assert policy["failurePolicy"] == "Fail"
    binding = found["admissionpolicybinding-flux-sync.yaml"]["spec"]
    (spaces,) = binding["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert spaces["values"] == ["backend-prod", "frontend-prod", "silent-prod"]
    assert binding["validationActions"] == ["Deny"]
    looks = found["clusterrole-flux-view.yaml"]["rules"]
    assert {verb for rule in looks for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert cluster(groups={}) == cluster("hub") == {}


def test_where_no_policy_can_guard_it_nobody_may_patch():
    assert set(cluster(kubernetes="1.29")) == {"clusterrole-flux-view.yaml"}
    assert "rolebinding-flux-sync.yaml" not in tenant("frontend", kubernetes="1.29")


@given(st.text(max_size=40))
@example("acme:frontend/ops")
@example("a,b")
@example('a", proj:atmos-backend:sync')
@example("a\ng, b, role:admin")
@example("role:admin")
@example("a\u2028b")
@example("#a")
@example("*")
def test_no_group_changes_what_a_line_of_the_policy_means(name):
    if group_problem(name) or name == "theirs":
        return
    roles = project("frontend", {"frontend": [name], "backend": ["theirs"]})["spec"]["roles"]
    # As the engine joins and reads them: `ProjectPoliciesString` and `loadPolicyLine` of argo-cd.
    lines = [f"g, {group}, proj:atmos-frontend:{role['name']}" for role in roles for group in role["groups"]]
    text = "\n".join(line for role in roles for line in role["policies"]) + "\n" + "\n".join(lines)
    read = [next(csv.reader([line], skipinitialspace=True, strict=True)) for line in text.splitlines()]
    bound = [each for each in read if each[0] == "g"]
    assert bound == [["g", name, "proj:atmos-frontend:sync"], ["g", "theirs", "proj:atmos-frontend:view"]]
    assert all(len(each) == {"g": 3, "p": 6}[each[0]] for each in read)
    assert not name.startswith(("proj:", "role:", "system:"))
    assert load(emit({"groups": [name]}).encode()) == {"groups": [name]}
    assert subjects(tenant("frontend", groups={"frontend": [name]})["rolebinding-view.yaml"]) == [name]


BROKEN = ("", " ", "a ", "a,b", 'a"b', "a'b", "a`b", "a\\b", "a\nb", "a\tb", "a\0", "a\u200bb", "a\u202eb", "x" * 257)
OF_OTHERS = ("role:admin", "proj:atmos-backend:sync", "system:masters", "system:authenticated")


@pytest.mark.parametrize("name", BROKEN + OF_OTHERS)
def test_a_name_that_is_no_group_is_refused(name):
    assert group_problem(name)


@pytest.mark.parametrize(
    "name", ["frontend", "acme:Frontend Team", "oidc:acme/ops", "a@b.example", "0f4c-11", "équipe", "#a", "a{b}", "*"]
)
def test_a_name_that_a_login_service_may_have_is_taken(name):
    assert group_problem(name) == ""
