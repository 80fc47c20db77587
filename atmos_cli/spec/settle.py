"""Claims become an Intent: equal ones are joined, contradictions refused, what has no blueprint yet is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code, Diagnostic
from atmos_cli.spec.intent import Intent, PortPair, ReplicaRange, Stated
from atmos_cli.spec.vocabulary import normal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.spec.reading import Claim, Reading

_USUAL = ReplicaRange(2, 6)
_LOW = "a process without root may bind it because the pod sets ip_unprivileged_port_start=0"


def settle(reading: Reading) -> tuple[Intent, tuple[Diagnostic, ...]]:
    """The Intent, and all problems of `reading` in the order of the text."""
    port = _port(reading)
    intent = Intent(
        name=_only(reading, "name", "names"),
        type=_only(reading, "type", "types"),
        language=_only(reading, "language", "languages"),
        port=port,
        addons=_addons(reading),
        without=_each(reading, "without"),
        hosts=_each(reading, "host"),
        scaling=_scaling(reading),
        size=_only(reading, "size", "sizes"),
        replicas=_only(reading, "replicas", "numbers of replicas"),
        image=_only(reading, "image", "images"),
    )
    _available(reading, intent)
    _portless(reading, intent)
    _scaled_twice(reading, intent)
    _wanted_and_not(reading, intent)
    ordered = sorted(reading.problems, key=lambda problem: problem[:2])
    return intent, tuple(dict.fromkeys(diagnostic for _, _, diagnostic in ordered))


def _claims(reading: Reading, *kinds: str) -> list[Claim]:
    return [claim for claim in reading.claims if claim.kind in kinds]


def _stated(reading: Reading, value: Any, claims: Sequence[Claim], note: str | None = None) -> Stated[Any]:
    spans = [reading.text[reading.words[c.first].start : reading.words[c.last].end] for c in claims]
    words = ", ".join(" ".join(span.split()) for span in spans)
    notes = dict.fromkeys(c.note for c in claims if c.note)
    number = reading.words[claims[0].first].number
    return Stated(value, words, "; ".join(notes) if note is None else note, number)


def _only(reading: Reading, kind: str, plural: str) -> Stated[Any] | None:
    """The one value of `kind`; words that are not strict agree with whatever the strict ones say, within reason."""
    claims = _claims(reading, kind)
    if not claims:
        return None
    strict = [c for c in claims if c.strict] or claims
    deciding = strict[0]
    other = next((c for c in strict if c.value != deciding.value), None)
    other = other or next((c for c in claims if not c.strict and not _agrees(c, deciding)), None)
    if other:
        said = f"{_said(reading, deciding)} and {_said(reading, other)} are two {plural}"
        reading.problem(Code.INTENT_CONTRADICTION, said, other.first, _length(other), hint=_ONE[kind])
    notes = "; ".join(dict.fromkeys(c.note for c in claims if c.note and c.value == deciding.value))
    return _stated(reading, deciding.value, claims, notes)


_ONE = {
    "name": "a service has one name: keep one of them",
    "type": "a service has one type: make two services of it",
    "language": "a service has one language: make two services, one intent for each",
    "size": "keep one of them; environments may differ under `environments` in service.yaml",
    "replicas": "keep one of them; environments may differ under `environments` in service.yaml",
    "image": "a service has one image: keep one of them",
    "port": "a service has one port; write `80:3000` when clients use 80 and the process listens on 3000",
}


def _agrees(loose: Claim, strict: Claim) -> bool:
    """TypeScript is also what static sites are built from; `service` is what anything is."""
    return loose.kind == "type" or strict.value in {loose.value, "static"}


def _each(reading: Reading, kind: str) -> tuple[Stated[Any], ...]:
    claims = _claims(reading, kind)
    values = dict.fromkeys(c.value for c in claims)
    return tuple(_stated(reading, value, [c for c in claims if c.value == value]) for value in values)


def _addons(reading: Reading) -> tuple[Stated[Any], ...]:
    """By name. A host asks for http and a range for autoscaling, also when nobody names them."""
    found = {item.value: item for item in _each(reading, "addon")}
    implied = (("http", ("host",), "a host"), ("autoscaling", ("scaling", "min", "max"), "a range of replicas"))
    for addon, kinds, what in implied:
        claims = _claims(reading, *kinds)
        if claims and addon not in found:
            found[addon] = _stated(reading, addon, claims, f"{what} needs {addon}")
    return tuple(found[name] for name in sorted(found))


def _port(reading: Reading) -> Stated[PortPair] | None:
    """One pair from `port 80`, `80:3000`, and from `service port` and `container port`, which name one side."""
    claims = _claims(reading, "port", "service_port", "container_port")
    if not claims:
        return None
    kinds = ("port", "service_port", "container_port")
    by_kind = {kind: [c.value for c in claims if c.kind == kind] for kind in kinds}
    by_kind["port"].sort(key=lambda pair: pair.service == pair.container)  # a pair explains a number, not vice versa
    service = (*by_kind["service_port"], *by_kind["port"], *by_kind["container_port"])[0].service
    container = (*by_kind["container_port"], *by_kind["port"], *by_kind["service_port"])[0].container
    value = PortPair(service, container)
    other = next((c for c in claims if not _fits(c, value)), None)
    if other:
        said = f"{_said(reading, claims[0] if other is not claims[0] else claims[-1])} and {_said(reading, other)}"
        message = f"{said} are two ports"
        reading.problem(Code.INTENT_CONTRADICTION, message, other.first, _length(other), hint=_ONE["port"])
    return _stated(reading, value, claims, _port_note(value, reading.vocabulary.usual_ports))


def _fits(claim: Claim, port: PortPair) -> bool:
    said: PortPair = claim.value
    if claim.kind == "service_port":
        return said.service == port.service
    if claim.kind == "container_port":
        return said.container == port.container
    return said == port or (said.service == said.container and said.service in {port.service, port.container})


def _port_note(port: PortPair, usual: Mapping[int, str]) -> str:
    if port.service == port.container:
        note = f"{port.service} for clients and for the process"
    else:
        note = f"clients use {port.service}, the process listens on {port.container}"
    low = f"; {_LOW}" if port.container < 1024 else ""
    owner = usual.get(port.container)
    return note + low + (f"; {port.container} is also the usual port of {owner}" if owner else "")


def _scaling(reading: Reading) -> Stated[ReplicaRange] | None:
    claims = _claims(reading, "scaling", "min", "max")
    if not claims:
        return None
    lows = {c.value.min if c.kind == "scaling" else c.value for c in claims if c.kind != "max"}
    highs = {c.value.max if c.kind == "scaling" else c.value for c in claims if c.kind != "min"}
    value = ReplicaRange(min(lows, default=min({_USUAL.min, *highs})), max(highs, default=_USUAL.max))
    if len(lows) > 1 or len(highs) > 1:
        said = f"{_said(reading, claims[0])} and {_said(reading, claims[-1])} are two ranges of replicas"
        reading.problem(Code.INTENT_CONTRADICTION, said, claims[-1].first, _length(claims[-1]), hint="keep one of them")
    elif value.min > value.max:
        said = f"{_said(reading, claims[0])} asks for at least {value.min} replicas, but the most is {value.max}"
        hint = f"say both, such as `autoscaling {value.min}..{value.min * 2}`"
        reading.problem(Code.INTENT_CONTRADICTION, said, claims[0].first, _length(claims[0]), hint=hint)
    note = (
        "" if lows and highs else f"from {value.min} to {value.max}: the {'most' if lows else 'least'} is the default"
    )
    return _stated(reading, value, claims, note)


def _available(reading: Reading, intent: Intent) -> None:
    there = {"addon": ("add-ons", reading.vocabulary.addons), "type": ("types", reading.vocabulary.types)}
    wanted: list[tuple[str, Stated[str]]] = [("addon", addon) for addon in intent.addons]
    if intent.type:
        wanted.append(("type", intent.type))
    for kind, item in wanted:
        what, available = there[kind]
        if item.value in available:
            continue
        first = next(i for i, word in enumerate(reading.words) if word.number == item.word)
        meant = "" if item.value == normal(item.words).replace(" ", "") else f" means {item.value}, which"
        message = f"`{item.words}` (word {item.word}){meant} is not in this version of atmos"
        hint = f"{what} in this version: {', '.join(sorted(available))}"
        reading.problem(Code.INTENT_NOT_YET, message, first, 1, hint=hint)


def _portless(reading: Reading, intent: Intent) -> None:
    """Nobody calls a type that serves nothing; and a web service without a port cannot be called."""
    claims = [
        *_claims(reading, "port", "service_port", "host"),
        *(c for c in _claims(reading, "addon") if c.value == "http"),
    ]
    if intent.type and intent.type.value in reading.vocabulary.portless:
        for claim in claims:
            kind = intent.type.value
            message = f"{_said(reading, claim)} cannot go with `{intent.type.words}`: nothing connects to a {kind}"
            hint = f"leave it out, or leave out `{intent.type.words}` for a web service"
            reading.problem(Code.INTENT_CONTRADICTION, message, claim.first, _length(claim), hint=hint)
        return
    for claim in (c for c in _claims(reading, "without") if c.value == "port"):
        message = f"{_said(reading, claim)} leaves a web service that nothing can connect to"
        hint = "give it a port such as `port 8080`"
        reading.problem(Code.INTENT_CONTRADICTION, message, claim.first, _length(claim), hint=hint)


def _scaled_twice(reading: Reading, intent: Intent) -> None:
    scaled = [a for a in intent.addons if a.value == "autoscaling"]
    if not intent.replicas or not scaled:
        return
    number = intent.replicas.value
    message = (
        f"`{intent.replicas.words}` (word {intent.replicas.word}) fixes the number of replicas that"
        f" `{scaled[0].words}` (word {scaled[0].word}) leaves open"
    )
    hint = f"keep one of them, or write `autoscaling {max(number, 1)}..{max(number, 1) * 2}`"
    claim = _claims(reading, "replicas")[0]
    reading.problem(Code.INTENT_CONTRADICTION, message, claim.first, _length(claim), hint=hint)


def _wanted_and_not(reading: Reading, intent: Intent) -> None:
    wanted = {addon.value: addon for addon in intent.addons}
    for claim in _claims(reading, "without"):
        if claim.value in wanted:
            addon = wanted[claim.value]
            message = f"`{addon.words}` (word {addon.word}) asks for {addon.value}, {_said(reading, claim)} refuses it"
            hint = "keep one of them"
            reading.problem(Code.INTENT_CONTRADICTION, message, claim.first, _length(claim), hint=hint)


def _length(claim: Claim) -> int:
    return claim.last - claim.first + 1


def _said(reading: Reading, claim: Claim) -> str:
    return reading.said(claim.first, _length(claim))
