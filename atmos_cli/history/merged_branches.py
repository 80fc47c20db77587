"""What two branches had that Git merged, or is about to: of one file neither its lock nor its text tells that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.history import at_commit, versions
from atmos_cli.adapters.git.repo import resolve
from atmos_cli.diagnostics import AtmosError
from atmos_cli.layout.lock_history import read_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.adapters.git.repo import Repo

MOST_COMMITS = 60
# A merge that waits for its commit has the other side there.
_WAITING = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD")


@dataclass(frozen=True, slots=True)
class GitBranches:
    """The branches that were merged into the commit `tip`; None: into the checkout."""

    repo: Repo | None
    tip: str | None

    def locks(self, path: str, stamps: frozenset[str]) -> Iterator[bytes]:
        """Yield each lock of the history at `path` that is one of the generations `stamps`."""
        left = set(stamps)
        for data in versions(self.repo, self._tips(), path, most=MOST_COMMITS) if self.repo and self._tips() else ():
            own = _stamps(data, path)
            if len(own) == 1 and own <= left:
                left -= own
                yield data
            if not left:
                return

    def sides(self, path: str) -> tuple[bytes, bytes] | None:
        """Return the file as each branch has it; None where one has it not, or nothing was merged."""
        both = self._tips()[:2] if len(self._tips()) > 1 else self._parents()
        found = [at_commit(self.repo, each, path) for each in both] if self.repo else []
        one, other = found if len(found) == 2 else (None, None)
        return None if one is None or other is None else (one, other)

    def _tips(self) -> list[str]:
        names = [self.tip] if self.tip else ["HEAD", *_WAITING]
        found = [resolve(self.repo, each) for each in names] if self.repo else []
        return [each for each in found if each]

    def _parents(self) -> list[str]:
        tip = self.tip or "HEAD"
        found = [resolve(self.repo, f"{tip}^{number}") for number in (1, 2)] if self.repo else []
        return [each for each in found if each]


def _stamps(data: bytes, path: str) -> set[str]:
    try:
        return {stamp for lock in read_lock(data, path=path) for stamp in lock.stamps}
    except AtmosError:
        return set()
