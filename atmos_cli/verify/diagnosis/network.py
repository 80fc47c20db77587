"""Rules R32 to R36: names, connections, certificates, the mesh."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, mappings, strings
from atmos_cli.verify.diagnosis.finding import CAUSE, EXACT, PATTERN, Suspect, certainty, from_lines, word
from atmos_cli.verify.diagnosis.gauges import by_label
from atmos_cli.verify.diagnosis.patterns import host_port
from atmos_cli.verify.diagnosis.policies import blocks_in, blocks_out
from atmos_cli.verify.fields import conditions
from atmos_cli.verify.masking import plain_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.diagnosis.facts import Facts

_LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - what a client was told to connect to
_FLAGS = {
    "UF": ("connections to the pods fail", "nothing listens there, or one side speaks mTLS and the other does not"),
    "URX": ("retries and connection attempts are used up", "the limit of retries or connection attempts is reached"),
    "UH": ("no pod is healthy", "the mesh sees no healthy pod behind the service: readiness, or outlier detection"),
    "UO": ("the circuit breaker is open", "the mesh's connection or request limits are reached"),
    "UT": ("requests time out", "the pods answer later than the route's timeout"),
    "NR": ("no route matches", "no VirtualService, HTTPRoute or subset matches the request"),
    "DC": ("clients give up", "clients close the connection before the answer: it comes too late"),
    "UC": ("the pods close connections", "pods end or close idle connections before the mesh does"),
}  # fmt: skip
_CERTIFICATE = re.compile(r"expired|notAfter|not yet valid", re.IGNORECASE)


def network_rules(facts: Facts) -> Iterator[Suspect]:
    if facts.hurting:
        yield from _names(facts)
        yield from _timeouts(facts)
        yield from _refused(facts)
    yield from _certificates(facts)
    if facts.worse:
        yield from _mesh(facts)


def _names(facts: Facts) -> Iterator[Suspect]:
    first = next(facts.matching("DNS"), None)
    if first is None:
        return
    host, _ = host_port(first[0].text)
    label, _, rest = host.partition(".")
    services = {plain_text(o, "metadata", "name") for o in facts.of_kind("Service")}
    policy, _allowed = blocks_out(facts, 53, protocol="UDP")
    if policy:
        why = f"NetworkPolicy {policy} does not allow port 53, so no name can be resolved"
    elif not host:
        why = "a name cannot be resolved: see the log"
    elif rest and not rest.endswith("cluster.local") and rest.partition(".")[0] != facts.namespace:
        why = f"the name {host} does not exist, or a NetworkPolicy or the DNS server keeps it from being resolved"
    elif label in services:
        why = f"Service {label} exists, so the DNS server or a NetworkPolicy is at fault"
    else:
        why = f"there is no Service {label} in namespace {facts.namespace} (did you mean {label}.OTHER-NAMESPACE?)"
    yield Suspect(
        rule="R32",
        title=f"the name {host} cannot be resolved" if host else "names cannot be resolved",
        hint=f"Cannot resolve {host or 'a name'}: {why}.",
        confidence=(0.9 if first[0].novel else 0.55) if host or policy else 0.7,
        specificity=EXACT,
        evidence=from_lines(facts, "DNS"),
        subject=(
            *((word(host), word(label)) if host else ()),
            "NetworkPolicy/",
            "dnsPolicy",
            "dnsConfig",
        ),
        next=f"kubectl -n {facts.namespace} get service {label}"
        if host
        else f"kubectl -n {facts.namespace} get networkpolicy",
    )


def _timeouts(facts: Facts) -> Iterator[Suspect]:
    for line, _ in facts.matching("NET_TIMEOUT"):
        host, port = host_port(line.text)
        if not host or not port:
            continue
        target = strings(_service(facts, host), "spec", "selector")
        policy, allowed = blocks_out(facts, port)
        side = "egress"
        if not policy:
            policy, allowed = blocks_in(facts, target, port)
            side = "ingress"
        if policy:
            yield Suspect(
                rule="R33",
                title=f"NetworkPolicy {policy} drops connections to {host}:{port}",
                hint=f"Connections to {host}:{port} time out: the {side} of NetworkPolicy {policy} allows only "
                f"{allowed}. (Refused means that nobody listens; a time-out, that packets are dropped.)",
                confidence=0.88 if line.novel else 0.6,
                specificity=EXACT,
                evidence=(shown(f"log of {line.pod}/{line.container}: {line.text}"),),
                subject=("NetworkPolicy/", word(host), "labels"),
                next=f"kubectl -n {facts.namespace} describe networkpolicy {policy}",
            )
            return


def _refused(facts: Facts) -> Iterator[Suspect]:
    for line, _ in facts.matching("REFUSED"):
        host, port = host_port(line.text)
        if not host:
            continue
        yield _not_listening(facts, host, port, novel=line.novel)
        return


def _not_listening(facts: Facts, host: str, port: int, *, novel: bool) -> Suspect:
    where = f"{host}:{port}" if port else host
    evidence = from_lines(facts, "REFUSED")
    if host in _LOCAL:
        return Suspect(
            rule="R34",
            title=f"nothing listens at {where} inside the pod",
            hint=f"The program connects to {where}, which is its own pod, and nothing listens there: is the "
            "address of the dependency set, or is a sidecar missing?",
            confidence=0.75 if novel else 0.5,
            specificity=CAUSE,
            evidence=evidence,
            subject=(word(host), r"(?:HOST|URL|ADDR|ENDPOINT)\w* removed", r"\bcontainer\b", "ConfigMap/"),
            next=f"kubectl -n {facts.namespace} set env deploy/{facts.evidence.target.workload} --list",
        )
    service = _service(facts, host)
    name = plain_text(service, "metadata", "name") or host.partition(".")[0]
    ready = _ready_endpoints(facts, name) if service else None
    if service and ready == 0:
        since = f"kubectl -n {facts.namespace} get pods -l {_selector(service)}" if _selector(service) else ""
        return Suspect(
            rule="R34",
            title=f"{name} has no ready pods",
            hint=f"Dependency {name} has no ready pods, so {where} refuses connections. Not necessarily your change.",
            confidence=0.88,
            specificity=EXACT,
            evidence=(*evidence, f"Service {name}: 0 ready endpoints"),
            subject=(word(name),),
            next=since or f"kubectl -n {facts.namespace} get endpointslices -l kubernetes.io/service-name={name}",
            elsewhere=name not in _own(facts),
        )
    return Suspect(
        rule="R34",
        title=f"{where} refuses connections",
        hint=f"Nothing listens at {where}: the dependency is down, or the port is wrong. Not necessarily your change.",
        confidence=0.6 if novel else 0.4,
        specificity=PATTERN,
        evidence=evidence,
        subject=(word(host), *((word(str(port)),) if port else ())),
        next=f"kubectl -n {facts.namespace} get endpointslices -l kubernetes.io/service-name={name}",
    )


def _own(facts: Facts) -> set[str]:
    return {
        plain_text(o, "metadata", "name") for o in facts.evidence.snapshot.wanted if plain_text(o, "kind") == "Service"
    }


def _service(facts: Facts, host: str) -> Resource | None:
    """Return the Service of a host name or cluster address, in the target's namespace."""
    name, _, rest = host.partition(".")
    if rest and not rest.replace(".", "").isdigit() and rest.partition(".")[0] != facts.namespace:
        return None
    for service in facts.of_kind("Service"):
        if plain_text(service, "metadata", "name") == name or plain_text(service, "spec", "clusterIP") == host:
            return service
    return None


def _ready_endpoints(facts: Facts, service: str) -> int | None:
    slices = [
        o
        for o in facts.of_kind("EndpointSlice")
        if strings(o, "metadata", "labels").get("kubernetes.io/service-name") == service
    ]
    if not slices:
        return None
    rows = [row for one in slices for row in mappings(one, "endpoints")]
    return sum(1 for row in rows if at(row, "conditions", "ready") is not False)


def _selector(service: Resource) -> str:
    return ",".join(f"{key}={value}" for key, value in strings(service, "spec", "selector").items())


def _certificates(facts: Facts) -> Iterator[Suspect]:
    bad = [(o, row) for o in facts.of_kind("Certificate") for row in conditions(o) if row.type == "Ready" and row.false]
    in_log = certainty(facts, "TLS", novel=0.88, stale=0.55) if facts.hurting else 0.0
    if not in_log and not (bad and facts.worse):
        return
    host = ""
    if in_log:
        line, _ = next(facts.matching("TLS"))
        host, _port = host_port(line.text)
    name = plain_text(bad[0][0], "metadata", "name") if bad else ""
    status = f" Certificate {name}: {bad[0][1].message or bad[0][1].reason}." if bad else ""
    words = " ".join(from_lines(facts, "TLS"))
    why = (
        "expired" if _CERTIFICATE.search(words) else "name" if "valid for" in words or "not match" in words else "trust"
    )
    reason = {
        "expired": "the certificate has expired or is not valid yet",
        "name": "the certificate is for another name",
        "trust": "the certificate's issuer is not trusted, or the other side speaks no TLS",
    }[why]
    yield Suspect(
        rule="R35",
        title=f"TLS to {host} fails"
        if host
        else f"certificate {name} is not ready"
        if name and not in_log
        else "TLS fails",
        hint=shown(f"TLS{f' to {host}' if host else ''} fails: {reason}.{status}"),
        confidence=in_log or 0.7,
        specificity=EXACT if in_log else CAUSE,
        evidence=(*from_lines(facts, "TLS"), *((shown(f"Certificate {name}: {bad[0][1].message}"),) if bad else ())),
        subject=("Certificate/", "Issuer/", "tls", "SSL", "_CA", *((word(host),) if host else ())),
        next=f"kubectl -n {facts.namespace} describe certificate {name}"
        if name
        else f"openssl s_client -connect {host or 'HOST'}:443 </dev/null | openssl x509 -noout -dates -issuer -subject",
    )


def _mesh(facts: Facts) -> Iterator[Suspect]:
    now, then = by_label(facts, "mesh-flags", "response_flags"), by_label(facts, "mesh-flags-before", "response_flags")
    total, before = sum(now.values()), sum(then.values())
    if total < 20:
        return
    shares = {}
    for flags, count in now.items():
        for flag in re.split(r"[,|]", flags)[:5]:
            was = then.get(flags, 0.0) / before if before else 0.0
            if flag in _FLAGS and count >= 5 and count / total >= 0.01 and count / total >= 2 * was:
                shares[flag] = count / total
    if shares:
        flag = max(shares, key=lambda each: shares[each])
        title, why = _FLAGS[flag]
        yield Suspect(
            rule="R36",
            title=f"the mesh reports {flag}: {title}",
            hint=f"{shares[flag]:.0%} of requests carry the flag {flag}: {why}.",
            confidence=0.8,
            specificity=CAUSE,
            evidence=(f"istio_requests_total: {shares[flag]:.1%} with response_flags {flag} in 5 min",),
            subject=(
                "VirtualService/",
                "DestinationRule/",
                "HTTPRoute/",
                "PeerAuthentication/",
                "ports?",
                "Service/",
            ),
            next=f"kubectl -n {facts.namespace} logs deploy/{facts.evidence.target.workload} -c istio-proxy | "
            f"grep {flag}",
        )
