"""What an update may do to the text of files that people edited: nothing but what the generated change asks for."""

from __future__ import annotations

import difflib
import functools
import re
from collections import Counter
from typing import TYPE_CHECKING

from atmos_cli.yamlio.load import load_all
from tests.update.worlds import CONFIG, LOCK, SPEC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.update.worlds import Files

OWNED = re.compile(r"^(count|replicas|newTag|newName|digest|atmos-cli\.dev/blueprint)\b")


def bare(line: str) -> str:
    """A line without what people may change of its style: indent, dashes, quotes, a comment beside it."""
    text = line.strip()
    while text.startswith("- "):
        text = text[2:].lstrip()
    text = re.sub(r"\s+#.*$", "", text) if not text.startswith("#") else text
    return text.replace('"', "").replace("'", "")


def text_problems(
    ours: Files, result: Files, base: Files, theirs: Files, *, of_all: bool = False, moved: bool = False
) -> list[str]:
    """Lines that an update took, moved or added without the generated change asking for it.

    `of_all`: not only of services, but of what `init` made. `moved`: a person took fields out of files for another
    one, so that they may come again where one environment differs from now on.
    """
    gone, new = changed_lines(_frozen(base, of_all=of_all), _frozen(theirs, of_all=of_all))
    if moved:
        new |= frozenset(
            bare(line) for path, data in theirs.items() if "/overlays/" in path for line in data.decode().splitlines()
        )
    found: list[str] = []
    for path, before in sorted(ours.items()):
        if path in (LOCK, SPEC, CONFIG) or path.startswith("platform/"):
            continue
        now = result.get(path)
        if now is None:
            place = "/".join(path.split("/")[:5]) + "/"
            found += _removed(path, before, _objects_below(_frozen(theirs), place))
        elif now != before:
            left = frozenset(each.rpartition("/")[2] for each in ours.keys() - result.keys())
            found += [f"{path}: {line}" for line in _changed(before, now, gone | _entries(before, left), new)]
    for path in sorted(result.keys() - ours.keys()):
        if path not in theirs:
            found.append(f"{path}: a file that nobody generates")
        elif result[path] != theirs[path] and "kustomization" not in path:
            found.append(f"{path}: a new file that is not as generated")
    return found


def _frozen(files: Mapping[str, bytes], *, of_all: bool = False) -> tuple[tuple[str, bytes], ...]:
    return tuple(
        sorted((path, data) for path, data in files.items() if of_all or path.startswith(("apps/", "delivery/")))
    )


@functools.lru_cache(maxsize=32)
def changed_lines(
    base: tuple[tuple[str, bytes], ...], theirs: tuple[tuple[str, bytes], ...]
) -> tuple[frozenset[str], frozenset[str]]:
    """What generating anew takes out of the files, and what it puts in, as bare lines."""
    gone: set[str] = set()
    new: set[str] = set()
    before, after = dict(base), dict(theirs)
    for path in {*before, *after} - {LOCK, SPEC}:
        old, made = (each.get(path, b"").decode().splitlines() for each in (before, after))
        for line in difflib.ndiff(old, made):
            if line[0] == "-":
                gone.add(bare(line[2:]))
            elif line[0] == "+":
                new.add(bare(line[2:]))
    return frozenset(gone), frozenset(new)


def _removed(path: str, before: bytes, theirs: frozenset[tuple[str, str]]) -> list[str]:
    """A file may go when nothing in it is generated any more."""
    if not path.endswith(".yaml") or path.endswith("kustomization.yaml"):
        return []
    return [f"{path}: removed, with {each}" for each in _objects(before) if each in theirs]


def _entries(data: bytes, files: frozenset[str]) -> frozenset[str]:
    """The lines of a kustomization that list files which are gone."""
    return frozenset(bare(line) for line in data.decode().splitlines() if bare(line).rpartition("/")[2] in files)


def _objects(data: bytes) -> list[tuple[str, str]]:
    values = [each.value for each in load_all(data)]
    return [
        (each["kind"], each["metadata"]["name"]) for each in values if isinstance(each, dict) and "metadata" in each
    ]


@functools.lru_cache(maxsize=128)
def _objects_below(files: tuple[tuple[str, bytes], ...], place: str) -> frozenset[tuple[str, str]]:
    inside = (data for path, data in files if path.startswith(place) and path.endswith(".yaml"))
    return frozenset(each for data in inside for each in _objects(data))


def _changed(before: bytes, now: bytes, gone: frozenset[str], new: frozenset[str]) -> list[str]:
    found: list[str] = []
    if (b"\r\n" in before) != (b"\r\n" in now) or (b"\r\n" in now and now.count(b"\n") != now.count(b"\r\n")):
        found.append("other line ends")
    if before.endswith(b"\n") and not now.endswith(b"\n"):
        found.append("no line end at its end any more")
    old, made = before.decode().splitlines(), now.decode().splitlines()
    # An item that gets another key goes and comes again; its lines are not lost.
    there, had = Counter(map(bare, made)), Counter(map(bare, old))
    gone |= {line for line in had if there[line] >= had[line]}
    for tag, start, end, first, last in difflib.SequenceMatcher(None, old, made, autojunk=False).get_opcodes():
        if tag != "equal":
            found += _hunk(old, (start, end), made[first:last], gone, new)
    return found


def _hunk(
    old: list[str], cut: tuple[int, int], added: list[str], gone: frozenset[str], new: frozenset[str]
) -> list[str]:
    found = []
    start, end = cut
    bares = [bare(line) for line in added]
    for at in range(start, end):
        line = old[at]
        text = bare(line)
        if line in added:
            continue
        if line.strip().startswith("#"):
            if not (start < at < end - 1):
                found.append(f"a comment is gone: `{line.strip()}`")
        elif not text:
            if not (start < at < end - 1):
                found.append("a blank line is gone")
        elif text not in gone and text != "---" and not OWNED.match(text):
            found.append(f"a line is gone that is still generated: `{line.strip()}`")
        elif comment := re.search(r"\S\s+(#.*)$", line):
            key = text.partition(":")[0]
            if not any(comment[1] in each for each in added) and any(each.partition(":")[0] == key for each in bares):
                found.append(f"a changed value lost its comment: `{line.strip()}`")
    for line, text in zip(added, bares, strict=True):
        if text and text not in new and not OWNED.match(text) and line not in old:
            found.append(f"a line came that nobody generates: `{line.strip()}`")
    return found
