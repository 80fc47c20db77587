"""What effective manifests ask for: exact, line by line; what cannot be known is said, never counted as zero."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.budget.replicas import Pods, mapping, pods
from atmos_cli.diagnostics import AtmosError, Diagnostic, Location
from atmos_cli.kube.pods import missing_requests, pod_limits, pod_requests
from atmos_cli.kube.quantity import ZERO, Quantity, parse
from atmos_cli.kube.resource import Identity, group_version, identity, pod_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
SCALERS = {("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject")}
NO_PODS = Pods(0, 0, 0)
ONE = parse(1)


@dataclass(frozen=True, slots=True)
class Line:
    """One object's share: what each pod asks for, how many pods, and what the object asks for whatever its pods do.

    `missing` are (container, "cpu" or "memory") without a request; `unknown` says why the numbers are too low.
    """

    resource: Identity
    pods: Pods
    each: Mapping[str, Quantity]
    fixed: Mapping[str, Quantity]
    missing: tuple[tuple[str, str], ...] = ()
    unknown: str = ""

    def total(self, count: Count) -> dict[str, Quantity]:
        number = {"steady": self.pods.steady, "peak": self.pods.peak, "rollout": self.pods.rollout}[count]
        return added(({name: amount * number for name, amount in self.each.items()}, self.fixed))


@dataclass(frozen=True, slots=True)
class Claim:
    lines: tuple[Line, ...]

    def total(self, count: Count) -> dict[str, Quantity]:
        """Sums by dimension (`requests.cpu`, `pods`, …), as a ResourceQuota would count them."""
        return added(line.total(count) for line in self.lines)


def claim(resources: Sequence[Resource]) -> Claim:
    """Raises AtmosError with an ATM408 for every quantity that is none; `where.resource` says of which object."""
    scalers = {target: resource for resource in resources if (target := _scaled(resource)) is not None}
    lines: list[Line] = []
    wrong: list[Diagnostic] = []
    for resource in resources:
        try:
            lines += _lines(resource, scalers)
        except AtmosError as error:
            wrong += [_of(resource, each) for each in error.diagnostics]
    if wrong:
        raise AtmosError(*wrong)
    return Claim(tuple(lines))


def added(totals: Iterable[Mapping[str, Quantity]]) -> dict[str, Quantity]:
    """The sum of several totals, dimension by dimension."""
    sums: dict[str, Quantity] = {}
    for each in totals:
        for name, amount in each.items():
            sums[name] = sums.get(name, ZERO) + amount
    return sums


def _of(resource: Resource, problem: Diagnostic) -> Diagnostic:
    place = problem.where or Location("")
    who = str(identity(resource))
    return replace(problem, message=f"{who}: {problem.message}", where=replace(place, resource=who))


def _scaled(resource: Resource) -> tuple[str, str] | None:
    """The (kind, name) that an autoscaler scales; None for anything else."""
    if (group_version(resource)[0], resource.get("kind")) not in SCALERS:
        return None
    target = mapping(mapping(resource.get("spec")).get("scaleTargetRef"))
    return str(target.get("kind", "Deployment")), str(target.get("name", ""))


def _lines(resource: Resource, scalers: Mapping[tuple[str, str], Resource]) -> Iterator[Line]:
    who = identity(resource)
    spec = mapping(resource.get("spec"))
    template = pod_template(resource)
    if template is not None:
        pod = mapping(template[1].get("spec"))
        count = pods(resource, scaler=scalers.get((who.kind, who.name)))
        fixed = _claims(spec, count.peak) if who.kind == "StatefulSet" else {}
        yield Line(who, count, _each(pod), fixed, tuple(missing_requests(pod)), unknown=count.unknown)
    elif (who.group, who.kind) == ("", "PersistentVolumeClaim"):
        yield Line(who, NO_PODS, {}, _storage(spec, 1))
    elif (who.group, who.kind) == ("", "Service"):
        yield from _service(spec, who)
    elif (who.group, who.kind) == ("postgresql.cnpg.io", "Cluster"):
        yield _database(spec, who)
    elif not _asks_nothing(who):
        yield Line(who, NO_PODS, {}, {}, unknown=f"what a {who.kind} runs is decided by its operator")


def _asks_nothing(who: Identity) -> bool:
    if who.group not in WITHOUT_PODS:
        return False
    kinds = WITHOUT_PODS[who.group]
    return kinds is None or who.kind in kinds


def _each(pod: Mapping[str, Any]) -> dict[str, Quantity]:
    each = {f"requests.{name}": amount for name, amount in pod_requests(pod).items()}
    each |= {f"limits.{name}": amount for name, amount in pod_limits(pod).items()}
    return {**each, "pods": ONE}


def _claims(spec: Mapping[str, Any], replicas: int) -> dict[str, Quantity]:
    templates = spec.get("volumeClaimTemplates")
    found = templates if isinstance(templates, list) else []
    return added(_storage(mapping(mapping(template).get("spec")), replicas) for template in found)


def _storage(spec: Mapping[str, Any], count: int) -> dict[str, Quantity]:
    """In whole bytes, rounded up, as ResourceQuota counts them; null is zero to the API server."""
    size = mapping(mapping(spec.get("resources")).get("requests")).get("storage")
    amount = ZERO if size is None else parse(size).to_whole()
    return {"requests.storage": amount * count, "persistentvolumeclaims": ONE * count}


def _service(spec: Mapping[str, Any], who: Identity) -> Iterator[Line]:
    given, kind = spec.get("ports"), spec.get("type")
    ports = [mapping(port) for port in given] if isinstance(given, list) else []
    fixed: dict[str, Quantity] = {}
    if kind == "LoadBalancer":
        fixed["services.loadbalancers"] = ONE
    if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
        ports = [port for port in ports if port.get("nodePort")]
    if kind in ("LoadBalancer", "NodePort") and ports:
        fixed["services.nodeports"] = ONE * len(ports)
    if fixed:
        yield Line(who, NO_PODS, {}, fixed)


def _database(spec: Mapping[str, Any], who: Identity) -> Line:
    """CloudNativePG makes one pod and one claim (two with a WAL volume) for each instance; replaces them in place."""
    given = spec.get("instances", 1)
    instances = given if isinstance(given, int) and not isinstance(given, bool) and given > 0 else 1
    pod = {"containers": [{"name": "postgres", "resources": spec.get("resources")}]}
    sizes = [mapping(spec.get(name)).get("size") for name in ("storage", "walStorage")]
    volumes = [{"resources": {"requests": {"storage": size}}} for size in sizes if size is not None]
    fixed = added(_storage(volume, instances) for volume in volumes)
    return Line(who, Pods(instances, instances, instances), _each(pod), fixed, tuple(missing_requests(pod)))
