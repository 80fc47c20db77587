"""Results computed before, by the digest of all they were computed from. In the user's cache, never in the repo."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_AT_ONCE = 500
_BUSY_SECONDS = 0.2
# A cache is thrown away when it is this large: it is rebuilt from Git at any time.
_MOST_BYTES = 512 * 1024 * 1024


class ClaimCache:
    """Never fails: without a place to write, with a broken file or another writer, it just remembers nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._new: dict[str, str] = {}
        self._seen: dict[str, str | None] = {}

    def get(self, keys: Sequence[str]) -> dict[str, str]:
        """Return what is known of `keys`."""
        wanted = [key for key in keys if key not in self._seen]
        self._seen.update(dict.fromkeys(wanted))
        if self._path is not None and wanted and self._path.exists():
            with suppress(sqlite3.Error, OSError), self._open() as database:
                for start in range(0, len(wanted), _AT_ONCE):
                    some = wanted[start : start + _AT_ONCE]
                    marks = ",".join("?" * len(some))
                    rows = database.execute(f"SELECT key, value FROM claim WHERE key IN ({marks})", some)  # noqa: S608
                    self._seen.update(rows)
        return {key: value for key in keys if (value := self._seen.get(key)) is not None}

    def put(self, values: Mapping[str, str]) -> None:
        self._new.update(values)
        self._seen.update(values)

    def save(self) -> None:
        """Store what was put; a run that is killed meanwhile loses at most that."""
        if self._path is None or not self._new:
            return
        with suppress(sqlite3.Error, OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and self._path.stat().st_size > _MOST_BYTES:
                self._path.unlink()
            with self._open() as database, database:
                database.execute("CREATE TABLE IF NOT EXISTS claim (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
                database.executemany("INSERT OR REPLACE INTO claim VALUES (?, ?)", self._new.items())
            self._new.clear()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(str(self._path), timeout=_BUSY_SECONDS)) as database:
            # The content can be computed again, so waiting for the disk buys nothing.
            database.execute("PRAGMA synchronous = OFF")
            yield database


def claim_cache(top: Path) -> ClaimCache:
    """Return the cache of this user; `ATMOS_CLI_CACHE` names another directory, and empty switches it off.

    One inside the checkout at `top` is not used: it could have come with what is checked. Nor is one that others own.
    """
    named = os.environ.get("ATMOS_CLI_CACHE")
    if named == "":
        return ClaimCache(None)
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "atmos-cli"
    file = Path(os.path.realpath(base)) / "claims-v1.sqlite"
    return ClaimCache(None if file.is_relative_to(os.path.realpath(top)) or not _is_own(file) else file)


def _is_own(file: Path) -> bool:
    """Return whether `file`, and its directory, are real and belong to this user, as far as they exist."""
    for path, kind in ((file.parent, stat.S_ISDIR), (file, stat.S_ISREG)):
        try:
            found = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - beside the other calls of os
        except OSError:
            continue
        if not kind(found.st_mode) or found.st_uid != os.geteuid():
            return False
    return True
