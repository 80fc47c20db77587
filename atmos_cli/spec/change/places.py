"""Where each thing of a change holds: `size m in prod, 4 replicas` is two, and only the first is for prod."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.saying import length_of, said_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.spec.change.parse import ChangeParse
    from atmos_cli.spec.parse import Token

# What environments may have of their own.
SCOPED = frozenset(
    {"size", "replicas", "scaling", "min", "max", "host", "no_host", "setting", "variable", "no_variable"}
)


@dataclass(slots=True)
class _Clause:
    """What was seen of one clause: things that no place was said for yet, and the place said before them."""

    waiting: list[Token] = field(default_factory=list)
    place: Token | None = None
    leading: Token | None = None


def places_of(parse: ChangeParse) -> dict[int, tuple[str, ...]]:
    """Return the environments of each token by its first word; reports places that could be meant in two ways."""
    found: dict[int, tuple[str, ...]] = {}
    carried: Token | None = None
    for tokens in _clauses(parse):
        carried = _one_clause(parse, tokens, carried, found)
    return found


def _clauses(parse: ChangeParse) -> Iterator[list[Token]]:
    clauses: dict[int, list[Token]] = {}
    for token in parse.tokens:
        clauses.setdefault(parse.words[token.first].clause, []).append(token)
    for clause in sorted(clauses):
        if tokens := [token for token in clauses[clause] if token.kind != "filler"]:
            yield tokens


def _one_clause(
    parse: ChangeParse, tokens: list[Token], carried: Token | None, found: dict[int, tuple[str, ...]]
) -> Token | None:
    state = _Clause(leading=carried if all(token.kind != "place" for token in tokens) else None)
    for token in tokens:
        if token.kind == "place":
            _place(parse, token, state, found)
        elif state.leading is not None:
            found[token.first] = tuple(state.leading.value)
        else:
            state.waiting.append(token)
    if state.place is not None:
        for token in state.waiting:
            if token.kind in SCOPED:
                _ask(parse, token, state.place)
    if len(tokens) == 1 and tokens[0].kind == "place" and not _has_colon(parse, tokens[0]):
        place = tokens[0]
        message = f"{said_by(parse, place)} stands apart from what it is for"
        hint = "write it right behind, without a comma: `size m in prod`"
        parse.problem(Code.INTENT_CONTRADICTION, message, place.first, length_of(place), hint=hint)
    return state.leading if state.leading is not None and _has_colon(parse, state.leading) else None


def _place(parse: ChangeParse, token: Token, state: _Clause, found: dict[int, tuple[str, ...]]) -> None:
    if state.waiting:
        for each in state.waiting:
            found[each.first] = tuple(token.value)
        state.waiting, state.place = [], token
    elif state.place is not None or state.leading is not None:
        _ask(parse, token, state.place or state.leading or token)
    else:
        state.leading = token


def _ask(parse: ChangeParse, token: Token, place: Token) -> None:
    message = f"{said_by(parse, token)} may belong to {said_by(parse, place)} or not"
    hint = "put a comma between what belongs apart: `size m in prod, 4 replicas`, or `4 replicas in prod`"
    parse.problem(Code.INTENT_CONTRADICTION, message, token.first, length_of(token), hint=hint)


def _has_colon(parse: ChangeParse, token: Token) -> bool:
    end = parse.words[token.last].end
    return parse.text[end : end + 1] == ":"
