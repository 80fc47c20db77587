"""Turns the claims of a change into its items; what a change cannot do is refused with the way to do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code
from atmos_cli.foreign import shell
from atmos_cli.spec.change.items import ADDITIONS, AlreadySo, ChangeItem, ChangeKind, contradictions
from atmos_cli.spec.change.places import SCOPED, places_of
from atmos_cli.spec.saying import length_of, said_by, stated_by, tokens_of
from atmos_cli.spec.settle import port_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.spec.change.parse import ChangeParse
    from atmos_cli.spec.parse import Token

_PORTS = ("port", "service_port", "container_port")


def settle_change(parse: ChangeParse, fixed: dict[str, str]) -> tuple[tuple[ChangeItem, ...], tuple[AlreadySo, ...]]:
    """Return the items to do, and those that only repeat what is `fixed` (name, language, type). Reports the rest."""
    places = places_of(parse)
    found: list[ChangeItem] = []
    for token in parse.tokens:
        names = places.get(token.first, parse.only)
        _require_scope(parse, token, names)
        found += _items(parse, token, names)
    found += _ports(parse)
    for token in tokens_of(parse, "image"):
        _image(parse, token)
    for before, item in contradictions(found):
        message = f"{before.said} and {item.said} contradict each other"
        parse.problem(Code.INTENT_CONTRADICTION, message, 0, 1, hint="keep one of them")
    return _once(found), tuple(_repeated(parse, fixed))


def _once(items: list[ChangeItem]) -> tuple[ChangeItem, ...]:
    return tuple({item.slot: item for item in reversed(items)}.values())[::-1]


def _items(parse: ChangeParse, token: Token, places: tuple[str, ...]) -> Iterator[ChangeItem]:
    """Yield what one claim asks for, once for each environment that was said."""
    _addons(parse, token)
    for environment in places or ("",):
        for kind, key, value in _meant(parse, token, scoped=bool(environment)):
            yield _item(parse, token, kind, key, value, environment)


def _meant(parse: ChangeParse, token: Token, *, scoped: bool) -> Iterator[tuple[ChangeKind, str, Any]]:
    need: ChangeKind = "needs" if scoped else "addon"
    match token.kind:
        case "size" | "replicas":
            yield ("size" if token.kind == "size" else "replicas"), "", token.value
        case "scaling":
            yield from ((need, "autoscaling", True), ("min", "", token.value.min), ("max", "", token.value.max))
        case "min" | "max":
            yield from ((need, "autoscaling", True), ("min" if token.kind == "min" else "max", "", token.value))
        case "host":
            yield from ((need, "http", True), ("host", token.value, True))
        case "no_host":
            yield "no_host", token.value, True
        case "addon":
            yield (need if _ranged(parse, token) else "addon"), token.value, True
        case "without" if token.value != "port":
            yield "without", token.value, True
        case "setting":
            addon, key, value = token.value
            yield from ((need, addon, True), ("setting", f"{addon}.{key}", value))
        case "variable":
            yield "variable", token.value[0], token.value[1]
        case "secret":
            yield "secret", token.value, True
        case "no_variable":
            yield "no_variable", token.value, True


def _item(parse: ChangeParse, token: Token, kind: ChangeKind, key: str, value: Any, environment: str) -> ChangeItem:
    stated = stated_by(parse, value, [token])
    shown = f"your words: {stated.words}"
    return ChangeItem(kind, key, value, environment, source=shown, said=said_by(parse, token), note=stated.note)


def _ranged(parse: ChangeParse, token: Token) -> bool:
    """Return whether a range stands in the clause of `autoscaling`, which then is what the place is for."""
    clause = parse.words[token.first].clause
    ranges = tokens_of(parse, "scaling", "min", "max")
    return token.value == "autoscaling" and any(parse.words[each.first].clause == clause for each in ranges)


def _require_scope(parse: ChangeParse, token: Token, names: tuple[str, ...]) -> None:
    if not names or token.kind in SCOPED | {"filler", "place"} or _ranged(parse, token):
        return
    message = f"{said_by(parse, token)} is the same in every environment, and cannot be for {', '.join(names)} alone"
    hint = "leave the environment out, or put a comma between what is for it and what is not"
    parse.problem(Code.INTENT_CONTRADICTION, message, token.first, length_of(token), hint=hint)


def _addons(parse: ChangeParse, token: Token) -> None:
    """Report add-ons that there are not, and those that may be meant to come or to go."""
    if token.kind == "addon" and token.value not in parse.vocabulary.addons:
        message = f"{said_by(parse, token)} is not in this version of atmos"
        hint = f"add-ons in this version: {', '.join(sorted(parse.vocabulary.addons))}"
        parse.problem(Code.INTENT_NOT_YET, message, token.first, length_of(token), hint=hint)
    if token.kind == "setting" and not token.strict:
        addon, _, number = token.value
        message = f"{said_by(parse, token)} may be a port of {addon} or of the service"
        hint = f"for the service write `port {number}` behind a comma, or `{addon} port {number}`"
        parse.problem(Code.INTENT_CONTRADICTION, message, token.first, length_of(token), hint=hint)
    before = _said_before(parse, token)
    if token.kind == "addon" and before is not None and before.kind == "without":
        message = f"{said_by(parse, token)} behind {said_by(parse, before)} may be meant to come or to go"
        hint = f"say `add {token.value}` or `remove {token.value}`"
        parse.problem(Code.INTENT_CONTRADICTION, message, token.first, length_of(token), hint=hint)
    if token.kind == "port" and before is not None and before.kind in {"addon", "setting"}:
        bare = not parse.key(token.first).startswith("port")
        same = parse.words[before.first].clause == parse.words[token.first].clause
        if bare and same:
            addon = before.value if before.kind == "addon" else before.value[0]
            number = token.value.container
            message = (
                f"{said_by(parse, token)} behind {said_by(parse, before)} may be a port of {addon} or of the service"
            )
            has = "port" in parse.vocabulary.inputs.get(addon, {})
            other = f"`{addon} port {number}`" if has else "leave it out"
            hint = f"for the service write `port {number}` behind a comma, or {other}"
            parse.problem(Code.INTENT_CONTRADICTION, message, token.first, length_of(token), hint=hint)


def _said_before(parse: ChangeParse, token: Token) -> Token | None:
    """Return the claim right before; words that say nothing may stand between, those that add may not."""
    at = token.first - 1
    by_last = {each.last: each for each in parse.tokens}
    while at in by_last and by_last[at].kind == "filler":
        if parse.words[at].text.lower() in ADDITIONS:
            return None
        at = by_last[at].first - 1
    return by_last.get(at)


def _ports(parse: ChangeParse) -> Iterator[ChangeItem]:
    """Yield the two ends of the port that were said; one that was not stays as it is."""
    tokens = tokens_of(parse, *_PORTS)
    if not tokens:
        return
    kinds = {token.kind for token in tokens}
    stated = port_of(parse)
    if stated is None:
        return
    sides: list[tuple[ChangeKind, int]] = []
    if kinds != {"container_port"}:
        sides.append(("service_port", stated.value.service))
    if kinds != {"service_port"}:
        sides.append(("container_port", stated.value.container))
    note = stated.note if len(sides) == 2 else ""
    for kind, value in sides:
        source = f"your words: {stated.words}"
        yield ChangeItem(kind, "", value, "", source=source, said=said_by(parse, tokens[0]), note=note)


def _image(parse: ChangeParse, token: Token) -> None:
    message = f"{said_by(parse, token)} is not changed here: the image in service.yaml is the first one only"
    command = f"atmos deploy {shell(parse.service)} --image {shell(str(token.value))}"
    parse.problem(Code.INTENT_NOT_YET, message, token.first, length_of(token), hint=f"run `{command}`")


def _repeated(parse: ChangeParse, fixed: dict[str, str]) -> Iterator[AlreadySo]:
    """Yield what says again what the service is; refuse what would make another service of it."""
    for token in tokens_of(parse, *fixed):
        if not token.strict and token.kind == "type":
            continue
        if token.value == fixed[token.kind]:
            stated = stated_by(parse, token.value, [token])
            yield AlreadySo(token.kind, token.value, f"your words: {stated.words}", stated.note)
            continue
        why, hint = _another(parse, token, fixed[token.kind])
        message = f"{said_by(parse, token)} cannot be changed: {why}"
        parse.problem(Code.INTENT_NOT_YET, message, token.first, length_of(token), hint=hint)
    for token in tokens_of(parse, "without"):
        if token.value == "port":
            message = f"{said_by(parse, token)} cannot be done: a `{fixed['type']}` serves a port"
            hint = "a service without a port has another type: make a new service of it"
            parse.problem(Code.INTENT_NOT_YET, message, token.first, length_of(token), hint=hint)


def _another(parse: ChangeParse, token: Token, now: str) -> tuple[str, str]:
    """Say why the name, the type or the language is not changed by an intent, and what to do."""
    name = shell(parse.service)
    if token.kind == "name":
        new = shell(str(token.value) or "NAME")
        return "the name is in selectors, addresses and paths", f"`atmos rename {name} {new}` says what that takes"
    if token.kind == "type":
        return (
            f"{now} is made of other objects than {token.value}",
            "make a new service of that type, and remove this one",
        )
    why = f"{now} and {token.value} need other images, probes and memory"
    return why, f"edit `language` in service.yaml, run `atmos update {name}`, and deploy an image that fits"
