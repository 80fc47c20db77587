"""The merge of files that hold no objects, such as CODEOWNERS: line by line, in the way of diff3."""

from __future__ import annotations

import difflib
import hashlib
from typing import TYPE_CHECKING

from atmos_cli.layout.lock import Digest, Text
from atmos_cli.layout.owners import OWNERS
from atmos_cli.merge.model import MISSING, Conflict, FieldChange, KeptEdit, Missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.layout.lock import Content, GeneratedFile
    from atmos_cli.merge.fields import Findings


def merge_text(
    path: str, data: bytes | None, known: Sequence[Content], new: GeneratedFile | None, findings: Findings
) -> bytes | Missing | None:
    """Return the merged content (None: the file goes), or MISSING where our file stays as it is."""
    wanted = new.data if new else None
    if data == wanted or any(is_content(wanted, each) for each in known):
        if data is None and wanted is not None and not findings.restore_files:
            findings.kept.append(KeptEdit(path, "", "deleted", "the file is not restored"))
        return wanted if data is None and wanted is not None and findings.restore_files else MISSING
    if data is None and known and not findings.restore_files:
        findings.kept.append(KeptEdit(path, "", "deleted", "the file is not restored"))
        return MISSING
    merged: bytes | Missing | None = wanted
    if data is not None and not any(is_content(data, each) for each in known):
        merged = _merged_lines(data, known, wanted, apart=path.rpartition("/")[2] == OWNERS)
        if isinstance(merged, Missing):
            conflict = Conflict(path, "", MISSING, "the file as it was changed", "the file as generated now", why="")
            side = findings.choose(conflict)
            if side is None:
                findings.conflicts.append(conflict)
            if side != "theirs":
                return MISSING
            merged = wanted
    findings.changed.append(FieldChange(path, "", "the file" if data else MISSING, "the file" if wanted else MISSING))
    return merged


def is_content(data: bytes | None, content: Content) -> bool:
    """Say whether a file is as a lock knows it."""
    if data is None:
        return False
    if isinstance(content, Digest):
        return content.sha256 == digest(data).sha256
    return isinstance(content, Text) and content.content == data.decode("utf-8", "replace")


def digest(data: bytes) -> Digest:
    """Return what a lock knows of a file whose content it does not hold."""
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")


def _merged_lines(data: bytes, known: Sequence[Content], wanted: bytes | None, *, apart: bool) -> bytes | Missing:
    base = next((each.content for each in known if isinstance(each, Text)), None)
    if base is None or wanted is None:
        return MISSING
    old, ours, theirs = (
        text.splitlines(keepends=True) for text in (base, data.decode("utf-8", "replace"), wanted.decode())
    )
    merged = merge_lines(old, ours, theirs, apart=apart)
    return MISSING if merged is None else "".join(merged).encode()


def merge_lines(base: list[str], ours: list[str], theirs: list[str], *, apart: bool = False) -> list[str] | None:
    """Merge two changes of the same lines; None where they touch each other and differ.

    `apart`: each line stands for itself, so that one may change beside another.
    """
    changes = sorted({*_hunks(base, ours, 0, apart=apart), *_hunks(base, theirs, 1, apart=apart)})
    result: list[str] = []
    at = 0
    last: tuple[int, int, int, tuple[str, ...]] | None = None
    for start, end, side, lines in changes:
        beside = apart and last is not None and start == last[1] and (start, end) != last[:2]
        if last is not None and start <= last[1] and side != last[2] and not beside:
            if (start, end, lines) == (last[0], last[1], last[3]):
                continue
            return None
        result += [*base[at:start], *lines]
        at, last = end, (start, end, side, lines)
    return [*result, *base[at:]]


def _hunks(
    base: list[str], other: list[str], side: int, *, apart: bool
) -> Iterator[tuple[int, int, int, tuple[str, ...]]]:
    matcher = difflib.SequenceMatcher(None, base, other, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "replace" and apart and b - a == d - c:
            yield from ((a + n, a + n + 1, side, (other[c + n],)) for n in range(b - a))
        elif tag != "equal":
            yield a, b, side, tuple(other[c:d])
