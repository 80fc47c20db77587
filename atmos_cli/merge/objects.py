"""Where our objects are: people move, rename and join files, so an object is found by what it is, not by its path."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.shape import mappings
from atmos_cli.layout.items import group_kind, is_kustomization
from atmos_cli.layout.lock import document_name
from atmos_cli.yamlio.load import shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from atmos_cli.ports import FileTree

KEEP = "atmos-cli.dev/keep"
MANIFESTS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class FoundObject:
    """One document of our files."""

    file: str
    index: int
    value: Any


@dataclass(slots=True)
class OurFiles:
    """The files below `roots` as people left them, read when they are asked for.

    `service`: they are those of one service, with a base and overlays; else each directory stands for itself.
    """

    tree: FileTree
    roots: tuple[str, ...]
    service: bool
    _documents: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    _objects: dict[tuple[str, str], list[FoundObject]] | None = None
    _kustomizations: dict[str, dict[str, Any]] = field(default_factory=dict)

    def read(self, path: str) -> bytes | None:
        return self.tree.read(path)

    def documents(self, path: str) -> tuple[Any, ...]:
        """Return the documents of a file, none when it is not there. Raises AtmosError when it cannot be read."""
        if path not in self._documents:
            data = self.tree.read(path)
            self._documents[path] = tuple(each.value for each in shared(data, path=path)) if data is not None else ()
        return self._documents[path]

    def find(self, zone: str, name: str) -> FoundObject | None:
        """Find an object, called as `object_name` does, in one zone: the base, or the overlay of one environment.

        None when it is not there, and when it is there twice.
        """
        objects = self.all_of(zone, name)
        return objects[0] if len(objects) == 1 else None

    def all_of(self, zone: str, name: str) -> tuple[FoundObject, ...]:
        """Return each place of an object in a zone. Of copies, those count that an overlay takes in, if any does."""
        if self._objects is None:
            self._objects = {}
            for found in self._all():
                self._objects.setdefault((self.zone(found.file), object_name(found.value)), []).append(found)
        objects = self._objects.get((zone, name), [])
        if len(objects) < 2 or not self.service:
            return tuple(objects)
        taken = files_taken_in(self._kustomizations, [each for each in self._kustomizations if self._overlay(each)])
        return tuple(each for each in objects if each.file in taken) or tuple(objects)

    def _overlay(self, directory: str) -> bool:
        return posixpath.dirname(directory) == f"{self.roots[0]}/overlays"

    def zone(self, path: str) -> str:
        """Return what holds the file: the overlay of an environment (`overlays/dev`), or `base` for all the rest."""
        if not self.service:
            return posixpath.dirname(path)
        steps = path.removeprefix(f"{self.roots[0]}/").split("/")
        return "/".join(steps[:2]) if steps[0] == "overlays" else "base"

    def of_kind(self, zone: str, kind: tuple[str, str]) -> Iterator[Any]:
        """Yield our objects of a kind in one zone."""
        self.find(zone, "")
        for (where, _), objects in (self._objects or {}).items():
            yield from (each.value for each in objects if where == zone and group_kind(each.value) == kind)

    def _all(self) -> Iterator[FoundObject]:
        patches: set[str] = set()
        found: list[FoundObject] = []
        for path in (path for root in self.roots for path in self.tree.files(root)):
            if not path.endswith(MANIFESTS):
                continue
            try:
                documents = self.documents(path)
            except AtmosError:
                continue  # whoever needs this file says so
            for index, value in enumerate(documents):
                if is_kustomization(group_kind(value)):
                    patches |= patch_files(path, value)
                    self._kustomizations[posixpath.dirname(path)] = value
                elif object_name(value):
                    found.append(FoundObject(path, index, value))
        yield from (each for each in found if each.file not in patches)


def object_name(value: Any) -> str:
    """Return `group/Kind/name` of an object, "" for what is none."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    group, kind = group_kind(value)
    return f"{group}/{kind}/{name}" if kind and name else ""


def patch_files(path: str, kustomization: dict[str, Any]) -> set[str]:
    """Return the files that a kustomization names as patches."""
    items = kustomization.get("patches")
    listed = [each.get("path") for each in items if isinstance(each, dict)] if isinstance(items, list) else []
    old = kustomization.get("patchesStrategicMerge")
    listed += old if isinstance(old, list) else []
    directory = posixpath.dirname(path)
    return {posixpath.normpath(posixpath.join(directory, each)) for each in listed if isinstance(each, str)}


def files_taken_in(kustomizations: Mapping[str, dict[str, Any]], overlays: Iterable[str]) -> frozenset[str]:
    """Return the files that are resources of overlays, also by way of other directories with a kustomization."""
    taken: set[str] = set()
    rest = list(overlays)
    while rest:
        directory = rest.pop()
        for each in ("resources", "bases", "components"):
            listed = kustomizations[directory].get(each)
            for entry in listed if isinstance(listed, list) else ():
                path = posixpath.normpath(posixpath.join(directory, str(entry)))
                if path in kustomizations and path not in taken:
                    rest.append(path)
                taken.add(path)
    return frozenset(taken)


def by_name(documents: tuple[Any, ...]) -> dict[str, Any]:
    """Return documents by the names under which a merge pairs them."""
    return {merge_name(each): each for each in documents}


def merge_name(value: Any) -> str:
    """Return the name under which a merge pairs documents of one file."""
    if is_kustomization(group_kind(value)):
        return "kustomization"
    return object_name(value) or document_name(value) or type(value).__name__


def title(value: Any) -> str:
    """Return what people call an object: `Deployment/web`."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    kind = value.get("kind") if isinstance(value, dict) else None
    return f"{kind}/{name}" if kind and name else str(kind or "it")


def held_fields(value: Any) -> frozenset[str]:
    """Return the fields of an object that a person keeps, by its annotation."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    text = annotations.get(KEEP) if isinstance(annotations, dict) else None
    return frozenset(each.strip() for each in text.split(",") if each.strip()) if isinstance(text, str) else frozenset()


def images_of(documents: tuple[Any, ...]) -> dict[str, Any]:
    """Return the entries of `images` of a kustomization, by name."""
    found = (mappings(each, "images") for each in documents if is_kustomization(group_kind(each)))
    return {str(each.get("name")): each for some in found for each in some}


def moves_images(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> bool:
    """Say whether theirs would run another image than ours: that is for `deploy`."""
    mine, new = images_of(ours), images_of(theirs)
    return any(mine[name] != new[name] for name in mine.keys() & new.keys())


def unowned(value: Any) -> Any:
    """Return a document without what others than `update` write into it, such as the images that run."""
    if not is_kustomization(group_kind(value)):
        return value
    images = value.get("images")
    names = [each.get("name") for each in images if isinstance(each, dict)] if isinstance(images, list) else images
    return {**value, "images": names}
