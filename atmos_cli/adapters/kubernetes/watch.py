"""Many services watched at once: one list and watch per kind, kept in a store that answers without asking again."""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from atmos_cli.adapters.http import UnusableError
from atmos_cli.adapters.kubernetes.client import ExpiredError
from atmos_cli.adapters.kubernetes.events import events
from atmos_cli.adapters.kubernetes.objects import key_of, version_of
from atmos_cli.adapters.kubernetes.store import FullError, ObjectStore
from atmos_cli.diagnostics import AtmosError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import httpx

    from atmos_cli.adapters.kubernetes.client import ClusterClient
    from atmos_cli.adapters.kubernetes.store import Key

STALE_SECONDS = 60.0  # for so long a broken watch may be restored before its last answers stop counting
UNSERVED_SECONDS = 30.0
_SHORTEST, _LONGEST = 0.5, 30.0
_JOIN_SECONDS = 5.0
_SHORTEST_WATCH = 1.0


class _Feed:
    """One watch: of one kind, in one namespace or in all."""

    def __init__(self, mirror: Mirror, kind: tuple[str, str], namespace: str) -> None:
        self.mirror = mirror
        self.kind = kind
        self.namespace = namespace
        self.version = ""
        self.tried = threading.Event()
        self.known = False  # it was listed once
        self.error: AtmosError | None = None
        self.broken_since: float | None = None
        self._socket: socket.socket | None = None

    def run(self) -> None:
        failures = 0
        while not self.mirror.stopping.is_set():
            before, began = self.version, time.monotonic()
            try:
                self._once()
                failures = 0
            except ExpiredError:
                self.version, failures = "", failures + 1
            except FullError:
                self.version, failures = "", failures + 1
                self._broke(self.mirror.cluster.unusable("it has more objects than can be watched at once"))
            except AtmosError as error:
                # A server that was away may have come back with another past: look at everything anew.
                self.version, failures = "", failures + 1
                self._broke(error)
            except _broken_connections():
                failures = 1 if self.version != before else failures + 1
                self.version = self.version if failures == 1 else ""
            self.mirror.stopping.wait(_pause(failures, began=began, now=time.monotonic()))

    def _once(self) -> None:
        """List when the place is lost, then follow until the server ends the watch."""
        cluster, (api_version, kind) = self.mirror.cluster, self.kind
        if not self.version:
            self._list()
        if not self.version:
            self.mirror.stopping.wait(UNSERVED_SECONDS)
            return
        for what, resource in events(
            cluster, api_version, kind, namespace=self.namespace, since=self.version, opened=self._opened
        ):
            if self.mirror.stopping.is_set():
                return
            if what == "DELETED":
                self.mirror.store.drop(self.kind, key_of(resource))
            elif what != "BOOKMARK":
                self.mirror.store.put(self.kind, resource)
            self.version = version_of(resource) or self.version

    def _list(self) -> None:
        keys: set[Key] = set()
        version = ""
        for page, version in self.mirror.cluster.pages(*self.kind, namespace=self.namespace):  # noqa: B007 - the last
            keys.update(self.mirror.store.put(self.kind, resource) for resource in page)
        self.mirror.store.keep_only(self.kind, keys, namespace=self.namespace)
        self.version = version
        self._works()

    def _works(self) -> None:
        self.error, self.broken_since = None, None
        if not self.known:
            self.known = True
            self.tried.set()
            self.mirror.store.tell()

    def _broke(self, error: AtmosError) -> None:
        self.error = error
        if self.broken_since is None:
            self.broken_since = time.monotonic()
        self.tried.set()
        self.mirror.store.tell()

    def _opened(self, response: httpx.Response) -> None:
        stream = response.extensions.get("network_stream")
        self._socket = stream.get_extra_info("socket") if stream is not None else None
        if self.mirror.stopping.is_set():
            self.hang_up()

    def hang_up(self) -> None:
        """End a read that another thread waits in: nothing else does."""
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def check(self) -> None:
        """Raise what broke this watch, when it has nothing to show, or nothing that is still true."""
        error, since = self.error, self.broken_since
        if error is not None and since is not None and not (self.known and time.monotonic() - since < STALE_SECONDS):
            raise error


class Mirror:
    """`ports.ClusterApi` that answers `get` and `list` of the watched kinds from memory, and asks for the rest.

    `kinds` are (apiVersion, kind), each watched in `namespaces` (all of them when empty). Use it in a `with`. A watch
    that breaks is taken up again; only after a minute without it do its answers become ATM811.
    """

    def __init__(
        self, cluster: ClusterClient, kinds: Iterable[tuple[str, str]], *, namespaces: Iterable[str] = ()
    ) -> None:
        self.cluster = cluster
        self.store = ObjectStore()
        self.stopping = threading.Event()
        self._seen = 0
        spaces = sorted(set(namespaces)) or [""]
        self._feeds = {(kind, space): _Feed(self, kind, space) for kind in dict.fromkeys(kinds) for space in spaces}
        self._threads = [threading.Thread(target=feed.run, daemon=True) for feed in self._feeds.values()]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.stopping.set()
        for feed in self._feeds.values():
            feed.hang_up()
        deadline = time.monotonic() + _JOIN_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def wait(self, seconds: float) -> bool:
        """Wait until something changed since the last `wait`; False after `seconds` without a change."""
        now = self.store.wait(self._seen, seconds)
        changed, self._seen = now != self._seen, now
        return changed

    def get(self, api_version: str, kind: str, name: str, *, namespace: str = "") -> dict[str, Any] | None:
        if self._watched((api_version, kind), namespace):
            return self.store.get((api_version, kind), (namespace, name))
        return self.cluster.get(api_version, kind, name, namespace=namespace)

    def list(
        self, api_version: str, kind: str, *, namespace: str = "", selector: str = ""
    ) -> tuple[dict[str, Any], ...]:
        wanted = _equalities(selector)
        if wanted is None or not self._watched((api_version, kind), namespace):
            return self.cluster.list(api_version, kind, namespace=namespace, selector=selector)
        found = self.store.list((api_version, kind), namespace=namespace)
        return tuple(resource for resource in found if _has(resource, wanted))

    def owned(self, uid: str) -> tuple[dict[str, Any], ...]:
        """Return the watched objects that name `uid` as an owner."""
        return self.store.owned(uid)

    def logs(self, pod: str, container: str, *, namespace: str, previous: bool, lines: int) -> tuple[str, ...]:
        return self.cluster.logs(pod, container, namespace=namespace, previous=previous, lines=lines)

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
        self.cluster.annotate(api_version, kind, name, namespace=namespace, annotations=annotations, manager=manager)

    def _watched(self, kind: tuple[str, str], namespace: str) -> bool:
        """Return whether the store knows; waits for the first list. Raises ATM811 without one, or when too old."""
        feed = self._feeds.get((kind, "")) or self._feeds.get((kind, namespace))
        if feed is None:
            return False
        if not feed.tried.wait(STALE_SECONDS):
            raise self.cluster.unusable(f"it gave no list of {kind[1]} in {STALE_SECONDS:g} seconds")
        feed.check()
        return True


def _pause(failures: int, *, began: float, now: float) -> float:
    """Return seconds until the next attempt; also a server that ends each watch at once is asked only once a second."""
    return _backoff(failures) if failures else max(0.0, _SHORTEST_WATCH - (now - began))


def _backoff(failures: int) -> float:
    """Return seconds, doubling from half of one to half a minute, and different for each client that waits."""
    return min(_LONGEST, _SHORTEST * 2.0 ** min(failures, 10)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def _broken_connections() -> tuple[type[Exception], ...]:
    import httpx

    return (httpx.HTTPError, httpx.StreamError, UnusableError, OSError)


def _equalities(selector: str) -> dict[str, str] | None:
    """Parse `a=b,c=d` as labels; None for what only the server can select by."""
    pairs = [part.partition("=") for part in selector.replace("==", "=").split(",") if part.strip()]
    if any(not equals or not key.strip() or key.strip()[-1] == "!" for key, equals, _ in pairs):
        return None
    return {key.strip(): value.strip() for key, _, value in pairs}


def _has(resource: dict[str, Any], wanted: Mapping[str, str]) -> bool:
    metadata = resource.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return not wanted or (isinstance(labels, dict) and all(labels.get(key) == value for key, value in wanted.items()))
