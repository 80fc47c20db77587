"""The entries of `resources`: people move files and write paths in their own way, so what is generated goes along."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.layout.items import group_kind, is_kustomization
from atmos_cli.merge.objects import object_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.layout.lock import Content
    from atmos_cli.merge.objects import OurFiles


@dataclass(slots=True)
class Entries:
    """`kept`: files that stay although they are generated no more, because a person edited them."""

    ours: OurFiles
    bases: Sequence[Mapping[str, Content]]
    kept: set[str] = field(default_factory=set)

    def translated(self, path: str, value: Any) -> Any:
        """Return a generated kustomization as it would be with our files' names: a moved file is no deleted one."""
        if not is_kustomization(group_kind(value)) or not isinstance(value.get("resources"), list):
            return value
        directory = posixpath.dirname(path)
        written = self._written(path)
        names: dict[str, None] = {}
        for entry in value["resources"]:
            moved = self._moved(directory, entry) if isinstance(entry, str) else entry
            names[written.get(moved, moved)] = None
        return {**value, "resources": list(names)}

    def with_files_kept(self, path: str, theirs: Any, bases: Sequence[Any]) -> Any:
        """Return a generated kustomization with the entries of files that stay."""
        if not self.kept or not isinstance(theirs, dict) or not isinstance(theirs.get("resources"), list):
            return theirs
        directory, entries = posixpath.dirname(path), list(theirs["resources"])
        for base in bases:
            for entry in base.get("resources", ()) if isinstance(base, dict) else ():
                file = posixpath.normpath(posixpath.join(directory, entry)) if isinstance(entry, str) else ""
                if file in self.kept and entry not in entries:
                    entries.append(entry)
        return {**theirs, "resources": entries}

    def _written(self, path: str) -> dict[str, str]:
        """Return how a person writes the entries of our kustomization, by how they are generated: `./net/` is `net`."""
        found = [each.get("resources") for each in self.ours.documents(path) if isinstance(each, dict)]
        entries = [each for some in found if isinstance(some, list) for each in some if isinstance(each, str)]
        return {each.removeprefix("./").rstrip("/"): each for each in entries}

    def _moved(self, directory: str, entry: str) -> str:
        path = posixpath.normpath(posixpath.join(directory, entry))
        content = next((base[path] for base in self.bases if path in base), None)
        if not isinstance(content, tuple) or not content:
            return entry
        if self.ours.read(path) is not None and not self.ours.service:
            return entry
        found = self.ours.all_of(self.ours.zone(path), object_name(content[0]))
        moved = len(found) == 1 and found[0].file != path
        return posixpath.relpath(found[0].file, directory) if moved else entry
