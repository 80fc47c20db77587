"""Collects the evidence of a diagnosis once: logs, gauges, and the objects around the workload."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.verify.diagnosis import GAUGES, needs, wants
from atmos_cli.verify.masking import mask_lines, without_secrets
from atmos_cli.verify.model import Evidence
from atmos_cli.verify.outcome import Outcome
from atmos_cli.verify.seen import Log
from atmos_cli.verify.traffic.promql import filled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.live.connect import ClusterConnection
    from atmos_cli.ports import Series
    from atmos_cli.verify.machine import Now
    from atmos_cli.verify.model import ObjectFieldChange, Target
    from atmos_cli.verify.seen import ClusterSnapshot

LINES = 200


def collect(
    connection: ClusterConnection,
    target: Target,
    snapshot: ClusterSnapshot,
    now: Now,
    changes: Sequence[ObjectFieldChange],
    *,
    outcome: Outcome,
) -> Evidence:
    """Collect the evidence of a run, without what cannot be read; a run that ended well gets no logs and no gauges."""
    found = Evidence(
        target=target,
        snapshot=snapshot,
        delivery=now.delivery,
        rollout=now.rollout,
        assessment=now.assessment,
        changes=tuple(changes),
    )
    if outcome in (Outcome.PASS, Outcome.SUPERSEDED):
        return found
    around = _around(connection, target, snapshot)
    return replace(
        found,
        snapshot=replace(snapshot, objects=(*snapshot.objects, *around)),
        logs=_logs(connection, target, snapshot, now),
        gauges=_gauges(connection, target, at=now.at),
    )


def _logs(connection: ClusterConnection, target: Target, snapshot: ClusterSnapshot, now: Now) -> tuple[Log, ...]:
    found = []
    for pod, container, previous in needs(snapshot, now.rollout):
        with suppress(AtmosError):
            lines = connection.cluster.logs(pod, container, namespace=target.namespace, previous=previous, lines=LINES)
            found.append(Log(pod, container, previous, mask_lines(lines)))
    return tuple(found)


def _around(connection: ClusterConnection, target: Target, snapshot: ClusterSnapshot) -> tuple[dict[str, object], ...]:
    seen = {str((each.get("metadata") or {}).get("uid")) for each in snapshot.objects}
    found: list[dict[str, object]] = []
    for api_version, kind, namespaced in wants(snapshot):
        with suppress(AtmosError):
            where = target.namespace if namespaced else ""
            listed = connection.cluster.list(api_version, kind, namespace=where)
            new = [each for each in listed if str((each.get("metadata") or {}).get("uid")) not in seen]
            found += [without_secrets(each) for each in new]
    return tuple(found)


def _gauges(connection: ClusterConnection, target: Target, *, at: float) -> dict[str, tuple[Series, ...]]:
    if connection.metrics is None:
        return {}
    values = {"ns": target.namespace, "wl": target.workload, "svc": target.service}
    found = {}
    for name, template in GAUGES.items():
        with suppress(AtmosError):
            answer = connection.metrics.query(filled(template, values, regex=True), at=at)
            if answer.series:
                found[name] = answer.series
    return found
