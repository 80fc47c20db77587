"""What an intent can say where a catalogue of blueprints is: their words, and those of languages and frameworks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.spec.vocabulary import Noun, Vocabulary, longest_phrase, meanings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.blueprint.manifest import Called
    from atmos_cli.spec.vocabulary import Kind

KINDS: dict[str, Kind] = {"workload": "type", "addon": "addon"}


def vocabulary(catalogue: Catalogue) -> Vocabulary:
    """Return all that can be said; a word of a company's own wins over the same word of a bundled noun."""
    types, addons = catalogue.of_kind("workload"), catalogue.of_kind("addon")
    meanings = meanings_of(_nouns(catalogue))
    known = [layer.unavailable for layer in catalogue.layers]
    called = {name: row for each in known for name, row in each.addons.items()}
    called |= {b.manifest.name: b.manifest for b in addons}
    serving = {name: row.serves for each in known for name, row in each.types.items()}
    serving |= {b.manifest.name: b.manifest.serves for b in types}
    return Vocabulary(
        meanings=meanings,
        longest=longest_phrase(meanings),
        languages=tuple(catalogue.languages.languages),
        types=frozenset(b.manifest.name for b in types),
        addons=frozenset(b.manifest.name for b in addons),
        portless=frozenset(name for name, serves in serving.items() if serves == "nothing"),
        properties=frozenset(name for name, row in called.items() if not row.backing),
        usual_ports={row.usual_port: name for name, row in called.items() if row.usual_port},
    )


def alternatives(names: Iterable[str]) -> str:
    """Return `a, b or c`."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _nouns(catalogue: Catalogue) -> Iterator[Noun]:
    """From the least to the most particular: what a company has comes last, and keeps the words of what it replaces."""
    for layer in catalogue.layers:
        yield from (Noun("unknown_language", word, (word,)) for word in layer.unavailable.languages)
        yield from (_noun("type", name, row) for name, row in layer.unavailable.types.items())
        yield from (_noun("addon", name, row) for name, row in layer.unavailable.addons.items())
        yield from (_noun("language", name, row, name) for name, row in layer.languages.languages.items())
        for name, row in layer.frameworks.frameworks.items():
            now = catalogue.frameworks[name]
            yield _noun("language", now.language, row, note=now.note)
        for name in layer.names:
            kind = KINDS[catalogue.get(name).manifest.kind]
            yield _noun(kind, name, layer.manifest(name)[0], name)


def _noun(kind: Kind, value: str, called: Called, *name: str, note: str = "") -> Noun:
    return Noun(
        kind,
        value,
        words=(*called.words, *name),
        loose_words=called.loose_words,
        store_words=called.store_words,
        without_words=called.without_words,
        notes={**dict.fromkeys(called.words, note), **called.word_notes},
    )
