"""One entry of `patches`: read from its file or its text, as strategic merges or as JSON operations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location
from atmos_cli.kustomize import jsonpatch
from atmos_cli.kustomize.files import join, load_below
from atmos_cli.kustomize.model import Origin, unsupported
from atmos_cli.kustomize.read import Read, resources
from atmos_cli.kustomize.selectors import BadSelectorError, BeyondSelectorError, check_target
from atmos_cli.yamlio.load import load_all
from atmos_cli.yamlio.locate import block_line, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from atmos_cli.kustomize.files import Files
    from atmos_cli.kustomize.kustomization import Kustomization

Pointer = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """One entry of `patches`: either strategic merges or JSON operations, and where its text is."""

    merges: tuple[Read, ...]
    operations: tuple[dict[str, Any], ...]
    target: Mapping[str, Any] | None
    data: bytes
    path: str
    pointer: Pointer
    start: Callable[[], int] | None = None  # the line where an inline patch starts, which only messages ask for

    def source(self, read: Read | None) -> Origin:
        """Return where the patch is written: for an inline patch a place in the kustomization, else its own file."""
        index, inside = (read.index, read.pointer) if read else (0, ())
        return (
            Origin(self.path, 0, "patch", pointer=self.pointer, inner=index)
            if self.start
            else Origin(self.path, index, "patch", inside)
        )

    def at(self, index: int, pointer: Pointer = ()) -> Location:
        line, column = locate(self.data, index, pointer)
        return Location(self.path, self.start() + line - 1, 0) if self.start else Location(self.path, line, column)


def read_patch(kustomization: Kustomization, files: Files, entry: Mapping[str, Any], pointer: Pointer) -> Patch:
    inline, path, target = (entry.get("patch") or "").strip(), entry.get("path") or "", entry.get("target")
    file = kustomization.file
    if bool(inline) == bool(path):
        message = (
            "a patch needs `patch` or `path`" if not inline else "a patch has `patch` and `path`, one of them is enough"
        )
        raise AtmosError(file.problem(Code.KUSTOMIZE_INVALID, message, pointer))
    if target is not None:
        _check_target(kustomization, target, (*pointer, "target"))
    if path:
        data = load_below(files, file, path, (*pointer, "path"), "patch")
        return _parse(data, join(file.directory, path) or path, target, ())
    inside = entry["patch"]
    skipped = inside[: len(inside) - len(inside.lstrip())].count("\n")
    place = (*pointer, "patch")
    return _parse(inline.encode(), file.path, target, place, lambda: block_line(file.data, 0, place) + skipped)


def _check_target(kustomization: Kustomization, target: Mapping[str, Any], pointer: Pointer) -> None:
    try:
        check_target(target)
    except BadSelectorError as error:
        raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_PATCH, str(error), pointer)) from None
    except BeyondSelectorError as error:
        raise unsupported(str(error), where=kustomization.file.at(pointer)) from None


def _parse(
    data: bytes, path: str, target: Mapping[str, Any] | None, pointer: Pointer, start: Callable[[], int] | None = None
) -> Patch:
    def patch(merges: tuple[Read, ...] = (), operations: tuple[dict[str, Any], ...] = ()) -> Patch:
        return Patch(merges, operations, target=target, data=data, path=path, pointer=pointer, start=start)

    try:
        values = _operations_of(data, path, patch())
        if values is not None:
            return patch(operations=tuple(values))
        return patch(merges=tuple(resources(data, path=path)))
    except AtmosError as error:
        raise AtmosError(*(_moved(d, start) for d in error.diagnostics)) from None


def _moved(diagnostic: Diagnostic, start: Callable[[], int] | None) -> Diagnostic:
    """Move a diagnostic from a place in the text of an inline patch to the place in its file."""
    where = diagnostic.where
    if start is None or where is None or not where.line:
        return diagnostic
    return diagnostic.at(replace(where, line=start() + where.line - 1, column=0))


def _operations_of(data: bytes, path: str, patch: Patch) -> list[dict[str, Any]] | None:
    """Return the operations if the text is a JSON patch, None if it is a strategic merge."""
    decoded = data.decode("utf-8", "replace")
    try:
        if decoded.startswith("["):
            return jsonpatch.operations(jsonpatch.parse_json(decoded))
        documents = load_all(data, path=path)
        if not documents or not isinstance(documents[0].value, list):
            return None
        return jsonpatch.operations(documents[0].value)
    except jsonpatch.PatchFailedError as error:
        where = patch.at(0, (error.number,))
        raise AtmosError(Diagnostic(Code.KUSTOMIZE_PATCH, str(error), where=_unmoved(where, patch))) from None
    except jsonpatch.BeyondPatchError as error:
        raise unsupported(str(error), where=_unmoved(patch.at(0), patch)) from None


def _unmoved(where: Location, patch: Patch) -> Location:
    return Location(where.path, where.line - patch.start() + 1, where.column) if patch.start else where
