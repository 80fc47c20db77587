"""Finds blueprints by name in one or more trees; the first that has one wins (a company's own before the bundled)."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.blueprint.manifest import Languages, Manifest
from atmos_cli.blueprint.tree import Template
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, fail
from atmos_cli.documents import read_model
from atmos_cli.yamlio.load import load, load_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.ports import FileTree

MANIFEST = "blueprint.yaml"
LANGUAGES = "languages.yaml"
NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
KINDS = {"workload": "a type of service", "addon": "an add-on"}


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A manifest with its trees by file name, and the manifest itself as a template for located messages."""

    manifest: Manifest
    source: Template
    templates: dict[str, Template]

    @property
    def tag(self) -> str:
        return f"{self.manifest.name}@{self.manifest.version}"


class Catalogue:
    """Blueprints are read once, when first asked for."""

    def __init__(self, trees: Sequence[FileTree]) -> None:
        self._trees = tuple(trees)
        self._read: dict[str, Blueprint] = {}
        self._languages: Languages | None = None

    def names(self) -> tuple[str, ...]:
        found = {
            path.split("/")[0]
            for tree in self._trees
            for path in tree.files()
            if path.count("/") == 1 and path.endswith(f"/{MANIFEST}")
        }
        return tuple(sorted(found))

    def get(self, name: str, *, kind: str = "") -> Blueprint:
        """Raises ATM201 when no tree has it (of that kind), ATM202 with positions when it is not well-formed."""
        if name not in self._read:
            self._read[name] = self._load(name, kind)
        found = self._read[name]
        if kind and found.manifest.kind != kind:
            others = ", ".join(b.manifest.name for b in self.of_kind(kind))
            message = f"`{name}` is {KINDS[found.manifest.kind]}, not {KINDS[kind]}"
            raise fail(Code.BLUEPRINT_UNKNOWN, message, hint=f"there are: {others}")
        return found

    def of_kind(self, kind: str) -> tuple[Blueprint, ...]:
        return tuple(b for b in (self.get(name) for name in self.names()) if b.manifest.kind == kind)

    @property
    def languages(self) -> Languages:
        if self._languages is None:
            data = next((d for d in (tree.read(LANGUAGES) for tree in self._trees) if d is not None), None)
            if data is None:
                raise fail(Code.BLUEPRINT_UNKNOWN, f"the blueprints have no `{LANGUAGES}`")
            self._languages = read_model(Languages, data, path=LANGUAGES, code=Code.BLUEPRINT_INVALID)
        return self._languages

    def files(self, name: str, *, kind: str = "") -> tuple[FileTree, tuple[str, ...]]:
        """The tree that holds the blueprint, and the paths of its files in it."""
        for tree in self._trees:
            if NAME.fullmatch(name) and tree.read(f"{name}/{MANIFEST}") is not None:
                return tree, tuple(tree.files(name))
        known = [b.manifest.name for b in self.of_kind(kind)] if kind else self.names()
        close = difflib.get_close_matches(name[:80], known, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"there are: {', '.join(known)}"
        what = KINDS.get(kind, "a blueprint").removeprefix("a ").removeprefix("an ")
        raise fail(Code.BLUEPRINT_UNKNOWN, f"there is no {what} `{name[:80]}`", hint=hint)

    def _load(self, name: str, kind: str) -> Blueprint:
        tree, _ = self.files(name, kind=kind)
        path = f"{name}/{MANIFEST}"
        data = tree.read(path) or b""
        manifest = read_model(Manifest, data, path=path, code=Code.BLUEPRINT_INVALID)
        source = Template(load(data, path=path), path, data)
        if manifest.name != name:
            message = f"`{path}` calls itself `{manifest.name}`"
            raise source.error(message, ("name",), code=Code.BLUEPRINT_INVALID, hint=f"write `name: {name}`")
        templates: dict[str, Template] = {}
        wrong: list[Diagnostic] = []
        for index, resource in enumerate(manifest.resources):
            try:
                templates[resource.file] = _resource(tree, f"{name}/resources/{resource.file}", source, index)
            except AtmosError as error:
                wrong += error.diagnostics
        if wrong:
            raise AtmosError(*wrong)
        return Blueprint(manifest, source, templates)


def _resource(tree: FileTree, path: str, source: Template, index: int) -> Template:
    """The one object of a resource file, which the manifest `source` names in its entry `index`."""
    data = tree.read(path)
    if data is None:
        message = f"`{source.path}` names `{path.rpartition('/')[2]}`, but there is no `{path}`"
        raise source.error(message, ("resources", index, "file"), code=Code.BLUEPRINT_INVALID)
    documents = load_all(data, path=path)
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        raise fail(Code.BLUEPRINT_INVALID, f"`{path}` must hold exactly one object", where=Location(path, 1, 1))
    return Template(documents[0].value, path, data, documents[0].index)
