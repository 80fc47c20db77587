"""The changes of files that bring an earlier state back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.yamlio.emit import emit_all
from atmos_cli.yamlio.load import load_all

if TYPE_CHECKING:
    from collections.abc import Mapping


def restored(now: Mapping[str, bytes], then: Mapping[str, bytes]) -> dict[str, bytes | None]:
    """Return the changes that turn `now` into exactly the files of `then`; None removes a file that was added since."""
    paths = sorted({*now, *then})
    return {path: then.get(path) for path in paths if now.get(path) != then.get(path)}


def pointer(now: bytes | None, then: bytes | None, *, namespace: str, path: str) -> bytes | None:
    """Restore the documents of `namespace` in a delivery pointer file as in `then`; all others stay as in `now`.

    Returns the bytes of `then` where nothing else changed, which keeps comments. Raises AtmosError for invalid YAML.
    """
    mine, kept = _split(now, namespace, path)
    theirs, others = _split(then, namespace, path)
    if mine == theirs:
        return now
    if kept == others:
        return then
    return emit_all([*kept, *theirs]).encode() if kept or theirs else None


def _split(data: bytes | None, namespace: str, path: str) -> tuple[list[Any], list[Any]]:
    """Return the documents of `namespace`, and the rest."""
    found = [document.value for document in load_all(data or b"", path=path) if document.value is not None]
    inside = [each for each in found if _namespace(each) == namespace]
    return inside, [each for each in found if _namespace(each) != namespace]


def _namespace(document: Any) -> Any:
    metadata = document.get("metadata") if isinstance(document, dict) else None
    return metadata.get("namespace") if isinstance(metadata, dict) else None
