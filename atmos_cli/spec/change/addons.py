"""Applies add-ons and their settings: what comes, what goes, and what cannot stay without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.spec.change.items import AlreadySo
from atmos_cli.spec.change.work import ValueChange, dotted, note_overrides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.spec.change.items import ChangeItem
    from atmos_cli.spec.change.work import SpecWork


def addon(work: SpecWork, item: ChangeItem, items: Sequence[ChangeItem]) -> None:
    path = ("addons", item.key)
    if work.draft.has(path):
        asks_more = any(i.kind == "setting" and i.key.startswith(f"{item.key}.") for i in items)
        asks_more |= item.key == "autoscaling" and any(i.kind in {"min", "max"} for i in items)
        asks_more |= item.key == "http" and any(i.kind == "host" for i in items)
        if not asks_more:
            work.already.append(AlreadySo(dotted(path), "yes", item.source, item.note))
        return
    work.draft.set(path, {})
    work.values.append(ValueChange(dotted(path), "nothing", "yes", item.source, item.said, item.note))
    if item.key == "autoscaling":
        _drop(work, item, "replicas", "autoscaling decides how many")


def without(work: SpecWork, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    path = ("addons", item.key)
    if not work.draft.has(path):
        work.already.append(AlreadySo(dotted(path), "no", item.source, item.note))
        return
    work.remove(item, path)
    for name in work.overrides("addons", item.key):
        work.remove(item, ("environments", name, "addons", item.key), because=f"settings of {item.key}")
    if item.key == "autoscaling":
        _drop(work, item, "scaling", "nothing scales any more")
    if item.key == "http":
        _drop(work, item, "hosts", "it is not reachable from outside any more")


def _drop(work: SpecWork, item: ChangeItem, name: str, because: str) -> None:
    """Remove a field that cannot stay, everywhere."""
    if work.draft.has((name,)):
        work.remove(item, (name,), because=because)
    for environment in work.overrides(name):
        work.remove(item, ("environments", environment, name), because=because)


def needs(work: SpecWork, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    if work.draft.has(("addons", item.key)):
        return
    message = f"{item.said} is for {item.environment} alone, but {work.spec.name} has no {item.key} in any environment"
    work.refuse(message, f"add it, too, for all of them: `add {item.key}`, a comma, and what is for {item.environment}")


def setting(work: SpecWork, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    addon, key = item.key.split(".", 1)
    if not work.draft.has(("addons", addon)):
        return
    if item.environment:
        held = work.draft.get(("addons", addon, key))
        work.set(item, ("environments", item.environment, "addons", addon, key), item.value, default=held)
        return
    work.set(item, ("addons", addon, key), item.value)
    note_overrides(work, item, ("addons", addon, key))
