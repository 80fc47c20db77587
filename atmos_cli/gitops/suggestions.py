"""What would fit instead: fewer replicas or a smaller size of the same service, found by making it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.budget.claim import claim
from atmos_cli.budget.evaluate import UNKNOWN
from atmos_cli.budget.prices import with_cost
from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.quantity import ZERO
from atmos_cli.kube.resource import identity, pod_template
from atmos_cli.spec.model import Scaling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from atmos_cli.budget.evaluate import LimitRow, Totals
    from atmos_cli.gitops.budgeting import Budgeted
    from atmos_cli.gitops.policy import Policy
    from atmos_cli.kube.resource import Resource
    from atmos_cli.spec.model import ServiceSpec

SIZES = ("xs", "s", "m", "l", "xl")


def suggestion(
    spec: ServiceSpec, judged: Budgeted, *, make: Callable[[ServiceSpec], Sequence[Resource]], policy: Policy
) -> str:
    """Say what would fit: `2 replicas fit`, `size s fits`, or that neither does; empty when nothing is over.

    `make` returns the effective objects of a spec in the environment that was judged.
    """
    over = [row for row in judged.rows if row.outcome in ("over", "denied") and row.dimension != UNKNOWN]
    if not over:
        return ""
    try:
        resources = make(spec)
        now = _asked(resources, judged, policy)
    except AtmosError:
        return ""

    def fits(other: ServiceSpec) -> bool:
        try:
            then = _asked(make(other), judged, policy)
        except AtmosError:
            return False
        return all(_after(row, now, then) <= row.limit.nano for row in over)

    ideas = []
    if (count := _replicas(spec, _most_pods(resources, spec), fits)) is not None:
        ideas.append(f"{count} replica{'s' * (count != 1)} fit{'s' * (count == 1)}")
    sizes = SIZES[: SIZES.index(spec.size)] if isinstance(spec.size, str) else ()
    smaller = next((size for size in reversed(sizes) if fits(spec.model_copy(update={"size": size}))), None)
    if smaller is not None:
        ideas.append(f"size {smaller} fits")
    return ", or ".join(ideas) or "neither fewer replicas nor a smaller size would fit"


def _after(row: LimitRow, now: Totals, then: Totals) -> int:
    return row.after.nano - now.get(row.dimension, ZERO).nano + then.get(row.dimension, ZERO).nano


def _asked(resources: Sequence[Resource], judged: Budgeted, policy: Policy) -> Totals:
    found = claim(resources, terms=policy.terms(judged.environment))
    return with_cost(found.total(judged.budget.count), judged.sheet)


def _most_pods(resources: Sequence[Resource], spec: ServiceSpec) -> int:
    """Return the replicas of the service's own workload, with its autoscaler at the maximum."""
    for resource in resources:
        if resource.get("kind") == "HorizontalPodAutoscaler":
            return int(resource["spec"]["maxReplicas"])
    for resource in resources:
        if pod_template(resource) is not None and identity(resource).name == spec.name:
            return int((resource.get("spec") or {}).get("replicas", 1))
    return 1


def _replicas(spec: ServiceSpec, now: int, fits: Callable[[ServiceSpec], bool]) -> int | None:
    """Return the most replicas below `now` that fit, by halving; None when not even one does."""
    low, high = 0, now
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(_with_replicas(spec, middle)) else (low, middle)
    return low or None


def _with_replicas(spec: ServiceSpec, count: int) -> ServiceSpec:
    bounds = spec.scaling or (Scaling() if "autoscaling" in spec.addons else None)
    if bounds is not None:
        fewer = bounds.model_copy(update={"max": count, "min": min(bounds.min, count)})
        return spec.model_copy(update={"scaling": fewer})
    return spec.model_copy(update={"replicas": count})
