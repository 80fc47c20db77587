"""Watches for many deployments at once: one list and watch per kind, whatever their number."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.kubernetes.client import ClusterClient
from atmos_cli.adapters.kubernetes.watch import Mirror
from atmos_cli.live.snapshots import owned_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import ExitStack

    from atmos_cli.engines.engine import Engine
    from atmos_cli.live.connect import ClusterConnection


def mirrored(
    connection: ClusterConnection,
    stack: ExitStack,
    *,
    engine: Engine,
    kinds: Iterable[tuple[str, str]],
    namespaces: Iterable[str],
) -> ClusterConnection:
    """Return a connection that answers from memory; the watches end with `stack`. A replayed one is returned as it is.

    No `namespaces` means all of them, which not every user may watch.
    """
    cluster, hub = connection.cluster, connection.hub
    if not isinstance(cluster, ClusterClient) or not isinstance(hub, ClusterClient):
        return connection
    beside = () if engine.hub_namespace else engine.watched
    wanted = set(kinds)
    watched = sorted({*owned_kinds(kind for _, kind in wanted), ("v1", "Event"), *wanted, *beside})
    mirror = stack.enter_context(Mirror(cluster, watched, namespaces=namespaces))
    hub_mirror: Mirror | ClusterClient = mirror if hub is cluster else hub
    if engine.hub_namespace:
        hub_mirror = stack.enter_context(Mirror(hub, engine.watched, namespaces=[engine.hub_namespace]))
    return replace(connection, cluster=mirror, hub=hub_mirror)
