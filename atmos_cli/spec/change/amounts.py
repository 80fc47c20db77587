"""Applies sizes, replicas, bounds of autoscaling and ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.spec.change.draft import MISSING
from atmos_cli.spec.change.items import AlreadySo
from atmos_cli.spec.change.work import ValueChange, dotted, note_overrides
from atmos_cli.spec.model import DEFAULT_PORT, Overrides, Scaling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.spec.change.draft import Path
    from atmos_cli.spec.change.items import ChangeItem
    from atmos_cli.spec.change.work import SpecWork


def size(work: SpecWork, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    if item.environment:
        held = work.draft.get(("size",), "s")
        work.set(item, ("environments", item.environment, "size"), item.value, default=held)
        return
    work.set(item, ("size",), item.value, default="s")
    note_overrides(work, item, ("size",))


def replicas(work: SpecWork, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    held = work.draft.get(("replicas",))
    if item.environment:
        work.set(item, ("environments", item.environment, "replicas"), item.value, default=held)
        return
    decided = held is not MISSING or "autoscaling" in work.spec.addons
    note = "" if decided else "until now each environment has its own number, from atmos-cli.yaml"
    work.set(item, ("replicas",), item.value, note=note)
    note_overrides(work, item, ("replicas",))


def bound(work: SpecWork, item: ChangeItem, items: Sequence[ChangeItem]) -> None:
    """Set one bound of autoscaling; the other one stays, or is the default, stretched where it has to be."""
    spec = work.spec
    own = spec.environments.get(item.environment, Overrides()).scaling if item.environment else None
    held = (own or spec.scaling or Scaling()).model_dump()
    place: Path = ("environments", item.environment, "scaling") if item.environment else ("scaling",)
    here = [each for each in items if each.environment == item.environment]
    asked: dict[str, Any] = {each.kind: each.value for each in here if each.kind in {"min", "max"}}
    if not work.draft.has(place):
        if not work.draft.has(("addons", "autoscaling")):
            return
        so_far: dict[str, Any] = {bound: held[bound] for bound in ("min", "max")}
        if spec.scaling is not None and "cpu" in spec.scaling.model_fields_set:
            so_far["cpu"] = held["cpu"]
        scales = "autoscaling" in spec.addons
        work.set(
            item,
            place,
            _stretched(so_far, asked),
            default=so_far if scales else MISSING,
            note=_bounds_note(asked, scales),
        )
    elif work.draft.get(place) != {**work.draft.get(place), **asked} or not work.told(dotted(place)):
        work.set(item, (*place, item.kind), item.value, default=held[item.kind])
    if not item.environment:
        note_overrides(work, item, ("scaling",))


def _stretched(held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    bounds = {**held, **asked}
    if bounds["min"] > bounds["max"]:
        if "max" not in asked:
            bounds["max"] = bounds["min"]
        elif "min" not in asked:
            bounds["min"] = bounds["max"]
    return bounds


def _bounds_note(asked: dict[str, Any], scales: bool) -> str:
    left = [what for kind, what in {"min": "least", "max": "most"}.items() if kind not in asked]
    return f"the {left[0]} {'stays' if scales else 'is the default'}" if left else ""


def port(work: SpecWork, item: ChangeItem, items: Sequence[ChangeItem]) -> None:
    """Set the ends that were said, both at once."""
    held = (work.spec.port or DEFAULT_PORT).model_dump()
    sides = {i.kind.removesuffix("_port"): i.value for i in items if i.kind in {"service_port", "container_port"}}
    now = {**held, **sides}
    if work.told("port"):
        return
    before = port_text(held)
    if now == held:
        work.already.append(AlreadySo("port", before, item.source, item.note))
        return
    written = work.draft.get(("port",))
    if isinstance(written, dict) and now["service"] != now["container"]:
        for side, number in sides.items():
            work.draft.set(("port", side), number)
    else:
        work.draft.set(("port",), now["service"] if now["service"] == now["container"] else now)
    work.values.append(ValueChange("port", before, port_text(now), item.source, item.said, item.note))


def port_text(port: dict[str, int]) -> str:
    same = port["service"] == port["container"]
    return str(port["service"]) if same else f"{port['service']} → {port['container']}"
