"""`add redis, size m in prod` becomes items of a change. Every word is accounted for, every problem reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code, Diagnostic
from atmos_cli.foreign import shell
from atmos_cli.spec.change.grammar import read_words
from atmos_cli.spec.change.parse import ChangeParse
from atmos_cli.spec.change.settle import settle_change
from atmos_cli.spec.environments import called
from atmos_cli.spec.shorthand import LONGEST, few
from atmos_cli.spec.words import cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.spec.change.items import AlreadySo, ChangeItem
    from atmos_cli.spec.model import ServiceSpec
    from atmos_cli.spec.vocabulary import Vocabulary

EXAMPLE = 'such as `atmos change SERVICE "add redis, size m in prod"`'


def read_change(
    text: str, vocabulary: Vocabulary, *, spec: ServiceSpec, environments: Sequence[str], only: Sequence[str] = ()
) -> tuple[tuple[ChangeItem, ...], tuple[AlreadySo, ...], tuple[Diagnostic, ...]]:
    """Return what `text` asks to change of `spec`, what it only repeats, and what could not be understood.

    `environments` are those that the service is in; `only`: the ones for what no words say a place of.
    """
    if len(text) > LONGEST:
        message = f"the intent has {len(text)} characters, more than {LONGEST}"
        return (), (), (Diagnostic(Code.INTENT_TOO_LONG, message, hint=f"say it shorter, {EXAMPLE}"),)
    parse = ChangeParse(
        text,
        cut(text),
        vocabulary,
        afterwards=f"; edit it there, then run `atmos update {shell(spec.name)}`",
        environments=called(environments),
        service=spec.name,
        only=tuple(only),
    )
    read_words(parse)
    items, repeated = settle_change(parse, {"name": spec.name, "language": spec.language, "type": spec.type})
    ordered = sorted(parse.problems, key=lambda problem: problem[:2])
    problems = tuple(dict.fromkeys(diagnostic for _, _, diagnostic in ordered))
    return items, repeated, few(problems, EXAMPLE)
