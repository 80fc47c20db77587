"""What the engines are told in the repo: their custom resources, and the directories and files to point at."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from atmos_cli.checks.subject import Document, Finding
from atmos_cli.diagnostics import AtmosError, Code, Severity
from atmos_cli.kube.resource import group_version
from atmos_cli.kube.shape import Path, at, items, mapping, strings, text
from atmos_cli.yamlio.load import load_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.ports import FileTree

ROOTS = ("argocd", "clusters", "delivery", "infrastructure", "tenants")
KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
OVERLAY = re.compile(r"apps/(?P<team>[^/]+)/(?P<service>[^/]+)/overlays/(?P<environment>[^/]+)")
NATIVE = {
    "Application": "argoproj.io",
    "ApplicationSet": "argoproj.io",
    "AppProject": "argoproj.io",
    "Kustomization": "kustomize.toolkit.fluxcd.io",
    "HelmRelease": "helm.toolkit.fluxcd.io",
    **dict.fromkeys(
        ("GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket", "ExternalArtifact"),
        "source.toolkit.fluxcd.io",
    ),
}


@dataclass(frozen=True, slots=True)
class Pointer:
    """One object with its place; `kind` is "" when it is of no kind that an engine or a tenant needs."""

    document: Document
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
        return Finding(code, self.document, path, f'{self.kind} "{self.name}" {message}', hint, severity)


@dataclass(frozen=True)
class EngineFacts:
    tree: FileTree
    files: frozenset[str]
    pointers: tuple[Pointer, ...]

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
        """The namespaces that the repo makes; those of tenants with their environment."""
        found: dict[str, str] = {}
        for one in self.pointers:
            if one.kind == "Namespace":
                parts = one.document.file.split("/")
                found[one.name] = parts[1] if parts[0] == "tenants" and len(parts) > 2 else ""
        return found

    @cached_property
    def own_urls(self) -> frozenset[str]:
        """The URL of this repo: what the roots of the engines read, else the only one that is ever read."""
        roots = {
            normal_url(text(one.spec, "source", "repoURL"))
            for one in self.of("Application")
            if posixpath.normpath(text(one.spec, "source", "path") or "/") == "argocd"
        } | {normal_url(text(one.spec, "url")) for one in self.of("GitRepository") if one.name == "flux-system"}
        every = {normal_url(url) for one in self.pointers for url in _urls(one)}
        return frozenset(roots) if roots else frozenset(every if len(every) == 1 else ())

    def of(self, *kinds: str) -> Iterator[Pointer]:
        return (one for one in self.pointers if one.kind in kinds)

    def is_own(self, url: str) -> bool:
        return normal_url(url) in self.own_urls

    def below(self, directory: str) -> Iterator[str]:
        prefix = f"{directory}/" if directory else ""
        return (path for path in sorted(self.files) if path.startswith(prefix))


def read(tree: FileTree) -> EngineFacts:
    """Files that are not YAML, or broken, are left to the check that reads every file."""
    files = frozenset(tree.files())
    wanted = sorted(p for p in files if p.split("/")[0] in ROOTS and p.endswith((".yaml", ".yml")))
    return EngineFacts(tree, files, tuple(pointer for path in wanted for pointer in _pointers(tree, path)))


def documents(tree: FileTree, path: str) -> tuple[Document, ...]:
    try:
        loaded = load_all(tree.read(path) or b"", path=path)
    except AtmosError:
        return ()
    return tuple(Document(path, one.index, one.value) for one in loaded)


def directory_of(path: str) -> str | None:
    """`./apps/x/` as `apps/x`; None when it leads out of the repo."""
    normal = posixpath.normpath(path.lstrip("/") or ".")
    if normal == ".." or normal.startswith("../"):
        return None
    return "" if normal == "." else normal


def normal_url(url: str) -> str:
    """Two spellings of one repo as one: scheme, user, `.git` and letter case aside."""
    bare = re.sub(r"^[a-z+]+://", "", url.strip().lower())
    bare = re.sub(r"^[^/@]*@", "", bare).replace(":", "/", 1) if "@" in bare else bare
    return bare.removesuffix("/").removesuffix(".git")


def is_template(value: str) -> bool:
    return "{{" in value or "${" in value


def _pointers(tree: FileTree, path: str) -> Iterator[Pointer]:
    default: str | None = None
    for document in documents(tree, path):
        value = document.value
        kind = text(value, "kind")
        native = (
            NATIVE.get(kind) == group_version(value)[0] if kind in NATIVE else kind in ("Namespace", "ServiceAccount")
        )
        if not native:
            continue
        namespace = text(value, "metadata", "namespace")
        if not namespace and kind != "Namespace":
            default = _default_namespace(tree, posixpath.dirname(path)) if default is None else default
            namespace = default
        yield Pointer(document, kind, namespace, text(value, "metadata", "name"))


def _default_namespace(tree: FileTree, directory: str) -> str:
    for name in KUSTOMIZATION_FILES:
        for one in documents(tree, posixpath.join(directory, name)):
            return text(one.value, "namespace")
    return ""


def _urls(pointer: Pointer) -> Iterator[str]:
    if pointer.kind == "Application":
        sources = [at(pointer.spec, "source"), *(source for _, source in items(pointer.spec, "sources"))]
        yield from (text(source, "repoURL") for source in sources if text(source, "path"))
    elif pointer.kind == "GitRepository":
        yield text(pointer.spec, "url")
    elif pointer.kind == "ApplicationSet":
        yield from (text(git, "repoURL") for git in git_generators(pointer.spec))


def git_generators(spec: dict[str, Any], depth: int = 0) -> Iterator[dict[str, Any]]:
    """The git generators of an ApplicationSet, also those inside matrix and merge."""
    for _, generator in items(spec, "generators"):
        if git := mapping(generator, "git"):
            yield git
        for combined in ("matrix", "merge"):
            if depth < 3 and mapping(generator, combined):
                yield from git_generators(mapping(generator, combined), depth + 1)
