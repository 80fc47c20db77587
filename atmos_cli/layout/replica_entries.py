"""The entries of an overlay's `replicas`, where a promotion carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import items, text, whole
from atmos_cli.yamlio.edits import SetValue
from atmos_cli.yamlio.load import load

if TYPE_CHECKING:
    from atmos_cli.yamlio.edits import Edit


def carried_replicas(source: bytes, target: bytes) -> tuple[tuple[tuple[str, int, int], ...], tuple[Edit, ...]]:
    """Return (workload, before, after) for each number that both overlays have and that changes, and the edits for it.

    What only one of them sets is left: there an autoscaler or the base decides.
    """
    wanted = {text(entry, "name"): whole(entry, "count") for _, entry in items(load(source), "replicas")}
    moved: list[tuple[str, int, int]] = []
    edits: list[Edit] = []
    for number, entry in items(load(target), "replicas"):
        name, before = text(entry, "name"), whole(entry, "count")
        after = wanted.get(name)
        if before is not None and after is not None and before != after:
            moved.append((name, before, after))
            edits.append(SetValue(("replicas", number, "count"), after))
    return tuple(moved), tuple(edits)
