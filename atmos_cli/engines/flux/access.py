"""What people may do in a team's namespaces: look, and have Flux reconcile what is their own. Proved in the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.config import namespace
from atmos_cli.engines.flux.kinds import HELM, KUSTOMIZE, SOURCE
from atmos_cli.team_settings import groups_of, groups_of_others

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.config import Config

RBAC = "rbac.authorization.k8s.io"
ADMISSION = "admissionregistration.k8s.io/v1"
VIEW_ROLE = "tenant-flux-view"
SYNC_ROLE = "tenant-flux-sync"
POLICY = "atmos-flux-sync"
# Admission policies have no feature gate from here on; without one, who may patch could write another path.
POLICIES_SINCE = (1, 30)

# What may be seen, and of it what may be asked to reconcile: by group, in plural.
SEEN = {
    HELM: ("helmreleases",),
    KUSTOMIZE: ("kustomizations",),
    SOURCE: ("buckets", "externalartifacts", "gitrepositories", "helmcharts", "helmrepositories", "ocirepositories"),
}
RECONCILED = {KUSTOMIZE: ("kustomizations",), SOURCE: ("gitrepositories",)}
REQUESTS = tuple(f"reconcile.fluxcd.io/{word}" for word in ("forceAt", "requestedAt", "resetAt"))

Objects = dict[str, dict[str, Any]]


def tenant_access(config: Config, *, team: str, environment: str, teams: Sequence[str]) -> Objects:
    """Return the bindings of a tenant: all teams look, its own people reconcile. None without groups."""
    own, others = groups_of(config.teams, team), groups_of_others(config.teams, team, known=teams)
    where, everyone = namespace(team, environment), sorted({*own, *others})
    found = {
        "rolebinding-view.yaml": _binding("view", where, role="view", groups=everyone),
        "rolebinding-flux-view.yaml": _binding("flux-view", where, role=VIEW_ROLE, groups=everyone),
    }
    if _has_policies(config, config.environments[environment].cluster):
        found["rolebinding-flux-sync.yaml"] = _binding("flux-sync", where, role=SYNC_ROLE, groups=own)
    return {name: binding for name, binding in found.items() if binding["subjects"]}


def cluster_access(config: Config, *, cluster: str, teams: Sequence[str]) -> Objects:
    """Return the roles of a cluster's tenants, and the policy that keeps a patch to asking. None without groups."""
    spaces = [namespace(team, environment) for environment in config.on_cluster(cluster) for team in teams]
    if not spaces or not any(groups_of(config.teams, team) for team in teams):
        return {}
    found = {"clusterrole-flux-view.yaml": _role(VIEW_ROLE, SEEN, ["get", "list", "watch"])}
    if _has_policies(config, cluster):
        found |= {
            "clusterrole-flux-sync.yaml": _role(SYNC_ROLE, RECONCILED, ["patch"]),
            "admissionpolicy-flux-sync.yaml": _policy(),
            "admissionpolicybinding-flux-sync.yaml": _policy_binding(spaces),
        }
    return found


def _has_policies(config: Config, cluster: str) -> bool:
    major, minor = config.clusters[cluster].kubernetes.split(".")
    return (int(major), int(minor)) >= POLICIES_SINCE


def _role(name: str, kinds: Mapping[str, Sequence[str]], verbs: list[str]) -> dict[str, Any]:
    rules = [{"apiGroups": [group], "resources": list(plurals), "verbs": verbs} for group, plurals in kinds.items()]
    metadata = {"name": name, "labels": {"app.kubernetes.io/managed-by": "atmos-cli"}}
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}


def _binding(name: str, where: str, *, role: str, groups: Sequence[str]) -> dict[str, Any]:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": where},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": group} for group in groups],
    }


def _policy() -> dict[str, Any]:
    """Return what keeps a patch to asking: a Kustomization's path and account hold a tenant, so only Git changes them.

    It is for all who may patch and not update, so also for those whom somebody binds to the role by hand, and not for
    those whom another role lets write, such as an administrator who is in a team, too.
    """
    rules = [
        {"apiGroups": [group], "apiVersions": ["*"], "operations": ["UPDATE"], "resources": list(plurals)}
        for group, plurals in RECONCILED.items()
    ]
    same = " && ".join(
        f"object.metadata.?{field}.orValue({empty}) == oldObject.metadata.?{field}.orValue({empty})"
        for field, empty in (("labels", "{}"), ("finalizers", "[]"), ("ownerReferences", "[]"))
    )
    asked = (
        "variables.after.all(key, key in variables.requests || "
        "(key in variables.before && variables.before[key] == variables.after[key])) && "
        "variables.before.all(key, key in variables.requests || key in variables.after)"
    )
    message = "people of a team may ask Flux to reconcile this, and change nothing of it: change it in Git"
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": rules},
        "matchConditions": [
            {"name": "patch-alone", "expression": "!authorizer.requestResource.check('update').allowed()"}
        ],
        "variables": [
            {"name": "requests", "expression": str(list(REQUESTS))},
            {"name": "before", "expression": "oldObject.metadata.?annotations.orValue({})"},
            {"name": "after", "expression": "object.metadata.?annotations.orValue({})"},
        ],
        "validations": [
            {"expression": expression, "message": message}
            for expression in ("object.spec == oldObject.spec", same, asked)
        ],
    }
    return {"apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": POLICY}, "spec": spec}


def _policy_binding(spaces: Sequence[str]) -> dict[str, Any]:
    selector = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(spaces)}]}
    return {
        "apiVersion": ADMISSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": POLICY},
        "spec": {
            "policyName": POLICY,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": selector},
        },
    }
