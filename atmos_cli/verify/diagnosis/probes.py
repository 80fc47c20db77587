"""Rules R20 to R23: probes that fail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.shape import at, mapping, mappings, whole
from atmos_cli.verify.diagnosis.finding import CAUSE, EXACT, IMAGE, PATTERN, SYMPTOM, Suspect
from atmos_cli.verify.diagnosis.patterns import RX
from atmos_cli.verify.masking import plain_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.verify.diagnosis.facts import EventFact, Facts
    from atmos_cli.verify.diagnosis.workload import Container

_STATUS = re.compile(r"statuscode: (\d{3})")
_PROBE = re.compile(r"^(Readiness|Liveness|Startup) probe (?:failed|errored)", re.IGNORECASE)
_KILLED = re.compile(r"failed (liveness|startup) probe", re.IGNORECASE)
_GRPC = re.compile(r'timeout: failed to connect service "[^"]{0,100}:(\d{1,5})"')
_ADDRESS = (
    "probe",
    r"\bports?\b",
    r"\benv (?:(?:HTTP|SERVER|APP|LISTEN|WEB)_?)?(?:PORT|HOST|BIND\w*|ADDR\w*|LISTEN\w*)\b",
)
_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\]):\d")


def probe_rules(facts: Facts) -> Iterator[Suspect]:
    pods = {pod.name: pod for pod in facts.new_pods}
    failed = [e for e in facts.events_of("Unhealthy", "ProbeWarning") if e.name in pods and not _recovered(facts, e)]
    killed = [e for e in facts.events_of("Killing", "Unhealthy") if e.name in pods and _KILLED.search(e.message)]
    yield from _killed(facts, killed, failed)
    for event in failed:
        kind = _PROBE.match(event.message)
        if kind is None:
            continue
        found = _failed(facts, event, kind[1].lower())
        if found is not None:
            yield found
            return


def _recovered(facts: Facts, event: EventFact) -> bool:
    """Check whether the pod became ready and has not ended: probes that failed while it started are no trouble then."""
    pod = next((pod for pod in facts.new_pods if pod.name == event.name), None)
    return pod is not None and pod.ready and not any(c.restarts for c in pod.containers) and not facts.worse


def _failed(facts: Facts, event: EventFact, kind: str) -> Suspect | None:
    container = _container(facts, event, kind)
    probe = _probe(container, kind)
    said = (shown(f"pod {event.name}: {event.message}" + (f" ({event.count} times)" if event.count > 1 else "")),)
    status = _STATUS.search(event.message)
    if status is not None and status[1][0] == "4":
        return _wrong_path(facts, event, kind, probe, int(status[1]), said)
    if status is not None and status[1][0] == "5":
        path = plain_text(probe, "httpGet", "path") or "/"
        return Suspect(
            rule="R22",
            title=f"the program answers its own {kind} probe with {status[1]}",
            hint=f"The program runs and answers {path} with {status[1]}: something it needs fails; see its log.",
            confidence=0.75,
            specificity=PATTERN,
            evidence=said,
            subject=("probe", "ConfigMap/"),
            next=f"kubectl -n {facts.namespace} logs {event.name} --tail=50",
            at=event.at,
        )
    if RX["REFUSED"].search(event.message) or _GRPC.search(event.message):
        return _wrong_port(facts, event, kind, container, probe, said)
    return None


def _wrong_path(
    facts: Facts, event: EventFact, kind: str, probe: dict[str, Any], code: int, said: tuple[str, ...]
) -> Suspect:
    path = plain_text(probe, "httpGet", "path") or "/"
    why = "must not need a login" if code in (401, 403) else "is not a path that the program serves"
    return Suspect(
        rule="R21",
        title=f"the {kind} probe's path {path} answers {code}",
        hint=f"The {kind} probe asks {path} and gets {code}: the endpoint {why}. Correct `path` in the probe, or "
        "serve it.",
        confidence=0.92,
        specificity=EXACT,
        evidence=said,
        subject=(r"probe", "httpGet", "HEALTH", IMAGE),
        next=f"kubectl -n {facts.namespace} get deploy {facts.evidence.target.workload} -o yaml | grep -A6 {kind}Probe",
        at=event.at,
    )


def _wrong_port(
    facts: Facts, event: EventFact, kind: str, container: Container | None, probe: dict[str, Any], said: tuple[str, ...]
) -> Suspect | None:
    if container is None or not container.running or container.crashing:
        return None
    port = _port(probe, container)
    declared = [whole(row, "containerPort") for row in mappings(container.spec, "ports")]
    listens = [
        (line, int(match["port"]))
        for line, match in facts.matching("LISTENS")
        if line.pod == event.name and line.container == container.name and _LISTENER.search(line.text)
    ]
    others = [(line, heard) for line, heard in listens if heard != port]
    local = [line for line, heard in listens if heard == port and _LOOPBACK.search(line.text)]
    if not others and not local and (port in declared or port is None):
        return _not_listening(facts, event, kind, port, said)
    where = "only on the loopback interface" if local else f"on {others[0][1]}" if others else "elsewhere"
    seen = local[0] if local else others[0][0] if others else None
    cure = (
        "listen on 0.0.0.0" if local else f"make them the same port{'' if declared else ' and declare it in `ports`'}"
    )
    return Suspect(
        rule="R20",
        title=f"the {kind} probe asks port {port}, and the program listens {where}",
        hint=f"The {kind} probe calls port {port}, but the program listens {where}: {cure}.",
        confidence=0.92 if seen else 0.7,
        specificity=EXACT if seen else CAUSE,
        evidence=(*said, *((shown(f"log of {seen.pod}: {seen.text}"),) if seen else ())),
        subject=(*_ADDRESS, IMAGE, "args", "command"),
        next=f"kubectl -n {facts.namespace} exec {event.name} -- sh -c 'ss -ltn || netstat -ltn'",
        at=event.at,
    )


_LISTENER = re.compile(r"listen|running|started|serv|bound|ready", re.IGNORECASE)


def _not_listening(facts: Facts, event: EventFact, kind: str, port: int | None, said: tuple[str, ...]) -> Suspect:
    return Suspect(
        rule="R20",
        title=f"nothing listens on port {port} that the {kind} probe asks" if port else f"the {kind} probe is refused",
        hint="The program runs but not on the probe's port: on another one, only on the loopback interface, or "
        "not yet.",
        confidence=0.5,
        specificity=SYMPTOM,
        evidence=said,
        subject=(*_ADDRESS, IMAGE),
        next=f"kubectl -n {facts.namespace} logs {event.name} --tail=50",
        at=event.at,
    )


def _killed(facts: Facts, killed: list[EventFact], failed: list[EventFact]) -> Iterator[Suspect]:
    restarted = [c for c in facts.containers if c.restarts > 0]
    if not killed or not restarted:
        return
    event = killed[-1]
    match = _KILLED.search(event.message)
    kind = match[1].lower() if match else "liveness"
    container = _container(facts, event, kind)
    slow = _never_ready(facts, event)
    budget = _budget(_probe(container, kind))
    has = container is not None and bool(mapping(container.spec, "startupProbe"))
    answered = [_STATUS.search(e.message) for e in failed if e.name == event.name and kind in e.message.lower()]
    wrong = any(match and match[1][0] == "4" for match in answered)
    cure = "raise its `failureThreshold`" if has else "add a `startupProbe`"
    yield Suspect(
        rule="R23",
        title=f"the {kind} probe kills the program" + (" before it is up" if slow else ""),
        hint=f"The {kind} probe gives up after about {budget} s and the kubelet restarts the program"
        + (f": if it needs longer to start, {cure}." if slow else "; it hangs or is overloaded: see its log."),
        confidence=0.6 if wrong else 0.85 if slow else 0.7,
        specificity=SYMPTOM if wrong else CAUSE if slow else PATTERN,
        evidence=tuple(shown(f"pod {e.name}: {e.message}") for e in (*failed[:1], event)),
        subject=("probe", "initialDelaySeconds", r"cpu (?:limit|request)", IMAGE),
        next=f"kubectl -n {facts.namespace} logs {event.name} --previous --tail=50",
        at=event.at,
    )


def _never_ready(facts: Facts, event: EventFact) -> bool:
    pod = next((pod for pod in facts.new_pods if pod.name == event.name), None)
    return pod is not None and not pod.ready and not facts.worse


def _budget(probe: dict[str, Any]) -> int:
    def field(name: str, default: int) -> int:
        found = whole(probe, name)
        return default if found is None else found

    return field("initialDelaySeconds", 0) + field("periodSeconds", 10) * field("failureThreshold", 3)


def _container(facts: Facts, event: EventFact, kind: str) -> Container | None:
    mine = [c for c in facts.containers if c.pod == event.name and not c.init]
    probed = [c for c in mine if mapping(c.spec, f"{kind}Probe")]
    named = [c for c in mine if f"Container {c.name} " in event.message]
    return next(iter(named or probed or mine), None)


def _probe(container: Container | None, kind: str) -> dict[str, Any]:
    return mapping(container.spec, f"{kind}Probe") if container else {}


def _port(probe: dict[str, Any], container: Container) -> int | None:
    for how in ("httpGet", "tcpSocket", "grpc"):
        wanted = at(probe, how, "port")
        if isinstance(wanted, int) and not isinstance(wanted, bool):
            return wanted
        for row in mappings(container.spec, "ports"):
            if isinstance(wanted, str) and plain_text(row, "name") == wanted:
                return whole(row, "containerPort")
    return None
