"""Finds the source line that sets a field of a built resource: in a patch, a transformer, or its own file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Location
from atmos_cli.kube.listkeys import keyed_lists
from atmos_cli.kustomize.jsonpatch import pointer_parts
from atmos_cli.kustomize.model import split_version
from atmos_cli.kustomize.values import NOTHING, text
from atmos_cli.yamlio.load import shared
from atmos_cli.yamlio.locate import block_line, field_of
from atmos_cli.yamlio.locate import locate as place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.kustomize.model import Built, Origin
    from atmos_cli.ports import FileTree
    from atmos_cli.yamlio.load import Document

Path = tuple[str | int, ...]
_PAIRED = frozenset({"labels", "matchLabels", "selector", "annotations"})


def locate(tree: FileTree, built: Built, path: Sequence[str | int]) -> Location:
    """Return the place in the source files that sets the field at `path` of the built resource.

    That is the last patch or transformer that sets it, else the file of the resource, and there its nearest existing
    ancestor. Line and column are 0 when the source can no longer be read.
    """
    resource = f"{text(built.resource.get('kind'))}/{text((built.resource.get('metadata') or {}).get('name'))}"
    wanted = tuple(path)
    for source in reversed(built.sources):
        found = _within(tree, source, built.resource, wanted)
        if found is not None:
            return Location(source.path, *found, field_of(wanted), resource)
    first = built.sources[0] if built.sources else None
    line, column = _nearest(tree, first, built.resource, wanted) if first else (0, 0)
    return Location(first.path if first else "", line, column, field=field_of(wanted), resource=resource)


def _within(tree: FileTree, source: Origin, resource: Mapping[str, Any], path: Path) -> tuple[int, int] | None:
    """Return line and column, None when the source says nothing about the field."""
    data = tree.read(source.path) or b""
    if source.kind == "resource":
        own, _ = _translated(_value(data, source.index, source.pointer), resource, path)
        return place(data, source.index, (*source.pointer, *own)) if len(own) == len(path) and path else None
    if source.kind == "patch":
        return _within_patch(data, source, resource, path)
    entry = _value(data, 0, source.pointer)
    pointer = _in_entry(source, entry, resource, path)
    return None if pointer is None else place(data, 0, (*source.pointer, *pointer))


def _nearest(tree: FileTree, source: Origin, resource: Mapping[str, Any], path: Path) -> tuple[int, int]:
    data = tree.read(source.path) or b""
    if source.kind not in ("resource", "patch"):
        return place(data, source.index, source.pointer)
    own, _ = _translated(_value(data, source.index, source.pointer), resource, path)
    return place(data, source.index, (*source.pointer, *own))


def _within_patch(data: bytes, source: Origin, resource: Mapping[str, Any], path: Path) -> tuple[int, int] | None:
    inline = bool(source.pointer) and source.pointer[-1] == "patch"
    start, index, pointer = 1, source.index, source.pointer
    if inline:
        inside = _value(data, 0, source.pointer)
        if not isinstance(inside, str):
            return None
        start = block_line(data, 0, source.pointer)
        data, index, pointer = inside.encode(), source.inner, ()
    patch = _value(data, index, pointer)
    own = _operation(patch, path) if isinstance(patch, list) else _in_merge(patch, resource, path)
    if own is None:
        return None
    line, column = place(data, index, (*pointer, *own))
    return (start + line - 1, 0) if inline else (line, column)


def _in_merge(patch: Any, resource: Mapping[str, Any], path: Path) -> Path | None:
    """Return where a strategic merge sets the field: the field itself, or the list that it replaces as a whole."""
    own, replaced = _translated(patch, resource, path)
    return own if path and (replaced or len(own) == len(path)) else None


def _operation(patch: list[Any], path: Path) -> Path | None:
    """Return the path of the value inside the last operation that writes the field or an ancestor of it."""
    for number in range(len(patch) - 1, -1, -1):
        operation = patch[number] if isinstance(patch[number], dict) else {}
        if operation.get("op") not in ("add", "replace", "copy", "move"):
            continue
        parts = pointer_parts(text(operation.get("path")))
        same = len(parts) <= len(path) and all(a in (str(b), "-") for a, b in zip(parts, path, strict=False))
        if parts and same:
            rest: Path = path[len(parts) :]
            return (number, "value", *_existing(operation.get("value"), rest))
    return None


def _existing(value: Any, path: Path) -> Path:
    found: list[str | int] = []
    for part in path:
        value = _step(value, part)
        if value is NOTHING:
            break
        found.append(part)
    return tuple(found)


def _step(value: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return value[part] if isinstance(value, list) and -len(value) <= part < len(value) else NOTHING
    return value.get(part, NOTHING) if isinstance(value, dict) else NOTHING


def _translated(source: Any, built: Mapping[str, Any], path: Path) -> tuple[Path, bool]:
    """Return the field's path in the source as far as it exists, and whether it lies in a list without keys.

    Items of keyed lists are found by their key, others by position.
    """
    lists = keyed_lists(split_version(text(built.get("apiVersion")))[0], text(built.get("kind")))
    found: list[str | int] = []
    names: tuple[str, ...] = ()
    value: Any = built
    replaced = False
    for part in path:
        value = _step(value, part)
        step: str | int | None = part
        if isinstance(part, int):
            step = _same_item(source, value, part, lists.get(names))
        else:
            names = (*names, part)
        source = NOTHING if step is None else _step(source, step)
        if source is NOTHING or step is None:
            break
        replaced = replaced or (isinstance(step, int) and names not in lists)
        found.append(step)
    return tuple(found), replaced


def _same_item(source: Any, item: Any, position: int, keys: tuple[str, ...] | None) -> int | None:
    if keys is None or not isinstance(source, list):
        return position
    if not keys:
        return next((n for n, other in enumerate(source) if other == item), None)
    if not isinstance(item, dict):
        return None
    for count in (len(keys), 1):
        wanted = [text(item.get(key)) for key in keys[:count]]
        for number, other in enumerate(source):
            if isinstance(other, dict) and [text(other.get(key)) for key in keys[:count]] == wanted:
                return number
    return None


def _in_entry(source: Origin, entry: Any, resource: Mapping[str, Any], path: Path) -> Path | None:
    """Return where inside its entry a transformer sets the field; None when it does not."""
    last = path[-1] if path else ""
    if source.kind == "generator":
        return _in_generator(entry, path)
    if source.kind == "namespace":
        return () if path == ("metadata", "namespace") or last == "namespace" else None
    if source.kind == "name":
        return () if path == ("metadata", "name") else None
    if source.kind == "replicas":
        return ("count",) if path == ("spec", "replicas") else None
    if source.kind == "images":
        return _in_image(entry, text(_at(resource, path))) if last in ("image", "reference") else None
    if source.kind in ("labels", "annotations") and len(path) > 1 and path[-2] in _PAIRED and isinstance(entry, dict):
        pairs = entry.get("pairs") if source.pointer[:1] == ("labels",) else entry
        if isinstance(pairs, dict) and last in pairs and text(pairs[last]) == text(_at(resource, path)):
            return ("pairs", last) if pairs is not entry else (last,)
    return None


def _in_generator(entry: Any, path: Path) -> Path | None:
    if not isinstance(entry, dict) or path[:1] not in (("data",), ("binaryData",)) or len(path) < 2:
        return () if path[:1] != ("metadata",) or path == ("metadata", "name") else None
    for field, separator in (("literals", "="), ("files", "=")):
        for number, item in enumerate(entry.get(field) or ()):
            key = text(item).partition(separator)[0]
            if path[1] in (key, key.rpartition("/")[2]):
                return (field, number)
    return ("envs",) if entry.get("envs") else None


def _in_image(entry: Any, image: str) -> Path | None:
    if not isinstance(entry, dict) or not image.startswith(text(entry.get("newName") or entry.get("name"))):
        return None
    for field in ("newTag", "digest"):
        given = text(entry.get(field))
        if given and given in image:
            return (field,)
    return ("newName",) if entry.get("newName") else ()


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = _step(value, part)
    return None if value is NOTHING else value


def _value(data: bytes, index: int, pointer: Path) -> Any:
    """Return a value of a file, None when it cannot be read any more."""
    documents = _documents(data)
    return _at(documents[index].value, pointer) if index < len(documents) else None


def _documents(data: bytes) -> tuple[Document, ...]:
    try:
        return shared(data)
    except AtmosError:
        return ()
