"""What effective manifests ask for: exact, line by line; what cannot be known is reported, never counted as zero."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.budget import storage
from atmos_cli.budget.declared import Terms
from atmos_cli.budget.kinds import INJECTORS, NAMESPACE_INJECTORS, asks_nothing, injected
from atmos_cli.budget.operators import made, unseen
from atmos_cli.budget.progressive import Movers, counted, given_up, movers, moves, scaled_name, template_of
from atmos_cli.budget.replicas import Pods, pods, scaled_jobs
from atmos_cli.diagnostics import AtmosError, Diagnostic, Location
from atmos_cli.kube.operators import OPERATED
from atmos_cli.kube.pods import missing_requests, pod_limits, pod_requests
from atmos_cli.kube.quantity import ZERO, Quantity, parse
from atmos_cli.kube.resource import Identity, identity, pod_template
from atmos_cli.kube.shape import mapping, mappings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from atmos_cli.budget.model import AssumedRequests, Count
    from atmos_cli.kube.resource import Resource

NO_PODS = Pods(0, 0, 0)
ONE = parse("1")


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One object's share: what each pod asks for, how many pods, and what the object asks for whatever its pods do.

    What is `unknown` has a `mark` that changes when the object does: a change of the unknown is unknown, too.
    `retained` is the part of `fixed` that stays in the cluster when the object is scaled down or removed.
    """

    resource: Identity
    pods: Pods
    each: Mapping[str, Quantity]
    fixed: Mapping[str, Quantity]
    missing: tuple[str, ...] = ()
    unknown: str = ""
    mark: str = ""
    retained: Mapping[str, Quantity] = field(default_factory=dict)

    def total(self, count: Count) -> dict[str, Quantity]:
        number = {"steady": self.pods.steady, "peak": self.pods.peak, "rollout": self.pods.rollout}[count]
        return added([{name: amount * number for name, amount in self.each.items()}, self.fixed])


@dataclass(frozen=True, slots=True)
class Claim:
    lines: tuple[ClaimLine, ...]

    def total(self, count: Count) -> dict[str, Quantity]:
        """Return the sums by dimension (`requests.cpu`, `pods`, …), as a ResourceQuota would count them."""
        return added(line.total(count) for line in self.lines)

    @property
    def unknown(self) -> tuple[tuple[str, str], ...]:
        """Return (`Kind/name: why`, mark) for everything that cannot be known."""
        return tuple((f"{line.resource}: {line.unknown}", line.mark) for line in self.lines if line.unknown)


def claim(resources: Sequence[Resource], *, terms: Terms | None = None) -> Claim:
    """Sum what `resources` ask for. Raises AtmosError with an ATM408, by `where.resource`, per invalid quantity."""
    scalers: dict[tuple[str, str, str], Resource] = {}
    for resource in resources:
        target = _scaled(resource)
        if target is not None and _most(resource) >= _most(scalers.get(target)):
            scalers[target] = resource
    known = terms or Terms()
    moved = movers(resources)
    lines: list[ClaimLine] = []
    wrong: list[Diagnostic] = []
    for resource in resources:
        try:
            lines += _lines(resource, scalers, moved, known)
        except AtmosError as error:
            wrong += [_of(resource, each) for each in error.diagnostics]
    if wrong:
        raise AtmosError(*wrong)
    return Claim(tuple(lines))


def _of(resource: Resource, problem: Diagnostic) -> Diagnostic:
    place = problem.where or Location("")
    who = str(identity(resource))
    return replace(problem, message=f"{who}: {problem.message}", where=replace(place, resource=who))


def _scaled(resource: Resource) -> tuple[str, str, str] | None:
    """Return the namespace, kind and name that an autoscaler scales; None for anything else."""
    who = identity(resource)
    if (who.group, who.kind) not in (("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject")):
        return None
    target = mapping(resource, "spec", "scaleTargetRef")
    return who.namespace, str(target.get("kind") or "Deployment"), str(target.get("name", ""))


def _most(scaler: Resource | None) -> int:
    return -1 if scaler is None else pods({"kind": "StatefulSet"}, scaler=scaler).peak


def _lines(
    resource: Resource, scalers: Mapping[tuple[str, str, str], Resource], moved: Movers, terms: Terms
) -> Iterator[ClaimLine]:
    who = identity(resource)
    template = pod_template(resource)
    operated = OPERATED.get((who.group, who.kind))
    if template is not None:
        nodes = terms.budget.assume.node_count(who.name) if terms.budget and who.kind == "DaemonSet" else None
        count = pods(resource, scaler=scalers.get((who.namespace, who.kind, who.name)), nodes=nodes)
        count = given_up(who, count, moved)
        line = workload(who, template[1], count, terms=terms, claims=mappings(resource, "spec", "volumeClaimTemplates"))
        yield replace(line, retained=line.fixed) if _retains(resource) else line
    elif moves(who) and (shared := template_of(resource, moved)) is not None:
        count = counted(resource, moved, scaler=scalers.get(scaled_name(resource)))
        yield workload(who, shared, count, terms=terms)
    elif (who.group, who.kind) == ("keda.sh", "ScaledJob"):
        spec = mapping(resource, "spec")
        yield workload(who, mapping(spec, "jobTargetRef", "template"), scaled_jobs(spec), terms=terms)
    elif operated is not None and operated.runs is not None:
        run = made(resource, operated.runs)
        yield workload(who, run.template, run.pods, terms=terms, claims=run.claims, fixed=run.fixed)
    elif who.kind == "PersistentVolumeClaim" and not who.group:
        fixed, problem = storage.claimed([resource], terms)
        yield ClaimLine(who, NO_PODS, {}, fixed, unknown=problem)
    elif who.kind == "Service" and not who.group:
        if fixed := storage.service_ports(mapping(resource, "spec")):
            yield ClaimLine(who, NO_PODS, {}, fixed)
    elif who.kind == "Namespace" and not who.group:
        if switch := injected(resource.get("metadata"), NAMESPACE_INJECTORS):
            yield ClaimLine(
                who, NO_PODS, {}, {}, unknown=f"`{switch}` adds a sidecar to every pod, which Git does not show"
            )
    elif problem := "" if asks_nothing(who) else unseen(resource):
        yield ClaimLine(who, NO_PODS, {}, {}, unknown=problem, mark=_mark(resource.get("spec")))


def _mark(spec: Any) -> str:
    return hashlib.sha256(json.dumps(spec, sort_keys=True, default=str).encode()).hexdigest()[:16]


def workload(
    who: Identity,
    template: Resource,
    count: Pods,
    *,
    terms: Terms,
    claims: Sequence[Resource] = (),
    fixed: Mapping[str, Quantity] | None = None,
) -> ClaimLine:
    """Return the share of `count` pods made from `template`, each with a claim of its own for each of `claims`."""
    spec = mapping(template, "spec")
    missing = missing_requests(spec)
    if terms.assumed is not None and missing:
        spec, missing = with_assumed(spec, terms.assumed), []
    each = {f"requests.{name}": amount for name, amount in pod_requests(spec, overhead_classes=terms.overheads).items()}
    each |= {f"limits.{name}": amount for name, amount in pod_limits(spec, overhead_classes=terms.overheads).items()}
    each["pods"] = ONE
    own, problem = storage.claimed(storage.ephemeral(spec), terms)
    kept, kept_problem = storage.claimed(claims, terms)
    # Claims of a StatefulSet are retained when it is scaled down: as many as it ever had pods.
    whole = added([{name: amount * count.peak for name, amount in kept.items()}, fixed or {}])
    switch = injected(template.get("metadata"), INJECTORS)
    sidecar = f"`{switch}` has a sidecar injected, which Git does not show" if switch else ""
    overhead = _unknown_runtime(spec, terms)
    unknown = count.unknown or sidecar or overhead or problem or kept_problem
    unrequested = tuple(f"container `{name}` has no {resource} request" for name, resource in missing)
    mark = _mark([str(count), *(f"{name} {amount.nano}" for name, amount in sorted(each.items()))]) if unknown else ""
    per_pod = added([each, own])
    return ClaimLine(who, count, per_pod, fixed=whole, missing=unrequested, unknown=unknown, mark=mark)


def with_assumed(spec: Mapping[str, Any], assumed: AssumedRequests) -> dict[str, Any]:
    """Return `spec` with a request for each container without request or limit, as a LimitRange would fill it."""
    values = {"cpu": assumed.cpu, "memory": assumed.memory}
    result = dict(spec)
    level = mapping(spec, "resources")
    for key in ("initContainers", "containers"):
        listed = spec.get(key)
        if isinstance(listed, list):
            result[key] = [_filled(each, values, level) if isinstance(each, dict) else each for each in listed]
    return result


def _filled(container: dict[str, Any], values: Mapping[str, str], level: Mapping[str, Any]) -> dict[str, Any]:
    resources = mapping(container, "resources")
    requests, limits = mapping(resources, "requests"), mapping(resources, "limits")
    covered = {*requests, *limits, *mapping(level, "requests"), *mapping(level, "limits")}
    added_ones = {name: value for name, value in values.items() if name not in covered}
    return {**container, "resources": {**resources, "requests": {**added_ones, **requests}}}


def _unknown_runtime(spec: Mapping[str, Any], terms: Terms) -> str:
    name = spec.get("runtimeClassName")
    if isinstance(name, str) and name and name not in terms.overheads and "overhead" not in spec:
        return f"the overhead of RuntimeClass `{name}` is not declared (`assume.runtimeClasses`)"
    return ""


def _retains(resource: Resource) -> bool:
    policy = mapping(resource, "spec", "persistentVolumeClaimRetentionPolicy")
    return resource.get("kind") == "StatefulSet" and "Delete" not in (
        policy.get("whenScaled"),
        policy.get("whenDeleted"),
    )


def left_behind(before: Claim | None, after: Claim | None) -> dict[str, Quantity]:
    """Return what objects of `before` keep although `after` asks for less: volumes that are not deleted."""
    now = {line.resource: line.fixed for line in after.lines} if after else {}
    found = []
    for line in before.lines if before else ():
        rest = {name: amount - now.get(line.resource, {}).get(name, ZERO) for name, amount in line.retained.items()}
        found.append({name: amount for name, amount in rest.items() if amount > ZERO})
    return added(found)


def added(claims: Iterable[Mapping[str, Quantity]]) -> dict[str, Quantity]:
    """Return the sum of several totals, dimension by dimension."""
    sums: dict[str, Quantity] = {}
    for each in claims:
        for name, amount in each.items():
            sums[name] = sums.get(name, ZERO) + amount
    return sums
