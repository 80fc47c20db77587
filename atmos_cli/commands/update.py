"""`atmos update`: take an edited spec, an edited config or newer blueprints into files that people edited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli import __version__
from atmos_cli.adapters.bundle import catalogue
from atmos_cli.commands.changes import Change, Start, asking, judge, start_of, write_change
from atmos_cli.commands.first_images import RollbackGate, with_first_images
from atmos_cli.commands.inputs import require_committed, taken_along, tree_to_change, uncommitted_inputs
from atmos_cli.config import FILE
from atmos_cli.diagnostics import AtmosError, Diagnostic, in_order
from atmos_cli.gitops.first_images import no_image
from atmos_cli.gitops.guard import Guarded
from atmos_cli.gitops.inputs import Inputs
from atmos_cli.gitops.repository import Deployment, Repository, config_of, open_repository
from atmos_cli.gitops.service_update import ServiceUpdate, UpdateOptions, chooser, conflict_finding, update_service
from atmos_cli.gitops.services import named_services
from atmos_cli.gitops.skeleton_update import update_skeleton
from atmos_cli.gitops.tool_findings import tool_findings
from atmos_cli.gitops.write import Written, trailers
from atmos_cli.history.merged_branches import GitBranches
from atmos_cli.ports import MemoryTree
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.gitops.first_images import Barred
    from atmos_cli.ports import FileTree
    from atmos_cli.versions.judge import Bump

# Where no input of what `init` made is known to have changed.
NEWER = f"{FILE}, or another version of atmos"


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """`problems` are why services were left out; `conflicts` what people have to decide before anything is written.

    `notes`: what else is said of the repo.
    """

    repository: Repository
    updates: tuple[ServiceUpdate, ...]
    problems: tuple[Diagnostic, ...]
    conflicts: tuple[Diagnostic, ...]
    change: Change
    notes: tuple[Diagnostic, ...] = ()

    @property
    def effects(self) -> tuple[str, ...]:
        """Return what happens to what runs, one line each."""
        return self.change.guarded.effects

    @property
    def bumps(self) -> dict[Bump, tuple[ServiceUpdate, ...]]:
        """Return the versions of what other people release that change, with what they change in."""
        every = dict.fromkeys(bump for each in self.pending for bump in each.bumps)
        return {bump: tuple(each for each in self.pending if bump in each.bumps) for bump in every}

    @property
    def takes_along(self) -> tuple[str, ...]:
        """Return the inputs that were edited and not committed, and become part of what is written."""
        return tuple(sorted(self.change.changes.inputs))

    @property
    def pending(self) -> tuple[ServiceUpdate, ...]:
        return tuple(each for each in self.updates if each.pending)

    @property
    def refused(self) -> bool:
        return bool(self.conflicts) or self.change.refused

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return all that was found: conflicts, services that were left out, notes, checks and budgets."""
        notes = [*self.notes, *(note for each in self.updates for note in each.notes)]
        return (*self.conflicts, *self.problems, *notes, *self.change.guarded.diagnostics)


def plan_update(repository: Repository, names: Sequence[str], options: UpdateOptions) -> UpdatePlan:
    """Plan the update of the services that are named, or of all and of what `init` made."""
    start = start_of(repository, mode="branch" if options.request_approval else options.mode)
    tree = MemoryTree(dict(options.edited), tree_to_change(start))
    config, blueprints = config_of(tree), catalogue(tree)
    inputs = Inputs(config, blueprints)
    rolled = RollbackGate(repository)
    branches = GitBranches(start.states.repo, start.base.commit)
    barred: Barred = no_image if options.force or options.only_check else rolled
    updates: list[ServiceUpdate] = []
    problems: list[Diagnostic] = []
    for name in () if options.only_skeleton else named_services(tree, names, team=options.team):
        try:
            updates.append(update_service(tree, name, options, inputs=inputs, barred=barred, branches=branches))
        except AtmosError as error:
            problems += error.diagnostics
    notes: tuple[Diagnostic, ...] = ()
    if not names if options.with_skeleton is None else options.with_skeleton:
        skeleton = update_skeleton(
            tree,
            config,
            blueprints,
            choose=chooser(options, None),
            teams=options.teams,
            without=options.without_team,
            restore=options.restore,
        )
        reasons = skeleton.reasons or ((NEWER,) if skeleton.merged.changed else ())
        updates.append(ServiceUpdate(None, reasons, skeleton.merged, skeleton.files))
        notes = tuple(tool_findings(MemoryTree(dict(skeleton.files), tree), config, running=__version__))
    conflicts = [conflict_finding(tree, each, conflict) for each in updates for conflict in each.merged.conflicts]
    change = _change(start, tree, updates, options, names, rolled, blocked=bool(conflicts))
    return UpdatePlan(repository, tuple(updates), in_order(problems), tuple(conflicts), change, notes)


def replacing_nothing(plan: UpdatePlan) -> UpdatePlan:
    """Return the plan of a command that cannot let objects be replaced: its hints name the one that can."""
    return hinting(plan, "`--allow-replace`", "`atmos update --allow-replace`")


def hinting(plan: UpdatePlan, option: str, instead: str) -> UpdatePlan:
    """Return the plan with `instead` in each hint that names an option which the command at hand has not."""
    guarded = plan.change.guarded
    found = tuple(replace(each, hint=each.hint.replace(option, instead)) for each in guarded.diagnostics)
    return replace(plan, change=replace(plan.change, guarded=replace(guarded, diagnostics=found)))


def separately(plan: UpdatePlan, options: UpdateOptions, *, pushes: bool | None) -> Iterator[Written]:
    """Write one commit or branch for each service that is pending, each planned on what the one before left."""
    for each in plan.pending:
        names = (str(each.name),) if each.name else ()
        wanted = replace(options, with_skeleton=each.name is None, only_skeleton=each.name is None)
        repository = open_repository(plan.repository.root, writes=True)
        made = plan_update(repository, names, wanted)
        if made.change.changes.files:
            yield write_change(made.change, pushes=pushes)


def _change(
    start: Start,
    tree: FileTree,
    updates: Sequence[ServiceUpdate],
    options: UpdateOptions,
    names: Sequence[str],
    rolled: RollbackGate,
    *,
    blocked: bool,
) -> Change:
    files: dict[str, bytes | None] = {}
    for each in () if blocked else updates:
        files |= each.files
    pending = [each for each in updates if each.pending]
    inputs: dict[str, bytes | None] = dict(options.edited) if not blocked else {}
    if not blocked and (files or options.edited):
        specs = [f"{each.name.directory}/service.yaml" for each in pending if each.name]
        inputs = uncommitted_inputs(start, tree, specs) | inputs
    files = inputs | files
    if files and not options.only_check:
        require_committed(start, [each.name.directory for each in pending if each.name])
    changes = ChangeSet(files, {path: start.tree.read(path) for path in files}, taken_along(start, inputs))
    if options.only_check:
        return Change(start, changes, start.before, Guarded(), (), _message(pending, options), options.branch or "")
    touched = [
        Deployment(each.name.team, each.name.service, environment)
        for each in pending
        if each.name
        for environment in each.environments
    ]
    environments = list(config_of(MemoryTree(dict(files), start.tree)).environments) if files else []
    after, guarded = judge(
        start,
        changes,
        touched=touched,
        environments=environments,
        allow_replace=options.allow_replace,
        may_go=options.may_go,
        renamed={(each.name.team, each.name.service): each.renamed for each in pending if each.name},
    )
    guarded, forced_by = with_first_images(start, after, guarded, touched=touched, rolled=rolled, force=options.force)

    def again() -> Change:
        return plan_update(open_repository(start.repository.root, writes=True), names, options).change

    change = Change(
        start,
        changes,
        after,
        guarded,
        tuple(touched),
        _message(pending, options, forced_by=forced_by),
        options.branch or _branch(pending),
        None if options.edited else again,
    )
    return asking(change) if options.request_approval else change


def _branch(pending: Sequence[ServiceUpdate]) -> str:
    named = [each.name for each in pending if each.name]
    return f"atmos/update-{named[0].service}" if len(named) == 1 else "atmos/update"


def _message(pending: Sequence[ServiceUpdate], options: UpdateOptions, *, forced_by: str = "") -> str:
    titles = [each.title for each in pending]
    shown = ", ".join(titles) if len(titles) <= 3 else f"{len(titles)} services"
    subject = options.subject or f"Update {shown}"
    body = "\n".join(f"{each.title}: {reason}" for each in pending for reason in each.reasons[:20])
    services = ", ".join(str(each.name) for each in pending if each.name)
    values = {"Service": services, "Forced-By": forced_by, "Version": __version__}
    tail = trailers({key: value for key, value in values.items() if value})
    return "\n\n".join(part for part in (subject, body, tail) if part) + "\n"
