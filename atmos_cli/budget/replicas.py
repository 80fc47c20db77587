"""How many pods a workload runs: steadily, at its autoscaler's maximum, and for a moment during a rollout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.budget.schedules import shortest_gap
from atmos_cli.kube.shape import at, mapping

if TYPE_CHECKING:
    from atmos_cli.budget.model import NodeCount
    from atmos_cli.kube.resource import Resource

# KEDA's default for `maxReplicaCount`.
KEDA_MAX = 100


@dataclass(frozen=True, slots=True)
class Pods:
    """Numbers of pods; `unknown` is why one cannot be known and others are lower bounds; `why` is how they arose."""

    steady: int
    peak: int
    rollout: int
    unknown: str = ""
    why: str = ""


def pods(workload: Resource, *, scaler: Resource | None, nodes: NodeCount | None = None) -> Pods:
    """Count pods as the workload controllers do. `nodes` is on how many a DaemonSet runs, when that is declared."""
    kind = workload.get("kind")
    spec = mapping(workload, "spec")
    if kind in ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"):
        found = _replicas(spec, scaler)
        return _with_surge(found, mapping(spec, "strategy")) if kind == "Deployment" else found
    if kind == "Job":
        return _job(spec)
    if kind == "CronJob":
        return _cron(spec)
    if kind == "DaemonSet":
        return _daemons(spec, nodes)
    return Pods(1, 1, 1, why="one pod")


def _replicas(spec: dict[str, Any], scaler: Resource | None) -> Pods:
    if scaler is None:
        count, problem = _number(spec.get("replicas"), 1, "spec.replicas")
        return Pods(count, count, count, unknown=problem, why=f"replicas {count}")
    bounds = mapping(scaler, "spec")
    if scaler.get("kind") == "ScaledObject":
        low, high, defaults = "minReplicaCount", "maxReplicaCount", (0, KEDA_MAX)
    else:
        low, high, defaults = "minReplicas", "maxReplicas", (1, 1)
    steady, wrong = _number(bounds.get(low), defaults[0], f"spec.{low}")
    peak, also_wrong = _number(bounds.get(high), defaults[1], f"spec.{high}")
    peak = max(steady, peak)
    why = f"{scaler.get('kind')} {steady}..{peak}"
    if bounds.get(high) is None and scaler.get("kind") == "ScaledObject":
        why += f" (no {high}, so KEDA's default)"
    return Pods(steady, peak, peak, unknown=wrong or also_wrong, why=why)


def _with_surge(found: Pods, strategy: dict[str, Any]) -> Pods:
    if strategy.get("type") == "Recreate":
        return replace(found, why=f"{found.why}, recreated without surge")
    written = at(strategy, "rollingUpdate", "maxSurge")
    extra, problem = _share("25%" if written is None else written, found.peak, "maxSurge")
    why = f"{found.why}, surge {'25% (default)' if written is None else written} adds {extra}"
    return replace(found, rollout=found.peak + extra, unknown=found.unknown or problem, why=why)


def _daemons(spec: dict[str, Any], nodes: NodeCount | None) -> Pods:
    if nodes is None:
        return Pods(1, 1, 1, unknown="one pod per node, and the number of nodes is not declared (`assume.nodes`)")
    update = mapping(spec, "updateStrategy")
    written = None if update.get("type") == "OnDelete" else at(update, "rollingUpdate", "maxSurge")
    extra, problem = _share(0 if written is None else written, nodes.most, "maxSurge")
    why = f"declared nodes {nodes.nodes}..{nodes.most}, surge adds {extra}"
    return Pods(nodes.nodes, nodes.most, nodes.most + extra, unknown=problem, why=why)


def _job(spec: dict[str, Any]) -> Pods:
    count, problem = _number(spec.get("parallelism"), 1, "spec.parallelism")
    if spec.get("completions") is not None:
        completions, wrong = _number(spec["completions"], count, "spec.completions")
        count, problem = min(count, completions), problem or wrong
    suspended = spec.get("suspend") is True
    why = f"{count} at a time{', suspended' * suspended}"
    return Pods(0 if suspended else count, count, count, unknown=problem, why=why)


def _cron(spec: dict[str, Any]) -> Pods:
    job = mapping(spec, "jobTemplate", "spec")
    one = _job({**job, "suspend": False})
    policy = spec.get("concurrencyPolicy") or "Allow"
    if policy != "Allow":
        return Pods(0, one.peak, one.peak, unknown=one.unknown, why=f"one run ({policy}), {one.why}")
    deadline, gap = job.get("activeDeadlineSeconds"), shortest_gap(str(spec.get("schedule", "")))
    if gap is None:
        unknown = "its schedule cannot be read, so nobody knows how many runs overlap"
        return Pods(0, one.peak, one.peak, one.unknown or unknown)
    if not isinstance(deadline, int) or isinstance(deadline, bool) or deadline < 1:
        unknown = "runs may overlap without end (`concurrencyPolicy: Allow` and no `activeDeadlineSeconds`)"
        return Pods(0, one.peak, one.peak, one.unknown or unknown)
    runs = -(-deadline // gap)
    why = f"up to {runs} runs at once ({deadline} s each, one every {gap} s), {one.why}"
    return Pods(0, one.peak * runs, one.peak * runs, unknown=one.unknown, why=why)


def scaled_jobs(spec: dict[str, Any]) -> Pods:
    """Return the pods of a KEDA ScaledJob."""
    low, wrong = _number(spec.get("minReplicaCount"), 0, "spec.minReplicaCount")
    high, also_wrong = _number(spec.get("maxReplicaCount"), KEDA_MAX, "spec.maxReplicaCount")
    one = _job(mapping(spec, "jobTargetRef"))
    peak = max(low, high) * one.peak
    unknown = wrong or also_wrong or one.unknown
    return Pods(low * one.peak, peak, peak, unknown=unknown, why=f"ScaledJob {low}..{high} jobs")


def _share(value: Any, of: int, field: str) -> tuple[int, str]:
    """Return a number, or percent of `of` rounded up; and why it is none."""
    if isinstance(value, str) and value.endswith("%") and value[:-1].isascii() and value[:-1].isdigit():
        return -(-of * int(value[:6].rstrip("%")) // 100), ""
    return _number(value, 0, field)


def _number(value: Any, default: int, field: str) -> tuple[int, str]:
    """Return a count, and why it is not known (then `default` is used)."""
    if value is None:
        return default, ""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value, ""
    return default, f"`{field}` is no number of pods"
