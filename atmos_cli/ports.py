"""What the pure core needs from the outside world, as protocols, and the values that these exchange."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class FileTree(Protocol):
    """A tree of regular files under one root; paths are posix, relative, without `.` or `..`."""

    def read(self, path: str) -> bytes | None:
        """Return the content, or None for no such file. Raises AtmosError ATM614 for a symlink out of the root."""

    def files(self, under: str = "") -> Iterable[str]:
        """Return every file below the directory `under`, sorted; never anything inside `.git`."""


class MemoryTree:
    """`changes` laid over `below`: what the repo would hold. A value of None removes a file."""

    def __init__(self, changes: Mapping[str, bytes | None], below: FileTree | None = None) -> None:
        self._changes = dict(changes)
        self._below = below

    def read(self, path: str) -> bytes | None:
        if path in self._changes:
            return self._changes[path]
        return self._below.read(path) if self._below else None

    def files(self, under: str = "") -> Iterable[str]:
        prefix = f"{under}/" if under else ""
        below = self._below.files(under) if self._below else ()
        kept = {path for path in below if path not in self._changes}
        added = {path for path, data in self._changes.items() if data is not None and path.startswith(prefix)}
        return sorted(kept | added)


class SubTree:
    """The directory `root` of another tree, seen as a tree of its own."""

    def __init__(self, tree: FileTree, root: str) -> None:
        self.root = root
        self._tree = tree
        self._prefix = f"{root}/"

    def read(self, path: str) -> bytes | None:
        return self._tree.read(self._prefix + path)

    def files(self, under: str = "") -> Iterable[str]:
        found = self._tree.files(f"{self._prefix}{under}".rstrip("/"))
        return [path.removeprefix(self._prefix) for path in found]


@dataclass(frozen=True, slots=True)
class Series:
    """One time series: `samples` are (unix seconds, value), sorted by time; an instant value is one sample."""

    labels: Mapping[str, str]
    samples: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a metrics server answered; `warnings` that are not empty mean that it answered with a part of the data."""

    series: tuple[Series, ...]
    warnings: tuple[str, ...] = ()


class Metrics(Protocol):
    """A server with Prometheus' HTTP API."""

    def query(self, promql: str, *, at: float) -> Answer:
        """Ask for the value at `at` (unix seconds); a range selector returns raw samples. Raises AtmosError ATM812."""

    def query_range(self, promql: str, *, start: float, end: float, step: float) -> Answer:
        """Ask for values every `step` seconds from `start` to `end` (unix seconds).

        Raises AtmosError ATM812 when the server cannot be asked or refuses the query.
        """


class ClusterApi(Protocol):
    """One Kubernetes API server, as one user sees it. Every method raises AtmosError ATM811 when it cannot be asked."""

    def get(self, api_version: str, kind: str, name: str, *, namespace: str = "") -> dict[str, Any] | None:
        """Return the live object; None when it, or its kind, does not exist."""

    def list(
        self, api_version: str, kind: str, *, namespace: str = "", selector: str = ""
    ) -> tuple[dict[str, Any], ...]:
        """Return the live objects by namespace and name; none when the kind does not exist."""

    def logs(self, pod: str, container: str, *, namespace: str, previous: bool, lines: int) -> tuple[str, ...]:
        """Return the last lines of a container's log, or of its previous run; none when there is no log."""

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
        """Set annotations on a live object, which is how an engine is asked to look again.

        `manager` owns the fields: Flux takes back what kubectl's managers set, and leaves `flux-client-side-apply`.
        """


class Clock(Protocol):
    """Time as the outside world has it, so that a recorded run can be given its own time again."""

    def now(self) -> float:
        """Return the time in unix seconds."""

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`; a replay does not wait."""


class Ask(Protocol):
    """Any other question to the outside world, such as how two commits are related; answers what JSON can hold."""

    def __call__(self, question: str, *arguments: str) -> Any:
        """Raises AtmosError when it cannot be answered."""
