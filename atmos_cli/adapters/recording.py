"""Records every answer of the outside world, and replays them: a run that can be repeated, offline.

What a recorded run itself gets is what a replay will get: without the values of Secrets, with secrets in environment
variables and logs masked. The answers of `ask` are written as they are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

from atmos_cli.adapters.recording_file import Reader, Writer
from atmos_cli.ports import Answer, Series
from atmos_cli.verify.masking import mask_lines, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from atmos_cli.diagnostics import AtmosError
    from atmos_cli.ports import Ask, Clock, ClusterApi, Metrics

Resource = dict[str, Any]


class Recorder:
    """Each method returns `live` again, with every call and its answer (or its AtmosError) recorded. Close it."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def cluster(self, live: ClusterApi, *, name: str) -> ClusterApi:
        return _Cluster(self._writer, _used(self._writer, "cluster", name), live)

    def metrics(self, live: Metrics, *, name: str) -> Metrics:
        return _Metrics(self._writer, _used(self._writer, "metrics", name), live)

    def clock(self, live: Clock) -> Clock:
        return _Clock(self._writer, "clock", live)

    def ask(self, live: Ask, *, name: str) -> Ask:
        return _Asked(self._writer, f"ask {name}", live)

    def close(self) -> None:
        self._writer.close()


class Replayer:
    """The same objects, which answer each call as it was answered then, in that order. `about` is what was recorded.

    They raise ATM814 for a call that was not recorded, or not that often.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.about: Mapping[str, Any] = reader.about

    def cluster(self, *, name: str) -> ClusterApi:
        return _Cluster(self._reader, f"cluster {name}", None)

    def metrics(self, *, name: str) -> Metrics | None:
        """Return the recorded metrics; None when the recorded run had none."""
        on = f"metrics {name}"
        return _Metrics(self._reader, on, None) if on in self._reader.used else None

    def clock(self) -> Clock:
        return _Clock(self._reader, "clock", None)

    def ask(self, *, name: str) -> Ask:
        return _Asked(self._reader, f"ask {name}", None)


def record(directory: Path, *, about: Mapping[str, Any]) -> Recorder:
    """Begin a recording in `directory`, or continue the one there of the same version, `about` the same.

    Raises ATM814 when it cannot be written, or is one of something else.
    """
    return Recorder(Writer(directory, about=about))


def replay(directory: Path) -> Replayer:
    """Open a recording to replay. Raises ATM814 when there is none that can be used."""
    return Replayer(Reader(directory))


class CallRecord(Protocol):
    def take(self, on: str, call: str, args: Sequence[Any], live: Callable[[], Any], /) -> Any:
        """Return the answer to a call, as JSON returns it."""


class _Cluster:
    def __init__(self, record: CallRecord, on: str, live: Any) -> None:
        self._record, self._on, self._live = record, on, live

    def get(self, api_version: str, kind: str, name: str, *, namespace: str = "") -> Resource | None:
        def live() -> Resource | None:
            found = self._live.get(api_version, kind, name, namespace=namespace)
            return without_secrets(found) if found is not None else None

        found = self._record.take(self._on, "get", (api_version, kind, namespace, name), live)
        if found is not None and not isinstance(found, dict):
            raise _odd(self._record, self._on, "get")
        return found

    def list(self, api_version: str, kind: str, *, namespace: str = "", selector: str = "") -> tuple[Resource, ...]:
        def live() -> tuple[Resource, ...]:
            found = self._live.list(api_version, kind, namespace=namespace, selector=selector)
            return tuple(without_secrets(item) for item in found)

        found = self._record.take(self._on, "list", (api_version, kind, namespace, selector), live)
        if not isinstance(found, list | tuple) or not all(isinstance(item, dict) for item in found):
            raise _odd(self._record, self._on, "list")
        return tuple(found)

    def logs(self, pod: str, container: str, *, namespace: str, previous: bool, lines: int) -> tuple[str, ...]:
        def live() -> tuple[str, ...]:
            found = self._live.logs(pod, container, namespace=namespace, previous=previous, lines=lines)
            return mask_lines(found, most=lines)

        args = (namespace, pod, container, previous, lines)
        found = self._record.take(self._on, "logs", args, live)
        if not isinstance(found, list | tuple) or not all(isinstance(item, str) for item in found):
            raise _odd(self._record, self._on, "logs")
        return tuple(found)

    def annotate(
        self,
        api_version: str,
        kind: str,
        name: str,
        *,
        namespace: str,
        annotations: Mapping[str, str],
        manager: str = "atmos-cli",
    ) -> None:
        def live() -> None:
            self._live.annotate(api_version, kind, name, namespace=namespace, annotations=annotations, manager=manager)

        args = (api_version, kind, namespace, name, dict(annotations), manager)
        self._record.take(self._on, "annotate", args, live)


class _Metrics:
    def __init__(self, record: CallRecord, on: str, live: Any) -> None:
        self._record, self._on, self._live = record, on, live

    def query(self, promql: str, *, at: float) -> Answer:
        recorded = self._record.take(self._on, "query", (promql, at), lambda: _as_json(self._live.query(promql, at=at)))
        return self._answer(recorded, "query")

    def query_range(self, promql: str, *, start: float, end: float, step: float) -> Answer:
        def live() -> Any:
            return _as_json(self._live.query_range(promql, start=start, end=end, step=step))

        return self._answer(self._record.take(self._on, "query_range", (promql, start, end, step), live), "query_range")

    def _answer(self, recorded: Any, call: str) -> Answer:
        try:
            series = tuple(
                Series(
                    {str(key): str(value) for key, value in labels.items()},
                    tuple((float(at), float(value)) for at, value in samples),
                )
                for labels, samples in recorded["series"]
            )
            return Answer(series, tuple(str(text) for text in recorded["warnings"]))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise _odd(self._record, self._on, call) from None


class _Clock:
    def __init__(self, record: CallRecord, on: str, live: Any) -> None:
        self._record, self._on, self._live = record, on, live

    def now(self) -> float:
        found = self._record.take(self._on, "now", (), lambda: self._live.now())  # noqa: PLW0108 - a replay has none
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            raise _odd(self._record, self._on, "now")
        return float(found)

    def sleep(self, seconds: float) -> None:
        if self._live is not None:
            self._live.sleep(seconds)


class _Asked:
    def __init__(self, record: CallRecord, on: str, live: Any) -> None:
        self._record, self._on, self._live = record, on, live

    def __call__(self, question: str, *arguments: str) -> Any:
        return self._record.take(self._on, question, arguments, lambda: self._live(question, *arguments))


def _used(writer: Writer, what: str, name: str) -> str:
    on = f"{what} {name}"
    writer.uses(on)
    return on


def _as_json(answer: Answer) -> dict[str, Any]:
    """Convert an answer to what JSON holds: a number that is not finite becomes its name."""
    series = [
        (dict(each.labels), [(at, value if math.isfinite(value) else str(value)) for at, value in each.samples])
        for each in answer.series
    ]
    return {"series": series, "warnings": answer.warnings}


def _odd(record: CallRecord, on: str, call: str) -> AtmosError:
    """Make the ATM814 of an odd answer; what was just recorded cannot be odd, so `record` is a Reader."""
    if not isinstance(record, Reader):
        raise TypeError(f"an answer to `{call}` of {on} is none that it can give")
    return record.odd(on, call)
