"""Every line of a sum, container by container, with the rule of the API server or of a controller that applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.budget.claim import ClaimLine, claim, with_assumed
from atmos_cli.kube.pods import missing_requests, pod_requests
from atmos_cli.kube.quantity import ZERO, Quantity
from atmos_cli.kube.resource import identity, pod_template
from atmos_cli.kube.shape import mapping, mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from atmos_cli.budget.declared import Terms
    from atmos_cli.kube.resource import Resource


@dataclass(frozen=True, slots=True)
class ContainerShare:
    """One container, or what a pod has besides: its requests by name, and the rule by which they count."""

    name: str
    requests: Mapping[str, Quantity]
    rule: str


@dataclass(frozen=True, slots=True)
class Explained:
    """An object's line of the sum, and the containers that make what each of its pods asks for."""

    line: ClaimLine
    shares: tuple[ContainerShare, ...]


def explained(resources: Sequence[Resource], *, terms: Terms) -> tuple[Explained, ...]:
    """Explain a `claim` line by line; the shares of a pod add up to `line.each` by their rules."""
    templates = {identity(each): template[1] for each in resources if (template := pod_template(each)) is not None}
    found = claim(resources, terms=terms)
    return tuple(Explained(line, _shares(templates.get(line.resource), terms)) for line in found.lines)


def _shares(template: Resource | None, terms: Terms) -> tuple[ContainerShare, ...]:
    spec = mapping(template, "spec") if template else {}
    lacking = {name for name, _ in missing_requests(spec)} if terms.assumed and spec else set()
    if terms.assumed is not None and spec:
        spec = with_assumed(spec, terms.assumed)
    return tuple(_of_pod(spec, lacking, terms)) if spec else ()


def _of_pod(spec: dict[str, Any], lacking: set[str], terms: Terms) -> Iterator[ContainerShare]:
    sidecars: dict[str, Quantity] = {}
    for each in mappings(spec, "initContainers"):
        own = _alone(each)
        if each.get("restartPolicy") == "Always":
            sidecars = _plus(sidecars, own)
            yield ContainerShare(_name(each), own, f"sidecar: runs beside all that follows{_source(each, lacking)}")
        else:
            rule = "init container: counts when it, with the sidecars before it, needs more than the pod later does"
            yield ContainerShare(_name(each), _plus(sidecars, own), rule + _source(each, lacking))
    for each in mappings(spec, "containers"):
        yield ContainerShare(_name(each), _alone(each), f"container{_source(each, lacking)}")
    level = mapping(spec, "resources", "requests") or mapping(spec, "resources", "limits")
    if level:
        whole = pod_requests({key: value for key, value in spec.items() if key not in ("overhead", "runtimeClassName")})
        yield ContainerShare("(pod)", whole, "requests of the pod as a whole replace those of its containers")
    bare = {key: value for key, value in spec.items() if key in ("overhead", "runtimeClassName")}
    overhead = pod_requests(bare, overhead_classes=terms.overheads) if bare else {}
    if overhead:
        yield ContainerShare(
            "(overhead)", overhead, f"overhead of RuntimeClass {spec.get('runtimeClassName', '')}".rstrip()
        )


def _alone(container: dict[str, Any]) -> dict[str, Quantity]:
    return pod_requests({"containers": [container]})


def _source(container: dict[str, Any], lacking: set[str]) -> str:
    resources = mapping(container, "resources")
    requests, limits = mapping(resources, "requests"), mapping(resources, "limits")
    defaulted = sorted(set(limits) - set(requests))
    said = f"; {', '.join(defaulted)} from its limit" if defaulted else ""
    return said + ("; without a request, counted as the budget says" if _name(container) in lacking else "")


def _plus(left: Mapping[str, Quantity], right: Mapping[str, Quantity]) -> dict[str, Quantity]:
    return {name: left.get(name, ZERO) + right.get(name, ZERO) for name in {**left, **right}}


def _name(container: Mapping[str, Any]) -> str:
    return str(container.get("name", ""))
