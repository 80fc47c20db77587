"""The blueprints and rows of one tree: atmos's own, or a company's."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from atmos_cli.blueprint.manifest import Manifest, Unavailable
from atmos_cli.blueprint.profiles import Frameworks, Languages
from atmos_cli.blueprint.settings import settings_model
from atmos_cli.blueprint.tree import Template
from atmos_cli.clusters.rows import ClusterRows, ControllerRows
from atmos_cli.diagnostics import Code, Location, fail
from atmos_cli.documents import Strict, read_model
from atmos_cli.ports import SubTree
from atmos_cli.versions.table import VersionTable
from atmos_cli.yamlio.load import load, load_all

if TYPE_CHECKING:
    from atmos_cli.ports import FileTree

M = TypeVar("M", bound=Strict)
MANIFEST = "blueprint.yaml"
LANGUAGES, FRAMEWORKS, UNAVAILABLE = "languages.yaml", "frameworks.yaml", "unavailable.yaml"
CLUSTERS, CONTROLLERS = "clusters.yaml", "controllers.yaml"
VERSIONS = "versions.yaml"
NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


class Layer:
    """The blueprints and rows of one tree, each file read once, when first asked for."""

    def __init__(self, tree: FileTree) -> None:
        self.tree = tree
        # Messages call a company's own files as its repo does.
        self.place = f"{tree.root}/" if isinstance(tree, SubTree) else ""
        self._manifests: dict[str, tuple[Manifest, Template]] = {}
        self._settings: dict[str, type[Strict]] = {}
        self._rows: dict[str, Any] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        found = (path.split("/") for path in self.tree.files())
        return tuple(sorted(steps[0] for steps in found if len(steps) == 2 and steps[1] == MANIFEST))

    @cached_property
    def languages(self) -> Languages:
        return self._read(LANGUAGES, Languages)

    @cached_property
    def frameworks(self) -> Frameworks:
        return self._read(FRAMEWORKS, Frameworks)

    def row_source(self, file: str, table: str, name: str) -> Template:
        """Return the text of one row of a file of this tree, which has it."""
        data = self.tree.read(file) or b""
        path = self.place + file
        return Template(self._loaded(file, data, path), path, data).part(table, name)

    def _loaded(self, file: str, data: bytes, path: str) -> Any:
        if file not in self._rows:
            self._rows[file] = load(data, path=path)
        return self._rows[file]

    @cached_property
    def unavailable(self) -> Unavailable:
        return self._read(UNAVAILABLE, Unavailable)

    @cached_property
    def clusters(self) -> ClusterRows:
        return self._read(CLUSTERS, ClusterRows)

    @cached_property
    def controllers(self) -> ControllerRows:
        return self._read(CONTROLLERS, ControllerRows)

    @cached_property
    def versions(self) -> VersionTable:
        return self._read(VERSIONS, VersionTable)

    def manifest(self, name: str) -> tuple[Manifest, Template]:
        """Return the manifest and its text. Raises ATM202 with positions when it is not well-formed."""
        if name not in self._manifests:
            data = self.tree.read(f"{name}/{MANIFEST}") or b""
            path = f"{self.place}{name}/{MANIFEST}"
            manifest = read_model(Manifest, data, path=path, code=Code.BLUEPRINT_INVALID)
            source = Template(load(data, path=path), path, data)
            if manifest.name != name:
                message = f"`{path}` calls itself `{manifest.name}`"
                raise source.error(message, ("name",), code=Code.BLUEPRINT_INVALID, hint=f"write `name: {name}`")
            self._manifests[name] = (manifest, source)
        return self._manifests[name]

    def has(self, name: str) -> bool:
        """Return whether the blueprint `name` is in this tree."""
        return NAME.fullmatch(name) is not None and self.tree.read(f"{name}/{MANIFEST}") is not None

    def settings(self, name: str) -> type[Strict]:
        """Return the model of what an environment may set of `name`."""
        if name not in self._settings:
            self._settings[name] = settings_model(*self.manifest(name))
        return self._settings[name]

    def _read(self, path: str, model: type[M]) -> M:
        data = self.tree.read(path)
        return model() if data is None else read_model(model, data, path=self.place + path, code=Code.BLUEPRINT_INVALID)


def object_in(layer: Layer, path: str) -> Template | None:
    """Return the one object of a file; None when the layer does not have it."""
    data = layer.tree.read(path)
    if data is None:
        return None
    path = layer.place + path
    documents = load_all(data, path=path)
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        raise fail(Code.BLUEPRINT_INVALID, f"`{path}` must hold exactly one object", where=Location(path, 1, 1))
    return Template(documents[0].value, path, data, documents[0].index)
