"""What one run has read from YAML so far: each text is parsed once, for all readers and under any path."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_BYTES = 32 * 1024 * 1024  # of text; what was parsed from it takes about three times as much
T = TypeVar("T")


class Store:
    """Results by reader and text; once the texts exceed `most` bytes, those unused for longest are forgotten."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._bytes = 0
        self._found: OrderedDict[tuple[Any, bytes], Any] = OrderedDict()

    def result(self, reader: Callable[[bytes], T], data: bytes) -> T:
        """Return what `reader` returns for `data`, called once. The result must not be changed."""
        key = reader, data
        if key in self._found:
            self._found.move_to_end(key)
            found: T = self._found[key]
            return found
        found = self._found[key] = reader(data)
        self._bytes += len(data)
        while self._bytes > self._most:
            (_, forgotten), _ = self._found.popitem(last=False)
            self._bytes -= len(forgotten)
        return found


# Of this thread only: a store is not locked.
_STORE: ContextVar[Store | None] = ContextVar("store", default=None)


@contextmanager
def each_text_once() -> Iterator[Store]:
    """Keep what is parsed until the end of the `with` block; inside of another one, that one keeps it."""
    outer = _STORE.get()
    if outer is not None:
        yield outer
        return
    store = Store()
    token = _STORE.set(store)
    try:
        yield store
    finally:
        _STORE.reset(token)


def kept() -> Store | None:
    """Return the store of this run, None where nothing is kept."""
    return _STORE.get()


def read_once(reader: Callable[[bytes], T], data: bytes) -> T:
    """Return what `reader` returns for `data`, from the store of this run where it has one."""
    store = kept()
    return reader(data) if store is None else store.result(reader, data)
