"""Finds blueprints by name in one or more trees; the last that has one wins (a company's own over the bundled)."""

from __future__ import annotations

import difflib
import re
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from atmos_cli.blueprint.include import SHARED, included
from atmos_cli.blueprint.manifest import Frameworks, Languages, Manifest, Unavailable
from atmos_cli.blueprint.settings import settings_model
from atmos_cli.blueprint.tree import Template
from atmos_cli.clusters.facts import ClusterKinds
from atmos_cli.clusters.misfits import misfits_of_cluster, misfits_of_http
from atmos_cli.clusters.rows import ClusterRows, ControllerRows
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, fail
from atmos_cli.documents import Strict, read_model
from atmos_cli.ports import SubTree
from atmos_cli.versions.table import VersionTable
from atmos_cli.yamlio.load import load, load_all
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.blueprint.manifest import Framework, Serves
    from atmos_cli.clusters.misfits import Misfit
    from atmos_cli.config import Config
    from atmos_cli.ports import FileTree

M = TypeVar("M", bound=Strict)
MANIFEST = "blueprint.yaml"
LANGUAGES, FRAMEWORKS, UNAVAILABLE = "languages.yaml", "frameworks.yaml", "unavailable.yaml"
CLUSTERS, CONTROLLERS = "clusters.yaml", "controllers.yaml"
# What objects are made from beside blueprints.
SHARED_ROWS = (LANGUAGES, CLUSTERS, CONTROLLERS)
VERSIONS = "versions.yaml"
NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_NAMED_IMAGE = re.compile(rb"\bimages\.([a-z][a-z0-9_]{0,40})\b")
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


class Layer:
    """The blueprints and rows of one tree, each file read once, when first asked for."""

    def __init__(self, tree: FileTree) -> None:
        self.tree = tree
        # Messages call a company's own files as its repo does.
        self.place = f"{tree.root}/" if isinstance(tree, SubTree) else ""
        self._manifests: dict[str, tuple[Manifest, Template]] = {}
        self._settings: dict[str, type[Strict]] = {}

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


class Catalogue:
    """All blueprints, read once, when first asked for. `layers` begin with the one that the others are laid over."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = tuple(layers)
        self._read: dict[str, Blueprint] = {}
        self._contents: dict[str, str] = {}

    def names(self) -> tuple[str, ...]:
        return tuple(sorted({name for layer in self.layers for name in layer.names}))

    def workloads(self) -> tuple[str, ...]:
        """Return the names of all workloads; reads no resources."""
        return tuple(name for name in self.names() if self.manifest(name).kind == "workload")

    def manifest(self, name: str) -> Manifest:
        """Return the manifest alone. Raises as `get` does."""
        return self._layer(name).manifest(name)[0]

    def settings(self, name: str) -> type[Strict] | None:
        """Return the model of what an environment may set of `name`; None where it sets nothing."""
        layer = next((layer for layer in reversed(self.layers) if layer.has(name)), None)
        return layer.settings(name) if layer and layer.manifest(name)[0].settings else None

    def settable(self) -> tuple[str, ...]:
        """Return the names of all blueprints that have settings."""
        return tuple(name for name in self.names() if self.manifest(name).settings)

    def production_settings(self) -> dict[str, dict[str, Any]]:
        """Return what a new production environment sets, by blueprint."""
        found = {name: self.manifest(name).settings.items() for name in self.settable()}
        wanted = {
            name: {key: each.production for key, each in settings if each.production is not None}
            for name, settings in found.items()
        }
        return {name: values for name, values in wanted.items() if values}

    def get(self, name: str, *, kind: str = "") -> Blueprint:
        """Return a blueprint. Raises ATM201 if no tree has it (of that kind), ATM202 with positions when malformed."""
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

    @cached_property
    def languages(self) -> Languages:
        merged = Languages(
            sizes={name: table for layer in self.layers for name, table in layer.languages.sizes.items()},
            languages={name: row for layer in self.layers for name, row in layer.languages.languages.items()},
        )
        if not merged.languages:
            raise fail(Code.BLUEPRINT_UNKNOWN, f"the blueprints have no `{LANGUAGES}`")
        return merged

    @cached_property
    def frameworks(self) -> dict[str, Framework]:
        """Return the rows by name. Raises ATM202, located, for one of an unknown language."""
        for layer in self.layers:
            for name, row in layer.frameworks.frameworks.items():
                if row.language not in self.languages.languages:
                    place = ("frameworks", name, "language")
                    where = located(layer.tree.read(FRAMEWORKS) or b"", 0, place, file=layer.place + FRAMEWORKS)
                    message = f"the framework `{name}` is of `{row.language}`, which `{LANGUAGES}` does not have"
                    hint = f"languages are: {', '.join(self.languages.languages)}"
                    raise fail(Code.BLUEPRINT_INVALID, message, where=where, hint=hint)
        return {name: row for layer in self.layers for name, row in layer.frameworks.frameworks.items()}

    @cached_property
    def cluster_kinds(self) -> ClusterKinds:
        """Return the rows of clusters, identities and controllers by name."""
        merged = ClusterKinds(
            types={name: row for layer in self.layers for name, row in layer.clusters.types.items()},
            identities={name: row for layer in self.layers for name, row in layer.clusters.identities.items()},
            controllers={name: row for layer in self.layers for name, row in layer.controllers.controllers.items()},
        )
        if not merged.types:
            raise fail(Code.BLUEPRINT_UNKNOWN, f"the blueprints have no `{CLUSTERS}`")
        return merged

    def misfits(self, config: Config) -> Iterator[Misfit]:
        """Find what the configuration says of its clusters that cannot work there: the place, the message, the hint."""
        kinds = self.cluster_kinds
        for name, cluster in config.clusters.items():
            yield from misfits_of_cluster(name, cluster, kinds)
        for name, environment in config.environments.items():
            cluster, within = config.clusters[environment.cluster], ("clusters", environment.cluster)
            place = ("environments", name)
            yield from misfits_of_http(place, cluster, environment.http, kinds, within=within)

    @property
    def versions(self) -> VersionTable:
        """Return the table of what other people release: atmos's own, whatever a company's blueprints name."""
        return self.layers[0].versions

    def content(self, name: str) -> str:
        """Return a checksum of all files of a blueprint, and of the images of the table of versions that they name.

        Of what all blueprints share for the name "".
        """
        if name not in self._contents:
            if name:
                tree, paths = self.files(name)
                parts = [tree.read(path) or b"" for path in paths]
            else:
                shared = [
                    (layer, path) for layer in self.layers for path in (*SHARED_ROWS, *layer.tree.files("shared"))
                ]
                parts = [data for layer, path in shared if (data := layer.tree.read(path)) is not None]
            parts += self._images_in(parts) if name else ()
            self._contents[name] = format(zlib.crc32(b"\0".join(parts)), "08x")
        return self._contents[name]

    def _images_in(self, files: Sequence[bytes]) -> list[bytes]:
        named = sorted({name.decode() for data in files for name in _NAMED_IMAGE.findall(data)})
        known = [self.versions.images[name] for name in named if name in self.versions.images]
        return [repr(each.written_as(reference)).encode() for each in known for reference in sorted(each.references)]

    def files(self, name: str) -> tuple[FileTree, tuple[str, ...]]:
        """Return the tree that holds the blueprint, and the paths of its files in it."""
        layer = self._layer(name)
        return layer.tree, tuple(layer.tree.files(name))

    def _resource(self, layer: Layer, name: str, source: Template, index: int) -> Template:
        """Return the tree of the resource in entry `index` of the manifest `source`, with what it includes."""
        file = source.value["resources"][index]["file"]
        shared = SHARED.fullmatch(file) is not None
        path = file if shared else f"{name}/resources/{file}"
        found = self._shared(path) if shared else _object(layer, path)
        if found is None:
            message = f"`{source.path}` names `{file}`, but there is no `{layer.place}{path}`"
            raise source.error(message, ("resources", index, "file"), code=Code.BLUEPRINT_INVALID)
        return included(found, self._shared)

    def _shared(self, path: str) -> Template | None:
        return next((found for layer in reversed(self.layers) if (found := _object(layer, path))), None)

    def serves(self, workload: str) -> Serves:
        """Return what clients of a type connect to; an unknown type is reported elsewhere."""
        return self.manifest(workload).serves if workload in self.names() else "port"

    def _layer(self, name: str, kind: str = "") -> Layer:
        for layer in reversed(self.layers):
            if layer.has(name):
                return layer
        known = [b.manifest.name for b in self.of_kind(kind)] if kind else self.names()
        close = difflib.get_close_matches(name[:80], known, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"there are: {', '.join(known)}"
        what = KINDS.get(kind, "a blueprint").removeprefix("a ").removeprefix("an ")
        raise fail(Code.BLUEPRINT_UNKNOWN, f"there is no {what} `{name[:80]}`", hint=hint)

    def _load(self, name: str, kind: str) -> Blueprint:
        layer = self._layer(name, kind)
        manifest, source = layer.manifest(name)
        templates: dict[str, Template] = {}
        wrong: list[Diagnostic] = []
        for index, resource in enumerate(manifest.resources):
            try:
                templates[resource.file] = self._resource(layer, name, source, index)
            except AtmosError as error:
                wrong += error.diagnostics
        if wrong:
            raise AtmosError(*wrong)
        return Blueprint(manifest, source, templates)


def _object(layer: Layer, path: str) -> Template | None:
    """Return the one object of a file; None when the layer does not have it."""
    data = layer.tree.read(path)
    if data is None:
        return None
    path = layer.place + path
    documents = load_all(data, path=path)
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        raise fail(Code.BLUEPRINT_INVALID, f"`{path}` must hold exactly one object", where=Location(path, 1, 1))
    return Template(documents[0].value, path, data, documents[0].index)
