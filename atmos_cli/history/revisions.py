"""What Git knows of one deployment: which commit is meant, how others relate to it, and what each makes of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.adapters.git import history
from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.own_programs import run
from atmos_cli.adapters.git.process import plain
from atmos_cli.adapters.git.push import TIMEOUT_SECONDS, quiet
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.gitops.effective import Effective
from atmos_cli.kube.resource import identity
from atmos_cli.spec.model import read_spec
from atmos_cli.verify.model import Limits
from atmos_cli.verify.seen import Order, Relation
from atmos_cli.verify.settings import limits as settled

if TYPE_CHECKING:
    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.config import Config
    from atmos_cli.gitops.repository import Deployment
    from atmos_cli.kube.resource import Resource
    from atmos_cli.ports import Ask

REMOTE = "origin"


class GitAnswers:
    """`ports.Ask` about one deployment. Fetches once, and only when an engine names a commit that is not here."""

    def __init__(self, repo: Repo, config: Config, deployment: Deployment) -> None:
        self._repo = repo
        self._config = config
        self._deployment = deployment
        self._manifests: dict[str, list[Resource] | None] = {}
        self._fetched = False

    def __call__(self, question: str, *arguments: str) -> Any:
        match question:
            case "commit":
                return self._commit(*arguments)
            case "before":
                return self._before(*arguments)
            case "committed":
                return history.commit_time(self._repo, *arguments)
            case "relation":
                return asdict(self._relation(*arguments))
            case "manifests":
                return self._built(*arguments)
            case "limits":
                return asdict(self._limits(*arguments))
        raise ValueError(question)

    def _commit(self, name: str) -> str:
        """Return the commit that `name` means; with "", the base branch's last one that changed this deployment."""
        found = repos.resolve(self._repo, name) if name else self._last()
        if found is None:
            what = f"`{name}`" if name else f"of {self._deployment.service} on `{self._config.git.branch}`"
            message = f"there is no commit {what} in this repo"
            raise fail(Code.COMMIT_UNKNOWN, message, hint="fetch it (`git fetch origin`), or name one with `--commit`")
        return found

    def _last(self) -> str | None:
        tip = history.base_commit(self._repo, self._config.git.branch)
        commits = history.first_parents(self._repo, tip, *self._paths()) if tip else ()
        return commits[-1] if commits else tip

    def _before(self, commit: str) -> str:
        """Return the commit before, on the first-parent line; "" for a first commit."""
        return history.parent(self._repo, commit) or ""

    def _paths(self) -> tuple[str, str]:
        service_directory = f"apps/{self._deployment.team}/{self._deployment.service}"
        return f"{service_directory}/base", f"{service_directory}/overlays/{self._deployment.environment}"

    def _relation(self, commit: str, revision: str) -> Relation:
        other = repos.resolve(self._repo, revision)
        if other is None and not self._fetched:
            self._fetched = True
            run(self._repo, "fetch", "--quiet", REMOTE, env=quiet(self._repo), timeout=TIMEOUT_SECONDS)
            other = repos.resolve(self._repo, revision)
        if other is None:
            return Relation(Order.UNKNOWN, inputs_equal=False)
        here = self._built(commit)
        equal = other == commit or (here is not None and here == self._built(other))
        return Relation(self._order(commit, other), inputs_equal=equal)

    def _order(self, commit: str, other: str) -> Order:
        if commit == other:
            return Order.SAME
        if history.is_ancestor(self._repo, other, commit):
            return Order.OLDER
        return Order.NEWER if history.is_ancestor(self._repo, commit, other) else Order.DIVERGED

    def _built(self, commit: str) -> list[Resource] | None:
        """Return the effective manifests at `commit`, sorted; None when they are not there, or cannot be built."""
        if commit not in self._manifests:
            tree = CommitTree(self._repo, commit)
            try:
                built = [each.resource for each in Effective(tree).of(self._deployment)]
                self._manifests[commit] = sorted(built, key=identity)
            except AtmosError:
                self._manifests[commit] = None
            finally:
                tree.close()
        return self._manifests[commit]

    def _limits(self, commit: str) -> Limits:
        path = f"apps/{self._deployment.team}/{self._deployment.service}/service.yaml"
        tree = CommitTree(self._repo, commit)
        try:
            data = tree.read(path)
            if data is None:
                return Limits()
            kinds = catalogue(tree).cluster_kinds
        finally:
            tree.close()
        return settled(read_spec(data, path=path), self._deployment.environment, self._config, kinds)


def relations(ask_git: Ask, commit: str, revisions: tuple[str, ...]) -> dict[str, Relation]:
    """Ask how each revision that an engine names relates to `commit`."""
    found = {}
    for revision in revisions:
        answer = ask_git("relation", commit, plain(revision))
        found[revision] = Relation(Order(answer["order"]), inputs_equal=bool(answer["inputs_equal"]))
    return found


def manifests(ask_git: Ask, commit: str) -> tuple[Resource, ...] | None:
    """Ask for the effective manifests at `commit`; None when nothing was there, or it could not be built."""
    answer = ask_git("manifests", commit) if commit else None
    return None if answer is None else tuple(answer)


def limits_of(ask_git: Ask, commit: str) -> Limits:
    """Ask for the settled `verify:` block of the spec at `commit`. Raises ATM104 or ATM801 when it cannot be read."""
    answer = ask_git("limits", commit)
    return Limits(**{**answer, "routes": tuple(answer["routes"]), "smoke": tuple(answer["smoke"])})
