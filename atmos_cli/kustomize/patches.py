"""The `patches` of a kustomization, matched and applied in their order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.kustomize import jsonpatch
from atmos_cli.kustomize.keyed import NotPortableError
from atmos_cli.kustomize.merge import MergeError, strategic_merge
from atmos_cli.kustomize.model import Id, WorkingResource, metadata_map, unsupported
from atmos_cli.kustomize.patchfile import Patch, Pointer, read_patch
from atmos_cli.kustomize.selectors import selects
from atmos_cli.kustomize.values import BLANK, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from atmos_cli.kustomize.files import Files
    from atmos_cli.kustomize.kustomization import Kustomization
    from atmos_cli.kustomize.read import Read


def apply_patches(items: list[WorkingResource], kustomization: Kustomization, files: Files) -> list[WorkingResource]:
    """Apply the patches; return the items left. Raises AtmosError with all unreadable entries, else all that fail."""
    entries = kustomization.list("patches")
    read = _collect(partial(read_patch, kustomization, files, e or {}, ("patches", n)) for n, e in enumerate(entries))
    problems: list[Diagnostic] = []
    for number, patch in enumerate(read):
        try:
            items = _apply(items, patch, kustomization, ("patches", number))
        except AtmosError as error:
            if any(d.code == Code.KUSTOMIZE_UNSUPPORTED for d in error.diagnostics):
                raise
            problems += error.diagnostics
    if problems:
        raise AtmosError(*problems)
    return items


def _collect(steps: Iterable[Callable[[], Patch]]) -> list[Patch]:
    problems: list[Diagnostic] = []
    done: list[Patch] = []
    for step in steps:
        try:
            done.append(step())
        except AtmosError as error:
            if any(d.code == Code.KUSTOMIZE_UNSUPPORTED for d in error.diagnostics):
                raise
            problems += error.diagnostics
    if problems:
        raise AtmosError(*problems)
    return done


def _apply(
    items: list[WorkingResource], patch: Patch, kustomization: Kustomization, pointer: Pointer
) -> list[WorkingResource]:
    if patch.operations:
        return _apply_operations(items, patch, kustomization, pointer)
    if patch.target is not None and len(patch.merges) > 1:
        message = "a patch with a `target` holds one document, this one has more"
        hint = "write one entry for each document"
        raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_PATCH, message, pointer, hint=hint))
    problems: list[Diagnostic] = []
    for read in patch.merges:
        if patch.target is not None:
            chosen = [item for item in items if selects(patch.target, item)]
        else:
            chosen, problem = _named(items, read, patch)
            problems += [problem] if problem else []
        dropped = {id(item) for item in chosen if not _merge(item, read, patch)}
        items = [item for item in items if id(item) not in dropped]
        if patch.target is not None and len({item.id for item in items}) < len(items):
            message = "an earlier patch gave two resources one identity"
            raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_PATCH, message, pointer))
    if problems:
        raise AtmosError(*problems)
    return items


def _named(items: list[WorkingResource], read: Read, patch: Patch) -> tuple[list[WorkingResource], Diagnostic | None]:
    """Return the one resource that has, or had, the id of the patch."""
    wanted = WorkingResource(read.resource, []).id
    chosen = [item for item in items if item.has_been(wanted)]
    if len(chosen) == 1:
        return chosen, None
    where = patch.at(read.index, read.pointer)
    if chosen:
        message = f"the patch of {wanted.kind}/{wanted.name} matches {len(chosen)} resources"
        return [], Diagnostic(Code.KUSTOMIZE_PATCH, message, where=where, hint="add a `target` with the namespace")
    message = f"the patch of {wanted.kind}/{wanted.name} matches no resource"
    return [], Diagnostic(Code.KUSTOMIZE_PATCH, message, where=where, hint=_nearest(items, wanted))


def _nearest(items: list[WorkingResource], wanted: Id) -> str:
    same_name = [item.id for item in items if item.name == wanted.name]
    same_kind = [item.id for item in items if item.kind == wanted.kind]
    for other in (*[i for i in same_name if i.kind == wanted.kind], *same_kind, *same_name):
        space = f" in namespace {other.space}" if other.space != wanted.space else ""
        return f"there is {other}{space}: kind, apiVersion, name and namespace must be the same"
    return "correct the name, or remove the patch"


def _merge(item: WorkingResource, read: Read, patch: Patch) -> bool:
    """Patch the item; return False when the patch deletes it."""
    kind, name, namespace = item.kind, item.name, item.namespace
    change = _copied(read.resource)
    if patch.target is not None:
        change["apiVersion"] = item.resource.get("apiVersion")
        for field in ("labels", "annotations"):
            _as_text(change, field)
    wipes = item.remembers and _wipes_annotations(change)
    try:
        merged = strategic_merge(item.resource, change)
    except MergeError as error:
        message = f"the patch does not fit {kind}/{name}: {error}"
        where = patch.at(read.index, (*read.pointer, *error.path))
        raise AtmosError(Diagnostic(Code.KUSTOMIZE_PATCH, message, where=where)) from None
    except NotPortableError as error:
        raise unsupported(f"the patch of {kind}/{name}: {error}", where=patch.at(read.index, read.pointer)) from None
    if merged is None:
        return False
    item.resource = merged
    if wipes:
        item.forget()
    merged["kind"] = kind
    metadata = item.metadata()
    metadata["name"] = name
    metadata.pop("namespace", None)
    if namespace:
        metadata["namespace"] = namespace
    item.sources.append(patch.source(read))
    return True


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _as_text(change: dict[str, Any], field: str) -> None:
    """Replace the nulls of labels and annotations by the text "null", as kustomize does for a patch with a target."""
    metadata = change.get("metadata")
    if isinstance(metadata, dict) and field in metadata:
        values = metadata[field]
        texts = {key: written(value) for key, value in values.items()} if isinstance(values, dict) else {}
        metadata.pop(field)
        if texts:
            metadata[field] = texts


def _wipes_annotations(change: Any) -> bool:
    """Return whether a patch replaces all annotations, which makes kustomize forget what it keeps in them."""
    for field in ("metadata", "annotations"):
        if field not in change:
            return False
        change = change[field]
        if (
            change is None
            or change is BLANK
            or (isinstance(change, dict) and change.get("$patch") in ("replace", "delete"))
        ):
            return True
        if not isinstance(change, dict):
            return False
    return False


def _apply_operations(
    items: list[WorkingResource], patch: Patch, kustomization: Kustomization, pointer: Pointer
) -> list[WorkingResource]:
    if patch.target is None:
        message = "a JSON patch needs a `target`"
        raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_PATCH, message, pointer, hint="add `target:`"))
    problems: list[Diagnostic] = []
    for item in items:
        if not selects(patch.target, item):
            continue
        item.remember_id()
        annotations = item.metadata().get("annotations")
        if not isinstance(annotations, dict):
            annotations = item.metadata()["annotations"] = {}
        try:
            item.resource = jsonpatch.apply(item.resource, list(patch.operations))
        except jsonpatch.PatchFailedError as error:
            message = f"the patch does not fit {item.kind}/{item.name}: {error}"
            problems.append(Diagnostic(Code.KUSTOMIZE_PATCH, message, where=patch.at(0, (error.number,))))
            continue
        except jsonpatch.BeyondPatchError as error:
            raise unsupported(str(error), where=patch.at(0)) from None
        if not annotations and not metadata_map(item.resource, "annotations"):
            item.metadata().pop("annotations", None)
        item.sources.append(patch.source(None))
    if problems:
        raise AtmosError(*problems)
    return items
