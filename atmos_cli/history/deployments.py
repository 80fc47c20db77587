"""Finds which commits of the base branch belong to which deployment, asking git for all deployments at once."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Self

from atmos_cli.adapters.git import history
from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.first_parents import changes, line
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.diagnostics import AtmosError
from atmos_cli.gitops.effective import Effective
from atmos_cli.kube.resource import identity
from atmos_cli.verify.seen import Order, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.adapters.git.first_parents import LineCommit
    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.gitops.repository import Deployment
    from atmos_cli.kube.resource import Resource

ROOT = "apps"
CHUNK = 2000  # commits that are read at a time
MOST_TREES = 4
SHORT = 12


class DeploymentHistory:
    """The first-parent line up to `tip`. Close it, or use it in a `with`.

    A deployment's own commits are those that change its base or its overlay, as `atmos verify` has it. Two revisions
    between which there is none render the same, so most questions need nothing built.
    """

    def __init__(self, repo: Repo, tip: str) -> None:
        self.tip = tip
        self._repo = repo
        self._line = line(repo, tip)
        self._place = {commit: index for index, commit in enumerate(self._line)}
        self._short = {commit[:SHORT]: commit for commit in self._line}
        self._next: str | None = tip
        self._own: dict[tuple[str, str, str], list[LineCommit]] = {}
        self._trees: OrderedDict[str, tuple[CommitTree, Effective]] = OrderedDict()
        self._known: dict[str, str | None] = {}
        self._wanted: dict[Deployment, tuple[Resource, ...] | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        while self._trees:
            self._trees.popitem()[1][0].close()

    def tree(self) -> CommitTree:
        """Return the files at the tip."""
        return self._at(self.tip)[0]

    def wanted(self, deployment: Deployment) -> tuple[str, float]:
        """Return (commit, when it was made): the deployment's own newest one; the tip when none ever changed it."""
        found = self._newest(deployment, 0)
        return (
            (found.commit, float(found.at)) if found else (self.tip, float(history.commit_time(self._repo, self.tip)))
        )

    def manifests(self, deployment: Deployment) -> tuple[Resource, ...] | None:
        """Return the manifests that are wanted, sorted; None when they cannot be built."""
        if deployment not in self._wanted:
            self._wanted[deployment] = self._built(deployment, self.tip)
        return self._wanted[deployment]

    def missing(self, revisions: Iterable[str]) -> bool:
        """Return whether one of `revisions` is not a commit known here: then a fetch may bring it."""
        return any(self._resolved(each) is None for each in revisions)

    def relation(self, deployment: Deployment, revision: str) -> Relation:
        """Compare a revision that an engine names with the deployment's wanted commit."""
        other, wanted = self._resolved(revision), self.wanted(deployment)[0]
        if other is None:
            return Relation(Order.UNKNOWN, inputs_equal=False)
        if other == wanted:
            return Relation(Order.SAME, inputs_equal=True)
        if other not in self._place:
            return Relation(self._aside(other, wanted), inputs_equal=self._renders_the_same(deployment, other))
        newer = self._place[other] < self._place[wanted]
        equal = newer or self._renders_the_same(deployment, other)
        return Relation(Order.NEWER if newer else Order.OLDER, inputs_equal=equal)

    def own(self, deployment: Deployment, revision: str) -> str:
        """Return the deployment's own commit in force at `revision`; the revision itself where that is not known."""
        other = self._resolved(revision)
        if other is None or other not in self._place:
            return other or revision
        found = self._newest(deployment, self._place[other])
        return found.commit if found else other

    def behind(self, deployment: Deployment, revision: str) -> int | None:
        """Count the deployment's own commits that came after `revision`; None when it is not on the line."""
        other = self._resolved(revision)
        if other is None or other not in self._place:
            return None
        self._newest(deployment, self._place[other])
        return sum(self._place[each.commit] < self._place[other] for each in self._all(deployment))

    def _newest(self, deployment: Deployment, place: int) -> LineCommit | None:
        """Return the newest own commit that is not newer than `place` on the line; reads on until it is sure."""
        while True:
            own = [each for each in self._all(deployment) if self._place[each.commit] >= place]
            if own or self._next is None:
                return min(own, key=lambda each: self._place[each.commit], default=None)
            self._read_on(self._next)

    def _all(self, deployment: Deployment) -> list[LineCommit]:
        team, service, environment = deployment
        own = {each.commit: each for part in ("", environment) for each in self._own.get((team, service, part), ())}
        return list(own.values())

    def _read_on(self, start: str) -> None:
        found = changes(self._repo, start, under=ROOT, most=CHUNK)
        last = self._place[found[-1].commit] + 1 if len(found) == CHUNK else len(self._line)
        self._next = self._line[last] if last < len(self._line) else None
        for each in found:
            for service_directory in {_service_directory(path) for path in each.paths} - {None}:
                if service_directory:
                    self._own.setdefault(service_directory, []).append(each)

    def _resolved(self, revision: str) -> str | None:
        if revision in self._place:
            return revision
        if revision in self._short:
            return self._short[revision]
        if revision not in self._known:
            self._known[revision] = repos.resolve(self._repo, revision) if revision.isalnum() else None
        return self._known[revision]

    def _aside(self, other: str, wanted: str) -> Order:
        if history.is_ancestor(self._repo, other, wanted):
            return Order.OLDER
        return Order.NEWER if history.is_ancestor(self._repo, wanted, other) else Order.DIVERGED

    def _renders_the_same(self, deployment: Deployment, other: str) -> bool:
        wanted = self.manifests(deployment)
        return wanted is not None and wanted == self._built(deployment, other)

    def _built(self, deployment: Deployment, commit: str) -> tuple[Resource, ...] | None:
        try:
            built = [each.resource for each in self._at(commit)[1].of(deployment)]
        except AtmosError:
            return None
        return tuple(sorted(built, key=identity))

    def _at(self, commit: str) -> tuple[CommitTree, Effective]:
        if commit in self._trees:
            self._trees.move_to_end(commit)
        else:
            tree = CommitTree(self._repo, commit)
            self._trees[commit] = tree, Effective(tree)
            if len(self._trees) > MOST_TREES:
                self._trees.popitem(last=False)[1][0].close()
        return self._trees[commit]


def _service_directory(path: str) -> tuple[str, str, str] | None:
    """Return (team, service, environment) of an overlay's file, with "" for one of the base; None for others."""
    steps = path.split("/")
    if len(steps) > 4 and steps[3] == "base":
        return steps[1], steps[2], ""
    return (steps[1], steps[2], steps[4]) if len(steps) > 5 and steps[3] == "overlays" else None
