"""`atmos change`: an intent as a change of a service: `service.yaml` edited, and all its files updated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.commands.update import UpdatePlan, hinting, plan_update
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.foreign import shell
from atmos_cli.gitops.placeholders import Placeholder, fill_in, placeholders
from atmos_cli.gitops.repository import Repository, config_of, open_repository
from atmos_cli.gitops.secret_steps import secret_steps
from atmos_cli.gitops.service_update import UpdateOptions
from atmos_cli.gitops.services import ServiceName, environments_of, named_services
from atmos_cli.gitops.spec_change import ChangeFlags, edit_spec
from atmos_cli.gitops.write import base_of
from atmos_cli.layout.lock_history import read_lock
from atmos_cli.spec.model import read_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.commands.changes import Change
    from atmos_cli.config import WriteMode
    from atmos_cli.ports import FileTree
    from atmos_cli.spec.change.work import SpecChange, ValueChange

SUBJECT = 60


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """How the change is written; None takes the repo's default. `ours` and `theirs` are as for an update."""

    team: str | None = None
    mode: WriteMode | None = None
    branch: str | None = None
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    allow_replace: bool = False
    request_approval: bool = False


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """`update` is None when everything is so already. `brings_along`: edits of `service.yaml` not committed so far.

    `secrets`: who fills in those that are new.
    """

    repository: Repository
    name: ServiceName
    spec_change: SpecChange
    update: UpdatePlan | None
    brings_along: bool = False
    secrets: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        return self.update is not None and self.update.refused

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """Return what people have to fill in before the service can run and be reached; none where nothing changes."""
        change = self.update.change if self.update else None
        return placeholders(change.after, change.start.config, change.touched) if change else ()

    @property
    def next_steps(self) -> tuple[tuple[str, str], ...]:
        """Return what the developer does now: (topic, sentence)."""
        return (
            *(("secret", step) for step in self.secrets),
            *(("fill in", line) for line in fill_in(self.placeholders)),
        )

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return self.update.diagnostics if self.update else ()


def plan_change(
    repository: Repository, service: str, text: str, flags: ChangeFlags, options: ChangeOptions
) -> ChangePlan:
    """Plan a change of `service`. Raises AtmosError for what the words, the flags or the service do not allow."""
    mode = "branch" if options.request_approval else options.mode or repository.config.git.write
    tree = base_of(repository.root, repository.tree, mode=mode, config=repository.config).tree
    name = _named(tree, repository, service, options.team)
    path = f"{name.directory}/service.yaml"
    data, uncommitted = _spec_data(tree, repository, path)
    edited = edit_spec(
        text,
        flags,
        data=data,
        path=path,
        environments=_environments(tree, name),
        config=repository.config,
        catalogue=repository.catalogue,
    )
    if not edited.change.values:
        return ChangePlan(repository, name, edited.change, None)
    subject = _subject(name, edited.change)
    update = update_edited(repository, name, {path: edited.data}, options, subject=subject)
    again = partial(_again, repository, service, text, flags, options)
    update = replace(update, change=replace(update.change, again=again))
    secrets = secret_steps(
        read_spec(edited.data, path=path),
        team=name.team,
        environments=_environments(tree, name),
        config=repository.config,
        before=read_spec(data, path=path),
    )
    along = uncommitted and mode != "commit"
    return ChangePlan(repository, name, edited.change, update, brings_along=along, secrets=secrets)


def update_edited(
    repository: Repository, name: ServiceName, edited: dict[str, bytes | None], options: ChangeOptions, *, subject: str
) -> UpdatePlan:
    """Plan the update of one service whose inputs the command itself has edited. Raises what would be left out."""
    wanted = UpdateOptions(
        mode=options.mode,
        branch=options.branch or f"atmos/change-{name.service}",
        edited=edited,
        ours=options.ours,
        theirs=options.theirs,
        allow_replace=options.allow_replace,
        request_approval=options.request_approval,
        subject=subject,
        with_skeleton=False,
    )
    update = plan_update(repository, (str(name),), wanted)
    if update.problems:
        raise AtmosError(*(_after_this(each, edited) for each in update.problems))
    # Of a file that this command edits itself, edits of others could not be given back if the commit was taken back.
    inputs = update.change.changes.inputs - edited.keys()
    update = hinting(update, "add `--force`", f"first run `atmos update {shell(str(name))} --force`")
    changes = replace(update.change.changes, inputs=inputs)
    change = replace(update.change, changes=changes)
    return replace(update, change=change, conflicts=tuple(map(_with_own_way, update.conflicts)))


def _again(repository: Repository, service: str, text: str, flags: ChangeFlags, options: ChangeOptions) -> Change:
    """Plan the same on what others pushed meanwhile."""
    plan = plan_change(open_repository(repository.root, writes=True), service, text, flags, options)
    if plan.update is None:
        message = f"others pushed the same change of {service} first, so nothing is left to do"
        raise fail(Code.PUSH_REFUSED, message, hint="look at it with `git log`", exit_code=1)
    return plan.update.change


def _named(tree: FileTree, repository: Repository, service: str, team: str | None) -> ServiceName:
    """Return the service that is meant: of what the change starts from, or one that is only in the checkout yet."""
    try:
        return named_services(tree, (service,), team=team)[0]
    except AtmosError:
        return named_services(repository.tree, (service,), team=team)[0]


def _spec_data(tree: FileTree, repository: Repository, path: str) -> tuple[bytes, bool]:
    """Return the spec to edit: what the change starts from, or the checkout's where it is edited and not committed.

    The second value says that it is.
    """
    here, start = repository.tree.read(path), tree.read(path)
    repo = repos.open_repo(repository.root)
    head = repos.resolve(repo, "HEAD") if repo is not None else None
    committed = CommitTree(repo, head).read(path) if repo is not None and head else here
    if here is not None and here != committed:
        return here, True
    return start or here or b"", False


def _environments(tree: FileTree, name: ServiceName) -> Sequence[str]:
    path = f"{name.directory}/service.lock"
    return environments_of(tree, name, read_lock(tree.read(path), path=path), config_of(tree))


def _subject(name: ServiceName, change: SpecChange) -> str:
    shown = ", ".join(_in_subject(each) for each in change.values if not each.field.startswith(("env.",)))
    names = ", ".join(each.field for each in change.values)
    text = shown or names
    said = text if len(text) <= SUBJECT else f"{len(change.values)} values"
    return f"Change {name.service}: {said}"


def _in_subject(value: ValueChange) -> str:
    name = value.field.removeprefix("addons.")
    if value.after == "nothing":
        return f"without {name}"
    return f"with {name}" if name != value.field and value.after == "yes" else f"{value.field} {value.after}"


def _after_this(diagnostic: Diagnostic, edited: dict[str, bytes | None]) -> Diagnostic:
    """Return why the service could not be generated, without a place in a file that is not written."""
    where = None if diagnostic.where and diagnostic.where.path in edited else diagnostic.where
    return replace(diagnostic, message=f"after this change {diagnostic.message}", where=where)


def _with_own_way(conflict: Diagnostic) -> Diagnostic:
    path = shell(conflict.where.path) if conflict.where else "."
    hint = f"add `--ours {path}` to keep yours, or `--theirs {path}` to take the new one"
    return replace(conflict, hint=hint)
