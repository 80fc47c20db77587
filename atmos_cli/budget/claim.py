"""What a set of effective manifests asks for: exact, line by line; what cannot be known is said, never counted as zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.budget.replicas import Pods, pods
from atmos_cli.kube.pods import missing_requests, pod_limits, pod_requests
from atmos_cli.kube.quantity import Quantity, parse
from atmos_cli.kube.resource import Identity, group_version, identity, pod_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from atmos_cli.budget.model import Count
    from atmos_cli.kube.resource import Resource

# Kinds that ask for nothing by themselves, by group; every other kind may make pods behind our back.
WITHOUT_PODS = {
    "": None,
    "rbac.authorization.k8s.io": None,
    "networking.k8s.io": None,
    "policy": None,
    "autoscaling": None,
    "gateway.networking.k8s.io": None,
    "external-secrets.io": None,
    "generators.external-secrets.io": None,
    "bitnami.com": None,
    "cert-manager.io": None,
    "apiextensions.k8s.io": None,
    "admissionregistration.k8s.io": None,
    "scheduling.k8s.io": None,
    "storage.k8s.io": None,
    "monitoring.coreos.com": frozenset({"PodMonitor", "ServiceMonitor", "PrometheusRule", "Probe"}),
    "keda.sh": frozenset({"ScaledObject", "TriggerAuthentication", "ClusterTriggerAuthentication"}),
    "postgresql.cnpg.io": frozenset({"ScheduledBackup", "Database", "ImageCatalog", "Publication", "Subscription"}),
}
ZERO = parse("0")


@dataclass(frozen=True, slots=True)
class Line:
    """One object's share: what each pod asks for, how many pods, and what the object asks for whatever its pods do."""

    resource: Identity
    pods: Pods
    each: Mapping[str, Quantity]
    fixed: Mapping[str, Quantity]
    missing: tuple[str, ...] = ()
    unknown: str = ""

    def total(self, count: Count) -> dict[str, Quantity]:
        number = {"steady": self.pods.steady, "peak": self.pods.peak, "rollout": self.pods.rollout}[count]
        found = {name: amount * number for name, amount in self.each.items()}
        for name, amount in self.fixed.items():
            found[name] = found.get(name, ZERO) + amount
        return found


@dataclass(frozen=True, slots=True)
class Claim:
    lines: tuple[Line, ...]

    def total(self, count: Count) -> dict[str, Quantity]:
        """Sums by dimension (`requests.cpu`, `pods`, …), as a ResourceQuota would count them."""
        sums: dict[str, Quantity] = {}
        for line in self.lines:
            for name, amount in line.total(count).items():
                sums[name] = sums.get(name, ZERO) + amount
        return sums


def claim(resources: Sequence[Resource]) -> Claim:
    """Raises AtmosError ATM408 for a quantity that is none."""
    scalers = {_scaled(resource): resource for resource in resources if _scaled(resource)}
    return Claim(tuple(line for resource in resources for line in _lines(resource, scalers)))


def _scaled(resource: Resource) -> tuple[str, str]:
    """The (kind, name) that an autoscaler scales; empty names for anything else."""
    if resource.get("kind") in ("HorizontalPodAutoscaler", "ScaledObject"):
        target = (resource.get("spec") or {}).get("scaleTargetRef") or {}
        return str(target.get("kind", "Deployment")), str(target.get("name", ""))
    return ()  # type: ignore[return-value]


def _lines(resource: Resource, scalers: Mapping[tuple[str, str], Resource]) -> Iterable[Line]:
    who = identity(resource)
    template = pod_template(resource)
    if template is not None:
        spec = template[1].get("spec")
        spec = spec if isinstance(spec, dict) else {}
        count = pods(resource, scaler=scalers.get((who.kind, who.name)))
        each = {f"requests.{name}": amount for name, amount in pod_requests(spec).items()}
        each |= {f"limits.{name}": amount for name, amount in pod_limits(spec).items()}
        each["pods"] = parse("1")
        fixed = _claims(resource, count.peak)
        yield Line(who, count, each, fixed, tuple(missing_requests(spec)), unknown=count.unknown)
    elif who.kind == "PersistentVolumeClaim" and not who.group:
        yield Line(who, Pods(0, 0, 0), {}, _storage(resource.get("spec"), 1))
    elif who.kind == "Service" and not who.group:
        yield from _service(resource, who)
    elif (who.group, who.kind) == ("postgresql.cnpg.io", "Cluster"):
        yield _database(resource, who)
    elif not _asks_nothing(who):
        yield Line(who, Pods(0, 0, 0), {}, {}, unknown=f"what a {who.kind} runs is decided by its operator")


def _asks_nothing(who: Identity) -> bool:
    if who.group not in WITHOUT_PODS:
        return False
    kinds = WITHOUT_PODS[who.group]
    return kinds is None or who.kind in kinds


def _claims(resource: Resource, replicas: int) -> dict[str, Quantity]:
    spec = resource.get("spec")
    templates = spec.get("volumeClaimTemplates") if isinstance(spec, dict) else None
    found: dict[str, Quantity] = {}
    for template in templates if isinstance(templates, list) else ():
        for name, amount in _storage(template.get("spec"), replicas).items():
            found[name] = found.get(name, ZERO) + amount
    return found


def _storage(spec: Any, count: int) -> dict[str, Quantity]:
    spec = spec if isinstance(spec, dict) else {}
    size = parse(((spec.get("resources") or {}).get("requests") or {}).get("storage", "0"))
    return {"requests.storage": size * count, "persistentvolumeclaims": parse("1") * count}


def _service(resource: Resource, who: Identity) -> Iterable[Line]:
    spec = resource.get("spec") or {}
    ports = spec.get("ports") or []
    kind = spec.get("type", "ClusterIP")
    fixed: dict[str, Quantity] = {}
    if kind == "LoadBalancer":
        fixed["services.loadbalancers"] = parse("1")
    if kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True)):
        fixed["services.nodeports"] = parse("1") * len(ports)
    if fixed:
        yield Line(who, Pods(0, 0, 0), {}, fixed)


def _database(resource: Resource, who: Identity) -> Line:
    """CloudNativePG makes one pod and one claim (two with a WAL volume) for each instance; replaces them in place."""
    spec = resource.get("spec") or {}
    instances = spec.get("instances", 1)
    instances = instances if isinstance(instances, int) else 1
    container = {"name": "postgres", "resources": spec.get("resources") or {}}
    each = {f"requests.{name}": amount for name, amount in pod_requests({"containers": [container]}).items()}
    each |= {f"limits.{name}": amount for name, amount in pod_limits({"containers": [container]}).items()}
    each["pods"] = parse("1")
    fixed: dict[str, Quantity] = {}
    for volume in ("storage", "walStorage"):
        size = (spec.get(volume) or {}).get("size")
        if size is not None:
            found = _storage({"resources": {"requests": {"storage": size}}}, instances)
            fixed = {name: fixed.get(name, ZERO) + amount for name, amount in found.items()}
    missing = tuple(missing_requests({"containers": [container]}))
    return Line(who, Pods(instances, instances, instances), each, fixed, missing)


def added(claims: Iterable[Mapping[str, Quantity]]) -> dict[str, Quantity]:
    """The sum of several totals, dimension by dimension."""
    sums: dict[str, Quantity] = {}
    for each in claims:
        for name, amount in each.items():
            sums[name] = sums.get(name, ZERO) + amount
    return sums
