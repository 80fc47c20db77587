"""The words of an intent, given a catalogue of blueprints: theirs, and those of languages and frameworks."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code, Diagnostic
from atmos_cli.spec.spec_schema import spec_json_schema
from atmos_cli.spec.vocabulary import Noun, Vocabulary, longest_phrase, meanings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.blueprint.manifest import Called, CalledAddon, Input, Manifest, Unavailable
    from atmos_cli.spec.model import ServiceSpec
    from atmos_cli.spec.vocabulary import Kind

KINDS: dict[str, Kind] = {"workload": "type", "addon": "addon"}


def vocabulary(catalogue: Catalogue) -> Vocabulary:
    """Return all words of an intent; a company's own word wins over the same word of a bundled noun."""
    types, addons = catalogue.of_kind("workload"), catalogue.of_kind("addon")
    meanings = meanings_of(_nouns(catalogue))
    known = [layer.unavailable for layer in catalogue.layers]
    called: dict[str, CalledAddon] = {name: row for one in known for name, row in one.addons.items()}
    called |= {b.manifest.name: b.manifest for b in addons}
    serving = {name: row.serves for one in known for name, row in one.types.items()}
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
        inputs={b.manifest.name: {key: each.type for key, each in b.manifest.inputs.items()} for b in addons},
        choices={b.manifest.name: _choices(b.manifest) for b in addons},
        instead={name: text for one in known for name, text in _instead(one)},
    )


def _instead(rows: Unavailable) -> Iterator[tuple[str, str]]:
    yield from ((name, row.instead) for name, row in rows.types.items())
    yield from ((name, row.instead) for name, row in rows.addons.items())


def _choices(manifest: Manifest) -> dict[str, tuple[str, ...]]:
    return {key: tuple(map(str, each.values)) for key, each in manifest.inputs.items() if each.values}


def alternatives(names: Iterable[str]) -> str:
    """Return names as a choice: `a, b or c`."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def unknown_nouns(spec: ServiceSpec, catalogue: Catalogue) -> Iterator[tuple[str, Diagnostic]]:
    """Find the language, the framework and the type of `spec` that are not in the catalogue: field and ATM104."""
    if spec.language not in catalogue.languages.languages:
        yield "language", unknown("language", spec.language, catalogue.languages.languages)
    elif spec.framework is not None and (found := _framework(spec.framework, spec.language, catalogue)):
        yield "framework", found
    types = catalogue.workloads()
    if spec.type not in types:
        yield "type", unknown("type", spec.type, types)


def _framework(name: str, language: str, catalogue: Catalogue) -> Diagnostic | None:
    row = catalogue.frameworks.get(name)
    if row is not None and row.language == language:
        return None
    if row is not None:
        message = f"`framework: {name}` is of the language `{row.language}`, not `{language}`"
        hint = f"write `language: {row.language}`, or leave one of them out"
        return Diagnostic(Code.SPEC_INVALID, message, hint=hint)
    return unknown("framework", name, (each for each, row in catalogue.frameworks.items() if row.language == language))


def unknown(field: str, value: str, known: Iterable[str]) -> Diagnostic:
    """Return an ATM104: `value` is none of `known`."""
    names = tuple(known) or ("nothing",)
    close = difflib.get_close_matches(value[:80], names, n=1)
    message = f"`{field}`: should be {alternatives(repr(name) for name in names)}"
    return Diagnostic(Code.SPEC_INVALID, message, hint=f"did you mean `{close[0]}`?" if close else "")


def spec_schema(catalogue: Catalogue) -> dict[str, Any]:
    """Return the JSON Schema of `service.yaml` with the languages, types and add-ons that are in the catalogue."""
    addons = {b.manifest.name: b.manifest.inputs for b in catalogue.of_kind("addon")}
    return spec_json_schema(
        {name: {key: _property(each) for key, each in inputs.items()} for name, inputs in addons.items()},
        languages=tuple(catalogue.languages.languages),
        frameworks=tuple(catalogue.frameworks),
        types=catalogue.workloads(),
    )


def _property(declared: Input) -> dict[str, Any]:
    """Return one setting as JSON Schema: it accepts all that atmos accepts, and marks what is plainly wrong."""
    found: dict[str, Any] = {"description": declared.summary}
    if declared.values:
        texts = [value for value in declared.values if isinstance(value, str) and value.isdecimal()]
        return {**found, "enum": [*declared.values, *(int(value) for value in texts)]}
    if declared.type in ("integer", "port"):
        bounds = {"minimum": 1, "maximum": 65535} if declared.type == "port" else {}
        given = {"minimum": declared.minimum, "maximum": declared.maximum}
        return {**found, "type": "integer", **bounds, **{k: v for k, v in given.items() if v is not None}}
    if declared.type == "boolean":
        return {**found, "type": "boolean"}
    return {**found, "type": ["string", "integer"] if declared.type in ("string", "quantity") else "string"}


def _nouns(catalogue: Catalogue) -> Iterator[Noun]:
    """Yield nouns from the least to the most particular: a company's words win over bundled ones, names over words.

    What a company replaces keeps its words.
    """
    for layer in catalogue.layers:
        yield from (Noun("unknown_language", word, (word,)) for word in layer.unavailable.languages)
        yield from (_noun("type", name, row) for name, row in layer.unavailable.types.items())
        yield from (_noun("addon", name, row) for name, row in layer.unavailable.addons.items())
        for name, unsaid in layer.unavailable.others.items():
            yield _noun("other", name, unsaid, note=unsaid.problem, hint=unsaid.instead)
        yield from (_noun("remark", name, row, note=row.note) for name, row in layer.unavailable.remarks.items())
        for name, language in layer.languages.languages.items():
            yield _noun("language", name, language, majors=language.majors)
        for name, row in layer.frameworks.frameworks.items():
            now = catalogue.frameworks[name]
            said = name if now.says_something else ""
            yield _noun("language", now.language, row, note=now.note, majors=row.majors, framework=said)
        for name in layer.names:
            yield _noun(KINDS[catalogue.manifest(name).kind], name, layer.manifest(name)[0])
    languages = catalogue.languages.languages
    yield from (Noun("language", name, (name,), majors=row.majors) for name, row in languages.items())
    for manifest in map(catalogue.manifest, catalogue.names()):
        yield Noun(KINDS[manifest.kind], manifest.name, (manifest.name,), notes=manifest.word_notes)


def _noun(
    kind: Kind,
    value: str,
    called: Called,
    *,
    note: str = "",
    hint: str = "",
    majors: tuple[int, int] | None = None,
    framework: str = "",
) -> Noun:
    return Noun(
        kind,
        value,
        words=called.words,
        majors=majors,
        hint=hint,
        loose_words=called.loose_words,
        store_words=called.store_words,
        without_words=called.without_words,
        notes={**dict.fromkeys((*called.words, *called.loose_words), note), **called.word_notes},
        framework=framework,
    )
