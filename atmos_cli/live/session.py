"""One deployment and one commit of it, with the clients that can be asked about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.live.connect import ClusterConnection
    from atmos_cli.ports import Ask, Clock
    from atmos_cli.verify.model import Target


@dataclass(frozen=True, slots=True)
class Session:
    """One target and commit, with the clients that can be asked about them, which may be recorded or replayed.

    `troubled`: the state before was itself judged FAIL, so it is no baseline to be measured against.
    """

    target: Target
    commit: str
    connection: ClusterConnection
    clock: Clock
    ask_git: Ask
    ask_web: Ask
    matchers: Mapping[str, str]
    troubled: bool = False
