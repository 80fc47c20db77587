"""The request to an engine to look at Git again now, instead of at its next poll."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.engines.engine import Refresh
from atmos_cli.engines.registry import ENGINES

if TYPE_CHECKING:
    from atmos_cli.live.connect import ClusterConnection
    from atmos_cli.verify.model import Target
    from atmos_cli.verify.seen import ClusterSnapshot, Delivery


def refresh(
    connection: ClusterConnection, target: Target, snapshot: ClusterSnapshot, delivery: Delivery, *, at: float
) -> None:
    """Ask the engine to look at Git again; a refusal is no error, since the engine polls anyway."""
    asked = Refresh(target, snapshot, delivery.refresh, datetime.fromtimestamp(at, tz=UTC).isoformat())
    with suppress(AtmosError):
        ENGINES[target.engine].refresh(connection, asked)
