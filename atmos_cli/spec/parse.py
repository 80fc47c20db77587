"""What the rules of the grammar share: the words, and what each of them turned out to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code, Diagnostic
from atmos_cli.spec.names import shown
from atmos_cli.spec.vocabulary import FILLERS, normal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.spec.vocabulary import Vocabulary, WordMeaning
    from atmos_cli.spec.words import Word


@dataclass(frozen=True, slots=True)
class Token:
    """The words `first` to `last` (indexes, inclusive) say `value` of `kind`; kind `filler` says nothing."""

    kind: str
    value: Any
    first: int
    last: int
    note: str = ""
    strict: bool = True
    framework: str = ""


@dataclass(slots=True)
class Parse:
    """Every word ends in a claim or a problem; nothing is dropped. `afterwards` completes hints that name a file.

    `environments` are the names of environments by what people call them.
    """

    text: str
    words: tuple[Word, ...]
    vocabulary: Vocabulary
    afterwards: str = ""
    environments: Mapping[str, str] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    problems: list[tuple[int, int, Diagnostic]] = field(default_factory=list)

    def near(self, start: int, offset: int = 0) -> Word | None:
        """Return the word `offset` after `start` when it is in the same clause."""
        index = start + offset
        if 0 <= index < len(self.words) and self.words[index].clause == self.words[start].clause:
            return self.words[index]
        return None

    def key(self, start: int, offset: int = 0) -> str:
        """Return the same word in lower case; empty when there is none or it is quoted."""
        word = self.near(start, offset)
        return "" if word is None or word.quoted else word.text.lower()

    def phrase(self, start: int, offset: int = 0) -> tuple[WordMeaning, int] | None:
        """Return the longest phrase that begins there, and how many words it has."""
        keys: list[str] = []
        while len(keys) < self.vocabulary.longest and (key := self.key(start, offset + len(keys))):
            keys.append(normal(key))
        for count in range(len(keys), 0, -1):
            if meaning := self.vocabulary.meanings.get(" ".join(keys[:count])):
                return meaning, count
        return None

    def is_noun(self, start: int, offset: int = 0) -> bool:
        """Return whether a language, type or add-on is called so there: a company's own words win over the grammar."""
        found = self.phrase(start, offset)
        return found is not None and found[0].kind in {"language", "type", "addon"}

    def store_before(self, start: int) -> str:
        """Return the add-on right before `start`, at most a filler between, if it has its own names and addresses."""
        at = start - 2 if self.key(start, -1) in FILLERS else start - 1
        beside = self.near(start, at - start) is not None
        found = (c.value for c in self.tokens if beside and c.last == at and c.kind == "addon")
        return next((str(value) for value in found if value not in self.vocabulary.properties), "")

    def text_at(self, start: int, offset: int = 0) -> str:
        """Return the word `offset` after `start` as it was written; empty when there is none or it is quoted."""
        word = self.near(start, offset)
        return "" if word is None or word.quoted else word.text

    def last_said(self, start: int) -> Token | None:
        """Return the claim before `start`; words that say nothing may stand between."""
        at = start - 1
        by_last = {each.last: each for each in self.tokens}
        while at in by_last and by_last[at].kind == "filler":
            at = by_last[at].first - 1
        return by_last.get(at)

    def token(
        self,
        kind: str,
        value: Any,
        start: int,
        count: int,
        *,
        note: str = "",
        strict: bool = True,
        framework: str = "",
    ) -> int:
        last = start + count - 1
        self.tokens.append(Token(kind, value, first=start, last=last, note=note, strict=strict, framework=framework))
        return count

    def problem(self, code: Code, message: str, start: int, count: int, *, hint: str = "") -> int:
        self.problems.append((start, start + count - 1, Diagnostic(code, message, hint=hint)))
        return count

    def said(self, start: int, count: int = 1) -> str:
        """Return the user's own words with their place, for messages: "`port 80` (word 3)"."""
        first, last = self.words[start], self.words[start + count - 1]
        return f"`{shown(self.text[first.start : last.end])}` (word {first.number})"
