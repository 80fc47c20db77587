"""Turns claims into an Intent: equal ones are joined, contradictions refused, what has no blueprint is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code, Diagnostic
from atmos_cli.spec.contradictions import report_contradictions
from atmos_cli.spec.environment_scope import environments_of
from atmos_cli.spec.intent import Intent, PortPair, ReplicaRange, Stated
from atmos_cli.spec.saying import length_of, said_by, stated_by, tokens_of
from atmos_cli.spec.vocabulary import normal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.spec.parse import Parse, Token

_USUAL = ReplicaRange(2, 6)
_LOW = "a process without root may bind it because the pod sets ip_unprivileged_port_start=0"


def settle(parse: Parse) -> tuple[Intent, tuple[Diagnostic, ...]]:
    """Return the Intent, and all problems of `parse` in the order of the text."""
    port = port_of(parse)
    language = only_one(parse, "language", "languages")
    intent = Intent(
        name=only_one(parse, "name", "names"),
        type=only_one(parse, "type", "types"),
        language=language,
        framework=_framework(parse, language),
        port=port,
        addons=_addons(parse),
        without=_each(parse, "without"),
        hosts=_each(parse, "host"),
        scaling=_scaling(parse),
        size=only_one(parse, "size", "sizes"),
        replicas=only_one(parse, "replicas", "numbers of replicas"),
        image=only_one(parse, "image", "images"),
        cpu=only_one(parse, "cpu", "amounts of CPU"),
        memory=only_one(parse, "memory", "amounts of memory"),
        settings=_each(parse, "setting"),
        env=_each(parse, "variable"),
        secrets=_each(parse, "secret"),
        volumes=_each(parse, "volume"),
        calls=_each(parse, "call"),
        health=only_one(parse, "health", "paths of health checks"),
        live=only_one(parse, "live", "paths of liveness probes"),
        ready=only_one(parse, "ready", "paths of readiness probes"),
        environments=environments_of(parse),
        team=only_one(parse, "team", "teams"),
        remarks=_each(parse, "remark"),
    )
    _available(parse, intent)
    report_contradictions(parse, intent)
    ordered = sorted(parse.problems, key=lambda problem: problem[:2])
    return intent, tuple(dict.fromkeys(diagnostic for _, _, diagnostic in ordered))


def only_one(parse: Parse, kind: str, plural: str) -> Stated[Any] | None:
    """Return the one value of `kind`; words that are not strict agree with strict ones, within reason."""
    tokens = tokens_of(parse, kind)
    if not tokens:
        return None
    strict = [c for c in tokens if c.strict] or tokens
    deciding = strict[0]
    other = next((c for c in strict if c.value != deciding.value), None)
    other = other or next((c for c in tokens if not c.strict and not _agrees(c, deciding)), None)
    if other:
        said = f"{said_by(parse, deciding)} and {said_by(parse, other)} are two {plural}"
        parse.problem(Code.INTENT_CONTRADICTION, said, other.first, length_of(other), hint=_ONE[kind])
    notes = "; ".join(dict.fromkeys(c.note for c in tokens if c.note and c.value == deciding.value))
    return stated_by(parse, deciding.value, tokens, notes)


def _framework(parse: Parse, language: Stated[str] | None) -> Stated[str] | None:
    """Return the framework that is meant: of several only those that nothing else is built on decide."""
    tokens = [c for c in tokens_of(parse, "language") if language and c.framework and c.value == language.value]
    deciding = [c for c in tokens if c.strict] or tokens
    if not deciding:
        return None
    first = deciding[0]
    if first.strict and (other := next((c for c in deciding if c.framework != first.framework), None)):
        said = f"{said_by(parse, first)} and {said_by(parse, other)} are two frameworks"
        parse.problem(Code.INTENT_CONTRADICTION, said, other.first, length_of(other), hint=_ONE["framework"])
    same = [c for c in tokens if c.framework == first.framework]
    return stated_by(parse, first.framework, same, "")


_ONE = {
    "framework": "a service has one framework: keep one of them, or make two services",
    "name": "a service has one name: keep one of them",
    "type": "a service has one type: make two services of it",
    "language": "a service has one language: make two services, one intent for each",
    "size": "keep one of them; environments may differ under `environments` in service.yaml",
    "replicas": "keep one of them; environments may differ under `environments` in service.yaml",
    "image": "a service has one image: keep one of them",
    "cpu": "keep one of them; environments may differ under `environments` in service.yaml",
    "memory": "keep one of them; environments may differ under `environments` in service.yaml",
    "health": "keep one of them, or say `liveness /live, readiness /ready`",
    "live": "keep one of them",
    "ready": "keep one of them",
    "team": "a service belongs to one team: keep one of them",
    "port": "a service has one port; write `80:3000` when clients use 80 and the process listens on 3000",
}


def _agrees(loose: Token, strict: Token) -> bool:
    """Return whether a loose word fits: TypeScript also builds static sites; `service` is what anything is."""
    return loose.kind == "type" or strict.value in {loose.value, "static"}


def _each(parse: Parse, kind: str) -> tuple[Stated[Any], ...]:
    tokens = tokens_of(parse, kind)
    values = dict.fromkeys(c.value for c in tokens)
    return tuple(stated_by(parse, value, [c for c in tokens if c.value == value]) for value in values)


def _addons(parse: Parse) -> tuple[Stated[Any], ...]:
    """Return add-ons by name; a host asks for http and a range for autoscaling, also when not named."""
    found = {item.value: item for item in _each(parse, "addon")}
    for token in tokens_of(parse, "setting"):
        addon = token.value[0]
        found.setdefault(addon, stated_by(parse, addon, [token]))
    implied = (("http", ("host",), "a host"), ("autoscaling", ("scaling", "min", "max"), "a range of replicas"))
    for addon, kinds, what in implied:
        tokens = tokens_of(parse, *kinds)
        if tokens and addon not in found:
            found[addon] = stated_by(parse, addon, tokens, f"{what} needs {addon}")
    return tuple(found[name] for name in sorted(found))


def port_of(parse: Parse) -> Stated[PortPair] | None:
    """Return one pair from `port 80`, `80:3000`, `service port` and `container port`, which name one side."""
    tokens = tokens_of(parse, "port", "service_port", "container_port")
    if not tokens:
        return None
    kinds = ("port", "service_port", "container_port")
    by_kind = {kind: [c.value for c in tokens if c.kind == kind] for kind in kinds}
    by_kind["port"].sort(key=lambda pair: pair.service == pair.container)  # a pair explains a number, not vice versa
    service = (*by_kind["service_port"], *by_kind["port"], *by_kind["container_port"])[0].service
    container = (*by_kind["container_port"], *by_kind["port"], *by_kind["service_port"])[0].container
    value = PortPair(service, container)
    other = next((c for c in tokens if not _fits(c, value)), None)
    if other:
        said = f"{said_by(parse, tokens[0] if other is not tokens[0] else tokens[-1])} and {said_by(parse, other)}"
        message = f"{said} are two ports"
        parse.problem(Code.INTENT_CONTRADICTION, message, other.first, length_of(other), hint=_ONE["port"])
    return stated_by(parse, value, tokens, _port_note(value, parse.vocabulary.usual_ports))


def _fits(token: Token, port: PortPair) -> bool:
    said: PortPair = token.value
    if token.kind == "service_port":
        return said.service == port.service
    if token.kind == "container_port":
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


def _scaling(parse: Parse) -> Stated[ReplicaRange] | None:
    tokens = tokens_of(parse, "scaling", "min", "max")
    if not tokens:
        return None
    lows = {c.value.min if c.kind == "scaling" else c.value for c in tokens if c.kind != "max"}
    highs = {c.value.max if c.kind == "scaling" else c.value for c in tokens if c.kind != "min"}
    value = ReplicaRange(min(lows, default=min({_USUAL.min, *highs})), max(highs, default=_USUAL.max))
    if len(lows) > 1 or len(highs) > 1:
        said = f"{said_by(parse, tokens[0])} and {said_by(parse, tokens[-1])} are two ranges of replicas"
        parse.problem(Code.INTENT_CONTRADICTION, said, tokens[-1].first, length_of(tokens[-1]), hint="keep one of them")
    elif value.min > value.max:
        said = f"{said_by(parse, tokens[0])} asks for at least {value.min} replicas, but the most is {value.max}"
        hint = f"say both, such as `autoscaling {value.min}..{value.min * 2}`"
        parse.problem(Code.INTENT_CONTRADICTION, said, tokens[0].first, length_of(tokens[0]), hint=hint)
    note = (
        "" if lows and highs else f"from {value.min} to {value.max}: the {'most' if lows else 'least'} is the default"
    )
    return stated_by(parse, value, tokens, note)


def _available(parse: Parse, intent: Intent) -> None:
    there = {"addon": ("add-ons", parse.vocabulary.addons), "type": ("types", parse.vocabulary.types)}
    wanted: list[tuple[str, Stated[str]]] = [("addon", addon) for addon in intent.addons]
    if intent.type:
        wanted.append(("type", intent.type))
    for kind, item in wanted:
        what, available = there[kind]
        if item.value in available:
            continue
        first = next(i for i, word in enumerate(parse.words) if word.number == item.word)
        meant = "" if item.value == normal(item.words).replace(" ", "") else f" means {item.value}, which"
        message = f"`{item.words}` (word {item.word}){meant} is not in this version of atmos"
        offered = f"{what} in this version: {', '.join(sorted(available))}"
        instead = parse.vocabulary.instead.get(item.value, "")
        hint = offered if not instead else instead if kind == "type" else f"{instead}; {offered}"
        parse.problem(Code.INTENT_NOT_YET, message, first, 1, hint=hint)
