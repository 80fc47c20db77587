"""Live objects kept small: as JSON text, by namespace and name, found again by their owners."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

from atmos_cli.adapters.kubernetes.objects import key_of, slim, version_of

Resource = dict[str, Any]
Kind = tuple[str, str]  # apiVersion, kind
Key = tuple[str, str]  # namespace, name

MAX_BYTES = 512 * 1024 * 1024


class FullError(Exception):
    """What is watched is more than the store may hold."""


@dataclass(frozen=True, slots=True)
class _Kept:
    text: bytes
    version: str
    owners: tuple[str, ...]


class ObjectStore:
    """Safe for threads. What it returns is a copy: changing it changes nothing here."""

    def __init__(self, *, limit: int = MAX_BYTES) -> None:
        self.size = 0  # bytes of JSON
        self._limit = limit
        self._kinds: dict[Kind, dict[str, dict[str, _Kept]]] = {}
        self._owned: dict[str, set[tuple[Kind, Key]]] = {}
        self._changed = threading.Condition()
        self._changes = 0

    def put(self, kind: Kind, resource: Resource) -> Key:
        """Keep `resource` in the place of what had its name. Raises FullError."""
        key = key_of(resource)
        version = version_of(resource)
        with self._changed:
            before = self._kinds.get(kind, {}).get(key[0], {}).get(key[1])
            if before is not None and version and before.version == version:
                return key
            text = json.dumps(
                slim({**resource, "apiVersion": kind[0], "kind": kind[1]}), separators=(",", ":")
            ).encode()
            self._remove(kind, key)
            if self.size + len(text) > self._limit:
                raise FullError
            kept = _Kept(text, version, _owners(resource))
            self._kinds.setdefault(kind, {}).setdefault(key[0], {})[key[1]] = kept
            self.size += len(text)
            for owner in kept.owners:
                self._owned.setdefault(owner, set()).add((kind, key))
            self._tell()
        return key

    def drop(self, kind: Kind, key: Key) -> None:
        with self._changed:
            if self._remove(kind, key):
                self._tell()

    def keep_only(self, kind: Kind, keys: set[Key], *, namespace: str = "") -> None:
        """Drop, after a new list, what is not in it (of `namespace`, when one is named): it was deleted meanwhile."""
        with self._changed:
            spaces = self._kinds.get(kind, {})
            named = [namespace] if namespace else list(spaces)
            gone = [(space, name) for space in named for name in spaces.get(space, {}) if (space, name) not in keys]
            for key in gone:
                self._remove(kind, key)
            if gone:
                self._tell()

    def get(self, kind: Kind, key: Key) -> Resource | None:
        with self._changed:
            kept = self._kinds.get(kind, {}).get(key[0], {}).get(key[1])
        return _read(kept) if kept is not None else None

    def list(self, kind: Kind, *, namespace: str = "") -> tuple[Resource, ...]:
        """Return the objects of a kind by namespace and name; of all namespaces when none is named."""
        with self._changed:
            spaces = self._kinds.get(kind, {})
            named = [namespace] if namespace else sorted(spaces)
            kept = [item for space in named for _, item in sorted(spaces.get(space, {}).items())]
        return tuple(_read(item) for item in kept)

    def owned(self, uid: str) -> tuple[Resource, ...]:
        """Return what names `uid` among its owners, by kind, namespace and name."""
        with self._changed:
            found = sorted(self._owned.get(uid, ()))
            kept = [self._kinds[kind][space][name] for kind, (space, name) in found]
        return tuple(_read(item) for item in kept)

    def wait(self, seen: int, seconds: float) -> int:
        """Return the number of changes so far, as soon as it is more than `seen`, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._changes != seen, timeout=seconds)
            return self._changes

    def tell(self) -> None:
        """Wake those who wait, for something other than an object."""
        with self._changed:
            self._tell()

    def _tell(self) -> None:
        self._changes += 1
        self._changed.notify_all()

    def _remove(self, kind: Kind, key: Key) -> bool:
        space = self._kinds.get(kind, {}).get(key[0], {})
        kept = space.pop(key[1], None)
        if kept is None:
            return False
        self.size -= len(kept.text)
        for owner in kept.owners:
            self._owned[owner].discard((kind, key))
            if not self._owned[owner]:
                del self._owned[owner]
        if not space:
            del self._kinds[kind][key[0]]
        return True


def _read(kept: _Kept) -> Resource:
    found: Resource = json.loads(kept.text)
    return found


def _owners(resource: Resource) -> tuple[str, ...]:
    metadata = resource.get("metadata")
    listed = metadata.get("ownerReferences") if isinstance(metadata, dict) else None
    if not isinstance(listed, list):
        return ()
    return tuple(dict.fromkeys(o["uid"] for o in listed if isinstance(o, dict) and isinstance(o.get("uid"), str)))
