"""The commits that the revisions in an engine's status name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.kube.shape import text
from atmos_cli.verify.seen import Order, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.seen import ClusterSnapshot

# `main@sha1:<40>`, `sha1:<40>`, a bare hash, and the `main/<40>` of older engines.
_WHOLE = re.compile(r"(?:.*(?:sha1:|/))?([0-9a-f]{40})", re.DOTALL)
# helm-controller puts the first 12 digits into a chart's version: `0.1.0+479f16d3a5f6.1`.
_CHART = re.compile(r"[^+]*\+(?:.*\.)?([0-9a-f]{12})(?:\.[0-9]+)?", re.DOTALL)
_LONGEST = 400
NOT_KNOWN = Relation(Order.UNKNOWN, inputs_equal=False)


def commit(revision: str) -> str:
    """Return the commit in a revision that an engine wrote: 40 digits, or 12 of a chart version; "" without one."""
    if len(revision) > _LONGEST:
        return ""
    match = _WHOLE.fullmatch(revision) or _CHART.fullmatch(revision)
    return match[1] if match else ""


def relation_of(relations: Mapping[str, Relation], revision: str) -> Relation:
    """Return how a revision, written as the engine writes it, relates to the wanted commit."""
    relation = relations.get(commit(revision), NOT_KNOWN)
    return Relation(Order.SAME, inputs_equal=True) if relation.order is Order.SAME else relation


def of_kind(snapshot: ClusterSnapshot, group: str, *kinds: str) -> Resource:
    """Return the first delivery object of a group and one of the kinds, {} when there is none."""
    for resource in snapshot.delivery:
        if text(resource, "kind") in kinds and text(resource, "apiVersion").rpartition("/")[0] == group:
            return resource
    return {}


def commits(named: Iterable[str]) -> tuple[str, ...]:
    """List every commit that these revisions name, once each; one may be short (12 digits)."""
    return tuple(dict.fromkeys(filter(None, map(commit, named))))
