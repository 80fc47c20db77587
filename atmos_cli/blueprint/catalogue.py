"""Finds blueprints by name in one or more trees; the last that has one wins (a company's own over the bundled)."""

from __future__ import annotations

import difflib
import re
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.include import SHARED, included
from atmos_cli.blueprint.layer import CLUSTERS, CONTROLLERS, FRAMEWORKS, LANGUAGES, object_in
from atmos_cli.blueprint.profiles import Languages
from atmos_cli.blueprint.runtime import Row, Runtime
from atmos_cli.clusters.facts import ClusterKinds
from atmos_cli.clusters.misfits import misfits_of_cluster, misfits_of_http
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.blueprint.layer import Layer
    from atmos_cli.blueprint.manifest import Manifest, Serves
    from atmos_cli.blueprint.profiles import Framework
    from atmos_cli.blueprint.tree import Template
    from atmos_cli.clusters.misfits import Misfit
    from atmos_cli.config import Config
    from atmos_cli.documents import Strict
    from atmos_cli.ports import FileTree
    from atmos_cli.versions.table import VersionTable

# What objects are made from beside blueprints.
SHARED_ROWS = (LANGUAGES, FRAMEWORKS, CLUSTERS, CONTROLLERS)
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

    def runtime(self, language: str, framework: str | None) -> Runtime:
        """Return the rows of a language and, if one is named, of a framework; both are there."""
        layer = next(each for each in reversed(self.layers) if language in each.languages.languages)
        row = Row(layer.languages.languages[language], layer.row_source(LANGUAGES, "languages", language))
        if framework is None:
            return Runtime(row)
        layer = next(each for each in reversed(self.layers) if framework in each.frameworks.frameworks)
        source = layer.row_source(FRAMEWORKS, "frameworks", framework)
        return Runtime(row, Row(layer.frameworks.frameworks[framework], source))

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
        found = self._shared(path) if shared else object_in(layer, path)
        if found is None:
            message = f"`{source.path}` names `{file}`, but there is no `{layer.place}{path}`"
            raise source.error(message, ("resources", index, "file"), code=Code.BLUEPRINT_INVALID)
        return included(found, self._shared)

    def _shared(self, path: str) -> Template | None:
        return next((found for layer in reversed(self.layers) if (found := object_in(layer, path))), None)

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
