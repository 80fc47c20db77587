"""The home of a team in an environment: namespace, quota from the budget, defaults, default-deny, and its deployer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.config import deployer, namespace
from atmos_cli.kube.engine_annotations import KEEP
from atmos_cli.kube.operators import tenant_kinds
from atmos_cli.layout.tenant_network import network_objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.layout.tenant_network import TenantNetwork

ROLE = "tenant-deployer"
ALL = ["get", "list", "watch", "create", "update", "patch", "delete"]
READ = ["get", "list", "watch"]

# The kinds that blueprints make. No quota, no limits, no roles: a tenant that could write those would have no limits.
RULES: tuple[tuple[str, tuple[str, ...], list[str]], ...] = (
    ("", ("configmaps", "persistentvolumeclaims", "serviceaccounts", "services"), ALL),
    ("", ("events", "pods", "replicationcontrollers"), READ),
    ("apps", ("daemonsets", "deployments", "statefulsets"), ALL),
    ("apps", ("controllerrevisions", "replicasets"), READ),
    ("autoscaling", ("horizontalpodautoscalers",), ALL),
    ("batch", ("cronjobs", "jobs"), ALL),
    ("networking.k8s.io", ("ingresses", "networkpolicies"), ALL),
    ("policy", ("poddisruptionbudgets",), ALL),
    ("gateway.networking.k8s.io", ("grpcroutes", "httproutes"), ALL),
    ("cilium.io", ("ciliumnetworkpolicies",), ALL),
    ("argoproj.io", ("analysistemplates", "rollouts"), ALL),
    ("flagger.app", ("canaries", "metrictemplates"), ALL),
    *((group, plurals, ALL) for group, plurals in tenant_kinds().items()),
    ("external-secrets.io", ("externalsecrets",), ALL),
    ("generators.external-secrets.io", ("passwords",), ALL),
    ("bitnami.com", ("sealedsecrets",), ALL),
    ("monitoring.coreos.com", ("podmonitors", "prometheusrules", "servicemonitors"), ALL),
    ("monitoring.googleapis.com", ("podmonitorings",), ALL),
    ("azmonitoring.coreos.com", ("podmonitors", "servicemonitors"), ALL),
    ("keda.sh", ("scaledobjects", "triggerauthentications"), ALL),
)

Documents = list[dict[str, Any]]


def tenant_files(
    team: str,
    environment: str,
    *,
    quota: Mapping[str, str],
    defaults: Mapping[str, str],
    network: TenantNetwork,
    more: Mapping[str, dict[str, Any]],
) -> dict[str, Documents]:
    """Return `tenants/<environment>/<team>/`: one file per object.

    `quota` is the `hard` part of its ResourceQuota, `defaults` are the requests of containers that name none, and
    `more` are objects of the engine by file name.
    """
    where = namespace(team, environment)
    objects = {
        "namespace.yaml": _namespace(team, where),
        "resourcequota.yaml": _object("v1", "ResourceQuota", "budget", where, spec={"hard": dict(quota)}),
        "limitrange.yaml": _limits(where, defaults),
        **network_objects(network, where=where),
        "serviceaccount.yaml": _object("v1", "ServiceAccount", deployer(team), where),
        "rolebinding.yaml": _binding(team, where),
        **more,
    }
    root = f"tenants/{environment}/{team}"
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(objects),
    }
    files = {f"{root}/{name}": [value] for name, value in objects.items()}
    return {**files, f"{root}/kustomization.yaml": [kustomization]}


def role_files(cluster: str, *, more: Mapping[str, dict[str, Any]]) -> dict[str, Documents]:
    """Return the ClusterRole that every tenant's deployer is bound to, and `more` of the engine, once per cluster."""
    root = f"infrastructure/controllers/{cluster}/tenancy"
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": ROLE, "labels": {"app.kubernetes.io/managed-by": "atmos-cli"}},
        "rules": [{"apiGroups": [group], "resources": list(kinds), "verbs": verbs} for group, kinds, verbs in RULES],
    }
    objects = {"clusterrole.yaml": role, **more}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(objects),
    }
    files = {f"{root}/{name}": [value] for name, value in objects.items()}
    return {**files, f"{root}/kustomization.yaml": [kustomization]}


def _namespace(team: str, where: str) -> dict[str, Any]:
    level = "restricted"
    found = _object("v1", "Namespace", where, "")
    found["metadata"]["labels"] = {
        "pod-security.kubernetes.io/audit": level,
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/enforce-version": "latest",
        "pod-security.kubernetes.io/warn": level,
        "toolkit.fluxcd.io/tenant": team,
    }
    found["metadata"]["annotations"] = dict(KEEP)
    return found


def _limits(where: str, defaults: Mapping[str, str]) -> dict[str, Any]:
    # Only a small default request: a `default` would act as a ceiling, and `max` alone as the request of all.
    limit = {"type": "Container", "defaultRequest": dict(defaults)}
    return _object("v1", "LimitRange", "defaults", where, spec={"limits": [limit]})


def _binding(team: str, where: str) -> dict[str, Any]:
    found = _object("rbac.authorization.k8s.io/v1", "RoleBinding", deployer(team), where)
    found["roleRef"] = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ROLE}
    found["subjects"] = [{"kind": "ServiceAccount", "name": deployer(team), "namespace": where}]
    return found


def _object(api: str, kind: str, name: str, where: str, *, spec: dict[str, Any] | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": where} if where else {"name": name}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **({"spec": spec} if spec else {})}
