"""What is in the tenants' namespaces, and what two looks at it differ in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.proofs.engines_repo import ENVIRONMENTS, TEAMS
from tests.lab.proofs.engines_world import CNPG, GATEWAY, planes_of

if TYPE_CHECKING:
    from tests.lab.kube import Object
    from tests.lab.proofs.engines_world import World

KINDS = (
    ("v1", "ConfigMap"),
    ("v1", "LimitRange"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "ResourceQuota"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    (GATEWAY, "HTTPRoute"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("policy/v1", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    (CNPG, "Cluster"),
)
DATA = ("Cluster", "PersistentVolumeClaim")

Key = tuple[str, str, str]  # namespace, kind, name
Live = dict[Key, "Object"]


def live(world: World) -> Live:
    """Everything that is in the tenants' namespaces, without what Kubernetes itself puts or derives there."""
    found = {}
    tenants = {f"{team}-{environment}" for team in TEAMS for environment in ENVIRONMENTS}
    for plane in planes_of(world):
        for api_version, kind in KINDS:
            for resource in plane.kube.list(api_version, kind):
                metadata = resource["metadata"]
                if metadata["namespace"] in tenants and metadata["name"] not in ("kube-root-ca.crt", "default"):
                    found[metadata["namespace"], kind, metadata["name"]] = resource
    return found


def of_service(found: Live, team: str, service: str) -> Live:
    """The objects of one service in every environment, its database included."""
    return {
        key: resource
        for key, resource in found.items()
        if key[0].startswith(f"{team}-") and (key[2] == service or key[2].startswith(f"{service}-"))
    }


def essence(resource: Object) -> Object:
    """An object without its status, what the server assigns, and the marks of either engine."""
    metadata = resource["metadata"]
    spared = (
        "argocd.argoproj.io/tracking-id",
        "pv.kubernetes.io/",
        "volume.kubernetes.io/",
        "volume.beta.kubernetes.io/",
    )
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if not k.startswith(spared)}
    labels = {
        k: v for k, v in (metadata.get("labels") or {}).items() if not k.startswith("kustomize.toolkit.fluxcd.io/")
    }
    assigned = ("clusterIP", "clusterIPs", "volumeName") if resource["kind"] != "NetworkPolicy" else ()
    kept = {key: value for key, value in resource.items() if key not in ("metadata", "status", "spec")}
    spec = resource.get("spec")
    if isinstance(spec, dict):
        kept["spec"] = {key: value for key, value in spec.items() if key not in assigned or value == "None"}
    return {**kept, "metadata": {"name": metadata["name"], "labels": labels, "annotations": annotations}}


def essences(found: Live) -> dict[Key, Object]:
    return {key: essence(resource) for key, resource in found.items()}


def uids(found: Live) -> dict[Key, str]:
    return {key: str(resource["metadata"]["uid"]) for key, resource in found.items()}


def changed(before: Live, after: Live) -> set[Key]:
    """What came, went, was made anew, or is no longer what it was."""
    return {
        key
        for key in before.keys() | after.keys()
        if key not in before
        or key not in after
        or before[key]["metadata"]["uid"] != after[key]["metadata"]["uid"]
        or essence(before[key]) != essence(after[key])
    }
