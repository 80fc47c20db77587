"""What operators make of their custom resources: known for CloudNativePG, said to be unknown for others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.budget.replicas import Pods
from atmos_cli.budget.storage import service_ports
from atmos_cli.kube.quantity import ZERO, Quantity
from atmos_cli.kube.resource import identity
from atmos_cli.kube.shape import at, mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from atmos_cli.kube.resource import Resource

# The sources that atmos writes lead to this repo, and these trees of it are what a budget sums.
OWN_SOURCES = ("flux-system", "gitops")
COUNTED = ("apps", "tenants", "infrastructure", "clusters", "delivery")
# The size that the tenants' LimitRange gives to a container without one, as the sidecars of plugins are.
SIDECAR = {"cpu": "50m", "memory": "64Mi"}


@dataclass(frozen=True, slots=True)
class Made:
    """Pods of one template, with volume claims for each, and what there is once."""

    template: Resource
    pods: Pods
    claims: tuple[Resource, ...] = ()
    fixed: Mapping[str, Quantity] = field(default_factory=dict)


def postgres(resource: Resource) -> Made:
    """CloudNativePG runs one pod per instance and replaces them in place; each has its volumes for data and log."""
    spec = mapping(resource, "spec")
    instances = spec.get("instances", 1)
    known = isinstance(instances, int) and not isinstance(instances, bool) and 0 < instances < 1000
    count = instances if known else 1
    containers = [{"name": "postgres", "resources": spec.get("resources") or {}}]
    plugins = spec.get("plugins")
    for plugin in plugins if isinstance(plugins, list) else ():
        if mapping(plugin).get("enabled", True):
            name = f"plugin-{mapping(plugin).get('name', '')}"
            containers.append({"name": name, "resources": {"requests": dict(SIDECAR)}})
    unknown = "" if known else "`spec.instances` is no number of instances"
    pods = Pods(count, count, count, unknown, f"instances {count}, replaced in place")
    spaces = spec.get("tablespaces")
    volumes = [spec.get("storage"), spec.get("walStorage")]
    volumes += [at(each, "storage") for each in (spaces if isinstance(spaces, list) else ())]
    claims = tuple(_volume(each) for each in volumes if isinstance(each, dict))
    return Made({"spec": {"containers": containers}}, pods, claims, _services(spec))


def _volume(written: dict[str, Any]) -> Resource:
    template = mapping(written, "pvcTemplate")
    requests = mapping(template, "resources", "requests")
    size = written["size"] if written.get("size") is not None else requests.get("storage", "0")
    name = written.get("storageClass", template.get("storageClassName"))
    return {"spec": {"storageClassName": name, "resources": {"requests": {"storage": size}}}}


def _services(spec: Mapping[str, Any]) -> dict[str, Quantity]:
    listed = at(spec, "managed", "services", "additional")
    found: dict[str, Quantity] = {}
    for each in listed if isinstance(listed, list) else ():
        service = mapping(each, "serviceTemplate", "spec")
        for name, amount in service_ports({"ports": [{}], **service}).items():
            found[name] = found.get(name, ZERO) + amount
    return found


OPERATED: dict[tuple[str, str], Callable[[Resource], Made]] = {("postgresql.cnpg.io", "Cluster"): postgres}


def unseen(resource: Resource) -> str:
    """Why what a custom resource runs cannot be known; empty for one that says that it runs nothing."""
    who = identity(resource)
    spec = mapping(resource, "spec")
    if who.kind == "VerticalPodAutoscaler":
        off = at(spec, "updatePolicy", "updateMode") == "Off"
        target = mapping(spec, "targetRef").get("name", "its target")
        return "" if off else f"it changes the requests of {target} as it sees fit"
    if (who.group, who.kind) == ("kustomize.toolkit.fluxcd.io", "Kustomization"):
        source, path = at(spec, "sourceRef", "name"), str(spec.get("path", ""))
        if source not in OWN_SOURCES:
            return f"it applies manifests of another source, `{source}`"
        known = path.removeprefix("./").split("/")[0] in COUNTED
        return "" if known else f"it applies `{path}`, which is in none of {', '.join(COUNTED)}"
    if who.group == "argoproj.io" and who.kind in ("AnalysisTemplate", "ClusterAnalysisTemplate"):
        return "it runs Jobs of its own" if _runs_jobs(spec) else ""
    if (who.group, who.kind) == ("helm.toolkit.fluxcd.io", "HelmRelease"):
        return "what its chart runs does not stand in Git"
    return f"what a {who.kind} runs is decided by its operator"


def _runs_jobs(spec: Mapping[str, Any]) -> bool:
    metrics = spec.get("metrics")
    listed = metrics if isinstance(metrics, list) else []
    return any("job" in mapping(each, "provider") for each in listed)
