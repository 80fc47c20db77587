"""Reading a lock as it is found: of this format or the first one, and in the middle of a merge that Git left open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code, Location, fail
from atmos_cli.layout.items import opened
from atmos_cli.layout.lock import FORMAT, Content, Lock, parse_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_FORMAT = "atmos-lock 1"
MAX_LOCK = 16 * 1024 * 1024
_OURS, _BASE, _MIDDLE, _THEIRS = "<<<<<<<", "|||||||", "=======", ">>>>>>>"


def read_lock(data: bytes | None, *, path: str) -> tuple[Lock, ...]:
    """Return every state that may have been generated last: one, two where Git left a conflict, none without a lock.

    Raises AtmosError for a lock of a newer atmos, and for what is no lock.
    """
    if data is None:
        return ()
    text = data[:MAX_LOCK].decode("utf-8", "replace").replace("\r\n", "\n")
    lines = list(enumerate(text.split("\n"), start=1))
    if not any(line.startswith(_OURS) for _, line in lines):
        return (_lock(lines, path),)
    return tuple(_lock(list(_side(lines, wanted)), path) for wanted in (_OURS, _MIDDLE))


def _side(lines: list[tuple[int, str]], wanted: str) -> Iterator[tuple[int, str]]:
    now = ""
    for number, line in lines:
        mark = next((each for each in (_OURS, _BASE, _MIDDLE, _THEIRS) if line.startswith(each)), "")
        if mark:
            now = "" if mark == _THEIRS else mark
        elif now in ("", wanted):
            yield number, line


def _lock(lines: list[tuple[int, str]], path: str) -> Lock:
    first = next((line for _, line in lines if line), "")
    directory = path.rpartition("/")[0]
    if first == FORMAT:
        return parse_lock(lines, directory=directory)
    if first == FIRST_FORMAT:
        return _first(lines, f"{directory}/" if directory else "")
    if first.startswith("atmos-lock "):
        message = f"`{path}` was written by a newer atmos (`{first}`)"
        raise fail(Code.LOCK_UNREADABLE, message, hint="install the newest atmos-cli", where=Location(path, 1, 1))
    hint = f"take it back with `git checkout -- {path}`, or delete it: `atmos update` then asks where files differ"
    raise fail(Code.LOCK_UNREADABLE, f"`{path}` is no lock of atmos", hint=hint, where=Location(path, 1, 1))


def _first(lines: list[tuple[int, str]], directory: str) -> Lock:
    """Read the first format: positions instead of names, patches as texts, nothing outside of base and overlays."""
    files: dict[str, Any] = {}
    blueprints, edited, file = [], [], ""
    for number, line in lines:
        if line.startswith("blueprint "):
            blueprints.append(line.removeprefix("blueprint "))
        elif line.startswith("file "):
            file = directory + line.removeprefix("file ")
        elif line.startswith("  ") and file:
            pointer, equals, value = line[2:].partition(" = ")
            try:
                leaf = json.loads(value)
            except (ValueError, RecursionError):
                equals = ""
            if not equals:
                edited.append(number)
            else:
                steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
                files[file] = _put(files.get(file), steps, leaf)
    documents: dict[str, Content] = {path: (opened(value),) for path, value in files.items()}
    return Lock(documents, tuple(blueprints), edited=tuple(edited))


def _put(node: Any, steps: list[str], leaf: Any) -> Any:
    if not steps:
        return leaf
    step, *rest = steps
    if step.isdigit() and (node is None or isinstance(node, list)) and int(step) == len(node or ()):
        return [*(node or ()), _put(None, rest, leaf)]
    if isinstance(node, list) and step.isdigit() and int(step) < len(node):
        node[int(step)] = _put(node[int(step)], rest, leaf)
        return node
    node = node if isinstance(node, dict) else {}
    node[step] = _put(node.get(step), rest, leaf)
    return node
