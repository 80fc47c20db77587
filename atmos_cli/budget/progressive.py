"""Pods of engines that shift traffic step by step: Argo Rollouts beside a Deployment, and Flagger's own copy of one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from atmos_cli.budget.replicas import Pods, pods
from atmos_cli.kube.resource import identity
from atmos_cli.kube.shape import at, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.kube.resource import Identity, Resource

ROLLOUT: Final = ("argoproj.io", "Rollout")
CANARY: Final = ("flagger.app", "Canary")
Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Movers:
    """The Deployments of a set of objects, and the Rollout or Canary that runs the pods of some in their place."""

    deployments: Mapping[Name, Resource]
    over: Mapping[Name, Resource]


def movers(resources: Sequence[Resource]) -> Movers:
    deployments: dict[Name, Resource] = {}
    over: dict[Name, Resource] = {}
    for resource in resources:
        who = identity(resource)
        if (who.group, who.kind) == ("apps", "Deployment"):
            deployments[who.namespace, who.name] = resource
        elif moves(who) and _takes_over(resource):
            over[_target(resource)] = resource
    return Movers(deployments, over)


def moves(who: Identity) -> bool:
    return (who.group, who.kind) in (ROLLOUT, CANARY)


def scaled_name(resource: Resource) -> tuple[str, str, str]:
    """Return what an autoscaler of a Rollout or Canary scales: the Rollout, or the Deployment that Flagger copies."""
    who = identity(resource)
    if who.kind == "Canary":
        namespace, name = _target(resource)
        return namespace, "Deployment", name
    return who.namespace, who.kind, who.name


def template_of(resource: Resource, known: Movers) -> Resource | None:
    """Return the pod template of a Rollout or Canary: its own, or its Deployment's; None if that is not here."""
    own = at(resource, "spec", "template")
    named = mapping(mapping(known.deployments.get(_target(resource))).get("spec")).get("template")
    found = own if isinstance(own, dict) and identity(resource).kind == "Rollout" else named
    return found if isinstance(found, dict) else None


def counted(resource: Resource, known: Movers, *, scaler: Resource | None) -> Pods:
    """Return how many pods a Rollout runs, or the copy that a Canary makes.

    A Rollout that splits traffic, or is blue-green, keeps the old version whole while the new one grows to the same
    size; any other surges as a Deployment does. The copy has as many pods as the Deployment would have.
    """
    spec = mapping(resource, "spec")
    if identity(resource).kind == "Canary":
        target = mapping(known.deployments.get(_target(resource))).get("spec")
        found = pods({"kind": "Deployment", "spec": target}, scaler=scaler)
        return replace(found, why=f"the copy that serves, {found.why}")
    strategy = mapping(spec, "strategy")
    canary = mapping(strategy, "canary")
    surge = {"rollingUpdate": {"maxSurge": canary.get("maxSurge")}}
    found = pods({"kind": "Deployment", "spec": {"replicas": spec.get("replicas"), "strategy": surge}}, scaler=scaler)
    if "blueGreen" not in strategy and not canary.get("trafficRouting"):
        return found
    why = f"{found.why.partition(',')[0]}, both versions whole during a rollout"
    return replace(found, rollout=2 * found.peak, why=why)


def given_up(who: Identity, count: Pods, known: Movers) -> Pods:
    """Return `count` of a Deployment, less the pods that a Rollout or Canary runs in its place."""
    mover = known.over.get((who.namespace, who.name)) if who.kind == "Deployment" else None
    if mover is None:
        return count
    if identity(mover).kind == "Rollout":
        return Pods(0, 0, 0, why=f"scaled to zero, {identity(mover)} runs its pods")
    why = f"scaled to zero except while a canary runs, {count.why}"
    return Pods(0, 0, count.rollout, unknown=count.unknown, why=why)


def _takes_over(resource: Resource) -> bool:
    """Return whether it scales the Deployment down: Flagger always does, a Rollout only when asked to."""
    ref = mapping(resource, "spec", "workloadRef")
    return identity(resource).kind == "Canary" or ref.get("scaleDown") in ("onsuccess", "progressively")


def _target(resource: Resource) -> Name:
    """Return namespace and name of the Deployment that is referred to; an empty name when it is none."""
    spec = mapping(resource, "spec")
    ref = mapping(spec.get("targetRef" if identity(resource).kind == "Canary" else "workloadRef"))
    name = ref.get("name")
    named = ref.get("kind") == "Deployment" and isinstance(name, str)
    return identity(resource).namespace, str(name) if named else ""
