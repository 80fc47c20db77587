"""Files of a tree as kustomize may reach them: only below its own directory, never out of the tree, never endlessly."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location
from atmos_cli.kustomize.model import unsupported
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.ports import FileTree

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
MANIFESTS = (".yaml", ".yml", ".json")
MAX_DEPTH = 32
MAX_FILES = 5_000
MAX_BYTES = 64 * 1024 * 1024
MAX_RESOURCES = 20_000
MAX_KUSTOMIZATIONS = 2_000
_REMOTE = re.compile(
    r"^[a-z][a-z0-9+.-]*://|^[\w.+-]+::|^[\w.-]+@[\w.-]+[:/]|^gh:|\.git(?:/|$|\?)|[?&](?:ref|version|timeout|submodules)="
    r"|^(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org)[:/]",
    re.IGNORECASE,
)


class Files:
    """Reads the files of one build, and counts what it reads."""

    def __init__(self, tree: FileTree) -> None:
        self.tree = tree
        self.resources = 0
        self._kustomizations = 0
        self._read: dict[str, bytes | None] = {}
        self._bytes = 0

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, None when there is none. Raises AtmosError beyond the limits of one build."""
        if path not in self._read:
            data = self.tree.read(path)
            self._bytes += len(data or b"")
            if len(self._read) >= MAX_FILES or self._bytes > MAX_BYTES:
                message = (
                    f"one kustomize build may read {MAX_FILES} files and {MAX_BYTES >> 20} MiB, this one reads more"
                )
                raise AtmosError(Diagnostic(Code.KUSTOMIZE_INVALID, message, where=Location(path)))
            self._read[path] = data
        return self._read[path]

    def is_directory(self, path: str) -> bool:
        return any(True for _ in self.tree.files(path))

    def kustomizations(self, directory: str) -> list[str]:
        """Return the kustomization files of a directory; more than one is an error of the caller."""
        return [path for path in (join(directory, name) for name in NAMES) if path and self.read(path) is not None]

    def enter(self, directory: str) -> None:
        """Count a kustomization that is built, once for every way to it. Raises AtmosError when they are too many."""
        self._kustomizations += 1
        if self._kustomizations > MAX_KUSTOMIZATIONS:
            message = f"one build may go through {MAX_KUSTOMIZATIONS} kustomizations, this one goes through more"
            raise AtmosError(Diagnostic(Code.KUSTOMIZE_INVALID, message, where=Location(directory or ".")))

    def count(self, resources: int, file: Reference, pointer: Sequence[str | int]) -> None:
        self.resources += resources
        if self.resources > MAX_RESOURCES:
            message = f"one kustomize build may hold {MAX_RESOURCES} resources, this one has more"
            raise AtmosError(file.problem(Code.KUSTOMIZE_INVALID, message, pointer))


def join(directory: str, path: str) -> str | None:
    """Return `path` seen from `directory`, normalised; "" is the root of the tree, None is outside of it."""
    joined = posixpath.normpath(posixpath.join("/", directory, path)) if not path.startswith("/") else ""
    depth = 0
    for part in [*directory.split("/"), *path.split("/")]:
        depth += {"": 0, ".": 0, "..": -1}.get(part, 1)
        if depth < 0:
            return None
    return joined.removeprefix("/") if joined else None


def within(directory: str, path: str) -> bool:
    return not directory or path == directory or path.startswith(f"{directory}/")


def refuse_remote(path: str, file: Reference, pointer: Sequence[str | int]) -> None:
    """Refuse a path that kustomize would fetch from elsewhere; raises Unsupported."""
    if _REMOTE.search(path):
        hint = "copy it into this repository: builds of a GitOps repo must not depend on the network"
        raise unsupported(f"the remote base `{path}` is refused", where=file.at(pointer), hint=hint, delegable=False)


class Reference:
    """A kustomization file, for messages that point into it."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @property
    def directory(self) -> str:
        return posixpath.dirname(self.path)

    def at(self, pointer: Sequence[str | int]) -> Location:
        return located(self.data, 0, pointer, file=self.path)

    def problem(self, code: Code, message: str, pointer: Sequence[str | int], *, hint: str = "") -> Diagnostic:
        return Diagnostic(code, message, where=self.at(pointer), hint=hint)


def load_below(files: Files, file: Reference, path: str, pointer: Sequence[str | int], what: str) -> bytes:
    """Return the content of a file that a kustomization names. Raises AtmosError KUSTOMIZE_REFERENCE, located."""
    refuse_remote(path, file, pointer)
    joined = join(file.directory, path)
    if joined is None or not within(file.directory, joined):
        message = f"the {what} `{path}` is outside of its kustomization's directory"
        hint = "move the file below the kustomization; only directories may be shared"
        raise AtmosError(file.problem(Code.KUSTOMIZE_REFERENCE, message, pointer, hint=hint))
    data = files.read(joined)
    if data is None:
        message = f"the {what} `{path}` does not exist"
        raise AtmosError(
            file.problem(Code.KUSTOMIZE_REFERENCE, message, pointer, hint=f"create {joined} or remove the entry")
        )
    return data
