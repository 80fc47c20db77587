"""The data of a kustomize build: resources with the ids they have had, and where each change came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.kustomize.kinds import cluster_scoped
from atmos_cli.kustomize.values import text, written

if TYPE_CHECKING:
    from atmos_cli.diagnostics import Location
    from atmos_cli.kube.resource import Resource

NOT_NAMESPACED = "_non_namespaceable_"
SourceKind = Literal[
    "resource", "generator", "patch", "images", "replicas", "namespace", "labels", "annotations", "name", "tool"
]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a resource, or a change of it, is written.

    `path` is posix from the root of the tree, `index` the document of that file, `pointer` the place inside it: of the
    object (an item of a List) or of the entry of a kustomization. An inline patch is a text with documents of its own;
    `inner` is the one that applied.
    """

    path: str
    index: int
    kind: SourceKind
    pointer: tuple[str | int, ...] = ()
    inner: int = 0


@dataclass(frozen=True, slots=True)
class Built:
    """One resource as the engine would apply it, and everything that made it: its file first, the last change last."""

    resource: Resource
    sources: tuple[Origin, ...]


class Unsupported(AtmosError):  # noqa: N818 - an answer: ask the real tool
    """Outside of the portable subset. `delegable` says whether the real tool may be asked: never for remote bases."""

    def __init__(self, *diagnostics: Diagnostic, delegable: bool = True) -> None:
        super().__init__(*diagnostics)
        self.delegable = delegable


def unsupported(message: str, *, where: Location | None = None, hint: str = "", delegable: bool = True) -> Unsupported:
    """Return an Unsupported of one diagnostic, ready to `raise`."""
    hint = hint or "install kustomize or kubectl, atmos then asks it; or keep to the portable subset"
    return Unsupported(Diagnostic(Code.KUSTOMIZE_UNSUPPORTED, message, where=where, hint=hint), delegable=delegable)


class Id(NamedTuple):
    """The identity by which kustomize knows a resource. `space` is the namespace with "" read as "default"."""

    group: str
    version: str
    kind: str
    name: str
    space: str

    def __str__(self) -> str:
        version = f"{self.group}/{self.version}" if self.group else self.version
        return f"{version} {self.kind} {self.name}"


class PreviousId(NamedTuple):
    space: str
    name: str
    kind: str


def metadata_text(resource: Resource, field_name: str) -> str:
    metadata = resource.get("metadata")
    return text(metadata.get(field_name)) if isinstance(metadata, dict) else ""


def metadata_map(resource: Resource, field_name: str) -> dict[str, str]:
    """Return `metadata.labels` or `metadata.annotations` as texts, {} when there is none."""
    metadata = resource.get("metadata")
    found = metadata.get(field_name) if isinstance(metadata, dict) else None
    return {key: written(value) for key, value in found.items()} if isinstance(found, dict) else {}


def split_version(api_version: str) -> tuple[str, str]:
    group, slash, version = api_version.partition("/")
    return (group, version) if slash else ("", api_version)


@dataclass(slots=True, eq=False)
class WorkingResource:
    """A resource under way. Mutable on purpose: it is what transformers transform."""

    resource: Resource
    sources: list[Origin]
    previous: list[PreviousId] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    suffixes: list[str] = field(default_factory=list)
    generated: bool = False
    hashed: bool = False
    behavior: str = ""

    @property
    def kind(self) -> str:
        return text(self.resource.get("kind"))

    @property
    def name(self) -> str:
        return metadata_text(self.resource, "name")

    @property
    def namespace(self) -> str:
        return metadata_text(self.resource, "namespace")

    @property
    def gvk(self) -> tuple[str, str, str]:
        group, version = split_version(text(self.resource.get("apiVersion")))
        return group, version, self.kind

    @property
    def cluster_scoped(self) -> bool:
        return cluster_scoped(text(self.resource.get("apiVersion")), self.kind)

    @property
    def id(self) -> Id:
        return Id(*self.gvk, self.name, self.space)

    @property
    def space(self) -> str:
        return NOT_NAMESPACED if self.cluster_scoped else self.namespace or "default"

    @property
    def previous_ids(self) -> list[Id]:
        group, version, _ = self.gvk
        return [Id(group, version, kind=old.kind, name=old.name, space=old.space) for old in self.previous]

    @property
    def original_id(self) -> Id:
        return self.previous_ids[0] if self.previous else self.id

    def has_been(self, wanted: Id) -> bool:
        return self.id == wanted or wanted in self.previous_ids

    def remember_id(self) -> None:
        """Keep the present id, so that references and targets written against it still find the resource."""
        self.previous.append(PreviousId(self.space, self.name, self.kind))

    def forget(self) -> None:
        """Drop what a patch that replaces all annotations drops: kustomize keeps its own memory there."""
        self.previous.clear()
        self.prefixes.clear()
        self.suffixes.clear()
        self.hashed = False
        self.behavior = ""

    @property
    def remembers(self) -> bool:
        return bool(self.previous or self.prefixes or self.suffixes or self.hashed or self.behavior)

    def metadata(self) -> dict[str, Any]:
        """Return `metadata`, made when missing."""
        found = self.resource.get("metadata")
        if not isinstance(found, dict):
            found = self.resource["metadata"] = {}
        return found
