"""Writes every answer of the outside world down, and gives them again: a run that can be repeated, offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from atmos_cli.ports import Ask, Clock, ClusterApi, Metrics


class Recorder:
    """Each method gives `live` again, with every call and its answer (or its AtmosError) written down."""

    def cluster(self, live: ClusterApi, *, name: str) -> ClusterApi:
        raise NotImplementedError

    def metrics(self, live: Metrics, *, name: str) -> Metrics:
        raise NotImplementedError

    def clock(self, live: Clock) -> Clock:
        raise NotImplementedError

    def ask(self, live: Ask, *, name: str) -> Ask:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class Replayer:
    """The same objects, which answer each call as it was answered then, in that order. `about` is what was recorded."""

    about: Mapping[str, Any]

    def cluster(self, *, name: str) -> ClusterApi:
        raise NotImplementedError

    def metrics(self, *, name: str) -> Metrics | None:
        """None when the recorded run had none."""
        raise NotImplementedError

    def clock(self) -> Clock:
        raise NotImplementedError

    def ask(self, *, name: str) -> Ask:
        raise NotImplementedError


def record(directory: Path, *, about: Mapping[str, Any]) -> Recorder:
    """Begins a recording in `directory`, or goes on with the one there. Raises ATM814 when it cannot be written."""
    raise NotImplementedError


def replay(directory: Path) -> Replayer:
    """Raises ATM814 when there is no recording that can be used; so does every call that was not recorded."""
    raise NotImplementedError
