"""`service.lock` and `atmos-cli.lock`: what was last generated, the merge base of the next update.

One field per line with its file, list items by name, inline patches as fields, and a line that begins each mapping and
list, so that Git merges two updates wherever it merges what they were made of. The checksum at the end of a field tells
where a person edited it.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.layout.items import group_kind, item_names, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from atmos_cli.layout.items import GroupKind

FORMAT = "atmos-lock 2"
# Stamps stand in the place that they choose themselves, so that Git keeps those of both sides.
BUCKETS = 256
_ESCAPES = (("~", "~0"), ("/", "~1"), (" ", "~2"), ("\n", "~3"), ("[", "~4"), ("#", "~5"))


@dataclass(frozen=True, slots=True)
class Text:
    """A generated file that is no YAML of objects: its whole content."""

    content: str


@dataclass(frozen=True, slots=True)
class Digest:
    """A generated file that nobody edits, known by `sha256:…` alone."""

    sha256: str


# The documents of a file, inline patches opened; or what else is known of it.
Content = tuple[Any, ...] | Text | Digest


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """A file as it is generated now: its bytes, and what they hold."""

    data: bytes
    content: Content


@dataclass(frozen=True, slots=True)
class Lock:
    """What was generated, by path, and from what.

    `environments`: those that there were, True where the service is in it; None where the lock does not say.
    `inputs`: checksums of what else it was generated from. `stamps`: of each generation that is in it; two of them tell
    that Git merged two locks, which is not what their merged inputs would generate. `edited`: lines (from 1) that a
    person changed, which say nothing any more.
    """

    files: Mapping[str, Content] = field(default_factory=dict)
    blueprints: tuple[str, ...] = ()
    environments: Mapping[str, bool] | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    edited: tuple[int, ...] = ()
    stamps: tuple[str, ...] = ()


def lock_text(lock: Lock, *, directory: str = "") -> str:
    """Return the text of a lock that lies in `directory`; paths below that are written from there.

    Documents may have their inline patches open or not.
    """
    lines = [FORMAT]
    for tag in lock.blueprints:
        name, _, version = tag.partition("@")
        lines += _entry("blueprint", name, version)
    for name, used in (lock.environments or {}).items():
        lines += environment_entry(name, used=used)
    for name, mark in sorted(lock.inputs.items()):
        lines += _entry("input", name, mark)
    for bucket in range(BUCKETS if lock.stamps else 0):
        lines.append(f"stamp {bucket:02x}:")
        lines += [f"  {each}" for each in lock.stamps if int(each[:4], 16) % BUCKETS == bucket]
    for path in sorted(lock.files):
        short = path.removeprefix(f"{directory}/") if path.startswith(f"{directory}/") else f"/{path}"
        name = short if directory else path
        lines += [*_file(name, lock.files[path]), f"{name}."]
    return "\n".join(lines) + "\n"


def stamp(spec: Any, inputs: Mapping[str, str], environments: Iterable[str]) -> str:
    """Return what identifies one generation: from this spec and these inputs, for these environments."""
    text = json.dumps([spec, dict(inputs), sorted(environments)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _entry(word: str, name: str, value: str) -> tuple[str, str, str]:
    """Return a value between two lines that stay, so that Git merges changes of two values that are neighbours."""
    return f"{word} {name}:", f"  {value}", f"{word} {name}."


def environment_entry(name: str, *, used: bool) -> tuple[str, ...]:
    """Return the lines that say whether a service is in an environment."""
    return _entry("environment", name, "used" if used else "not used")


def checksum(value: Any) -> str:
    """Return the checksum of a value, as `inputs` of a lock has it."""
    return _checksum(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _file(path: str, content: Content) -> Iterator[str]:
    if isinstance(content, Text):
        yield _line(path, "text", content.content)
    elif isinstance(content, Digest):
        yield _line(path, "sha256", content.sha256)
    else:
        for name, document in zip(_document_names(content), content, strict=True):
            value = opened(document)
            yield from _leaves(f"{path}{name}", value, "", group_kind(value), ())


def _document_names(documents: Sequence[Any]) -> list[str]:
    if len(documents) == 1:
        return [""]
    return [f"#{_escaped(document_name(each)) or index}" for index, each in enumerate(documents)]


def document_name(document: Any) -> str:
    """Return `Kind/namespace/name` of one of several documents in a file."""
    metadata = document.get("metadata") if isinstance(document, dict) else None
    named = metadata if isinstance(metadata, dict) else {}
    parts = (document.get("kind"), named.get("namespace"), named.get("name")) if isinstance(document, dict) else ()
    return "/".join(str(part) for part in parts if part)


def _leaves(file: str, value: Any, pointer: str, kind: GroupKind, names: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield f"{file} {pointer or '.'}:"
        for key, below in value.items():
            inner = names == ("patches",) and key == "patch" and isinstance(below, dict)
            step = f"{pointer}/{_escaped(str(key))}"
            yield from _leaves(file, below, step, group_kind(below) if inner else kind, () if inner else (*names, key))
        return
    if isinstance(value, list) and value and (items := item_names(kind, names, value)) is not None:
        yield f"{file} {pointer or '.'}:"
        for name, below in zip(items, value, strict=True):
            yield from _leaves(file, below, f"{pointer}/[{_escaped(name)}]", kind, names)
        return
    yield _line(file, pointer or ".", value)


def _line(file: str, pointer: str, value: Any) -> str:
    text = f"{file} {pointer} = {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"
    return f"{text} #{_checksum(text)}"


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode('utf-8', 'surrogatepass')) & 0xFFFFFF:06x}"


def _escaped(text: str) -> str:
    for plain, code in _ESCAPES:
        text = text.replace(plain, code)
    return text


def _unescaped(text: str) -> str:
    for plain, code in reversed(_ESCAPES):
        text = text.replace(code, plain)
    return text


def parse_lock(lines: Iterable[tuple[int, str]], *, directory: str = "") -> Lock:
    """Read the numbered lines of a lock of this format; what is damaged is left out and listed in `edited`."""
    trees: dict[str, dict[str, Any]] = {}
    other: dict[str, Content] = {}
    head: dict[str, dict[str, str]] = {"blueprint": {}, "environment": {}, "input": {}, "stamp": {}}
    stamps: list[str] = []
    edited: list[int] = []
    opened_entry = ("", "")
    for number, line in lines:
        word, _, rest = line.partition(" ")
        if not line or line == FORMAT:
            continue
        if word in head and " = " not in line:
            opened_entry = (word, rest[:-1]) if rest.endswith(":") else ("", "")
            continue
        if line.startswith("  ") and opened_entry[0]:
            if opened_entry[0] == "stamp":
                stamps.append(line.strip())
            else:
                head[opened_entry[0]][opened_entry[1]] = line.strip()
            continue
        if line.endswith((":", ".")) and " = " not in line:
            continue  # begins a mapping or list, or ends a file: a line that stays where what is beside it changes
        text, _, mark = line.rpartition(" #")
        place, equals, value = text.partition(" = ")
        short, _, pointer = place.rpartition(" ")
        try:
            leaf = json.loads(value) if equals and mark == _checksum(text) else None
        except (ValueError, RecursionError):
            equals = ""
        if not equals or not short or mark != _checksum(text):
            edited.append(number)
            continue
        file = short if not directory else short[1:] if short.startswith("/") else f"{directory}/{short}"
        if pointer in ("text", "sha256"):
            other[file] = Text(str(leaf)) if pointer == "text" else Digest(str(leaf))
        else:
            _plant(trees.setdefault(file, {}), pointer, leaf)
    environments = {name: value == "used" for name, value in head["environment"].items()}
    tags = tuple(f"{name}@{version}" for name, version in head["blueprint"].items())
    files = {**other, **_documents(trees)}
    return Lock(files, tags, environments or None, head["input"], tuple(edited), tuple(stamps))


class _Leaf:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def _plant(tree: dict[str, Any], pointer: str, leaf: Any) -> None:
    steps = [""] if pointer == "." else pointer.split("/")[1:]
    for step in steps[:-1]:
        below = tree.setdefault(step, {})
        if not isinstance(below, dict):
            return
        tree = below
    tree[steps[-1]] = _Leaf(leaf)


def _documents(trees: Mapping[str, dict[str, Any]]) -> dict[str, Content]:
    found: dict[str, list[Any]] = {}
    for file, tree in trees.items():
        root = tree[""].value if isinstance(tree.get(""), _Leaf) else _grown(tree)
        found.setdefault(file.partition("#")[0], []).append(root)
    return {path: tuple(documents) for path, documents in found.items()}


def _grown(tree: Any) -> Any:
    if isinstance(tree, _Leaf):
        return tree.value
    if tree and all(step.startswith("[") for step in tree):
        return [_grown(below) for below in tree.values()]
    return {_unescaped(step): _grown(below) for step, below in tree.items() if not step.startswith("[")}
