"""Walks the graph of kustomizations: resources, generators, components, then the transformers of each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.kustomize.files import MAX_DEPTH, Files, join, load_below, refuse_remote, within
from atmos_cli.kustomize.generators import generate
from atmos_cli.kustomize.images import set_images
from atmos_cli.kustomize.kustomization import Kustomization, load_kustomization
from atmos_cli.kustomize.model import Id, Origin, WorkingResource
from atmos_cli.kustomize.patches import apply_patches
from atmos_cli.kustomize.read import resources
from atmos_cli.kustomize.transformers import add_names, set_annotations, set_labels, set_namespace, set_replicas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Pointer = tuple[str | int, ...]


class Accumulated(NamedTuple):
    kustomization: Kustomization
    items: list[WorkingResource]


def accumulate(
    files: Files, directory: str, above: tuple[str, ...] = (), given: list[WorkingResource] | None = None
) -> Accumulated:
    """Return what a kustomization makes of its files; a component gets what its parent has so far as `given`.

    Raises AtmosError with all problems of one stage (references, then generators, then patches, …), and Unsupported.
    """
    files.enter(directory)
    kustomization = load_kustomization(files, directory)
    visited = (*above, directory)
    items = _add_resources(files, kustomization, visited, given or [])
    generate(items, kustomization, files)
    items = _add_components(files, kustomization, visited, items)
    items = apply_patches(items, kustomization, files)
    set_namespace(items, kustomization)
    add_names(items, kustomization)
    set_labels(items, kustomization)
    set_annotations(items, kustomization)
    set_replicas(items, kustomization)
    set_images(items, kustomization)
    return Accumulated(kustomization, items)


def _each(steps: Iterable[Callable[[], None]]) -> None:
    problems: list[Diagnostic] = []
    for step in steps:
        try:
            step()
        except AtmosError as error:
            if any(d.code == Code.KUSTOMIZE_UNSUPPORTED for d in error.diagnostics):
                raise
            problems += error.diagnostics
    if problems:
        raise AtmosError(*dict.fromkeys(problems))


def _add_resources(
    files: Files, kustomization: Kustomization, visited: tuple[str, ...], given: list[WorkingResource]
) -> list[WorkingResource]:
    items = list(given)
    seen = {item.id: item for item in items}
    entries: list[tuple[str, Pointer]] = [
        (entry or "", (field, number))
        for field in ("resources", "bases")
        for number, entry in enumerate(kustomization.list(field))
    ]

    def add(entry: str, pointer: Pointer) -> None:
        for item in _resource(files, kustomization, visited, entry, pointer):
            _append(items, seen, item, kustomization, pointer)

    _each(partial(add, entry, pointer) for entry, pointer in entries)
    return items


def _append(
    items: list[WorkingResource],
    seen: dict[Id, WorkingResource],
    item: WorkingResource,
    kustomization: Kustomization,
    pointer: Pointer,
) -> None:
    other = seen.get(item.id)
    if other is not None:
        message = f"{item.id} is there twice: from {other.sources[0].path} and from {item.sources[0].path}"
        hint = "remove one of the two entries, or rename one of the resources"
        raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_INVALID, message, pointer, hint=hint))
    seen[item.id] = item
    items.append(item)


def _resource(
    files: Files, kustomization: Kustomization, visited: tuple[str, ...], entry: str, pointer: Pointer
) -> list[WorkingResource]:
    """Return the items of one entry of `resources`: a file, or else a directory."""
    file = kustomization.file
    refuse_remote(entry, file, pointer)
    joined = join(file.directory, entry) if entry else None
    if joined and files.read(joined) is not None:
        data = load_below(files, file, entry, pointer, "resource")
        read = resources(data, path=joined)
        files.count(len(read), file, pointer)
        return [WorkingResource(each.resource, [Origin(joined, each.index, "resource", each.pointer)]) for each in read]
    directory = _directory(files, kustomization, visited, entry, pointer)
    base = accumulate(files, directory, visited)
    if base.kustomization.fields.get("kind") == "Component":
        message = f"{entry} is a Component, and stands in `resources`"
        raise AtmosError(file.problem(Code.KUSTOMIZE_INVALID, message, pointer, hint="list it in `components`"))
    return base.items


def _directory(
    files: Files, kustomization: Kustomization, visited: tuple[str, ...], entry: str, pointer: Pointer
) -> str:
    file = kustomization.file
    directory = join(file.directory, entry) if entry else None
    if directory is None:
        message = f"`{entry}` is outside of the repository" if entry else "the entry is empty"
        hint = "name a file below the kustomization or a directory of the repository"
    elif any(within(directory, other) for other in visited):
        message = f"`{entry}` leads back to {directory or 'the root'}, which is being built"
        hint = "a base must not contain its overlay, nor refer to it"
    elif len(visited) >= MAX_DEPTH:
        message, hint = f"the bases are nested more than {MAX_DEPTH} levels deep", "flatten the bases"
    elif not files.kustomizations(directory) and not files.is_directory(directory):
        message, hint = f"`{entry}` does not exist", f"create {directory} or remove the entry"
    else:
        return directory
    raise AtmosError(file.problem(Code.KUSTOMIZE_REFERENCE, message, pointer, hint=hint))


def _add_components(
    files: Files, kustomization: Kustomization, visited: tuple[str, ...], items: list[WorkingResource]
) -> list[WorkingResource]:
    """Run the components one after the other over everything so far; the first problem ends it."""
    for number, entry in enumerate(kustomization.list("components")):
        pointer = ("components", number)
        refuse_remote(entry or "", kustomization.file, pointer)
        directory = _directory(files, kustomization, visited, entry or "", pointer)
        component = accumulate(files, directory, visited, items)
        if component.kustomization.fields.get("kind") != "Component":
            message = f"{entry} is not a Component, and stands in `components`"
            hint = "list it in `resources`, or give it `kind: Component`"
            raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_INVALID, message, pointer, hint=hint))
        items = component.items
        seen: dict[Id, WorkingResource] = {}
        for item in items:
            _append([], seen, item, kustomization, pointer)
    return items
