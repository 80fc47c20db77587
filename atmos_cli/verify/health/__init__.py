"""The health of one object by its kind's own rules, in the words that a person needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import who
from atmos_cli.verify.health import extensions, jobs, network, progressive, scaling, storage, workloads
from atmos_cli.verify.health.generic import first_signs, generic
from atmos_cli.verify.look import NO_RULES, look_at
from atmos_cli.verify.seen import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import HealthRules, Look
    from atmos_cli.verify.seen import ClusterSnapshot, Health

_ROWS: HealthRules = {
    **workloads.ROWS,
    **jobs.ROWS,
    **scaling.ROWS,
    **storage.ROWS,
    **network.ROWS,
    **extensions.ROWS,
    **progressive.ROWS,
}
_WORST_FIRST = (
    Status.FAILED,
    Status.UNKNOWN,
    Status.MISSING,
    Status.TERMINATING,
    Status.IN_PROGRESS,
    Status.SUSPENDED,
    Status.CURRENT,
)


def health(resource: Resource, *, snapshot: ClusterSnapshot, now: float, rules: HealthRules = NO_RULES) -> Health:
    """Judge one live object of `snapshot`; `rules` as in `look_at`. `now`: unix seconds. For many, use `health_of`."""
    return health_of(resource, look_at(snapshot, now=now, rules=rules))


def health_of(resource: Resource, look: Look) -> Health:
    """Judge by, in this order: is it being deleted, has its controller seen it, its own word, its kind's rules."""
    kind = who(resource)[:2]
    if kind in look.rules:
        return look.rules[kind](resource, look)
    sign = first_signs(resource)
    if sign is not None:
        return sign
    row = _ROWS.get(kind)
    return row(resource, look) if row is not None else generic(resource, look)


def aggregate(statuses: Iterable[Status]) -> Status:
    """Return the worst of them; UNKNOWN when there are none."""
    present = set(statuses)
    return next((status for status in _WORST_FIRST if status in present), Status.UNKNOWN)
