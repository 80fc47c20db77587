"""The merge of one document, field by field: what is found becomes edits of our text, conflicts and kept edits.

`bases` are the values that may have been generated last: one as a rule, two where Git left the lock in conflict, none
where the lock is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.layout.items import item_names
from atmos_cli.merge.keys import with_new_keys
from atmos_cli.merge.model import MISSING, Conflict, FieldChange, KeptEdit, OwnPatch, among, same
from atmos_cli.yamlio.edits import InsertItem, RemoveValue, SetValue

if TYPE_CHECKING:
    from atmos_cli.layout.items import GroupKind
    from atmos_cli.merge.model import Choose
    from atmos_cli.yamlio.edits import Edit, Path

Names = tuple[str, ...]


@dataclass(slots=True)
class Findings:
    """What merging the documents of a service found so far."""

    choose: Choose
    changed: list[FieldChange] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    kept: list[KeptEdit] = field(default_factory=list)
    own_patches: list[OwnPatch] = field(default_factory=list)
    restore: bool = False
    restore_files: bool = False


@dataclass(slots=True)
class DocumentMerge:
    """The merge of document `index` of `file`. `held` are fields that a person keeps, below `prefix`.

    `outer`: where the document is, as a text inside another one, for a patch.
    """

    file: str
    index: int
    kind: GroupKind
    findings: Findings
    held: frozenset[str] = frozenset()
    prefix: str = ""
    subject: str = ""
    outer: Path = ()
    edits: list[Edit] = field(default_factory=list)

    def node(self, bases: tuple[Any, ...], ours: Any, theirs: Any, at: Path, names: Names, shown: str) -> None:
        """Merge the value at `at` (keys and our positions), called `names` without positions and `shown` to people."""
        if same(ours, theirs) or self.owned(bases, ours, theirs, names, shown):
            return
        if isinstance(ours, dict) and isinstance(theirs, dict):
            self._mapping(bases, ours, theirs, at, names, shown)
        elif isinstance(ours, list) and isinstance(theirs, list) and self._list(bases, ours, theirs, at, names, shown):
            return
        else:
            self._value(bases, ours, theirs, at, names, shown)

    def _value(self, bases: tuple[Any, ...], ours: Any, theirs: Any, at: Path, names: Names, shown: str) -> None:
        if self.decided(bases, ours, theirs, at, shown):
            self._note_change(shown, ours, theirs)
            self.edits.append(SetValue(at, self.written(theirs, names), None, self.index))

    def decided(self, bases: tuple[Any, ...], ours: Any, theirs: Any, at: Path, shown: str) -> bool:
        """Say whether theirs is to be written; a kept deletion and a conflict are noted."""
        if same(ours, theirs):
            return False
        if len(bases) > 1 and among(ours, bases):  # of two merged generations, ours is one: nobody edited it
            return True
        if among(theirs, bases) or (theirs is MISSING and not bases):
            if ours is MISSING and not self.findings.restore:
                self.findings.kept.append(KeptEdit(self.file, shown, "deleted"))
            return ours is MISSING and self.findings.restore
        if among(ours, bases) or (ours is MISSING and (not bases or among(MISSING, bases) or self.findings.restore)):
            return True
        known = bases[0] if len(bases) == 1 else MISSING
        outer, inner = (self.outer, at) if self.outer else (at, ())
        conflict = Conflict(self.file, shown, known, ours, theirs, outer, self.index, inner=inner)
        side = self.findings.choose(conflict)
        if side is None:
            self.findings.conflicts.append(conflict)
        return side == "theirs"

    def _note_change(self, shown: str, before: Any, after: Any) -> None:
        inside = shown.removeprefix(self.prefix)
        self.findings.changed.append(FieldChange(self.file, shown, before, after, self.subject, inside))

    def _mapping(
        self, bases: tuple[Any, ...], ours: dict[str, Any], theirs: dict[str, Any], at: Path, names: Names, shown: str
    ) -> None:
        order = list(theirs)
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            below = tuple(each.get(key, MISSING) if isinstance(each, dict) else MISSING for each in bases)
            mine, new = ours.get(key, MISSING), theirs.get(key, MISSING)
            place, called, text = (*at, key), (*names, key), joined(shown, key)
            if mine is MISSING or new is MISSING:
                if same(mine, new) or self.owned(below, mine, new, called, text):
                    continue
                if new is MISSING and _has_parts(mine) and not among(mine, below) and any(map(_has_parts, below)):
                    # what was generated goes part by part, and what a person added inside stays
                    began = len(self.edits)
                    self.node(below, mine, type(mine)(), place, called, text)
                    self._drop_emptied(mine, place, began)
                    continue
                if self.decided(below, mine, new, place, text):
                    self._note_change(text, mine, self.completed(new, called))
                    self.edits.append(self._key_edit(place, new, called, ours, order))
            else:
                self.node(below, mine, new, place, called, text)

    def _drop_emptied(self, mine: Any, at: Path, began: int) -> None:
        """Remove a mapping or list instead of all that is in it; `began`: where its edits begin."""
        parts = [each for each in self.edits[began:] if isinstance(each, RemoveValue) and each.path[:-1] == at]
        if len(parts) == len(mine):
            self.edits[began:] = [RemoveValue(at, self.index)]

    def _key_edit(self, at: Path, new: Any, names: Names, ours: dict[str, Any], order: list[str]) -> Edit:
        """Remove a key, or add it behind the one that theirs has before it."""
        if new is MISSING:
            return RemoveValue(at, self.index)
        earlier = order[: order.index(names[-1])]
        before = next((key for key in reversed(earlier) if key in ours), None)
        return SetValue(at, self.written(self.completed(new, names), names), before, self.index)

    def _list(
        self, bases: tuple[Any, ...], ours: list[Any], theirs: list[Any], at: Path, names: Names, shown: str
    ) -> bool:
        """Merge a list whose items have names; say whether it has."""
        mine = self.called_now(self.names_of(bases, ours, theirs, names), names)
        new = self.called_now(item_names(self.kind, names, theirs), names)
        if mine is None or new is None:
            return False
        known = []
        for each in bases:
            found = self.called_now(item_names(self.kind, names, each), names) if isinstance(each, list) else []
            if found is None:
                return False
            known.append(dict(zip(found, each if isinstance(each, list) else (), strict=True)))
        after = dict(zip(new, theirs, strict=True))
        if not self.held:
            mine, known = with_new_keys(dict(zip(mine, ours, strict=True)), known, after)
        there = list(mine)
        for position, name in enumerate(mine):
            if name in after:
                below = tuple(each.get(name, MISSING) for each in known)
                self.item(below, ours[position], after[name], (*at, position), names, f"{shown}[{name}]")
        for position in reversed(range(len(mine))):
            name, item = mine[position], ours[position]
            below = tuple(each.get(name, MISSING) for each in known)
            text = f"{shown}[{name}]"
            if name in after or self.owned(below, item, MISSING, (*names, name), text):
                continue
            if self.decided(below, item, MISSING, (*at, position), text):
                self._note_change(text, item, MISSING)
                self.edits.append(RemoveValue((*at, position), self.index))
                there.pop(position)
        for rank, name in enumerate(new):
            if name in mine:
                continue
            below = tuple(each.get(name, MISSING) for each in known)
            text = f"{shown}[{name}]"
            if self.owned(below, MISSING, after[name], (*names, name), text):
                continue
            if self.decided(below, MISSING, after[name], at, text):
                before = next((n for n in reversed(new[:rank]) if n in there), None)
                place = there.index(before) + 1 if before is not None else 0 if rank == 0 and there else len(there)
                value = self.added(after[name], names)
                self._note_change(text, MISSING, value)
                position_or_end = place if place < len(there) else None
                self.edits.append(InsertItem(at, self.written(value, names), position_or_end, self.index))
                there.insert(place, name)
        return True

    def names_of(self, bases: tuple[Any, ...], ours: list[Any], theirs: list[Any], names: Names) -> list[str] | None:
        """Return the names of our items of a list; subclasses know lists whose items need the other sides for it."""
        del bases, theirs
        return item_names(self.kind, names, ours)

    def called_now(self, found: list[str] | None, names: Names) -> list[str] | None:
        """Return names of list items as they are now; subclasses know those that have new ones."""
        del names
        return found

    def item(self, bases: tuple[Any, ...], ours: Any, theirs: Any, at: Path, names: Names, shown: str) -> None:
        """Merge one list item that both have; subclasses know items that need more."""
        self.node(bases, ours, theirs, at, names, shown)

    def added(self, value: Any, names: Names) -> Any:
        """Return what to add of a list item that only theirs has; subclasses know better for some `names`."""
        del names
        return value

    def completed(self, value: Any, names: Names) -> Any:
        """Return a value that only theirs has with each of its items as it is to be added."""
        return [self.added(each, names) for each in value] if isinstance(value, list) else value

    def written(self, value: Any, names: Names) -> Any:
        """Return a value as the file has it; subclasses know `names` whose values are written otherwise."""
        del names
        return value

    def owned(self, bases: tuple[Any, ...], ours: Any, theirs: Any, names: Names, shown: str) -> bool:
        """Say whether who owns the field decides, and nothing is left to merge."""
        field_name = shown.removeprefix(self.prefix)
        if field_name in self.held or any(field_name.startswith((f"{each}.", f"{each}[")) for each in self.held):
            if not among(theirs, bases):
                self.findings.kept.append(KeptEdit(self.file, shown, "owned", "kept by its annotation"))
            return True
        if names in _GENERATED and theirs is not MISSING and ours is not MISSING:
            self._note_change(shown, ours, theirs)
            at = tuple(names)
            self.edits.append(SetValue(at, theirs, None, self.index))
            return True
        return False


def _has_parts(value: Any) -> bool:
    return isinstance(value, dict | list)


_GENERATED = (
    ("metadata", "annotations", "atmos-cli.dev/blueprint"),
    ("metadata", "labels", "app.kubernetes.io/managed-by"),
)


def joined(shown: str, key: str) -> str:
    """Return the field `key` below the field `shown`, as people write it."""
    if "." in key or "[" in key or "/" in key:
        return f"{shown}[{key}]"
    return f"{shown}.{key}" if shown else key
