"""The one editor of YAML that a person may have edited: what an edit does not name stays byte for byte.

Each edit is proven before it counts: what `load` reads from the result is the value with the edit applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code, Location, fail
from atmos_cli.yamlio.edits import Edit, InsertItem, Path, RemoveValue, SetValue
from atmos_cli.yamlio.load import Document, load_all
from atmos_cli.yamlio.locate import field_of, located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.diagnostics import AtmosError


def edit(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return a file with edits applied, each to the result of the one before.

    `document` counts as `load_all` does. Raises AtmosError: as `load_all` does for what does not parse, ATM304 for what
    cannot be edited in place; and ValueError, as `emit` does, for a value that JSON cannot hold.
    """
    documents = load_all(data)
    for each in edits:
        data, documents = _edited(data, documents, each)
    return data


def append_document(data: bytes, value: Any) -> bytes:
    """Return a file with one more document at its end. Raises as `edit` does."""
    from atmos_cli.yamlio import whole_documents

    before = [document.value for document in load_all(data)]
    result = whole_documents.appended(data, value)
    return _proven(data, result, [*before, value], (), len(before))[0]


def remove_document(data: bytes, index: int) -> bytes | None:
    """Return a file without one of its documents, None where no other is left. Raises as `edit` does."""
    from atmos_cli.yamlio import whole_documents

    documents = load_all(data)
    if not 0 <= index < len(documents):
        raise _no_document(index, len(documents))
    if len(documents) == 1:
        return None
    result = whole_documents.removed(data, index)
    rest = [document.value for document in documents if document.index != index]
    return _proven(data, result, rest, (), index)[0]


def _edited(data: bytes, documents: tuple[Document, ...], change: Edit) -> tuple[bytes, tuple[Document, ...]]:
    from atmos_cli.yamlio.changes import spliced
    from atmos_cli.yamlio.expected import NotThereError, after_edit

    if not documents and change.document == 0 and not isinstance(change, RemoveValue):
        made = after_edit(None, change)
        result = append_document(data, made)
        return result, load_all(result)
    if not 0 <= change.document < len(documents):
        raise _no_document(change.document, len(documents))
    before = documents[change.document].value
    try:
        wanted = after_edit(before, change)
    except NotThereError as error:
        raise _not_editable(data, change.document, error.path, str(error)) from None
    if same(before, wanted):
        return data, documents
    result = spliced(data, change)
    values = [wanted if each.index == change.document else each.value for each in documents]
    return _proven(data, result, values, change.path, change.document)


def _proven(
    data: bytes, result: bytes, wanted: list[Any], path: Path, document: int
) -> tuple[bytes, tuple[Document, ...]]:
    from atmos_cli.diagnostics import AtmosError

    try:
        found = load_all(result)
    except AtmosError:
        found = ()
    if not same([each.value for each in found], wanted):
        message = f"`{field_of(path) or 'the document'}` is written in a way that cannot be changed in place"
        raise _not_editable(data, document, path, message)
    return result, found


def _not_editable(data: bytes, document: int, path: Path, message: str) -> AtmosError:
    hint = f"edit `{field_of(path)}` by hand" if path else "edit the document by hand"
    return fail(Code.NOT_EDITABLE, message, hint=hint, where=located(data, document, path, file=""))


def _no_document(index: int, count: int) -> AtmosError:
    message = f"document number {index + 1} does not exist: the file has {count}"
    hint = "look at the file: it has changed, or has fewer documents than what names this one believes"
    return fail(Code.NOT_EDITABLE, message, hint=hint, where=Location("", 1, 1))


def same(left: Any, right: Any) -> bool:
    """Return whether two values are equal in type and order, too; `1.0` is 1, as JSON has it."""
    if isinstance(left, dict):
        return isinstance(right, dict) and list(left) == list(right) and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return left is right
    return isinstance(left, str) is isinstance(right, str) and bool(left == right)


__all__ = ("Edit", "InsertItem", "Path", "RemoveValue", "SetValue", "append_document", "edit", "remove_document")
