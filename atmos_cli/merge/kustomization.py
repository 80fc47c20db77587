"""The merge of a kustomization: inline patches as what they patch, and fields that others than `update` own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.fieldorder import ordered
from atmos_cli.layout.items import PATCHES, group_kind, item_names, patch_target
from atmos_cli.merge.fields import DocumentMerge, joined
from atmos_cli.merge.model import MISSING, KeptEdit, OwnPatch, among, same
from atmos_cli.merge.objects import object_name
from atmos_cli.merge.spliced import edit_of_file
from atmos_cli.merge.split import split_patch
from atmos_cli.yamlio.edits import SetValue
from atmos_cli.yamlio.emit import emit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.blueprint.composed import DeclaredRename
    from atmos_cli.layout.items import GroupKind
    from atmos_cli.merge.fields import Names
    from atmos_cli.yamlio.edits import Edit, Path

IMAGES, REPLICAS = ("images",), ("replicas",)


@dataclass(slots=True)
class KustomizationMerge(DocumentMerge):
    """`raw` is our document with its patches as texts, `moved` the files that people moved a patch to, by position.

    `minimum`: the least replicas that our autoscaler of a workload keeps, by its name. `ours_opened`: our patches,
    opened. `elsewhere`: the edits of moved patches, by file. `own`: the positions of patches that a person wrote, and
    `parts` what of a generated patch stands in them.
    """

    raw: dict[str, Any] = field(default_factory=dict)
    moved: Mapping[int, str] = field(default_factory=dict)
    minimum: Mapping[str, int] = field(default_factory=dict)
    ours_opened: list[Any] = field(default_factory=list)
    elsewhere: dict[str, list[Edit]] = field(default_factory=dict)
    unowned: set[str] = field(default_factory=set)
    renamed: tuple[DeclaredRename, ...] = ()
    own: tuple[int, ...] = ()
    parts: dict[int, tuple[Any, ...]] = field(default_factory=dict)

    def called_now(self, found: list[str] | None, names: Names) -> list[str] | None:
        """Return names of list items as they are now: patches and replicas of a renamed object by its new name."""
        for each in self.renamed if found and names in (PATCHES, REPLICAS) else ():
            prefix = "" if names == REPLICAS else f"{each.kind}/"
            old, new = f"{prefix}{each.old}", f"{prefix}{each.new}"
            if found and old in found and new not in found:
                found = [new if name == old else name for name in found]
        return found

    def item(self, bases: tuple[Any, ...], ours: Any, theirs: Any, at: Path, names: Names, shown: str) -> None:
        """Merge one list item that both have: an image as one value that `deploy` moves, a patch as its object."""
        if names == IMAGES:
            if not among(theirs, bases) and not same(ours, theirs):
                note = "`atmos deploy` moves images; the one in service.yaml is the first"
                self.findings.kept.append(KeptEdit(self.file, shown, "owned", note))
        elif names == PATCHES:
            self._patch(bases, ours, theirs, at, shown)
        else:
            self.node(bases, ours, theirs, at, names, shown)

    def names_of(self, bases: tuple[Any, ...], ours: list[Any], theirs: list[Any], names: Names) -> list[str] | None:
        """Return the names of our items; of several patches on a target, the generated one is that most alike."""
        if names != PATCHES or not all(isinstance(each, dict) for each in ours):
            return DocumentMerge.names_of(self, bases, ours, theirs, names)
        known = next((each for each in bases if isinstance(each, list)), theirs)
        generated = dict(zip(item_names(self.kind, names, known) or (), known, strict=False))
        found: dict[int, str] = {}
        for name, item in generated.items():
            rivals = [
                at for at, each in enumerate(ours) if at not in found and patch_target(each) == patch_target(item)
            ]
            wanted = set(leaves(item.get("patch")))
            alike = {at: len(wanted & set(leaves(ours[at].get("patch")))) for at in rivals}
            if alike and max(alike.values()) > 0:
                found[max(rivals, key=lambda at: (alike[at], -at))] = name
        self.own = tuple(at for at in range(len(ours)) if at not in found)
        return [found.get(at, f"own:{patch_target(each)}#{at}") for at, each in enumerate(ours)]

    def own_patches(self) -> Iterator[OwnPatch]:
        """Yield the patches that a person wrote; of fields that were split off the generated one, none is theirs."""
        for at in self.own:
            item = self.ours_opened[at]
            content = item.get("patch")
            if not isinstance(content, dict):
                continue
            kind, target = group_kind(content), patch_target(item)
            split_off = {leaf for part in self.parts.get(at, ()) for leaf in shown_leaves(part, kind, "")}
            fields = frozenset(shown_leaves(content, kind, "")) - split_off
            generated_before = (each for other, each in enumerate(self.ours_opened[:at]) if other not in self.own)
            earlier = any(patch_target(each) == target for each in generated_before)
            yield OwnPatch(self.file, object_name(content), fields, earlier)

    def added(self, value: Any, names: Names) -> Any:
        """Return what to add of a list item: where autoscaling ends, as many replicas as it kept at least."""
        if names == REPLICAS and (least := self.minimum.get(str(value.get("name")))) is not None:
            count = value.get("count")
            return {**value, "count": max(least, count) if isinstance(count, int) else least}
        return value

    def written(self, value: Any, names: Names) -> Any:
        """Return a value as the file has it: a patch as text."""
        if names != PATCHES:
            return value
        return [_closed(each) for each in value] if isinstance(value, list) else _closed(value)

    def owned(self, bases: tuple[Any, ...], ours: Any, theirs: Any, names: Names, shown: str) -> bool:
        removed = theirs is MISSING and ours is not MISSING and any(each is not MISSING for each in bases)
        if removed and names[:1] in (IMAGES, REPLICAS) and len(names) == 2 and not among(ours, bases):
            note = "the autoscaler decides now" if names[:1] == REPLICAS else "no container uses it any more"
            self.findings.kept.append(KeptEdit(self.file, shown, "owned", note))
            self.unowned.add(shown)
        return DocumentMerge.owned(self, bases, ours, theirs, names, shown)

    def decided(self, bases: tuple[Any, ...], ours: Any, theirs: Any, at: Path, shown: str) -> bool:
        return shown in self.unowned or DocumentMerge.decided(self, bases, ours, theirs, at, shown)

    def _patch(self, bases: tuple[Any, ...], ours: Any, theirs: Any, at: Path, shown: str) -> None:
        content, new = ours.get("patch"), theirs.get("patch")
        if not isinstance(content, dict) or not isinstance(new, dict):
            self.node(bases, ours, theirs, at, (*PATCHES, "*"), shown)
            return
        # a patch names its object itself, so that it needs no target
        untargeted = "target" not in ours and patch_target(ours) == patch_target(theirs)
        *rest, mine, wanted = (_without_patch(each, target=not untargeted) for each in (*bases, ours, theirs))
        self.node(tuple(rest), mine, wanted, at, (*PATCHES, "*"), shown)
        before = tuple(each.get("patch", MISSING) if isinstance(each, dict) else MISSING for each in bases)
        patches = {int(at[-1]): content} | self._own_contents(patch_target(ours))
        for position, (known, part) in split_patch(before, new, patches, kind=group_kind(new)).items():
            self.parts[position] = known
            self._content(known, patches[position], part, position, shown, group_kind(new))

    def _own_contents(self, target: str) -> dict[int, Any]:
        """Return the patches that a person wrote for the same object, by position."""
        items = {at: self.ours_opened[at] for at in self.own}
        there = {at: each.get("patch") for at, each in items.items() if patch_target(each) == target}
        return {at: each for at, each in there.items() if isinstance(each, dict)}

    def _content(
        self, bases: tuple[Any, ...], ours: Any, theirs: Any, position: int, shown: str, kind: GroupKind
    ) -> None:
        """Merge our patch at `position` with the part of a generated one that stands there."""
        elsewhere, at = self.moved.get(position), (*PATCHES, position, "patch")
        inner = DocumentMerge(elsewhere or self.file, 0, kind, self.findings, self.held)
        inner.prefix, inner.outer = ("", ()) if elsewhere else (f"{shown}.", at)
        inner.index, inner.subject = 0 if elsewhere else self.index, object_name(ours)
        inner.node(bases, ours, theirs, (), (), "" if elsewhere else shown)
        if not inner.edits:
            return
        if elsewhere:
            self.elsewhere.setdefault(elsewhere, []).extend(inner.edits)
            return
        text = self.raw["patches"][position]["patch"]
        edits = [replace(each, document=0) for each in inner.edits]
        changed = edit_of_file(self.file, text.encode(), edits, inside=True).decode()
        self.edits.append(SetValue(at, changed, None, self.index))


def shown_leaves(value: Any, kind: GroupKind, shown: str, names: Names = ()) -> Iterator[str]:
    """Yield the fields of an object as a merge shows them, below `shown`."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from shown_leaves(below, kind, joined(shown, key), (*names, key))
        return
    items = item_names(kind, names, value) if isinstance(value, list) else None
    if items is None:
        yield shown
        return
    for name, below in zip(items, value, strict=True):
        yield from shown_leaves(below, kind, f"{shown}[{name}]", names)


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every leaf of a value with the keys that lead to it; positions in lists do not count."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, (*path, str(key)))
    elif isinstance(value, list):
        for below in value:
            yield from leaves(below, path)
    else:
        yield path, repr(value)


def closed(value: Any) -> Any:
    """Return a document with the patches of a kustomization as the texts that atmos writes for them."""
    if isinstance(value, dict) and isinstance(value.get("patches"), list):
        return {**value, "patches": [_closed(each) for each in value["patches"]]}
    return value


def _without_patch(item: Any, *, target: bool) -> Any:
    """Return the rest of an item of `patches`, without its target unless that is wanted."""
    left = {"patch"} if target else {"patch", "target"}
    return {key: value for key, value in item.items() if key not in left} if isinstance(item, dict) else item


def _closed(item: Any) -> Any:
    if isinstance(item, dict) and isinstance(item.get("patch"), dict):
        return {**item, "patch": emit(ordered(item["patch"]))}
    return item
