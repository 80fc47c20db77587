"""`node, port 80, postgres` becomes an Intent. Every word is accounted for; every problem is reported at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.spec.environments import called
from atmos_cli.spec.grammar import MANY, read
from atmos_cli.spec.parse import Parse
from atmos_cli.spec.settle import settle
from atmos_cli.spec.words import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.spec.intent import Intent
    from atmos_cli.spec.vocabulary import Vocabulary

LONGEST = 2000
EXAMPLE = 'such as `atmos new service "node, port 80, postgres"`'


def parse_intent(text: str, vocabulary: Vocabulary, *, environments: Sequence[str] = ()) -> Intent:
    """Return what `text` says, in the words and with the nouns of `vocabulary`; `environments` are those of the repo.

    Raises AtmosError with one diagnostic for each problem: ATM101 to ATM107, in the order of the text.
    """
    intent, problems = read_intent(text, vocabulary, environments=environments)
    if problems:
        raise AtmosError(*problems)
    return intent


def read_intent(
    text: str, vocabulary: Vocabulary, *, environments: Sequence[str] = ()
) -> tuple[Intent, tuple[Diagnostic, ...]]:
    """Return what could be understood, and what could not: `parse_intent` without the exception."""
    if len(text) > LONGEST:
        message = f"the intent has {len(text)} characters, more than {LONGEST}"
        too_long = Diagnostic(Code.INTENT_TOO_LONG, message, hint=f"say it shorter, {EXAMPLE}")
        return settle(Parse("", (), vocabulary))[0], (too_long,)
    parse = Parse(text, words_of(text), vocabulary, environments=called(environments))
    intent, problems = settle(read(parse))
    if not problems and not intent.stated():
        return intent, (Diagnostic(Code.INTENT_EMPTY, "the intent says nothing", hint=f"say what to run, {EXAMPLE}"),)
    return intent, few(problems, EXAMPLE)


def few(problems: tuple[Diagnostic, ...], example: str) -> tuple[Diagnostic, ...]:
    """Return the first unknown words only: a text that is no intent at all has one everywhere."""
    unknown = [d for d in problems if d.code is Code.INTENT_UNKNOWN_WORD]
    if len(unknown) <= MANY:
        return problems
    more = f"{len(unknown) - MANY} more words are not words that atmos knows"
    dropped = set(map(id, unknown[MANY:]))
    kept = tuple(d for d in problems if id(d) not in dropped)
    return (*kept, Diagnostic(Code.INTENT_UNKNOWN_WORD, more, hint=f"an intent is short, {example}"))
