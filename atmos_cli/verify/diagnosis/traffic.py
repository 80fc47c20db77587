"""Rules R37 to R41, R45, R46: what the counts of requests themselves say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.kube.shape import mapping, mappings
from atmos_cli.verify.diagnosis.finding import CAUSE, EXACT, IMAGE, PATTERN, Suspect, certainty, from_lines
from atmos_cli.verify.diagnosis.patterns import host_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.verify.diagnosis.facts import Facts
    from atmos_cli.verify.measured import Count

_FEWEST = 10


def traffic_rules(facts: Facts) -> Iterator[Suspect]:
    if facts.evidence.assessment is None:
        return
    yield from _transition(facts)
    yield from _elsewhere(facts)
    if facts.worse:
        yield from _not_found(facts)
        yield from _rejected(facts)
        yield from _one_pod(facts)
    yield from _limited(facts)


def _transition(facts: Facts) -> Iterator[Suspect]:
    """Report errors that happened while pods were replaced, and no longer do."""
    found = facts.evidence.assessment
    moment = found.transition if found else None
    if found is None or moment is None or moment.bad < 5 or facts.errors_up or facts.crashing:
        return
    after = [m.after.share for m in found.measures if m.name == "availability"]
    if after and moment.share < max(3 * after[0], after[0] + 0.002):
        return
    workload = facts.workload or facts.wanted
    specs = mappings(workload, "spec", "template", "spec", "containers") if workload else ()
    drains = any(mapping(spec, "lifecycle", "preStop") for spec in specs)
    lost = re.compile(r"^50[234]$")
    codes = {code: after.bad for code, (_, after) in found.codes.items() if after.bad}
    gateway = not codes or any(lost.match(code) for code in codes)
    cure = (
        "handle SIGTERM until open requests are done"
        if drains
        else "add a `preStop` sleep of 5 to 10 s and handle SIGTERM"
    )
    yield Suspect(
        rule="R37",
        title=f"{moment.bad:.0f} requests failed while pods were replaced, and none since"
        if not _bad(after)
        else f"{moment.bad:.0f} requests failed while pods were replaced",
        hint=f"Errors only while the old pods ended ({moment.bad:.0f} of {moment.total:.0f} requests): {cure}.",
        confidence=(0.8 if gateway else 0.6) - (0.15 if drains else 0),
        specificity=PATTERN,
        evidence=(f"transition: {moment.bad:.0f} of {moment.total:.0f} requests failed",),
        subject=("preStop", "lifecycle", "terminationGracePeriodSeconds", "maxUnavailable"),
        next=f"kubectl -n {facts.namespace} get deploy {facts.evidence.target.workload} -o yaml | grep -A5 preStop",
        unsure=True,
    )


def _bad(after: list[float]) -> bool:
    return any(share > 0 for share in after)


def _share(codes: Mapping[str, tuple[Count, Count]], pattern: str) -> tuple[float, float, float]:
    """Return (share before, share after, requests after) of the status codes that match."""
    wanted = [pair for code, pair in codes.items() if re.fullmatch(pattern, code)]
    totals = [sum(pair[side].total for pair in codes.values()) for side in (0, 1)]
    mine = [sum(pair[side].total for pair in wanted) for side in (0, 1)]
    before, after = (mine[side] / totals[side] if totals[side] > 0 else 0.0 for side in (0, 1))
    return before, after, mine[1]


def _grew(before: float, after: float) -> str:
    return f"{after / before:.0f}x" if before > 0 else f"from none to {after:.1%}"


def _not_found(facts: Facts) -> Iterator[Suspect]:
    found = facts.evidence.assessment
    before, after, count = _share(found.codes, "404") if found else (0, 0, 0)
    if found is None or count < _FEWEST or after < 0.01 or after < 10 * before or facts.errors_up:
        return
    routes = sorted(found.routes.items(), key=lambda item: -item[1][1].bad)
    route = f" on route {routes[0][0]}" if routes and routes[0][1][1].bad else ""
    yield Suspect(
        rule="R39",
        title=f"404s rose {_grew(before, after)}{route}",
        hint=f"404s rose {_grew(before, after)}{route}, and 5xx did not: a route or its prefix was removed or renamed.",
        confidence=0.85,
        specificity=CAUSE,
        evidence=(f"404: {before:.2%} → {after:.2%} of requests",),
        subject=("Ingress/", "HTTPRoute/", "VirtualService/", "path", "prefix", "BASE_URL", "CONTEXT_PATH", IMAGE),
        next=f"kubectl -n {facts.namespace} logs deploy/{facts.evidence.target.workload} --since=10m | grep ' 404'",
    )


def _rejected(facts: Facts) -> Iterator[Suspect]:
    found = facts.evidence.assessment
    before, after, count = _share(found.codes, "40[13]") if found else (0, 0, 0)
    if count < _FEWEST or after < 0.01 or after < 3 * before:
        return
    yield Suspect(
        rule="R40",
        title=f"401 and 403 rose {_grew(before, after)}",
        hint="Requests are rejected: check the issuer, audience, keys and secrets of authentication, and the clocks.",
        confidence=0.83 if not facts.errors_up else 0.6,
        specificity=CAUSE,
        evidence=(f"401/403: {before:.2%} → {after:.2%} of requests",),
        subject=(
            "AUTH",
            "JWT",
            "OIDC",
            "ISSUER",
            "AUDIENCE",
            "SECRET",
            "JWKS",
            "CORS",
            "AuthorizationPolicy/",
            "SecurityPolicy/",
        ),
        next=f"kubectl -n {facts.namespace} logs deploy/{facts.evidence.target.workload} --since=10m | grep -E ' "
        "40[13]'",
    )


def _limited(facts: Facts) -> Iterator[Suspect]:
    found = facts.evidence.assessment
    before, after, count = _share(found.codes, "429") if found else (0, 0, 0)
    grown = count >= _FEWEST and after >= 0.01 and after >= 3 * before and facts.worse
    said = certainty(facts, "THROTTLED", novel=0.82, stale=0.5) if facts.hurting else 0.0
    if not grown and not said:
        return
    host = ""
    if said:
        line, _ = next(facts.matching("THROTTLED"))
        host, _port = host_port(line.text)
    who = (
        f"{host} limits"
        if host
        else "Something upstream limits"
        if said
        else "A rate limit in front of the service limits"
    )
    yield Suspect(
        rule="R41",
        title=f"{host} answers 429: too many requests" if host else "requests are answered with 429",
        hint=f"{who} the rate of requests: did retries, polling or fan-out grow with this commit or its replicas?",
        confidence=said or 0.75,
        specificity=EXACT if said else CAUSE,
        evidence=(
            *from_lines(facts, "THROTTLED"),
            *((f"429: {before:.2%} → {after:.2%} of requests",) if grown else ()),
        ),
        subject=(
            "replicas",
            "RETRY",
            "RETRIES",
            "RATE",
            "LIMIT_",
            "CONCURRENCY",
            "rate-limit",
            "limit-rps",
            "minReplicas",
        ),
        next=f"kubectl -n {facts.namespace} logs deploy/{facts.evidence.target.workload} --since=10m | grep 429",
    )


def _one_pod(facts: Facts) -> Iterator[Suspect]:
    found = facts.evidence.assessment
    errors = {pod: after.bad for pod, (_, after) in found.pods.items()} if found else {}
    total = sum(errors.values())
    if len(errors) < 3 or total < _FEWEST or max(errors.values()) < 0.8 * total:
        return
    worst = max(errors, key=lambda pod: errors[pod])
    node = next((pod.node for pod in facts.pods if pod.name == worst), "")
    others = [pod for pod in facts.new_pods if pod.name != worst and pod.name in errors]
    yield Suspect(
        rule="R45",
        title=f"{errors[worst] / total:.0%} of the errors come from pod {worst}" + (f" on node {node}" if node else ""),
        hint=f"Errors come from pod {worst}{f' on node {node}' if node else ''} only; the other pods serve well. "
        "Replace it, and do not roll back.",
        confidence=0.85 if others else 0.6,
        specificity=EXACT if others else PATTERN,
        evidence=(f"{errors[worst]:.0f} of {total:.0f} errors in pod {worst}",),
        subject=(),
        next=f"kubectl -n {facts.namespace} delete pod {worst}",
        elsewhere=True,
    )


def _elsewhere(facts: Facts) -> Iterator[Suspect]:
    found = facts.evidence.assessment
    if found is None:
        return
    wide = next((reason for reason in found.reasons if reason.code in ("cluster-wide", "siblings")), None)
    if wide is not None:
        yield _shared("other services behind the same gateway are affected too", wide.message, 0.88, _weight(facts))
    elif facts.errors_up and _old_too(facts):
        yield _shared(
            "the pods of the old version fail as much as the new ones",
            "errors rose on old and new pods",
            0.85,
            _weight(facts),
        )


def _weight(facts: Facts) -> int:
    """Return the specificity: what all services suffer from explains errors, but not that new pods cannot start."""
    return PATTERN if facts.crashing or facts.unready else EXACT + 1


def _old_too(facts: Facts) -> bool:
    """Check whether old pods that still serve err more than before, and at least half as often as the new ones."""
    found = facts.evidence.assessment
    pods = found.pods if found else {}
    new = [pods[pod.name][1] for pod in facts.new_pods if pod.name in pods]
    old = [pods[pod.name] for pod in facts.old_pods if pod.name in pods]
    bad, total = sum(count.bad for count in new), sum(count.total for count in new)
    was_bad, was = sum(pair[0].bad for pair in old), sum(pair[0].total for pair in old)
    is_bad, is_total = sum(pair[1].bad for pair in old), sum(pair[1].total for pair in old)
    if is_bad < 5 or not total or not is_total:
        return False
    return is_bad / is_total >= 0.5 * bad / total and is_bad / is_total > 1.5 * (was_bad / was if was else 0.0)


def _shared(title: str, observation: str, confidence: float, specificity: int) -> Suspect:
    return Suspect(
        rule="R46",
        title=title,
        hint=f"{title[0].upper()}{title[1:]}: likely a shared dependency, and not this deployment.",
        confidence=confidence,
        specificity=specificity,
        evidence=(observation,),
        subject=(),
        next="kubectl get events -A --sort-by=.lastTimestamp | tail -30",
        elsewhere=True,
    )
