"""Single fields of objects and patches: where they are, set and taken out, list items by their names."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.listkeys import merge_keys
from atmos_cli.layout.items import item_names
from atmos_cli.merge.model import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.layout.items import GroupKind

Names = tuple[str, ...]
IDENTITY = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))


@dataclass(frozen=True, slots=True)
class ListStep:
    """The step into a list: what the item is called, and the fields that call it so."""

    name: str
    identity: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class FieldPlace:
    """The place of a field in an object of `kind`: keys, and items of lists."""

    kind: GroupKind
    steps: tuple[str | ListStep, ...]

    def of(self, value: Any) -> Any:
        """Return the field of `value`, MISSING where it is not."""
        names: Names = ()
        for step in self.steps:
            value, names = self._below(value, step, names)
        return value

    def put(self, value: Any, new: Any) -> None:
        """Set the field; what leads to it is made where it is missing."""
        *way, last = self.steps
        names: Names = ()
        for at, step in enumerate(way):
            inner, below = self._below(value, step, names)
            if inner is MISSING:
                inner = [] if isinstance(self.steps[at + 1], ListStep) else {}
                inner = self._made(value, step, inner)
            value, names = inner, below
        self._made(value, last, copy.deepcopy(new))

    def remove(self, value: Any) -> None:
        """Take the field out, and what leads to it where nothing else is left in there."""
        found: list[tuple[Any, str | ListStep]] = []
        names: Names = ()
        for step in self.steps:
            found.append((value, step))
            value, names = self._below(value, step, names)
        if value is MISSING:
            return
        for holder, step in reversed(found):
            if isinstance(step, ListStep):
                holder[:] = [each for each in holder if not _called(each, step)]
            else:
                del holder[step]
            if holder and not _only_identity(holder, found):
                return

    def _below(self, value: Any, step: str | ListStep, names: Names) -> tuple[Any, Names]:
        if isinstance(step, ListStep):
            items = value if isinstance(value, list) else []
            return next((each for each in items if _called(each, step)), MISSING), names
        return value.get(step, MISSING) if isinstance(value, dict) else MISSING, (*names, step)

    def _made(self, holder: Any, step: str | ListStep, value: Any) -> Any:
        if not isinstance(step, ListStep):
            holder[step] = value
            return value
        made = {**dict(step.identity), **value} if isinstance(value, dict) else value
        at = next((at for at, each in enumerate(holder) if _called(each, step)), None)
        if at is None:
            holder.append(made)
        else:
            holder[at] = made
        return made


def places(value: Any, kind: GroupKind) -> Iterator[FieldPlace]:
    """Yield the place of every field of an object that says more than which object it is."""
    for steps in _steps(value, kind, (), ()):
        if steps not in IDENTITY:
            yield FieldPlace(kind, steps)


def _steps(
    value: Any, kind: GroupKind, names: Names, at: tuple[str | ListStep, ...]
) -> Iterator[tuple[str | ListStep, ...]]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _steps(below, kind, (*names, key), (*at, key))
        return
    keys = merge_keys(*kind, names) if isinstance(value, list) else None
    found = item_names(kind, names, value) if keys else None
    if not keys or not found:
        yield at
        return
    for name, each in zip(found, value, strict=True):
        item = ListStep(name, tuple((key, each[key]) for key in keys if key in each))
        rest = {key: below for key, below in each.items() if key not in keys}
        yield from _steps(rest, kind, names, (*at, item)) if rest else iter([(*at, item)])


def _called(value: Any, item: ListStep) -> bool:
    return isinstance(value, dict) and all(key in value and value[key] == known for key, known in item.identity)


def _only_identity(holder: Any, found: list[tuple[Any, str | ListStep]]) -> bool:
    """Say whether a list item says nothing any more but which one it is."""
    for outer, step in found:
        if isinstance(step, ListStep) and isinstance(outer, list) and any(each is holder for each in outer):
            return {*holder} <= {key for key, _ in step.identity}
    return False
