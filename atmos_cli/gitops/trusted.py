"""Where credentials may go: as the base branch or the user says, never as a change in the checkout says."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import history
from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.directory_tree import DirectoryTree
from atmos_cli.adapters.own_config import own_config, own_config_path
from atmos_cli.config import FILE, Cluster, Config, OwnConfig, read_config
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, Severity, fail
from atmos_cli.engines.registry import ENGINES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.gitops.repository import Repository

PREFIX = "ATMOS_CLI_"  # variables with this name are for atmos, whatever a checkout says
SETTINGS = ("context", "hub", "prometheus")
SAY_WHICH = "`git remote set-head origin --auto`, or without a remote `git config init.defaultBranch NAME`"


@dataclass(frozen=True, slots=True)
class Trusted:
    """`config` is the checkout's, but what steers a credential is as the branch `base` has it, such as `origin/main`.

    Without a `base` all of it is the checkout's, and `own` decides what may be sent. `new` are the clusters that only
    the checkout has; `notes` say where it differs.
    """

    config: Config
    base: str = ""
    own: OwnConfig = field(default_factory=OwnConfig)
    own_path: str = ""
    new: frozenset[str] = frozenset()
    notes: tuple[Diagnostic, ...] = ()

    def require(self, cluster: str) -> None:
        """Refuse, with ATM817, a cluster that only the change knows: its name alone picks a login of the user."""
        if cluster in self.new:
            message = (
                f"cluster `{cluster}` is not in {FILE} on {self.base}, and only what is there says where logins go"
            )
            hint = f"{_land(self.base)}; where {self.base} is not the base branch: {SAY_WHICH}"
            raise fail(Code.CREDENTIAL_REFUSED, message, hint=hint)

    def context_problem(self, cluster: str, name: str, context: str) -> Diagnostic | None:
        """Explain why the kubeconfig context of `clusters.CLUSTER.NAME` must not be used; None when it may be."""
        if self.base or context in self.own.allowed_contexts:
            return None
        message = (
            f"the login of the context `{context}` was not used: no base branch vouches for `clusters.{cluster}.{name}`"
        )
        return Diagnostic(Code.CREDENTIAL_REFUSED, message, hint=self._allow("allowedContexts", context))

    def variable_problem(self, cluster: str, variable: str) -> Diagnostic | None:
        """Explain why an environment variable must not be sent to the metrics of `cluster`; None when it may be."""
        if self.base or variable.startswith(PREFIX) or variable in self.own.allowed_token_env:
            return None
        message = f"`{variable}` was not sent to the Prometheus of cluster `{cluster}`: no base branch vouches for that"
        hint = f"{self._allow('allowedTokenEnv', variable)}, or call it `{PREFIX}{variable}`"
        return Diagnostic(Code.CREDENTIAL_REFUSED, message, hint=hint)

    def _allow(self, key: str, value: str) -> str:
        return f"tell Git the base branch ({SAY_WHICH}), or write `{key}: [{value}]` into {self.own_path}"


def trust(repository: Repository, *, environ: Mapping[str, str] = os.environ) -> Trusted:
    """Decide what to trust. Raises ATM817 for a broken configuration on the base branch, ATM701 for the user's own."""
    own, path = own_config(environ), str(own_config_path(environ))
    found = _base(repository.root)
    if found is None:
        return Trusted(repository.config, own=own, own_path=path)
    (base, theirs), ours = found, repository.config
    if theirs is None:
        return Trusted(config=ours, base=base, own=own, own_path=path, new=frozenset(ours.clusters))
    clusters = {**theirs.clusters, **{name: _as(theirs, name, each) for name, each in ours.clusters.items()}}
    environments = {
        name: each.model_copy(update={"cluster": theirs.environments[name].cluster})
        if name in theirs.environments
        else each
        for name, each in ours.environments.items()
    }
    config = ours.model_copy(update={"clusters": clusters, "environments": environments})
    new = frozenset(ours.clusters) - frozenset(theirs.clusters)
    return Trusted(
        config=config, base=base, own=own, own_path=path, new=new, notes=tuple(_differences(ours, theirs, base))
    )


def _as(theirs: Config, name: str, ours: Cluster) -> Cluster:
    if name not in theirs.clusters:
        return ours
    return ours.model_copy(update={each: getattr(theirs.clusters[name], each) for each in SETTINGS})


def _differences(ours: Config, theirs: Config, base: str) -> Iterator[Diagnostic]:
    for name in sorted(ours.clusters.keys() & theirs.clusters.keys()):
        for each in SETTINGS:
            if getattr(ours.clusters[name], each) != getattr(theirs.clusters[name], each):
                yield _differs(f"clusters.{name}.{each}", base)
    for name in sorted(ours.environments.keys() & theirs.environments.keys()):
        if ours.environments[name].cluster != theirs.environments[name].cluster:
            yield _differs(f"environments.{name}.cluster", base)


def _differs(setting: str, base: str) -> Diagnostic:
    message = f"`{setting}` is not what it is on {base}, and what is there counts"
    where = Location(FILE, field=setting)
    return Diagnostic(Code.CREDENTIAL_REFUSED, message, severity=Severity.WARNING, where=where, hint=_land(base))


def _land(base: str) -> str:
    return f"let the change of {FILE} land on {base.removeprefix('origin/')} first; then it is used here, too"


def base_of(repo: Repo, branch: str) -> tuple[str, str | None]:
    """Return (name, commit) of the base branch as `trust` finds it; where Git knows none, the one called `branch`.

    A change could name a branch of its own in `git.branch`, and so bring the budgets and approvers that suit it.
    """
    try:
        found = _named(repo)
    except AtmosError:
        found = None  # whoever needs its configuration reports that it is broken
    if found is None or found[2] is None:
        return branch, history.base_commit(repo, branch)
    return found[0].removeprefix("origin/"), found[1]


def _base(root: Path) -> tuple[str, Config | None] | None:
    """Return the base branch's name and configuration (None when it has none); None without Git or such a branch."""
    repo = repos.open_repo(root)
    found = _named(repo) if repo else None
    return (found[0], found[2]) if found else None


def _named(repo: Repo) -> tuple[str, str, Config | None] | None:
    """Return (name, commit, configuration) of the base branch."""
    start = history.default_branch(repo)
    first = _config_at(repo, *start) if start else None
    if start is None or first is None:
        return (*start, None) if start else None
    # The default branch is trusted, so it may say that another one is the base; the checkout may not.
    named = history.sibling(repo, start[0], first.git.branch)
    second = _config_at(repo, *named) if named and named[0] != start[0] else None
    return (*named, second) if named and second else (*start, first)


def _config_at(repo: Repo, name: str, commit: str) -> Config | None:
    tree = DirectoryTree(repo, commit)
    try:
        data = tree.read(FILE)
        return read_config(data, engines=ENGINES) if data is not None else None
    except AtmosError as error:
        message = f"{FILE} on {name} cannot be read, so nothing says where logins go: {error.diagnostics[0].message}"
        raise fail(Code.CREDENTIAL_REFUSED, message, hint=f"mend it on {name.removeprefix('origin/')} first") from error
    finally:
        tree.close()
