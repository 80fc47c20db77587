"""The evidence in the form that rules read: typed, masked, bounded, the new revision apart from the old."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, instant, mapping, mappings, whole
from atmos_cli.verify.diagnosis.patterns import RX
from atmos_cli.verify.diagnosis.workload import Container, SeenPod, new_owner, pods_of, workload_of
from atmos_cli.verify.fields import conditions
from atmos_cli.verify.masking import mask_lines, plain_text
from atmos_cli.verify.novelty import template
from atmos_cli.verify.outcome import Outcome
from atmos_cli.verify.seen import Arrival, Status

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.model import Evidence

# Every healthy rollout writes these; krane drops the same ones.
_NOISE = {
    "Started",
    "Created",
    "SuccessfulCreate",
    "SuccessfulDelete",
    "Scheduled",
    "Pulling",
    "Pulled",
    "ScalingReplicaSet",
}
_MOST_EVENTS = 1000
_STAMPS = (("series", "lastObservedTime"), ("lastTimestamp",), ("eventTime",), ("firstTimestamp",))


@dataclass(frozen=True, slots=True)
class EventFact:
    """One v1 Event. `at`: when it was last seen, unix seconds; 0 when it does not say."""

    kind: str
    name: str
    reason: str
    message: str
    at: float
    count: int = 1


@dataclass(frozen=True, slots=True)
class LogLine:
    """One masked line of a log. `new`: of the new revision; `novel`: the old revision never wrote such a line."""

    pod: str
    container: str
    text: str
    new: bool
    novel: bool


@dataclass(frozen=True, slots=True)
class Facts:
    evidence: Evidence
    workload: Resource | None
    wanted: Resource | None
    pods: tuple[SeenPod, ...]
    events: tuple[EventFact, ...]
    lines: tuple[LogLine, ...]
    objects: tuple[Resource, ...] = field(default=())
    failed_create: tuple[str, ...] = ()

    @property
    def namespace(self) -> str:
        return self.evidence.target.namespace

    @property
    def new_pods(self) -> tuple[SeenPod, ...]:
        return tuple(pod for pod in self.pods if pod.new)

    @property
    def old_pods(self) -> tuple[SeenPod, ...]:
        return tuple(pod for pod in self.pods if not pod.new)

    @property
    def containers(self) -> tuple[Container, ...]:
        """Return the containers of the new revision."""
        return tuple(container for pod in self.new_pods for container in pod.containers)

    @property
    def crashing(self) -> bool:
        return any(container.crashing for container in self.containers)

    @property
    def unready(self) -> bool:
        """Return whether a pod of the new revision runs, or tries to, and does not become ready."""
        return any(e.reason in ("Unhealthy", "BackOff") for e in self.events) and any(
            not pod.ready for pod in self.new_pods
        )

    @property
    def errors_up(self) -> bool:
        return self._measured("availability")

    @property
    def slower(self) -> bool:
        return self._measured("latency-near", "latency-far")

    @property
    def hurting(self) -> bool:
        """Return whether something is wrong that a line of a log could explain."""
        rollout = self.evidence.rollout
        failed = rollout is not None and rollout.status is Status.FAILED
        return self.crashing or self.unready or self.worse or failed

    @property
    def worse(self) -> bool:
        """Return whether users are worse off, or may be."""
        found = self.evidence.assessment
        return found is not None and found.outcome in (Outcome.WARN, Outcome.FAIL)

    @property
    def troubled(self) -> bool:
        """Return whether there is anything to explain."""
        delivery = self.evidence.delivery
        stuck = any(pod_stuck(pod) for pod in self.new_pods)
        return (
            self.hurting
            or stuck
            or bool(self.failed_create)
            or (delivery is not None and delivery.arrival is Arrival.FAILED)
            or bool(self.evidence.rollout and (self.evidence.rollout.failures or self.evidence.rollout.restarts))
            or self._inconclusive()
        )

    def of_kind(self, *kinds: str) -> list[Resource]:
        """Return the objects of these kinds: live ones first, then those that the commit wants and do not exist."""
        return [o for o in self.objects if o.get("kind") in kinds]

    def named(self, kind: str, name: str) -> Resource | None:
        return next((o for o in self.of_kind(kind) if plain_text(o, "metadata", "name") == name), None)

    def matching(self, rule: str) -> Iterator[tuple[LogLine, re.Match[str]]]:
        """Return lines of the new revision that match one pattern, first those that the version before never wrote."""
        found = [(line, match) for line in self.lines if line.new and (match := RX[rule].search(line.text))]
        return iter(sorted(found, key=lambda pair: not pair[0].novel))

    def events_of(self, *reasons: str) -> Iterator[EventFact]:
        return (event for event in self.events if event.reason in reasons)

    def _measured(self, *names: str) -> bool:
        found = self.evidence.assessment
        return found is not None and any(
            measure.name in names and measure.outcome in (Outcome.WARN, Outcome.FAIL) for measure in found.measures
        )

    def _inconclusive(self) -> bool:
        found = self.evidence.assessment
        codes = {reason.code for reason in found.reasons} if found else set()
        return bool(codes & {"traffic-lost", "cluster-wide", "metrics-blind"}) or bool(
            found and found.transition and found.transition.bad
        )


def pod_stuck(pod: SeenPod) -> bool:
    """Check whether the pod's own status says that it does not start."""
    if plain_text(pod.object, "status", "phase") == "Failed":
        return True
    waits = (
        "ErrImage",
        "ImagePull",
        "InvalidImage",
        "Create",
        "CrashLoop",
        "RunContainer",
        "StartError",
        "ImageInspect",
    )
    unscheduled = any(row.type == "PodScheduled" and row.false for row in conditions(pod.object))
    return unscheduled or any(c.waiting.startswith(waits) and c.waiting != "ContainerCreating" for c in pod.containers)


def facts_of(evidence: Evidence) -> Facts:
    """Build the facts from the evidence. Never raises, whatever the objects hold."""
    snapshot = evidence.snapshot
    live = tuple(o for o in snapshot.objects if isinstance(o, dict))
    wanted_objects = tuple(o for o in snapshot.wanted if isinstance(o, dict))
    known = {(o.get("kind"), plain_text(o, "metadata", "name")) for o in live if isinstance(o.get("kind"), str)}
    missing = tuple(o for o in wanted_objects if (_kind(o), plain_text(o, "metadata", "name")) not in known)
    workload = workload_of(live, evidence.target)
    pods = pods_of(live, workload, evidence.target)
    events = _events(snapshot.events, since=_since(evidence, pods))
    return Facts(
        evidence=evidence,
        workload=workload,
        wanted=workload_of(wanted_objects, evidence.target) or workload,
        pods=pods,
        events=events,
        lines=_lines(evidence, pods),
        objects=live + missing,
        failed_create=_refusals(live, workload, events),
    )


def _kind(resource: Resource) -> str:
    found = resource.get("kind")
    return found if isinstance(found, str) else ""


def _since(evidence: Evidence, pods: Iterable[SeenPod]) -> float:
    births = [pod.born for pod in pods if pod.new and pod.born]
    started = evidence.rollout.started if evidence.rollout else 0.0
    return min([*births, *([started] if started else [])], default=0.0) - 5.0


def _events(events: Iterable[Resource], *, since: float) -> tuple[EventFact, ...]:
    found = []
    for event in list(events)[-_MOST_EVENTS:]:
        if not isinstance(event, dict) or plain_text(event, "reason") in _NOISE:
            continue
        seen = max(instant(event, *path) for path in _STAMPS)
        if seen and seen < since:
            continue
        about = mapping(event, "involvedObject") or mapping(event, "regarding")
        message_text = plain_text(event, "message") or plain_text(event, "note")
        count = whole(event, "count") or whole(event, "series", "count") or 1
        found.append(
            EventFact(
                kind=plain_text(about, "kind"),
                name=plain_text(about, "name"),
                reason=plain_text(event, "reason"),
                message=message_text,
                at=seen,
                count=count,
            )
        )
    return tuple(found)


def _lines(evidence: Evidence, pods: Iterable[SeenPod]) -> tuple[LogLine, ...]:
    new = {pod.name: pod.new for pod in pods}
    masked = [(log, mask_lines(log.lines)) for log in evidence.logs[:40]]
    before = {template(line) for log, lines in masked if new.get(log.pod) is False for line in lines}
    return tuple(
        LogLine(
            pod=log.pod,
            container=log.container,
            text=line,
            new=new.get(log.pod, True),
            novel=template(line) not in before,
        )
        for log, lines in masked
        for line in lines
    )


def _refusals(objects: Iterable[Resource], workload: Resource | None, events: Iterable[EventFact]) -> tuple[str, ...]:
    """Return why pods could not be created, by conditions of the newest ReplicaSet and the workload, then by events."""
    listed = list(objects)
    newest = new_owner(listed, workload)
    owners = [o for o in (workload, newest) if o is not None]
    found = [row.message for o in owners for row in conditions(o) if row.type == "ReplicaFailure" and row.true]
    names = {plain_text(o, "metadata", "name") for o in owners}
    names |= {plain_text(o, "metadata", "name") for o in listed if o.get("kind") == "Job"}
    found += [e.message for e in events if e.reason == "FailedCreate" and (e.name in names or not names)]
    return tuple(dict.fromkeys(message for message in found if message))


def replicas_with_surge(workload: Resource | None) -> tuple[int, int]:
    """Return (replicas, pods that the strategy may add during a rollout), rounded as the Deployment controller does."""
    replicas = whole(workload, "spec", "replicas")
    replicas = 1 if replicas is None else replicas
    if plain_text(workload, "kind") != "Deployment" or plain_text(workload, "spec", "strategy", "type") == "Recreate":
        return replicas, 0
    surge = at(workload, "spec", "strategy", "rollingUpdate", "maxSurge")
    if isinstance(surge, int) and not isinstance(surge, bool):
        return replicas, min(max(surge, 0), 10**6)
    share = surge[:-1] if isinstance(surge, str) and surge.endswith("%") else "25"
    percent = int(share) if share.isascii() and share.isdigit() and len(share) < 4 else 25
    return replicas, -(-replicas * percent // 100)


def env_of(container: Container) -> dict[str, str]:
    """Return the environment variables that have a plain value."""
    return {
        plain_text(e, "name"): plain_text(e, "value")
        for e in mappings(container.spec, "env")
        if isinstance(e.get("value"), str)
    }
