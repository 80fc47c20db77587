"""Fields that a person moved from the patches of overlays into the base, or back: what they say decides, not where."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.kustomize.files import NAMES
from atmos_cli.layout.items import group_kind, is_kustomization, opened, patch_target
from atmos_cli.merge.kustomization import closed
from atmos_cli.merge.model import MISSING, KeptEdit, among, same
from atmos_cli.merge.moved import with_moved_patches
from atmos_cli.merge.objects import FoundObject, object_name, title
from atmos_cli.merge.places import places
from atmos_cli.yamlio.emit import emit, emit_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from atmos_cli.layout.lock import Content, GeneratedFile
    from atmos_cli.merge.objects import OurFiles
    from atmos_cli.merge.places import FieldPlace

LISTS = tuple(f"/{name}" for name in NAMES)
Values = tuple[Any, ...]


@dataclass(slots=True)
class MovedFields:
    """`bases` and `theirs` as if each field had always been generated where a person has it now.

    `files`: those where it is now, or was. `kept` is what to say of it.
    """

    ours: OurFiles
    bases: list[dict[str, Content]]
    theirs: dict[str, GeneratedFile]
    kept: list[KeptEdit]
    files: set[str]
    _opened: dict[str, dict[str, Any]] = field(default_factory=dict)

    def follow(self) -> None:
        """Take along every field of the base that people moved there or away."""
        generated = {(path, object_name(each)): each for base in self.bases for path, each in self._of_base(base)}
        for (path, name), old in generated.items():
            found = self.ours.find("base", name)
            if found is not None and not same(found.value, old):
                self._into_base(path, old, found)
                self._into_overlays(path, old, found)

    def _of_base(self, base: Mapping[str, Content]) -> Iterator[tuple[str, Any]]:
        for path, content in base.items():
            if self.ours.zone(path) == "base" and isinstance(content, tuple):
                yield from ((path, each) for each in content if object_name(each))

    def _into_base(self, path: str, old: Any, found: FoundObject) -> None:
        now_generated = [*(self._in(base.get(path), old) for base in self.bases), self._generated(path, old)]
        for place in list(places(found.value, group_kind(old))):
            if any(place.of(each) is not MISSING for each in now_generated):
                continue
            before = {o: self._before(o, old, place) for o in self._overlays()}
            moved = [o for o in before if _any(before[o]) and self._ours(o, old, place) is MISSING]
            if not moved:
                continue
            now = {o: self._said(self.theirs[o].content, old, place) for o in moved}
            everywhere = all(o in moved or self._ours(o, old, place) is not MISSING for o in before)
            if everywhere and _alike(now.values()) and all(map(_alike, zip(*(before[o] for o in moved), strict=True))):
                self._put(path, old, place, before[moved[0]], now[moved[0]])
                for overlay in moved:
                    self._patch(overlay, old, place, self._nothing, MISSING)
                continue
            for overlay in moved:
                self._in_one(overlay, old, place, place.of(found.value), before[overlay], now[overlay])

    def _in_one(self, overlay: str, old: Any, place: FieldPlace, ours: Any, before: Values, now: Any) -> None:
        """Say what an overlay generates beside the base, which holds for others, too."""
        if same(now, ours) or (among(now, before) and not among(ours, before)):
            self._patch(overlay, old, place, self._nothing, MISSING)
        elif among(ours, before) and now is not MISSING:
            self._patch(overlay, old, place, self._nothing, now)
        elif now is MISSING:
            note = "it is generated here no more, but you moved it to the base, where others need it"
            self.kept.append(KeptEdit(overlay, f"{title(old)} {_shown(place)}", "owned", note))

    def _into_overlays(self, path: str, old: Any, found: FoundObject) -> None:
        new = self._generated(path, old)
        for place in list(places(old, group_kind(old))):
            if place.of(found.value) is not MISSING or not self._only_in_overlays(old, place):
                continue
            before, now = tuple(place.of(self._in(base.get(path), old)) for base in self.bases), place.of(new)
            self._put(path, old, place, self._nothing, MISSING)
            for overlay in self._overlays():
                self._patch(overlay, old, place, before, now)

    def _only_in_overlays(self, old: Any, place: FieldPlace) -> bool:
        overlays = self._overlays()
        generated = (self._said(content, old, place) for o in overlays for content in self._contents(o))
        return all(each is MISSING for each in generated) and any(
            self._ours(o, old, place) is not MISSING for o in overlays
        )

    def _contents(self, overlay: str) -> Iterator[Content]:
        yield from (base[overlay] for base in self.bases if overlay in base)
        if overlay in self.theirs:
            yield self.theirs[overlay].content

    @property
    def _nothing(self) -> Values:
        return (MISSING,) * len(self.bases)

    def _before(self, overlay: str, old: Any, place: FieldPlace) -> Values:
        """Return what each of `bases` says of a field in an overlay."""
        return tuple(self._said(base.get(overlay), old, place) for base in self.bases)

    def _overlays(self) -> list[str]:
        """Return the kustomizations of the environments that there are from now on."""
        return [path for path in sorted(self.theirs) if path.endswith(LISTS) and self.ours.zone(path) != "base"]

    def _generated(self, path: str, old: Any) -> Any:
        return self._in(self.theirs[path].content if path in self.theirs else None, old)

    def _in(self, content: Content | None, old: Any) -> Any:
        found = content if isinstance(content, tuple) else ()
        return next((each for each in found if object_name(each) == object_name(old)), MISSING)

    def _ours(self, overlay: str, target: Any, place: FieldPlace) -> Any:
        """Return what our patches of an object in one overlay say of a field."""
        if overlay not in self._opened:
            found = enumerate(self.ours.documents(overlay))
            lists = [FoundObject(overlay, at, value) for at, value in found if is_kustomization(group_kind(value))]
            self._opened[overlay] = with_moved_patches(self.ours, lists[0])[0] if lists else {}
        return self._patched(self._opened[overlay], target, place)

    def _said(self, content: Content | None, target: Any, place: FieldPlace) -> Any:
        documents = content if isinstance(content, tuple) else ()
        found = (self._patched(opened(each), target, place) for each in documents if is_kustomization(group_kind(each)))
        return next((each for each in found if each is not MISSING), MISSING)

    def _patched(self, kustomization: Any, target: Any, place: FieldPlace) -> Any:
        items = kustomization.get("patches")
        for item in reversed(items) if isinstance(items, list) else ():
            if isinstance(item, dict) and patch_target(item) == title(target):
                value = place.of(item.get("patch"))
                if value is not MISSING:
                    return value
        return MISSING

    def _put(self, path: str, target: Any, place: FieldPlace, before: Values, now: Any) -> None:
        """Let an object of the base have been generated with `before`, and be so with `now`."""
        self.files.add(path)
        for base, value in zip(self.bases, before, strict=True):
            if path in base:
                base[path] = _with(base[path], target, place, value)
        if path in self.theirs:
            self.theirs[path] = _remade(self.theirs[path], _with(self.theirs[path].content, target, place, now))

    def _patch(self, overlay: str, target: Any, place: FieldPlace, before: Values, now: Any) -> None:
        """Let the patch of an overlay have been generated with `before`, and be so with `now`."""
        self.files.add(overlay)
        for base, value in zip(self.bases, before, strict=True):
            if overlay in base:
                base[overlay] = _with_patch(base[overlay], target, place, value)
        if overlay in self.theirs:
            file = self.theirs[overlay]
            self.theirs[overlay] = _remade(file, _with_patch(file.content, target, place, now))


def moved_fields(
    ours: OurFiles, bases: Sequence[Mapping[str, Content]], theirs: Mapping[str, GeneratedFile]
) -> MovedFields:
    """Return what was and is generated, each field where a person moved it."""
    made = MovedFields(ours, [dict(base) for base in bases], dict(theirs), [], set())
    made.follow()
    return made


def _any(values: Values) -> bool:
    return any(each is not MISSING for each in values)


def _alike(values: Iterable[Any]) -> bool:
    first, *rest = values
    return all(same(first, each) for each in rest)


def _remade(file: GeneratedFile, content: Content) -> GeneratedFile:
    documents = content if isinstance(content, tuple) else ()
    written = [closed(each) for each in documents]
    text = emit(written[0]) if len(written) == 1 else emit_all(written)
    return replace(file, data=text.encode(), content=content)


def _with(content: Content, target: Any, place: FieldPlace, value: Any) -> Content:
    if not isinstance(content, tuple):
        return content
    documents = copy.deepcopy(content)
    for document in documents:
        if object_name(document) == object_name(target):
            _set(document, place, value)
    return documents


def _with_patch(content: Content, target: Any, place: FieldPlace, value: Any) -> Content:
    if not isinstance(content, tuple):
        return content
    return tuple(
        _patching(each, target, place, value) if is_kustomization(group_kind(each)) else each for each in content
    )


def _patching(document: Any, target: Any, place: FieldPlace, value: Any) -> Any:
    changed = copy.deepcopy(opened(document))
    items = changed.setdefault("patches", [])
    item = next((each for each in items if patch_target(each) == title(target)), None)
    if item is None and value is not MISSING:
        name = {"name": target["metadata"]["name"]}
        head = {"apiVersion": target["apiVersion"], "kind": target["kind"], "metadata": name}
        item = {"target": {"kind": target["kind"], **name}, "patch": head}
        items.append(item)
    if item is not None and isinstance(item.get("patch"), dict):
        _set(item["patch"], place, value)
        if not any(True for _ in places(item["patch"], place.kind)):
            items.remove(item)
    if not items:
        del changed["patches"]
    return changed


def _set(value: Any, place: FieldPlace, new: Any) -> None:
    if new is MISSING:
        place.remove(value)
    else:
        place.put(value, new)


def _shown(place: FieldPlace) -> str:
    return ".".join(each if isinstance(each, str) else f"[{each.name}]" for each in place.steps).replace(".[", "[")
