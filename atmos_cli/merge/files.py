"""The merge of all files of a service, or of all that `init` made: objects are paired, merged, spliced into ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Diagnostic
from atmos_cli.kustomize.files import NAMES
from atmos_cli.layout.items import group_kind, is_kustomization, opened
from atmos_cli.layout.lock import Digest, GeneratedFile, Text
from atmos_cli.merge.entries import Entries
from atmos_cli.merge.fields import DocumentMerge, Findings
from atmos_cli.merge.handed_over import handed_over
from atmos_cli.merge.hidden import hidden_changes
from atmos_cli.merge.kustomization import KustomizationMerge, closed
from atmos_cli.merge.model import MISSING, Conflict, FieldChange, KeptEdit, Merged, Missing, among, same
from atmos_cli.merge.moved import as_named, least_replicas, with_moved_patches
from atmos_cli.merge.moved_fields import moved_fields
from atmos_cli.merge.objects import (
    FoundObject,
    OurFiles,
    by_name,
    held_fields,
    merge_name,
    moves_images,
    object_name,
    title,
    unowned,
)
from atmos_cli.merge.renamed import new_names, placed
from atmos_cli.merge.spliced import edit_of_file
from atmos_cli.merge.text import merge_text
from atmos_cli.yamlio.edit import append_document, remove_document
from atmos_cli.yamlio.emit import emit, emit_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.blueprint.composed import DeclaredRename
    from atmos_cli.layout.lock import Content
    from atmos_cli.merge.model import Choose
    from atmos_cli.ports import FileTree
    from atmos_cli.yamlio.edits import Edit

LISTS = tuple(f"/{name}" for name in NAMES)


def merge_files(
    tree: FileTree,
    *,
    root: str = "",
    bases: Sequence[Mapping[str, Content]],
    theirs: Mapping[str, GeneratedFile],
    choose: Choose,
    restore: bool = False,
    restore_files: bool = False,
    renamed: Sequence[DeclaredRename] = (),
) -> Merged:
    """Merge what is generated now into the files of the service at `root`; of the repo itself without one.

    `bases`: what may have been generated last, by path. `restore` brings back what people deleted, `restore_files`
    only files as a whole; `renamed`: objects that blueprints now call otherwise. Raises AtmosError with every file that
    cannot be read or changed.
    """
    bases = [as_named(tree, base) for base in bases]
    theirs = as_named(tree, theirs)
    objects = [path for path, each in theirs.items() if "/" in path and isinstance(each.content, tuple)]
    tops = (root,) if root else tuple(sorted({path.split("/")[0] for path in objects}))
    ours = OurFiles(tree, tops, service=bool(root))
    names = new_names(theirs, renamed)
    bases = placed(bases, theirs, names, ours.zone)
    findings = Findings(choose, restore=restore, restore_files=restore or restore_files)
    edited: set[str] = set()
    if root:
        moved = moved_fields(ours, *handed_over(ours, bases, theirs))
        bases, theirs = moved.bases, moved.theirs
        findings.kept += moved.kept
        edited = moved.files
    work = _Work(ours, tuple(bases), theirs, findings, edited, tuple(renamed), names)
    problems: list[Diagnostic] = []
    # What stays of the objects decides what a kustomization lists.
    for path in sorted({*theirs, *(each for base in bases for each in base)}, key=lambda p: (p.endswith(LISTS), p)):
        try:
            work.file(path)
        except AtmosError as error:
            problems += error.diagnostics
    try:
        files = work.results()
    except AtmosError as error:
        problems += error.diagnostics
    if problems:
        raise AtmosError(*dict.fromkeys(problems), exit_code=1)
    found = work.findings
    found.kept += dict.fromkeys(hidden_changes(found.changed, found.own_patches, work.ours.zone))
    return Merged(files, tuple(found.changed), tuple(found.conflicts), tuple(found.kept))


@dataclass(slots=True)
class _Work:
    ours: OurFiles
    bases: tuple[Mapping[str, Content], ...]
    theirs: Mapping[str, GeneratedFile]
    findings: Findings
    edited: set[str]
    renamed: tuple[DeclaredRename, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    whole: dict[str, bytes | None] = field(default_factory=dict)
    edits: dict[str, list[Edit]] = field(default_factory=dict)
    added: dict[str, list[Any]] = field(default_factory=dict)
    removed: dict[str, set[int]] = field(default_factory=dict)
    entries: Entries = field(init=False)

    def __post_init__(self) -> None:
        self.entries = Entries(self.ours, self.bases)

    def file(self, path: str) -> None:
        """Merge one generated file."""
        new, data = self.theirs.get(path), self.ours.read(path)
        if new is not None and data == new.data:
            return
        known = [base[path] for base in self.bases if path in base]
        texts = [each for each in (*known, new.content if new else None) if isinstance(each, Text | Digest)]
        if texts:
            self._text(path, data, known, new)
            return
        documents = tuple(each for each in known if isinstance(each, tuple))
        if (
            data is not None
            and path not in self.edited
            and (new is not None or self._here(path, documents))
            and any(self._untouched(path, data, each) for each in documents)
        ):
            self._replace(path, documents, new)
        elif data is None and new is not None and not known and not self._elsewhere(path, new):
            self.whole[path] = new.data
            self.findings.changed.append(FieldChange(path, "", MISSING, "a new file"))
        elif data is None and new is not None and self.findings.restore_files and not self._elsewhere(path, new):
            self.whole[path] = new.data
            self.findings.changed.append(FieldChange(path, "", MISSING, "restored"))
        else:
            self._documents(path, documents, new)

    def _elsewhere(self, path: str, new: GeneratedFile) -> bool:
        names = [object_name(each) for each in new.content] if isinstance(new.content, tuple) else []
        return any(name and self.ours.find(self.ours.zone(path), name) for name in names)

    def _here(self, path: str, documents: tuple[tuple[Any, ...], ...]) -> bool:
        """Say whether the objects of a file that goes are nowhere else: a person may have left it where it was."""
        found = (self._ours(path, name) for each in documents for name in by_name(each))
        return all(each.file == path for places in found for each in places)

    def _untouched(self, path: str, data: bytes, base: tuple[Any, ...]) -> bool:
        """Say whether the file is as atmos wrote it: its values, and nothing else such as a comment or other quotes."""
        values = self.ours.documents(path)
        if not same([opened(each) for each in values], list(base)):
            return False
        if path.endswith(".json"):
            return True
        written = [closed(opened(each)) for each in values]
        return data.decode("utf-8", "replace") == (emit(written[0]) if len(written) == 1 else emit_all(written))

    def _replace(self, path: str, documents: tuple[tuple[Any, ...], ...], new: GeneratedFile | None) -> None:
        before = len(self.findings.changed)
        if new is None:
            self.whole[path] = None
            self.findings.changed.append(FieldChange(path, "", "the file", MISSING))
            return
        kept = len(self.findings.kept)
        self._documents(path, documents, new)  # for what it says of each field
        mine = self.edits.pop(path, [])
        self.added.pop(path, None)
        self.removed.pop(path, None)
        unowned = all(each.what != "owned" for each in self.findings.kept[kept:])
        content = new.content if isinstance(new.content, tuple) else ()
        moved = any(not same(self.entries.translated(path, each), each) for each in content)
        listed = bool(self.entries.kept) and path.endswith(LISTS)
        live = moves_images(self.ours.documents(path), content)
        if unowned and not live and not moved and not listed and not self._differs_in_minimum(path, mine):
            self.whole[path] = new.data
        elif len(self.findings.changed) > before:
            self.edits[path] = mine

    def _differs_in_minimum(self, path: str, edits: list[Edit]) -> bool:
        """Say whether an edit writes another number of replicas than the one that is generated."""
        return bool(edits) and path.endswith(LISTS) and bool(least_replicas(self.ours, path, self.bases))

    def _documents(self, path: str, bases: tuple[tuple[Any, ...], ...], new: GeneratedFile | None) -> None:
        theirs = by_name(new.content) if new and isinstance(new.content, tuple) else {}
        known = [{self.names.get(name, name): value for name, value in by_name(each).items()} for each in bases]
        data = self.ours.read(path)
        if data is None and not theirs and not any(known):
            return
        for name in dict.fromkeys((*theirs, *(each for base in known for each in base))):
            before = tuple(base.get(name, MISSING) for base in known)
            for ours in self._ours(path, name) or (None,):
                self._object(path, before, ours, theirs.get(name, MISSING))

    def _ours(self, path: str, name: str) -> tuple[FoundObject, ...]:
        """Return where the object is: at its path, unless overlays take it from elsewhere, or nobody knows which."""
        before = (old for old, new in self.names.items() if new == name)
        names = (name, *before) if self.ours.service else ()
        found = (self.ours.all_of(self.ours.zone(path), each) for each in names)
        places = next((each for each in found if each), ())
        if places:
            return places
        for index, value in enumerate(self.ours.documents(path)):
            if self.names.get(merge_name(value), merge_name(value)) == name:
                return (FoundObject(path, index, value),)
        one = self.ours.find(self.ours.zone(path), name)
        return (one,) if one else ()

    def _object(self, path: str, bases: tuple[Any, ...], ours: FoundObject | None, theirs: Any) -> None:
        generated = [each for each in bases if each is not MISSING]
        if ours is None:
            if theirs is MISSING:
                return
            if generated and len(generated) == len(bases) and not self.findings.restore:
                self._deleted(path, generated, theirs)
                return
            self.added.setdefault(path, []).append(theirs)
            self.findings.changed.append(FieldChange(path, title(theirs), MISSING, "a new object"))
            return
        if theirs is MISSING:
            if generated:
                self._gone(ours, generated)
            return
        merge = self._merge(ours)
        value = opened(ours.value)
        if isinstance(merge, KustomizationMerge):
            value, merge.moved = with_moved_patches(self.ours, ours)
            merge.ours_opened = value["patches"] if isinstance(value.get("patches"), list) else []
        translated = [self.entries.translated(path, each) for each in (*bases, theirs)]
        translated[-1] = self.entries.with_files_kept(path, translated[-1], translated[:-1])
        merge.node(tuple(opened(each) for each in translated[:-1]), value, opened(translated[-1]), (), (), "")
        self.edits.setdefault(ours.file, []).extend(merge.edits)
        if isinstance(merge, KustomizationMerge):
            self.findings.own_patches += merge.own_patches()
            for file, edits in merge.elsewhere.items():
                self.edits.setdefault(file, []).extend(edits)

    def _deleted(self, path: str, generated: list[Any], theirs: Any) -> None:
        """Leave an object deleted that a person deleted; a kustomization that is gone hides all that is new in it."""
        if is_kustomization(group_kind(theirs)) and not among(theirs, tuple(closed(each) for each in generated)):
            conflict = Conflict(path, "", generated[0], MISSING, theirs, why="the kustomization")
            side = self.findings.choose(conflict)
            if side is None:
                self.findings.conflicts.append(conflict)
            if side == "theirs":
                self.added.setdefault(path, []).append(theirs)
            return
        self.findings.kept.append(KeptEdit(path, "", "deleted", f"{title(theirs)} is not restored"))

    def _gone(self, ours: FoundObject, generated: list[Any]) -> None:
        """Remove an object that is generated no more; one that a person edited is a conflict."""
        value = opened(ours.value)
        if not among(unowned(value), tuple(unowned(each) for each in generated)):
            conflict = Conflict(ours.file, "", generated[0], value, MISSING, (), ours.index, why=title(value))
            side = self.findings.choose(conflict)
            if side is None:
                self.findings.conflicts.append(conflict)
            if side != "theirs":
                self.entries.kept.add(ours.file)
                return
        self.findings.changed.append(FieldChange(ours.file, title(value), "the object", MISSING))
        self.removed.setdefault(ours.file, set()).add(ours.index)

    def _merge(self, ours: FoundObject) -> DocumentMerge:
        kind = group_kind(ours.value)
        held = held_fields(ours.value)
        if not is_kustomization(kind):
            subject = object_name(ours.value)
            return DocumentMerge(ours.file, ours.index, kind, self.findings, held, subject=subject)
        made = KustomizationMerge(ours.file, ours.index, kind, self.findings, held, raw=ours.value)
        made.minimum = least_replicas(self.ours, ours.file, self.bases)
        made.renamed = self.renamed
        return made

    def _text(self, path: str, data: bytes | None, known: list[Content], new: GeneratedFile | None) -> None:
        merged = merge_text(path, data, known, new, self.findings)
        if not isinstance(merged, Missing):
            self.whole[path] = merged

    def results(self) -> dict[str, bytes | None]:
        """Return every file that changes, with all that was found to change in it."""
        files = dict(self.whole)
        for path in sorted({*self.edits, *self.added, *self.removed}):
            data = files.get(path, self.ours.read(path))
            changed: bytes | None = data
            if self.edits.get(path) and data is not None:
                changed = edit_of_file(path, data, self.edits[path])
            for index in sorted(self.removed.get(path, ()), reverse=True):
                changed = remove_document(changed, index) if changed is not None else None
            for value in self.added.get(path, ()):
                changed = emit(value).encode() if changed is None else append_document(changed, value)
            if changed != data:
                files[path] = changed
        return {path: data for path, data in files.items() if data != self.ours.read(path)}
