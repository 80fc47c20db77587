"""What a check sees: the effective manifests of one service in one environment, indexed once; and what it returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code, Severity
from atmos_cli.kube.resource import Identity, Resource, group_version, pod_template
from atmos_cli.kube.shape import Path, mapping, strings, text
from atmos_cli.versions.table import VersionTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kustomize.model import Built
    from atmos_cli.ports import FileTree


@dataclass(frozen=True, slots=True)
class Subject:
    """`kubernetes` is the minor version of the cluster (`1.32`); `pod_security` the level that its namespace enforces.

    `declared_secrets` are names of Secrets that the spec says exist outside of Git; `secret_store` is where External
    Secrets reads from, when it runs there. `no_default_storage` is the type of `cluster` where no StorageClass is the
    default, and else empty. `versions`: what is known of images of others. `made_up_image` stands in for an image that
    the spec does not name, and else is empty.
    """

    service: str
    team: str
    environment: str
    namespace: str
    kubernetes: str
    resources: tuple[Built, ...]
    production: bool = False
    declared_secrets: frozenset[str] = frozenset()
    pod_security: str = "restricted"
    secret_store: str = ""
    cluster: str = ""
    no_default_storage: str = ""
    versions: VersionTable = field(default_factory=VersionTable)
    made_up_image: str = ""


@dataclass(frozen=True, slots=True)
class RepoSubject:
    """A whole repo; `roots` are the top directories in which files are atmos's to check."""

    tree: FileTree
    roots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileDocument:
    """One YAML document of the tree: `index` counts from 0 within the file."""

    file: str
    index: int
    value: Any


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` may lead past what exists: the nearest parent is shown then, and the whole path is the field to set."""

    code: Code
    at: Built | FileDocument
    path: Path
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class PlacedObject:
    built: Built
    resource: Resource
    id: Identity

    def finding(
        self, code: Code, path: Path, message: str, *, hint: str = "", severity: Severity = Severity.ERROR
    ) -> Finding:
        return Finding(code, self.built, path, message, hint=hint, severity=severity)


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """A pod template (or a Pod) inside `item`; `path` leads to its `spec`."""

    item: PlacedObject
    path: Path
    labels: dict[str, str]
    annotations: dict[str, str]
    spec: Resource

    def containers(self, *kinds: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield each container with its path; init containers first, then the others, then ephemeral ones."""
        for kind in kinds or ("initContainers", "containers", "ephemeralContainers"):
            value = self.spec.get(kind)
            for index, container in enumerate(value if isinstance(value, list) else ()):
                if isinstance(container, dict):
                    yield (*self.path, kind, index), container


@dataclass(frozen=True)
class SubjectFacts:
    """The subject, and what many checks ask of it. Objects without a kind are left out: the schema check says so."""

    subject: Subject
    items: tuple[PlacedObject, ...] = field(default=())

    @cached_property
    def pods(self) -> tuple[PodTemplate, ...]:
        return tuple(pod for item in self.items if (pod := _pod(item)))

    @cached_property
    def by_kind(self) -> dict[tuple[str, str], tuple[PlacedObject, ...]]:
        found: dict[tuple[str, str], list[PlacedObject]] = {}
        for item in self.items:
            found.setdefault((item.id.group, item.id.kind), []).append(item)
        return {key: tuple(items) for key, items in found.items()}

    def of(self, group: str, *kinds: str) -> tuple[PlacedObject, ...]:
        return tuple(item for kind in kinds for item in self.by_kind.get((group, kind), ()))

    def named(self, group: str, kind: str, name: str) -> PlacedObject | None:
        return next((item for item in self.of(group, kind) if item.id.name == name), None)


def facts_of(subject: Subject) -> SubjectFacts:
    return SubjectFacts(
        subject, tuple(item for built in subject.resources if (item := _item(built, subject.namespace)))
    )


def _item(built: Built, namespace: str) -> PlacedObject | None:
    resource: Any = built.resource
    if not isinstance(resource, dict) or not isinstance(resource.get("kind"), str):
        return None
    metadata = mapping(resource, "metadata")
    group = group_version(resource)[0]
    return PlacedObject(
        built,
        resource,
        Identity(group, resource["kind"], text(metadata, "namespace") or namespace, text(metadata, "name")),
    )


def _pod(item: PlacedObject) -> PodTemplate | None:
    found = pod_template(item.resource)
    if found is None:
        return None
    path, template = found
    spec = template.get("spec")
    if not isinstance(spec, dict):
        return None
    meta = mapping(template, "metadata")
    return PodTemplate(item, (*path, "spec"), strings(meta, "labels"), strings(meta, "annotations"), spec=spec)
