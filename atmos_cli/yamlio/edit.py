"""The one editor of YAML that a person may have edited: what an edit does not name stays byte for byte.

Each edit is proven before it counts: what `load` reads from the result is the value with the edit applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code, Location, fail
from atmos_cli.yamlio.edits import Edit, InsertItem, Path, RemoveValue, SetValue
from atmos_cli.yamlio.expected import NotThereError, after_insertion, after_removal, after_set, same_in_order
from atmos_cli.yamlio.load import Document, load_all
from atmos_cli.yamlio.locate import field_of, located
from atmos_cli.yamlio.written import is_filled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.yamlio.changes import Walk
    from atmos_cli.yamlio.places import Change

# Those who edit find everything here.
__all__ = ("Edit", "InsertItem", "Path", "RemoveValue", "SetValue", "append_document", "edit", "remove_document")


def edit(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return a file with edits applied, each to the result of the one before.

    `document` counts as `load_all` does. Raises AtmosError without a file name (`load.in_file` adds it): as `load_all`
    does for what does not parse, ATM304 for what cannot be edited in place; and ValueError, as `emit` does, for a value
    that JSON cannot hold.
    """
    documents = load_all(data)
    for each in edits:
        data, documents = _edited_inside(data, documents, each) or _edited(data, documents, each)
    return data


def append_document(data: bytes, value: Any) -> bytes:
    """Return a file with one more document at its end. Raises as `edit` does."""
    from atmos_cli.yamlio import whole_documents

    before = [document.value for document in load_all(data)]
    return _proven(data, whole_documents.appended(data, value), [*before, value], len(before))


def remove_document(data: bytes, index: int) -> bytes | None:
    """Return a file without one of its documents, None where no other is left. Raises as `edit` does."""
    from atmos_cli.yamlio import whole_documents

    documents = load_all(data)
    if not 0 <= index < len(documents):
        raise _no_document(index, len(documents))
    if len(documents) == 1:
        return None
    rest = [document.value for document in documents if document.index != index]
    return _proven(data, whole_documents.removed(data, index), rest, index)


def _edited_inside(
    data: bytes, documents: tuple[Document, ...], change: Edit
) -> tuple[bytes, tuple[Document, ...]] | None:
    """Apply an edit of a collection that is written over several lines entry by entry.

    None for every other edit, and where the entries cannot be edited by themselves.
    """
    from atmos_cli.yamlio.changes import collection_over_lines
    from atmos_cli.yamlio.finer import finer_edits

    if not isinstance(change, SetValue) or not is_filled(change.value) or change.document >= len(documents):
        return None
    old = collection_over_lines(data, documents[change.document].value, change.path, change.document)
    if type(old) is not type(change.value):
        return None
    values = [each.value for each in documents]
    values[change.document] = _wanted(data, values[change.document], change)
    try:
        for each in finer_edits(change, old):
            data, documents = _edited(data, documents, each)
    except AtmosError:
        return None
    return (data, documents) if same_in_order([each.value for each in documents], values) else None


def _edited(data: bytes, documents: tuple[Document, ...], change: Edit) -> tuple[bytes, tuple[Document, ...]]:
    from atmos_cli.yamlio.changes import spliced

    if not documents and change.document == 0 and not isinstance(change, RemoveValue):
        result = append_document(data, _wanted(b"", None, change))
        return result, load_all(result)
    if not 0 <= change.document < len(documents):
        raise _no_document(change.document, len(documents))
    before = documents[change.document].value
    wanted = _wanted(data, before, change)
    if same_in_order(before, wanted):
        return data, documents
    values = [wanted if each.index == change.document else each.value for each in documents]
    for blocks in (True, False):  # a comment that follows can keep a text from being a block
        result = spliced(data, before, change.path, lambda walk: _changes(walk, change), change.document, blocks=blocks)
        found = _read(result)
        if found is not None and same_in_order([each.value for each in found], values):
            return result, found
    raise _unproven(data, change.path, change.document)


def _wanted(data: bytes, before: Any, change: Edit) -> Any:
    try:
        if isinstance(change, SetValue):
            return after_set(before, change.path, change.value, after=change.after)
        if isinstance(change, InsertItem):
            return after_insertion(before, change.path, change.value, change.index)
        return after_removal(before, change.path)
    except NotThereError as error:
        raise _not_editable(data, change.document, error.path, str(error)) from None


def _changes(walk: Walk, change: Edit) -> list[Change]:
    if isinstance(change, SetValue):
        return walk.set(change.value, after=change.after)
    if isinstance(change, InsertItem):
        return walk.inserted(change.value, change.index)
    return walk.removed()


def _proven(data: bytes, result: bytes, wanted: list[Any], document: int) -> bytes:
    found = _read(result)
    if found is None or not same_in_order([each.value for each in found], wanted):
        raise _unproven(data, (), document)
    return result


def _read(data: bytes) -> tuple[Document, ...] | None:
    try:
        return load_all(data)
    except AtmosError:
        return None


def _unproven(data: bytes, path: Sequence[str | int], document: int) -> AtmosError:
    message = f"`{field_of(path) or 'the document'}` is written in a way that cannot be changed in place"
    return _not_editable(data, document, path, message)


def _not_editable(data: bytes, document: int, path: Sequence[str | int], message: str) -> AtmosError:
    hint = f"edit `{field_of(path)}` by hand" if path else "edit the document by hand"
    return fail(Code.NOT_EDITABLE, message, hint=hint, where=located(data, document, path, file=""))


def _no_document(index: int, count: int) -> AtmosError:
    message = f"document number {index + 1} does not exist: the file has {count}"
    hint = "look at the file: it has fewer documents than expected"
    return fail(Code.NOT_EDITABLE, message, hint=hint, where=Location("", 1, 1))
