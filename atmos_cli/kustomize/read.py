"""Reads resources from the bytes of a file or of an inline patch as kustomize does."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import MOST_IN_A_FILE, AtmosError, Code, Diagnostic, Location, more
from atmos_cli.kustomize.exact import differs, exact_values
from atmos_cli.kustomize.model import metadata_text
from atmos_cli.kustomize.values import BLANK, Shared, text
from atmos_cli.yamlio.load import load_all
from atmos_cli.yamlio.locate import locate

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Read:
    """A resource (a mapping once it is checked), its document and, for an item of a List, the path inside of it."""

    resource: Any
    index: int
    pointer: tuple[str | int, ...] = ()


def documents(data: bytes, *, path: str) -> list[Any]:
    """Return every document that is not empty. Raises AtmosError with places in `path`."""
    values = [document.value for document in load_all(data, path=path)]
    if differs(data) or any(_needs_exact(value) for value in values):
        return exact_values(data, path=path, single_list=_is_single_list(values))
    return values


def resources(data: bytes, *, path: str) -> list[Read]:
    """Return the objects of a file; items of Lists follow after the rest. Raises AtmosError with every problem."""
    values = documents(data, path=path)
    problems: list[Diagnostic] = []
    queue = deque(Read(value, index) for index, value in enumerate(values))
    if _is_single_list(values):
        queue = deque(_items(queue[0], data, path, problems))
    result: list[Read] = []
    left_out = 0
    while queue:
        read = queue.popleft()
        if read.resource is None or read.resource == {}:
            continue
        if message := _problem(read):
            if len(problems) < MOST_IN_A_FILE:
                problems.append(_invalid(message, data, path, read.index, read.pointer))
            else:
                left_out += 1
        elif text(read.resource.get("kind")).endswith("List") and "items" in read.resource:
            plain = Read(as_json(read.resource), read.index, read.pointer)
            queue.extend(_items(plain, data, path, problems))
        else:
            result.append(read)
    if left_out:
        problems.append(more(path, left_out))
    if problems:
        raise AtmosError(*problems)
    return result


def _is_single_list(values: list[Any]) -> bool:
    only = values[0] if len(values) == 1 else None
    return isinstance(only, dict) and only.get("kind") in ("List", "ResourceList") and "items" in only


def as_json(value: Any) -> Any:
    """Return a copy as JSON would carry it: whole floats are integers, blanks are nulls."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, Shared):
        value = value.value
    if value is BLANK:
        return None
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e21 else value


def _needs_exact(value: Any) -> bool:
    """Return whether exact reading is needed: nulls may be blank, and annotations must be text."""
    items = value.get("items") if isinstance(value, dict) else None
    odd = any(_odd_annotations(node) for node in (value, *(items if isinstance(items, list) else ())))
    return odd or _has_null(value)


def _odd_annotations(value: Any) -> bool:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return isinstance(annotations, dict) and not all(isinstance(item, str) for item in annotations.values())


def _has_null(value: Any) -> bool:
    children: Iterable[Any]
    if isinstance(value, dict):
        children = value.values()
    elif isinstance(value, list):
        children = value
    else:
        return value is None
    return any(_has_null(child) for child in children)


def _items(read: Read, data: bytes, path: str, problems: list[Diagnostic]) -> list[Read]:
    items = read.resource["items"]
    if items is None or items is BLANK:
        return []
    if not isinstance(items, list):
        place = (*read.pointer, "items")
        problems.append(_invalid("`items` of a List must be a list", data, path, read.index, place))
        return []
    return [Read(item, read.index, (*read.pointer, "items", number)) for number, item in enumerate(items)]


def _problem(read: Read) -> str:
    """Return what it lacks to be a Kubernetes object; empty when nothing."""
    resource = read.resource
    if not isinstance(resource, dict):
        return "a Kubernetes object must be a mapping with apiVersion, kind and metadata"
    if not text(resource.get("kind")):
        return "the object has no kind"
    if not text(resource["kind"]).endswith("List") and not metadata_text(resource, "name"):
        return f"the {text(resource['kind'])} has no metadata.name"
    return ""


def _invalid(message: str, data: bytes, path: str, index: int, pointer: tuple[str | int, ...]) -> Diagnostic:
    where = Location(path, *locate(data, index, pointer))
    hint = "kustomize takes only complete Kubernetes objects"
    return Diagnostic(Code.KUSTOMIZE_INVALID, message, where=where, hint=hint)
