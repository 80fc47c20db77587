"""A change of files as every command makes one: started from the repo, judged, written all or nothing, tried again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import repo as repos
from atmos_cli.approval.model import is_approval_path
from atmos_cli.commands.init_steps import place_steps, push_command
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, errors, in_order
from atmos_cli.foreign import shell
from atmos_cli.gitops.effects import effects_of
from atmos_cli.gitops.guard import Guarded, guard
from atmos_cli.gitops.repository import Repository, config_of, deployment_of
from atmos_cli.gitops.states import States
from atmos_cli.gitops.write import Base, OvertakenError, Written, base_of, wait_to_try_again, write
from atmos_cli.history.approvals import ProposedChange, covered
from atmos_cli.history.requests import request_files
from atmos_cli.history.trusted_base import trusted_base_of
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from atmos_cli.blueprint.composed import DeclaredRename
    from atmos_cli.config import Config, WriteMode
    from atmos_cli.gitops.budgeting import Budgeted
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.gitops.repository import Deployment
    from atmos_cli.ports import FileTree

# What an approval can let pass.
BUDGET_CODES = frozenset({Code.BUDGET_EXCEEDED, Code.CLAIM_INDETERMINATE})
# An attempt is too late only where another one's push arrived meanwhile: of as many at once, each arrives.
MOST_TRIES = 20
MOST_CHECKS = 3


@dataclass(frozen=True, slots=True)
class Start:
    """What a change starts from: the checkout, or in branch mode the tip of the base branch; `before` is what runs."""

    repository: Repository
    config: Config
    mode: WriteMode
    base: Base
    states: States
    before: Effective

    @property
    def pushes(self) -> bool:
        """Return whether the repo has what is written here pushed, where nobody says otherwise."""
        return self.config.git.push and self.mode != "files"

    @property
    def tree(self) -> FileTree:
        return self.base.tree

    def changes(self, files: dict[str, bytes | None]) -> ChangeSet:
        """Return `files` as a change set of those that differ from what is there; None removes a file."""
        there = {path: self.tree.read(path) for path in files}
        kept = {path: data for path, data in files.items() if data != there[path]}
        return ChangeSet(kept, {path: there[path] for path in kept})


def start_of(repository: Repository, *, mode: WriteMode | None, base: Base | None = None) -> Start:
    """Find what a change in `mode` starts from, unless `base` says it; None takes the repo's own mode."""
    wanted = mode or repository.config.git.write
    base = base or base_of(repository.root, repository.tree, mode=wanted, config=repository.config)
    config = config_of(base.tree) if wanted == "branch" and base.commit else repository.config
    states = States(repository.root, repository.tree, branch=config.git.branch)
    before = states.at(base.commit) if base.commit else states.here()
    return Start(repository, config, wanted, base, states, before)


@dataclass(frozen=True, slots=True)
class Change:
    """A change that is planned and judged, and not written: `after` is the tree with it, `guarded` what was found.

    `again` plans the same anew from the repo as it is then; None: it is written once, or not at all. `asks`: it holds
    a request for each budget that it exceeds, and so may be written for someone to approve.
    """

    start: Start
    changes: ChangeSet
    after: Effective
    guarded: Guarded
    touched: tuple[Deployment, ...]
    message: str
    branch: str
    again: Callable[[], Change] | None = field(default=None, repr=False, compare=False)
    asks: bool = False

    @property
    def exceeds(self) -> bool:
        """Return whether it is over a budget that an approval could let pass, and nothing else is wrong."""
        found = errors(self.guarded.diagnostics)
        denied = any(row.outcome == "denied" for row in self.guarded.rows)
        return bool(found) and not denied and all(each.code in BUDGET_CODES for each in found)

    @property
    def refused(self) -> bool:
        return bool(errors(self.guarded.diagnostics)) and not (self.asks and self.exceeds)


def judge(
    start: Start,
    changes: ChangeSet,
    *,
    touched: Iterable[Deployment],
    environments: Sequence[str],
    fits: Callable[[Budgeted], str] | None = None,
    allow_replace: bool = False,
    may_go: Collection[Deployment] = (),
    takes_back: bool = False,
    renamed: Mapping[tuple[str, str], tuple[DeclaredRename, ...]] | None = None,
) -> tuple[Effective, Guarded]:
    """Return the tree with `changes`, and what checks, budgets and approvals say of it, and what it does.

    `touched` are the deployments that the change concerns; those that it removes are not checked, only counted out,
    and what their end does is said, whether they are named or not.
    `allow_replace`: objects may be replaced, also those with data, and
    with what `may_go` all its data, since that was asked about before. `takes_back`: it undoes an earlier change.
    `renamed`: by team and service, as blueprints say.
    """
    touched = tuple(touched)
    after = start.states.changed(start.before, changes.files)
    before = start.states.judged_by(start.before, after.policy)
    guarded = guard(
        after,
        touched=[each for each in touched if after.has(each)],
        before=before,
        environments=environments,
        changed=tuple(changes.files),
        earlier=lambda names: start.states.earlier(names, policy=after.policy),
        fits=fits,
        approvals=lambda rows: covered(rows, after=after, before=before, root=start.repository.root, author=True),
    )
    gone = _removed(start.before, after, changes)
    effects = effects_of(
        start.before,
        after,
        (*gone, *touched),
        allow_replace=allow_replace,
        may_go=may_go,
        takes_back=takes_back,
        renamed=renamed,
    )
    found = in_order([*guarded.diagnostics, *effects.diagnostics])
    return after, replace(guarded, diagnostics=found, effects=effects.lines)


def _removed(before: Effective, after: Effective, changes: ChangeSet) -> tuple[Deployment, ...]:
    """Return the deployments whose overlays go, also where their environment has gone from the config before."""
    removed = dict.fromkeys(
        each for path, data in changes.files.items() if data is None and (each := deployment_of(path))
    )
    return tuple(each for each in removed if before.has(each) and not after.has(each))


def asking(change: Change) -> Change:
    """Return the change with a request to approve it where it is over a budget that lets people do so."""
    if not change.exceeds:
        return change
    start, made = change.start, change.changes
    trusted = trusted_base_of(start.repository.root, start.config.git.branch)
    proposed = ProposedChange(trusted, change.guarded.rows, change.after, start.before, author=True)
    requests = request_files(proposed, change.touched)
    before = {**made.before, **{path: start.tree.read(path) for path in requests}}
    return replace(change, changes=replace(made, files={**made.files, **requests}, before=before), asks=True)


def write_change(change: Change, *, pushes: bool | None = None) -> Written:
    """Write the change, all or nothing. Raises AtmosError (exit 1) with the findings when the answer is no.

    When others push first, the change is made and judged again on top of theirs, a few times. `pushes`: None does as
    the repo has it.
    """
    if change.refused:
        raise AtmosError(*errors(change.guarded.diagnostics), exit_code=1)
    began = time.monotonic()
    for attempt in range(MOST_TRIES):
        try:
            return _write(change, pushes=pushes)
        except OvertakenError:
            if attempt == MOST_TRIES - 1 or change.again is None:
                raise
        wait_to_try_again(change.start.repository.root, attempt, began)
        began = time.monotonic()
        change = change.again()
        if change.refused:
            raise AtmosError(*(_no_longer(each) for each in errors(change.guarded.diagnostics)), exit_code=1)
    raise AssertionError


def _no_longer(diagnostic: Diagnostic) -> Diagnostic:
    said = "this change was good when it was checked, but others pushed first, and nothing is committed now"
    return replace(diagnostic, message=f"{said}: {diagnostic.message}")


def _write(change: Change, *, pushes: bool | None) -> Written:
    start = change.start
    written = write(
        start.repository.root,
        change.changes,
        change.message,
        mode=start.mode,
        base=start.base,
        branch=change.branch,
        config=start.config,
        pushes=start.pushes if pushes is None else pushes,
    )
    return replace(written, next=tuple(_next_steps(change, written)))


def _next_steps(change: Change, written: Written) -> Iterator[tuple[str, str]]:
    """Yield what is left to do, with real names: (topic, command)."""
    yield from (("first", each) for each in place_steps(change.start.repository.root))
    if written.mode == "files":
        yield "commit", "git add -A && git commit, and push it"
        return
    if change.asks:
        for path in filter(is_approval_path, change.changes.added):
            yield "approve", f"atmos approve sign {shell(path)} --key ~/.ssh/id_ed25519, by whoever may"
    if not written.pushed:
        repo = repos.open_repo(change.start.repository.root)
        remote = repo is not None and repos.remote_url(repo) is not None
        new = written.mode == "branch"
        yield "push", push_command(change.start.config, branch=written.branch, remote=remote, follows=new)
    if written.mode == "branch":
        return
    there = frozenset(change.after.deployments())
    runs = [each for each in change.touched if each in there]
    if not runs:
        yield "check", "atmos status"
    elif len(runs) > MOST_CHECKS:
        yield "check", f"atmos verify --commit {written.commit[:10]}"
    else:
        for team, service, environment in runs:
            command = f"atmos verify {team}/{service} --env {environment} --commit {written.commit[:10]}"
            yield "check", command
