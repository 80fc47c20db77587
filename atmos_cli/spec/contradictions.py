"""What an intent says that cannot all be so: each is reported with both sides of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code
from atmos_cli.spec.saying import length_of, said_by, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from atmos_cli.spec.intent import Intent
    from atmos_cli.spec.parse import Parse, Token


def report_contradictions(parse: Parse, intent: Intent) -> None:
    """Add a problem to `parse` for each pair that contradicts, and for what may be meant in two ways."""
    _portless(parse, intent)
    _scaled_twice(parse, intent)
    _wanted_and_not(parse, intent)
    _said_twice(parse)
    _both_sizes(parse, intent)
    _whose_ports(parse, intent)


def _portless(parse: Parse, intent: Intent) -> None:
    """Refuse a port for a type that serves nothing, and a web service without a port."""
    tokens = [
        *tokens_of(parse, "port", "service_port", "host"),
        *(c for c in tokens_of(parse, "addon") if c.value == "http"),
    ]
    if intent.type and intent.type.value in parse.vocabulary.portless:
        for token in tokens:
            kind = intent.type.value
            message = f"{said_by(parse, token)} cannot go with `{intent.type.words}`: nothing connects to a {kind}"
            hint = f"leave it out, or leave out `{intent.type.words}` for a web service"
            parse.problem(Code.INTENT_CONTRADICTION, message, token.first, length_of(token), hint=hint)
        return
    for token in (c for c in tokens_of(parse, "without") if c.value == "port"):
        message = f"{said_by(parse, token)} leaves a web service that nothing can connect to"
        hint = "give it a port such as `port 8080`"
        parse.problem(Code.INTENT_CONTRADICTION, message, token.first, length_of(token), hint=hint)


def _said_twice(parse: Parse) -> None:
    """Refuse two values for one variable, setting, path of a volume or called service."""
    slots: dict[tuple[str, Any], Token] = {}
    for token in tokens_of(parse, "variable", "setting", "volume", "call", "secret"):
        for slot in _SLOT[token.kind](token.value):
            other = slots.setdefault(slot, token)
            if other.value != token.value:
                message = f"{said_by(parse, other)} and {said_by(parse, token)} contradict each other"
                hint = "keep one of them"
                parse.problem(Code.INTENT_CONTRADICTION, message, token.first, length_of(token), hint=hint)


_SLOT: dict[str, Callable[[Any], tuple[tuple[str, Any], ...]]] = {
    "variable": lambda pair: (("variable", pair[0]),),
    "secret": lambda name: (("variable", name),),
    "setting": lambda said: (("setting", said[:2]),),
    "volume": lambda said: (("path", said.path), ("volume", said.name)),
    "call": lambda said: (("call", said.service),),
}


def _whose_ports(parse: Parse, intent: Intent) -> None:
    """Ask whose port a number behind an add-on is, where the service has none of its own."""
    for token in tokens_of(parse, "setting"):
        addon, key, number = token.value
        if key == "port" and not token.strict and not intent.port:
            message = f"{said_by(parse, token)} may be a port of {addon} or of the service"
            hint = f"for the service write `port {number}` behind a comma, for {addon} `{addon} port {number}`"
            parse.problem(Code.INTENT_CONTRADICTION, message, token.first, length_of(token), hint=hint)


def _both_sizes(parse: Parse, intent: Intent) -> None:
    """Refuse a class beside both amounts: it would decide nothing."""
    if intent.size and intent.cpu and intent.memory:
        message = (
            f"`{intent.size.words}` (word {intent.size.word}) is a size beside `{intent.cpu.words}` and"
            f" `{intent.memory.words}`, which are one already"
        )
        token = tokens_of(parse, "size")[0]
        hint = "keep the class, or both amounts"
        parse.problem(Code.INTENT_CONTRADICTION, message, token.first, length_of(token), hint=hint)


def _scaled_twice(parse: Parse, intent: Intent) -> None:
    scaled = [a for a in intent.addons if a.value == "autoscaling"]
    if not intent.replicas or not scaled:
        return
    number = intent.replicas.value
    message = (
        f"`{intent.replicas.words}` (word {intent.replicas.word}) fixes the number of replicas that"
        f" `{scaled[0].words}` (word {scaled[0].word}) leaves open"
    )
    hint = f"keep one of them, or write `autoscaling {max(number, 1)}..{max(number, 1) * 2}`"
    token = tokens_of(parse, "replicas")[0]
    parse.problem(Code.INTENT_CONTRADICTION, message, token.first, length_of(token), hint=hint)


def _wanted_and_not(parse: Parse, intent: Intent) -> None:
    wanted = {addon.value: addon for addon in intent.addons}
    for token in tokens_of(parse, "without"):
        if token.value in wanted:
            addon = wanted[token.value]
            message = f"`{addon.words}` (word {addon.word}) asks for {addon.value}, {said_by(parse, token)} refuses it"
            hint = "keep one of them"
            parse.problem(Code.INTENT_CONTRADICTION, message, token.first, length_of(token), hint=hint)
