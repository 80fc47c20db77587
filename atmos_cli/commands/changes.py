"""A change of files as every command makes one: started from the repo, judged, written all or nothing, tried again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, errors, in_order
from atmos_cli.gitops.effects import effects_of
from atmos_cli.gitops.guard import Guarded, guard
from atmos_cli.gitops.repository import Repository, config_of
from atmos_cli.gitops.states import States
from atmos_cli.gitops.write import Base, OvertakenError, Written, base_of, wait_to_try_again, write
from atmos_cli.history.approvals import covered
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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
    def tree(self) -> FileTree:
        return self.base.tree

    def changes(self, files: dict[str, bytes | None]) -> ChangeSet:
        """Return `files` as a change set of those that differ from what is there; None removes a file."""
        there = {path: self.tree.read(path) for path in files}
        kept = {path: data for path, data in files.items() if data != there[path]}
        return ChangeSet(kept, {path: there[path] for path in kept})


def start_of(repository: Repository, *, mode: WriteMode | None) -> Start:
    """Find what a change in `mode` starts from; None takes the repo's own mode."""
    wanted = mode or repository.config.git.write
    base = base_of(repository.root, repository.tree, mode=wanted, config=repository.config)
    config = config_of(base.tree) if wanted == "branch" else repository.config
    states = States(repository.root, repository.tree, branch=config.git.branch)
    before = states.at(base.commit) if base.commit else states.here()
    return Start(repository, config, wanted, base, states, before)


@dataclass(frozen=True, slots=True)
class Change:
    """A change that is planned and judged, and not written: `after` is the tree with it, `guarded` what was found.

    `again` plans the same anew from the repo as it is then; None: it is written once, or not at all.
    """

    start: Start
    changes: ChangeSet
    after: Effective
    guarded: Guarded
    touched: tuple[Deployment, ...]
    message: str
    branch: str
    again: Callable[[], Change] | None = field(default=None, repr=False, compare=False)

    @property
    def exceeds(self) -> bool:
        """Return whether it is over a budget that an approval could let pass, and nothing else is wrong."""
        found = errors(self.guarded.diagnostics)
        return bool(found) and all(each.code in BUDGET_CODES for each in found)

    @property
    def refused(self) -> bool:
        return bool(errors(self.guarded.diagnostics))


def judge(
    start: Start,
    changes: ChangeSet,
    *,
    touched: Iterable[Deployment],
    environments: Sequence[str],
    fits: Callable[[Budgeted], str] | None = None,
    allow_replace: bool = False,
    renamed: Mapping[tuple[str, str], tuple[DeclaredRename, ...]] | None = None,
) -> tuple[Effective, Guarded]:
    """Return the tree with `changes`, and what checks, budgets and approvals say of it, and what it does.

    `touched` are the deployments that the change concerns; those that it removes are not checked, only counted out.
    `allow_replace`: objects may be replaced, also those with data. `renamed`: by team and service, as blueprints say.
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
    effects = effects_of(start.before, after, touched, allow_replace=allow_replace, renamed=renamed)
    found = in_order([*guarded.diagnostics, *effects.diagnostics])
    return after, replace(guarded, diagnostics=found, effects=effects.lines)


def write_change(change: Change, *, pushes: bool = False, request_approval: bool = False) -> Written:
    """Write the change, all or nothing. Raises AtmosError (exit 1) with the findings when the answer is no.

    When others push first, the change is made and judged again on top of theirs, a few times.
    """
    if change.refused and not (change.exceeds and request_approval):
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


def _write(change: Change, *, pushes: bool) -> Written:
    start = change.start
    return write(
        start.repository.root,
        change.changes,
        change.message,
        mode=start.mode,
        base=start.base,
        branch=change.branch,
        config=start.config,
        pushes=pushes or start.config.git.push,
    )
