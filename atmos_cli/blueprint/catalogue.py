"""Finds blueprints by name in one or more trees; the first tree that has one wins (a company's own before the bundled)."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.blueprint.manifest import Languages, Manifest
from atmos_cli.blueprint.tree import Template
from atmos_cli.diagnostics import Code, Location, fail
from atmos_cli.documents import read_model
from atmos_cli.yamlio.load import load, load_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.ports import FileTree

MANIFEST = "blueprint.yaml"
LANGUAGES = "languages.yaml"


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

    def get(self, name: str) -> Blueprint:
        """Raises ATM201 when no tree has it, ATM202 with positions when it is not well-formed."""
        if name not in self._read:
            self._read[name] = self._load(name)
        return self._read[name]

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

    def files(self, name: str) -> tuple[FileTree, tuple[str, ...]]:
        """The tree that holds the blueprint, and the paths of its files in it."""
        for tree in self._trees:
            if tree.read(f"{name}/{MANIFEST}") is not None:
                return tree, tuple(tree.files(name))
        close = difflib.get_close_matches(name, self.names(), n=1)
        known = ", ".join(self.names())
        hint = f"did you mean `{close[0]}`?" if close else f"there are: {known}"
        raise fail(Code.BLUEPRINT_UNKNOWN, f"there is no blueprint `{name}`", hint=hint)

    def _load(self, name: str) -> Blueprint:
        tree, _ = self.files(name)
        path = f"{name}/{MANIFEST}"
        data = tree.read(path) or b""
        manifest = read_model(Manifest, data, path=path, code=Code.BLUEPRINT_INVALID)
        if manifest.name != name:
            raise fail(Code.BLUEPRINT_INVALID, f"`{path}` calls itself `{manifest.name}`", where=Location(path, 1))
        templates = {}
        for resource in manifest.resources:
            file = f"{name}/resources/{resource.file}"
            content = tree.read(file)
            if content is None:
                raise fail(Code.BLUEPRINT_INVALID, f"`{path}` names `{resource.file}`, but there is no `{file}`")
            documents = load_all(content, path=file)
            if len(documents) != 1 or not isinstance(documents[0].value, dict):
                raise fail(Code.BLUEPRINT_INVALID, f"`{file}` must hold exactly one object", where=Location(file, 1))
            templates[resource.file] = Template(documents[0].value, file, content, documents[0].index)
        return Blueprint(manifest, Template(load(data, path=path), path, data), templates)
