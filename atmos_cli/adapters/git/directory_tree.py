"""A commit of a repo with very many services as a `ports.FileTree`: lists only the directories that are asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from atmos_cli.adapters.files import checked_path
from atmos_cli.adapters.git.tree import CommitTree, TreeEntry, entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.adapters.git.repo import Repo

DEPTH = 3  # apps/<team>/<service>, tenants/<environment>/<team>, infrastructure/<kind>/<cluster>
MANY = 40
_LINK = "120000"
_KEPT_BLOBS = 256


class DirectoryTree(CommitTree):
    """Like CommitTree; `rev` may also be a tree. Beyond 40 directories everything is listed at once."""

    def __init__(self, repo: Repo, rev: str) -> None:
        super().__init__(repo, rev)
        self._directories = _Directories(repo, rev)
        self._kept = lru_cache(_KEPT_BLOBS)(super()._blob)

    def files(self, under: str = "") -> list[str]:
        prefix = f"{checked_path(under)}/" if under else ""
        listing = self._directories.below(under)
        found = (path for path, entry in listing.items() if path.startswith(prefix) and self._is_file(path, entry.mode))
        return sorted(found)

    def has_links(self, directory: str) -> bool:
        """Return whether the content of `directory` may depend on what lies outside of it."""
        prefix = f"{directory}/"
        below = self._directories.below(directory)
        return any(entry.mode == _LINK and path.startswith(prefix) for path, entry in below.items())

    def _listing(self) -> Mapping[str, TreeEntry]:
        return self._directories

    def _blob(self, entry: TreeEntry, path: str) -> bytes:
        return self._kept(entry, path)


class _Directories(dict[str, TreeEntry]):
    """Entries by path; each directory is listed when it is first looked into."""

    def __init__(self, repo: Repo, rev: str) -> None:
        super().__init__()
        self._repo = repo
        self._tree = f"{rev}:{repo.prefix}" if repo.prefix else rev
        self._listed: dict[str, dict[str, TreeEntry]] = {}
        self._everything = False

    def get(self, path: str, default: TreeEntry = TreeEntry()) -> TreeEntry:  # type: ignore[override]  # noqa: B008
        self.below(path)
        return super().get(path, default)

    def __getitem__(self, path: str) -> TreeEntry:
        self.below(path)
        return super().__getitem__(path)

    def below(self, directory: str) -> Mapping[str, TreeEntry]:
        """Return at least every entry below `directory`."""
        steps = directory.split("/") if directory else []
        directory = "/".join(steps[:DEPTH])
        if self._everything:
            return self._listed.get(directory, {}) if len(steps) >= DEPTH else self
        if any(above in self._listed for above in _upwards(directory)):
            return self._nearest(directory)
        if not directory or len(self._listed) >= MANY:
            self._list_everything()
            return self.below(directory)
        found = entries(self._repo, self._tree, directory)
        self._listed[directory] = found
        self.update(found)
        return found

    def _list_everything(self) -> None:
        self.update(entries(self._repo, self._tree))
        self._listed = {}
        for path, entry in self.items():
            self._listed.setdefault("/".join(path.split("/")[:DEPTH]), {})[path] = entry
        self._everything = True

    def _nearest(self, directory: str) -> Mapping[str, TreeEntry]:
        return next(self._listed[above] for above in _upwards(directory) if above in self._listed)


def _upwards(directory: str) -> Iterator[str]:
    steps = directory.split("/")
    for end in range(len(steps), 0, -1):
        yield "/".join(steps[:end])
