"""Small manifests to count, and budgets to count them by."""

from __future__ import annotations

from typing import Any

from atmos_cli.budget.claim import claim
from atmos_cli.budget.declared import Terms
from atmos_cli.budget.digest import exact
from atmos_cli.budget.model import Budget, read_budget
from atmos_cli.yamlio.emit import emit


def budget(**fields: Any) -> Budget:
    value = {"environment": "dev", "limits": {"requests.cpu": {"limit": "4"}}, **fields}
    return read_budget(emit(value).encode(), environment="dev")


def container(name: str = "app", cpu: str | None = "100m", memory: str | None = "64Mi", **more: Any) -> dict[str, Any]:
    requests = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value is not None}
    return {"name": name, "resources": {"requests": requests}, **more}


def workload(
    kind: str = "Deployment", name: str = "app", *, pod: dict[str, Any] | None = None, **spec: Any
) -> dict[str, Any]:
    group = {"Job": "batch/v1", "CronJob": "batch/v1"}.get(kind, "apps/v1")
    template = {"metadata": {}, "spec": pod or {"containers": [container()]}}
    inner: dict[str, Any] = {"template": template, **spec}
    if kind == "CronJob":
        job = {key: spec.pop(key) for key in ("parallelism", "completions", "activeDeadlineSeconds") if key in spec}
        inner = {"jobTemplate": {"spec": {"template": template, **job}}, **spec}
    return {"apiVersion": group, "kind": kind, "metadata": {"name": name, "namespace": "shop-dev"}, "spec": inner}


def scaler(
    kind: str = "HorizontalPodAutoscaler", target: str = "app", target_kind: str = "Deployment", **spec: Any
) -> dict[str, Any]:
    api = "autoscaling/v2" if kind == "HorizontalPodAutoscaler" else "keda.sh/v1alpha1"
    reference = {"scaleTargetRef": {"kind": target_kind, "name": target}}
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": "s", "namespace": "shop-dev"},
        "spec": {**reference, **spec},
    }


def counted(*resources: dict[str, Any], by: Budget | None = None) -> dict[str, tuple[str, str, str]]:
    """(steady, peak, rollout) of every dimension, as exact decimals."""
    found = claim(resources, terms=Terms(by))
    sums = [found.total(count) for count in ("steady", "peak", "rollout")]
    return {name: tuple(exact(each[name]) for each in sums) for name in sums[0]}


def unknown(*resources: dict[str, Any], by: Budget | None = None) -> list[str]:
    return [note for note, _ in claim(resources, terms=Terms(by)).unknown]
