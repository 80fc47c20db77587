"""What operators run for their custom resources: known for those that `kube/operators` describes, else unknown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.budget.replicas import Pods
from atmos_cli.budget.storage import service_ports
from atmos_cli.kube.quantity import ZERO, Quantity
from atmos_cli.kube.resource import identity
from atmos_cli.kube.shape import at, mapping, mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.kube.operators import Runs
    from atmos_cli.kube.resource import Resource
    from atmos_cli.kube.shape import Path

# The sources that atmos writes lead to this repo, and these trees of it are what a budget sums.
OWN_SOURCES = ("flux-system", "gitops")
COUNTED = ("apps", "tenants", "infrastructure", "clusters", "delivery")
# The size that the tenants' LimitRange sets for a container without one, such as the sidecars of plugins.
SIDECAR = {"cpu": "50m", "memory": "64Mi"}


@dataclass(frozen=True, slots=True)
class Made:
    """Pods of one template, with volume claims for each, and what there is once."""

    template: Resource
    pods: Pods
    claims: tuple[Resource, ...] = ()
    fixed: Mapping[str, Quantity] = field(default_factory=dict)


def made(resource: Resource, runs: Runs) -> Made:
    """Return what an operator runs for `resource`: one pod per instance, each with its volumes."""
    instances = at(resource, *runs.instances)
    known = instances is None or (
        isinstance(instances, int) and not isinstance(instances, bool) and 0 < instances < 1000
    )
    count = instances if known and instances else 1
    containers = [{"name": runs.container, "resources": at(resource, *runs.resources) or {}}]
    for plugin in mappings(resource, *runs.sidecars) if runs.sidecars else ():
        if plugin.get("enabled", True):
            name = f"plugin-{plugin.get('name', '')}"
            containers.append({"name": name, "resources": {"requests": dict(SIDECAR)}})
    unknown = "" if known else f"`{'.'.join(map(str, runs.instances))}` is no number of instances"
    pods = Pods(count, count, count, unknown=unknown, why=f"instances {count}, replaced in place")
    claims = tuple(_claim(each, runs) for path in runs.volumes for each in _each(resource, path))
    return Made({"spec": {"containers": containers}}, pods, claims, _services(resource, runs))


def _each(node: Any, path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects at `path`, where a step `*` means every item of a list."""
    if "*" in path:
        star = path.index("*")
        for item in mappings(node, *path[:star]):
            yield from _each(item, path[star + 1 :])
    elif isinstance(found := at(node, *path), dict):
        yield found


def _claim(volume: dict[str, Any], runs: Runs) -> Resource:
    size, storage_class = (
        next((found for path in paths if (found := at(volume, *path)) is not None), None)
        for paths in (runs.sizes, runs.classes)
    )
    return {"spec": {"storageClassName": storage_class, "resources": {"requests": {"storage": size or "0"}}}}


def _services(resource: Resource, runs: Runs) -> dict[str, Quantity]:
    found: dict[str, Quantity] = {}
    for each in mappings(resource, *runs.services) if runs.services else ():
        service = mapping(each, "serviceTemplate", "spec")
        for name, amount in service_ports({"ports": [{}], **service}).items():
            found[name] = found.get(name, ZERO) + amount
    return found


def unseen(resource: Resource) -> str:
    """Return why what a custom resource runs cannot be known; empty for one that says that it runs nothing."""
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
    return any("job" in mapping(each, "provider") for each in mappings(spec, "metrics"))
