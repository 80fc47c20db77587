"""Files in which Git left both sides of a merge: what each branch generated goes, what people did on either stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, Location, fail
from atmos_cli.layout.items import group_kind, is_kustomization, opened
from atmos_cli.layout.lock import GeneratedFile
from atmos_cli.merge.comments import with_comments_of
from atmos_cli.merge.files import merge_files
from atmos_cli.merge.objects import images_of
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.edit import edit
from atmos_cli.yamlio.edits import SetValue
from atmos_cli.yamlio.load import load_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from atmos_cli.layout.lock import Content
    from atmos_cli.ports import FileTree
    from atmos_cli.yamlio.edits import Edit

MARK = b"<<<<<<< "
Sides = Callable[[str], "tuple[bytes, bytes] | None"]


def unmerged_files(
    tree: FileTree, paths: Iterable[str], *, root: str, bases: Sequence[Mapping[str, Content]], sides: Sides
) -> dict[str, bytes]:
    """Return those of `paths` that Git left in conflict, each as one file again; `sides` has it as each branch had it.

    The text between the markers does not: Git takes lines that one side moved for gone. Raises AtmosError ATM622 where
    people changed one thing differently on both sides, with the line where it begins.
    """
    found = {}
    for path in paths:
        data = tree.read(path)
        if data is not None and (data.startswith(MARK) or b"\n" + MARK in data):
            found[path] = _merged(tree, path, data, root=root, bases=bases, sides=sides(path))
    return found


def _merged(
    tree: FileTree,
    path: str,
    data: bytes,
    *,
    root: str,
    bases: Sequence[Mapping[str, Content]],
    sides: tuple[bytes, bytes] | None,
) -> bytes:
    if sides is None:
        raise _both(path, data, "")
    one, other = sides
    known = [{path: base[path]} for base in bases if path in base]
    try:
        theirs = _documents(other, path)
        one = edit(one, [*_images_of_theirs(path, data, _documents(one, path), theirs, known)])
        merged = merge_files(
            MemoryTree({path: one}, tree),
            root=root,
            bases=known,
            theirs={path: GeneratedFile(other, theirs)},
            choose=lambda _: None,
        )
    except AtmosError as error:
        if any(each.code is Code.UPDATE_CONFLICT for each in error.diagnostics):
            raise
        raise _both(path, data, "") from None
    if merged.conflicts:
        raise _both(path, data, merged.conflicts[0].field)
    return _with_comments(path, data, merged.files.get(path) or one, other)


def _with_comments(path: str, data: bytes, made: bytes, other: bytes) -> bytes:
    text, left = with_comments_of(made.decode(), other.decode())
    if left or _documents(text.encode(), path) != _documents(made, path):
        raise _both(path, data, left[0] if left else "")
    return text.encode()


def _documents(data: bytes, path: str) -> tuple[Any, ...]:
    return tuple(opened(each.value) for each in load_all(data, path=path))


def _images_of_theirs(
    path: str, data: bytes, ours: tuple[Any, ...], theirs: tuple[Any, ...], bases: Sequence[Mapping[str, Content]]
) -> Iterator[Edit]:
    """Yield what to take of the images that `deploy` moved on the other side: no update moves them."""
    generated = [each for base in bases for each in _generated(base[path])]
    mine = images_of(ours)
    for name, entry in images_of(theirs).items():
        if name not in mine or mine[name] == entry or entry in generated:
            continue
        if mine[name] not in generated:
            raise _both(path, data, f"images[{name}]")
        (document,) = (at for at, each in enumerate(ours) if is_kustomization(group_kind(each)))
        yield SetValue(("images", list(mine).index(name)), entry, None, document)


def _generated(content: Content) -> list[Any]:
    return list(images_of(content).values()) if isinstance(content, tuple) else []


def _both(path: str, data: bytes, field: str) -> AtmosError:
    line = data[: data.index(MARK)].count(b"\n") + 1
    what = f"`{field}` differently" if field else "it in ways that cannot be put together"
    message = f"Git left `{path}` in conflict, and people changed {what} on both sides"
    hint = "solve it in the file, and take out the conflict markers there"
    return fail(Code.UPDATE_CONFLICT, message, where=Location(path, line, 1), hint=hint, exit_code=1)
