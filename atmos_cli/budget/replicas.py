"""How many pods a workload runs: steadily, at its autoscaler's maximum, and for a moment during a rollout."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource


PERCENT = re.compile(r"([0-9]{1,9})%")


@dataclass(frozen=True, slots=True)
class Pods:
    """`unknown` says why a number cannot be known, in which case the others are lower bounds."""

    steady: int
    peak: int
    rollout: int
    unknown: str = ""


def pods(workload: Resource, *, scaler: Resource | None) -> Pods:
    """Semantics of the workload controllers (see `reference/budget.md` §2.4)."""
    kind = workload.get("kind")
    spec = mapping(workload.get("spec"))
    if kind in ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"):
        steady, peak = _bounds(spec, scaler)
        return Pods(steady, peak, peak + (_surge(spec, peak) if kind == "Deployment" else 0))
    if kind == "Job":
        count = _job(spec)
        return Pods(0 if spec.get("suspend") else count, count, count)
    if kind == "CronJob":
        return _cron(spec)
    if kind == "DaemonSet":
        return Pods(1, 1, 1, unknown="one pod per node, and the number of nodes is not declared")
    return Pods(1, 1, 1)


def _bounds(spec: dict[str, Any], scaler: Resource | None) -> tuple[int, int]:
    if scaler is None:
        count = _number(spec.get("replicas"), 1)
        return count, count
    bounds = mapping(scaler.get("spec"))
    if scaler.get("kind") == "ScaledObject":
        return _number(bounds.get("minReplicaCount"), 0), _number(bounds.get("maxReplicaCount"), 100)
    return _number(bounds.get("minReplicas"), 1), _number(bounds.get("maxReplicas"), 1)


def _surge(spec: dict[str, Any], replicas: int) -> int:
    strategy = mapping(spec.get("strategy"))
    if strategy.get("type") == "Recreate" or replicas == 0:
        return 0
    surge = mapping(strategy.get("rollingUpdate")).get("maxSurge", "25%")
    percent = PERCENT.fullmatch(surge) if isinstance(surge, str) else None
    return -(-replicas * int(percent[1]) // 100) if percent else _number(surge, 0)


def _job(spec: dict[str, Any]) -> int:
    parallelism = _number(spec.get("parallelism"), 1)
    completions = spec.get("completions")
    return min(parallelism, _number(completions, parallelism)) if completions is not None else parallelism


def _cron(spec: dict[str, Any]) -> Pods:
    count = _job(mapping(mapping(spec.get("jobTemplate")).get("spec")))
    if spec.get("concurrencyPolicy", "Allow") == "Allow":
        return Pods(0, count, count, unknown="runs may overlap without end (`concurrencyPolicy: Allow`)")
    return Pods(0, count, count)


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any, default: int) -> int:
    return max(value, 0) if isinstance(value, int) and not isinstance(value, bool) else default
