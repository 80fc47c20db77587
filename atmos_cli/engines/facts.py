"""What the repo says to the engines: their custom resources, and the directories and files to point at."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from atmos_cli.checks.subject import FileDocument, Finding
from atmos_cli.diagnostics import AtmosError, Code, Severity
from atmos_cli.kube.resource import group_version
from atmos_cli.kube.shape import Path, mapping, strings, text
from atmos_cli.kustomize.files import NAMES
from atmos_cli.yamlio.load import load_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.ports import FileTree

OVERLAY = re.compile(r"apps/(?P<team>[^/]+)/(?P<service>[^/]+)/overlays/(?P<environment>[^/]+)")


@dataclass(frozen=True, slots=True)
class Pointer:
    """One object with its place, of a kind that an engine or a tenant needs."""

    document: FileDocument
    kind: str
    namespace: str
    name: str

    @property
    def spec(self) -> dict[str, Any]:
        return mapping(self.document.value, "spec")

    @property
    def labels(self) -> dict[str, str]:
        return strings(self.document.value, "metadata", "labels")

    def finding(
        self,
        path: Path,
        message: str,
        *,
        code: Code = Code.ENGINE_REFERENCE,
        hint: str = "",
        severity: Severity = Severity.ERROR,
    ) -> Finding:
        said = f'{self.kind} "{self.name}" {message}'
        return Finding(code, self.document, path, said, hint=hint, severity=severity)


@dataclass(frozen=True)
class EngineFacts:
    """What all engines read of one repo. `own_urls`: how this repo is called by what reads it."""

    tree: FileTree
    files: frozenset[str]
    pointers: tuple[Pointer, ...]
    own_urls: frozenset[str]

    @cached_property
    def directories(self) -> frozenset[str]:
        found = {""}
        for path in self.files:
            parent = posixpath.dirname(path)
            while parent not in found:
                found.add(parent)
                parent = posixpath.dirname(parent)
        return frozenset(found)

    @cached_property
    def overlays(self) -> tuple[str, ...]:
        return tuple(sorted(one for one in self.directories if OVERLAY.fullmatch(one)))

    @cached_property
    def by_name(self) -> dict[tuple[str, str, str], Pointer]:
        return {(one.kind, one.namespace, one.name): one for one in self.pointers}

    @cached_property
    def namespaces(self) -> dict[str, str]:
        """Return the namespaces that the repo makes; those of tenants with their environment."""
        found: dict[str, str] = {}
        for one in self.pointers:
            if one.kind == "Namespace":
                parts = one.document.file.split("/")
                found[one.name] = parts[1] if parts[0] == "tenants" and len(parts) > 2 else ""
        return found

    def of(self, *kinds: str) -> Iterator[Pointer]:
        return (one for one in self.pointers if one.kind in kinds)

    def is_own(self, url: str) -> bool:
        return normal_url(url) in self.own_urls

    def below(self, directory: str) -> Iterator[str]:
        prefix = f"{directory}/" if directory else ""
        return (path for path in sorted(self.files) if path.startswith(prefix))


def documents(tree: FileTree, path: str) -> tuple[FileDocument, ...]:
    """Load a file; one that is not YAML, or broken, is left to the check that reads every file."""
    try:
        loaded = load_all(tree.read(path) or b"", path=path)
    except AtmosError:
        return ()
    return tuple(FileDocument(path, one.index, one.value) for one in loaded)


def directory_of(path: str) -> str | None:
    """Normalise a directory: `./apps/x/` as `apps/x`; None when it leads out of the repo."""
    normal = posixpath.normpath(path.lstrip("/") or ".")
    if normal == ".." or normal.startswith("../"):
        return None
    return "" if normal == "." else normal


def normal_url(url: str) -> str:
    """Return one form for two spellings of one repo: without scheme, user, `.git` and letter case."""
    bare = re.sub(r"^[a-z+]+://", "", url.strip().lower())
    bare = re.sub(r"^[^/@]*@", "", bare).replace(":", "/", 1) if "@" in bare else bare
    return bare.removesuffix("/").removesuffix(".git")


def is_template(value: str) -> bool:
    return "{{" in value or "${" in value


def pointers(tree: FileTree, path: str, kinds: Mapping[str, str]) -> Iterator[Pointer]:
    """Read the objects of a file that are of one of `kinds`, each with its API group, or that a tenant needs."""
    default: str | None = None
    for document in documents(tree, path):
        value = document.value
        kind = text(value, "kind")
        if not (kinds[kind] == group_version(value)[0] if kind in kinds else kind in ("Namespace", "ServiceAccount")):
            continue
        namespace = text(value, "metadata", "namespace")
        if not namespace and kind != "Namespace":
            default = _default_namespace(tree, posixpath.dirname(path)) if default is None else default
            namespace = default
        yield Pointer(document, kind, namespace, text(value, "metadata", "name"))


def _default_namespace(tree: FileTree, directory: str) -> str:
    for name in NAMES:
        for one in documents(tree, posixpath.join(directory, name)):
            return text(one.value, "namespace")
    return ""
