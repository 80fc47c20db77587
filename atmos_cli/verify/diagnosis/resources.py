"""Rules R6, R7, R42, R43: memory, CPU, disk, file descriptors."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from atmos_cli.verify.diagnosis.finding import CAUSE, EXACT, IMAGE, PATTERN, SYMPTOM, Suspect, certainty, from_lines
from atmos_cli.verify.diagnosis.gauges import gauge, judged
from atmos_cli.verify.masking import plain_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.verify.diagnosis.facts import Facts
    from atmos_cli.verify.diagnosis.workload import Container

_FULL = re.compile(
    r"ephemeral[- ](?:local )?storage|DiskPressure|EmptyDir volume|low on resource: (?:ephemeral|inodes|nodefs)",
    re.IGNORECASE,
)


def resource_rules(facts: Facts) -> Iterator[Suspect]:
    yield from _memory(facts)
    yield from _sigkill(facts)
    yield from _throttled(facts)
    yield from _disk(facts)
    yield from _descriptors(facts)


def _memory(facts: Facts) -> Iterator[Suspect]:
    killed = [c for c in facts.containers if any(end.reason == "OOMKilled" for end in c.ends)]
    words = certainty(facts, "OOM_APP", novel=0.88, stale=0.6) if facts.hurting else 0.0
    counted = gauge(facts, "oom-killed") or 0.0
    if not killed and not words and not (counted > 0 and facts.worse):
        return
    container = killed[0] if killed else next(iter(facts.containers), None)
    limit = _limit(container)
    peak = gauge(facts, "memory-peak-before")
    name = container.name if container else facts.evidence.target.workload
    at_limit = f" at its limit of {limit}" if limit else ""
    was = f" The previous version peaked at {_bytes(peak)}." if peak else ""
    least = f" to at least {_bytes(peak * 1.3)}" if peak else ""
    restarts = max((c.restarts for c in killed), default=0)
    yield Suspect(
        rule="R6",
        title=f"container {name} runs out of memory{at_limit}",
        hint=f"Container {name} {'was OOM-killed' if killed else 'ran out of memory'}{at_limit}.{was} "
        f"Raise the memory limit{least}, or set the program's heap below it.",
        confidence=0.95 if killed else words or 0.75,
        specificity=EXACT,
        evidence=(
            *(shown(f"pod {c.pod}/{c.name}: OOMKilled, {restarts} restarts") for c in killed[:1]),
            *from_lines(facts, "OOM_APP"),
        ),
        subject=(
            r"memory (?:limit|request)",
            r"resources",
            "HEAP",
            "XMX",
            "JAVA_",
            "NODE_OPTIONS",
            "MEMORY",
            "WORKERS",
            IMAGE,
        ),
        next=f"kubectl -n {facts.namespace} top pod --containers | grep {facts.evidence.target.workload}",
        at=min((end.at for c in killed for end in c.ends if end.reason == "OOMKilled" and end.at), default=0.0),
    )


def _limit(container: Container | None) -> str:
    return plain_text(container.spec, "resources", "limits", "memory") if container else ""


def _bytes(value: float) -> str:
    mebi = value / 2**20
    return f"{mebi / 1024:.1f}Gi" if mebi >= 4096 else f"{math.ceil(mebi)}Mi"


def _sigkill(facts: Facts) -> Iterator[Suspect]:
    for container in facts.containers:
        ends = [end for end in container.ends if end.code == 137 and end.reason != "OOMKilled"]
        if ends and not any(end.reason == "OOMKilled" for end in container.ends):
            yield Suspect(
                rule="R6",
                title=f"container {container.name} was killed (exit code 137)",
                hint="The container was killed by SIGKILL without being marked OOM-killed: a failed liveness "
                "probe, a stop that took longer than terminationGracePeriodSeconds, or the node's memory.",
                confidence=0.5,
                specificity=SYMPTOM,
                evidence=(
                    shown(f"pod {container.pod}/{container.name}: exit code 137, reason {ends[0].reason or 'none'}"),
                ),
                subject=(r"memory (?:limit|request)", "probe", "terminationGracePeriodSeconds"),
                next=f"kubectl -n {facts.namespace} describe pod {container.pod}",
                at=ends[0].at,
            )
            return


def _throttled(facts: Facts) -> Iterator[Suspect]:
    seen = judged(facts, "cpu-throttling")
    now = seen.after if seen else gauge(facts, "cpu-throttling")
    then = seen.before if seen else gauge(facts, "cpu-throttling-before")
    if now is None or now < 0.25 or now - (then or 0.0) < 0.10 or not facts.worse:
        return
    limit = next((found for c in facts.containers if (found := plain_text(c.spec, "resources", "limits", "cpu"))), "")
    was = f" (before: {then:.0%})" if then is not None else ""
    yield Suspect(
        rule="R7",
        title=f"the CPU limit slows the pods down: throttled in {now:.0%} of periods{was}",
        hint=f"CPU is throttled in {now:.0%} of periods{was}{f' at limit {limit}' if limit else ''}. "
        "Raise or remove the CPU limit and keep the request.",
        confidence=0.85 if facts.slower else 0.6,
        specificity=CAUSE if facts.slower else PATTERN,
        evidence=(f"throttled periods {now:.0%}{was}",),
        subject=(r"cpu (?:limit|request)", "resources", "replicas", "WORKERS", "GOMAXPROCS"),
        next=f"kubectl -n {facts.namespace} top pod --containers | grep {facts.evidence.target.workload}",
    )


def _disk(facts: Facts) -> Iterator[Suspect]:
    full = [
        (pod.name, said)
        for pod in facts.new_pods
        if plain_text(pod.object, "status", "reason") == "Evicted"
        and _FULL.search(said := plain_text(pod.object, "status", "message"))
    ]
    full += [(e.name, e.message) for e in facts.events_of("Evicted") if _FULL.search(e.message)]
    words = certainty(facts, "DISK", novel=0.9, stale=0.6) if facts.hurting else 0.0
    if not full and not words:
        return
    node = bool(full) and "low on resource" in full[0][1] and not words
    bound = next(
        (c for f in facts.containers if (c := plain_text(f.spec, "resources", "limits", "ephemeral-storage"))), ""
    )
    yield Suspect(
        rule="R42",
        title="the disk of the node is full" if node else "the pod's disk is full",
        hint="The node runs out of disk and evicted the pod."
        if node
        else f"The pod fills its disk{f' (ephemeral-storage limit {bound})' if bound else ''}: "
        "a log or temporary file grows without bound, or the limit is too low.",
        confidence=0.8 if node else words or 0.9,
        specificity=EXACT,
        evidence=(*(shown(f"pod {name}: {said}") for name, said in full[:1]), *from_lines(facts, "DISK")),
        subject=("ephemeral-storage", "sizeLimit", "volume", "storage", "LOG_LEVEL", IMAGE),
        next=f"kubectl -n {facts.namespace} get pods --field-selector status.phase=Failed",
        unsure=node,
    )


def _descriptors(facts: Facts) -> Iterator[Suspect]:
    sure = certainty(facts, "FD", novel=0.88, stale=0.5) if facts.hurting else 0.0
    if sure:
        line, _ = next(facts.matching("FD"))
        yield Suspect(
            rule="R43",
            title="the program has too many open files",
            hint="Too many open files: sockets or files leak, or the limit of the container is low.",
            confidence=sure,
            specificity=EXACT,
            evidence=from_lines(facts, "FD"),
            subject=(IMAGE, "POOL", "CONN"),
            next=f"kubectl -n {facts.namespace} exec {line.pod} -c {line.container} -- sh -c 'ls /proc/1/fd | wc -l'",
        )
