"""What one pod asks for, as the scheduler and ResourceQuota count it (component-helpers `PodRequests`, `PodLimits`)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location
from atmos_cli.kube.quantity import ZERO, Quantity, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Resources = dict[str, Quantity]


def pod_requests(
    pod_spec: Mapping[str, Any], *, overhead_classes: Mapping[str, Mapping[str, Any]] | None = None
) -> Resources:
    """Return the requests of a pod by resource name, after the API server's defaulting; unrequested names are absent.

    `overhead_classes` holds the overhead of each RuntimeClass by its name. Raises AtmosError (ATM408) for every
    amount that cannot be read, its `where.field` relative to the pod's spec.
    """
    pod = _stored(_read(pod_spec, overhead_classes or {}))
    requests = {**_aggregate(pod, "requests"), **_supported(pod.level.requests)}
    return _plus(requests, pod.overhead)


def pod_limits(
    pod_spec: Mapping[str, Any], *, overhead_classes: Mapping[str, Mapping[str, Any]] | None = None
) -> Resources:
    """Return the limits of a pod by resource name, as `pod_requests`; overhead adds only to nonzero limits."""
    pod = _stored(_read(pod_spec, overhead_classes or {}))
    limits = {**_aggregate(pod, "limits"), **_supported(pod.level.limits)}
    return _plus(limits, {name: amount for name, amount in pod.overhead.items() if limits.get(name, ZERO).nano})


def missing_requests(pod_spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (container, "cpu" or "memory") for each without request or limit, on it or on the pod."""
    pod = _read(pod_spec, {})
    level = pod.level.requests.keys() | pod.level.limits.keys()
    return [
        (container.name, name)
        for container in (*pod.init_containers, *pod.containers)
        for name in ("cpu", "memory")
        if name not in container.requests and name not in level
    ]


@dataclass(frozen=True, slots=True)
class _Container:
    """One container. `requests` include the limits that replace missing ones. A sidecar runs beside what follows it."""

    name: str = ""
    requests: Resources = field(default_factory=dict)
    limits: Resources = field(default_factory=dict)
    sidecar: bool = False


@dataclass(frozen=True, slots=True)
class _Pod:
    containers: tuple[_Container, ...]
    init_containers: tuple[_Container, ...]
    level: _Container
    overhead: Resources


def _aggregate(pod: _Pod, kind: str) -> Resources:
    """Return the larger of what runs together and the greediest moment of start-up, name by name."""
    together: Resources = {}
    sidecars: Resources = {}
    starting: Resources = {}
    for container in pod.containers:
        together = _plus(together, getattr(container, kind))
    for container in pod.init_containers:
        use = _plus(sidecars, getattr(container, kind))
        if container.sidecar:
            together = _plus(together, getattr(container, kind))
            sidecars = use
        starting = _larger(starting, use)
    return _larger(together, starting)


def _stored(pod: _Pod) -> _Pod:
    """Return the pod as Kubernetes 1.37 stores it: everything is rounded, then its own resources are defaulted."""
    containers, init_containers, (level,) = (
        tuple(replace(one, requests=_rounded(one.requests), limits=_rounded(one.limits)) for one in some)
        for some in (pod.containers, pod.init_containers, (pod.level,))
    )
    rounded = _Pod(containers, init_containers, level, _rounded(pod.overhead))
    return replace(rounded, level=_Container("", *_pod_level(rounded)))


def _pod_level(pod: _Pod) -> tuple[Resources, Resources]:
    """Return the pod's own requests and limits; where it has any, what its containers say counts as the rest of them.

    An older server leaves limits that its containers all have as they are, where the pod requests more than these.
    """
    requests, limits = pod.level.requests, pod.level.limits
    if not requests and not limits:
        return requests, limits
    within = _aggregate(pod, "limits")
    pages = {name: amount for name, amount in within.items() if name.startswith(_HUGE_PAGES) and name not in requests}
    limits = {**pages, **limits}
    asked = {name: amount for name, amount in _aggregate(pod, "requests").items() if name in ("cpu", "memory")}
    requests = {**limits, **asked, **requests}
    every = (*pod.containers, *pod.init_containers)
    limited = {name for name in within if all(name in one.limits for one in every)}
    most = {name: max(amount, within[name]) for name, amount in _supported(requests).items() if name in limited}
    return requests, {**most, **limits}


def _supported(resources: Resources) -> Resources:
    """Keep what a pod can request as a whole; other names count only in its containers."""
    return {
        name: amount for name, amount in resources.items() if name in ("cpu", "memory") or name.startswith(_HUGE_PAGES)
    }


def _rounded(resources: Resources) -> Resources:
    return {name: amount.to_milli() for name, amount in resources.items()}


def _plus(left: Resources, right: Resources) -> Resources:
    return {**left, **{name: left[name] + amount if name in left else amount for name, amount in right.items()}}


def _larger(left: Resources, right: Resources) -> Resources:
    return {**left, **{name: max(left.get(name, amount), amount) for name, amount in right.items()}}


def _read(pod_spec: Mapping[str, Any], overhead_classes: Mapping[str, Mapping[str, Any]]) -> _Pod:
    reader = _PodReader([])
    containers = tuple(reader.containers(pod_spec, "containers"))
    init_containers = tuple(reader.containers(pod_spec, "initContainers"))
    level = reader.resources(pod_spec.get("resources"), "resources")
    runtime_class = pod_spec.get("runtimeClassName")
    named = overhead_classes.get(runtime_class) if isinstance(runtime_class, str) else None
    overhead = reader.amounts(pod_spec.get("overhead") if named is None else named, "overhead")
    if reader.problems:
        raise AtmosError(*reader.problems)
    return _Pod(containers, init_containers, _Container("", *level), overhead)


@dataclass(frozen=True, slots=True)
class _PodReader:
    """Reads what it can and keeps every problem, so that all of them are reported together."""

    problems: list[Diagnostic]

    def containers(self, pod_spec: Mapping[str, Any], key: str) -> Iterator[_Container]:
        found = pod_spec.get(key)
        for index, container in enumerate(self._shaped(found, list, key)):
            at = f"{key}[{index}]"
            fields = self._shaped(container, dict, at)
            name = str(fields.get("name") or at)
            requests, limits = self.resources(fields.get("resources"), f"{at}.resources", name)
            yield _Container(name, {**limits, **requests}, limits, fields.get("restartPolicy") == "Always")

    def resources(self, found: Any, at: str, container: str = "") -> tuple[Resources, Resources]:
        fields = self._shaped(found, dict, at, container)
        requests = self.amounts(fields.get("requests"), f"{at}.requests", container)
        return requests, self.amounts(fields.get("limits"), f"{at}.limits", container)

    def amounts(self, found: Any, at: str, container: str = "") -> Resources:
        """Read amounts exactly as written; null is zero to the API server."""
        amounts = {}
        for name, text in self._shaped(found, dict, at, container).items():
            try:
                amount = ZERO if text is None else parse(text)
            except AtmosError as error:
                self._problem(f"{at}.{name}", container, error.diagnostics[0].message, error.diagnostics[0].hint)
                continue
            if amount < ZERO:
                self._problem(f"{at}.{name}", container, f"`{text}` is negative", "write an amount of 0 or more")
            amounts[str(name)] = amount
        return amounts

    def _shaped(self, found: Any, shape: type[dict[str, Any] | list[Any]], at: str, container: str = "") -> Any:
        if isinstance(found, shape):
            return found
        if found is not None:
            wanted = "a mapping" if shape is dict else "a list"
            self._problem(at, container, f"this is not {wanted}", f"write {wanted} below `{at.rpartition('.')[2]}:`")
        return shape()

    def _problem(self, at: str, container: str, message: str, hint: str) -> None:
        of = f" of container `{container}`" if container else ""
        where = Location("", field=at)
        self.problems.append(Diagnostic(Code.QUANTITY_INVALID, f"`{at}`{of}: {message}", where=where, hint=hint))


_HUGE_PAGES = "hugepages-"
