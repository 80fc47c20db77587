"""What happens to pods: which workloads restart theirs and why, and how many there are afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.budget.progressive import ROLLOUT
from atmos_cli.budget.replicas import pods
from atmos_cli.effects.model import Effect
from atmos_cli.kube.differences import first_difference
from atmos_cli.kube.resource import pod_template
from atmos_cli.kube.shape import at, mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.budget.replicas import Pods
    from atmos_cli.effects.model import Objects
    from atmos_cli.kube.resource import Identity, Resource
    from atmos_cli.kube.shape import Path

SCALED = frozenset({("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "ReplicaSet"), ROLLOUT})
RUNNING = SCALED | {("apps", "DaemonSet")}
SCALERS = frozenset({("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject")})


def template(resource: Resource, who: Identity) -> tuple[Path, Resource] | None:
    """Return the path and the value of the pod template of a workload, also of a Rollout; None for the rest."""
    if (who.group, who.kind) == ROLLOUT:
        found = at(resource, "spec", "template")
        return (("spec", "template"), found) if isinstance(found, dict) else None
    return pod_template(resource)


def _without_variables(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_variables(each) for key, each in value.items() if key != "env"}
    return [_without_variables(each) for each in value] if isinstance(value, list) else value


def restarts(who: Identity, before: Resource, after: Resource) -> Iterator[Effect]:
    """Say whether a change replaces the pods of a workload, and the first field that makes it so.

    Variables come last: some follow from what else changes, such as the share of the memory that a runtime takes.
    """
    old, new = template(before, who), template(after, who)
    if old is None or new is None:
        return
    found = first_difference(_without_variables(old[1]), _without_variables(new[1]), path=new[0])
    found = found or first_difference(old[1], new[1], path=new[0])
    if found is None:
        return
    if who.kind in ("CronJob", "Job"):
        yield Effect("setting", f"{who}: what runs goes on, its next run is the new one ({found})")
    else:
        yield Effect("restart", f"{who}: {_how(who, after)} ({found})")


def _how(who: Identity, after: Resource) -> str:
    if mapping(after, "spec").get("paused") is True:
        return "it is paused, so its pods restart when it is resumed"
    if text(after, "spec", "updateStrategy", "type") == "OnDelete":
        return "each pod restarts when somebody deletes it"
    if text(after, "spec", "strategy", "type") == "Recreate":
        return "all pods stop, then new ones start"
    return "pods restart step by step" if (who.group, who.kind) == ROLLOUT else "pods restart"


def scaled_by(objects: Objects) -> dict[tuple[str, str, str], Resource]:
    """Return autoscalers by namespace, kind and name of what they scale."""
    found = {}
    for who, resource in objects.items():
        if (who.group, who.kind) in SCALERS:
            target = mapping(resource, "spec", "scaleTargetRef")
            found[who.namespace, text(target, "kind") or "Deployment", text(target, "name")] = resource
    return found


def counts(
    who: Identity, before: Resource | None, after: Resource | None, *scalers: Resource | None
) -> Iterator[Effect]:
    """Say how many pods a workload had and will have, where that changes. `scalers`: its autoscaler then and now."""
    if (who.group, who.kind) not in RUNNING:
        return
    old = _count(who, before, scalers[0])
    new = _count(who, after, scalers[1])
    if before is None and new is not None:
        yield Effect("pods", f"{who} is new: {_shown(new, scalers[1])}")
    elif after is None and old is not None:
        yield Effect("pods", f"{who} is removed: its pods stop ({_shown(old, scalers[0])})")
    elif old is not None and new is not None and (old.steady, old.peak) != (new.steady, new.peak):
        yield Effect("pods", f"{who}: {_change(old, new)}: {_shown(old, scalers[0])} → {_shown(new, scalers[1])}")


def _count(who: Identity, resource: Resource | None, scaler: Resource | None) -> Pods | None:
    if resource is None:
        return None
    kind = "Deployment" if (who.group, who.kind) == ROLLOUT else who.kind
    return pods({**resource, "kind": kind}, scaler=scaler)


def _change(old: Pods, new: Pods) -> str:
    if new.peak == 0:
        return "it stops"
    if new.steady < old.steady or (new.steady == old.steady and new.peak < old.peak):
        return "fewer pods"
    return "it starts" if old.peak == 0 else "more pods"


def _shown(count: Pods, scaler: Resource | None) -> str:
    if scaler is not None:
        return f"{count.steady} to {count.peak} pods by its autoscaler"
    if count.unknown:
        return "one pod on each node" if "node" in count.unknown else "as many pods as it says"
    return f"{count.steady} pod{'s' * (count.steady != 1)}"
