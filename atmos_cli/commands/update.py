"""`atmos update`: take an edited spec, an edited config or newer blueprints into files that people edited."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from atmos_cli import __version__
from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.commands.changes import Change, Start, judge, start_of, write_change
from atmos_cli.config import FILE
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, Severity, fail, in_order
from atmos_cli.foreign import shell
from atmos_cli.gitops.generate import generate
from atmos_cli.gitops.repository import Deployment, Repository, config_of, open_repository
from atmos_cli.gitops.services import ServiceName, environments_of, named_services, stale_inputs
from atmos_cli.gitops.skeleton_update import update_skeleton
from atmos_cli.gitops.write import Written, trailers
from atmos_cli.layout.lock_history import read_lock
from atmos_cli.merge.files import merge_files
from atmos_cli.ports import MemoryTree
from atmos_cli.result import ChangeSet
from atmos_cli.spec.model import read_spec
from atmos_cli.yamlio.locate import locate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.config import Config, WriteMode
    from atmos_cli.layout.lock import Lock
    from atmos_cli.merge.model import Choose, Conflict, Merged, Side
    from atmos_cli.ports import FileTree

SHOWN = 60


@dataclass(frozen=True, slots=True)
class UpdateOptions:
    """How to update. `edited`: files that the command itself changes first, by path; None removes one.

    `ours` and `theirs`: files or services (or `.` for all) whose conflicts that side wins. `environments`: where the
    services are to be as well. `teams` come beside those that have a tenant, `without_team` goes. `with_skeleton`: what
    `init` made, too; None where no service is named.
    """

    mode: WriteMode | None = None
    branch: str | None = None
    edited: Mapping[str, bytes | None] = field(default_factory=dict)
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    restore: bool = False
    environments: tuple[str, ...] = ()
    team: str | None = None
    subject: str = ""
    with_skeleton: bool | None = None
    only_skeleton: bool = False
    teams: tuple[str, ...] = ()
    without_team: str = ""


@dataclass(frozen=True, slots=True)
class ServiceUpdate:
    """What an update makes of one service, or of what `init` made (`name` is None). `reasons`: what is newer."""

    name: ServiceName | None
    reasons: tuple[str, ...]
    merged: Merged
    files: Mapping[str, bytes | None]
    environments: tuple[str, ...] = ()
    blueprints: tuple[str, ...] = ()
    notes: tuple[Diagnostic, ...] = ()

    @property
    def title(self) -> str:
        return str(self.name) if self.name else "the files of init"

    @property
    def pending(self) -> bool:
        """Whether there is something to do: files or fields to change, or conflicts to solve."""
        return bool(self.files or self.merged.conflicts)


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """`problems` are why services were left out; `conflicts` what people have to decide before anything is written."""

    repository: Repository
    updates: tuple[ServiceUpdate, ...]
    problems: tuple[Diagnostic, ...]
    conflicts: tuple[Diagnostic, ...]
    change: Change
    effects: tuple[str, ...] = ()

    @property
    def pending(self) -> tuple[ServiceUpdate, ...]:
        return tuple(each for each in self.updates if each.pending)

    @property
    def refused(self) -> bool:
        return bool(self.conflicts) or self.change.refused

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return all that was found: conflicts, services that were left out, notes, checks and budgets."""
        notes = [note for each in self.updates for note in each.notes]
        return (*self.conflicts, *self.problems, *notes, *self.change.guarded.diagnostics)


def plan_update(repository: Repository, names: Sequence[str], options: UpdateOptions) -> UpdatePlan:
    """Plan the update of the services that are named, or of all and of what `init` made."""
    start = start_of(repository, mode=options.mode)
    tree = MemoryTree(dict(options.edited), tree_to_change(start))
    config, catalogue = config_of(tree), repository.catalogue
    updates: list[ServiceUpdate] = []
    problems: list[Diagnostic] = []
    for name in () if options.only_skeleton else named_services(tree, names, team=options.team):
        try:
            updates.append(_service(tree, name, options, config=config, catalogue=catalogue))
        except AtmosError as error:
            problems += error.diagnostics
    if not names if options.with_skeleton is None else options.with_skeleton:
        skeleton = update_skeleton(
            tree,
            config,
            catalogue,
            choose=_choose(options, None),
            teams=options.teams,
            without=options.without_team,
            restore=options.restore,
        )
        reasons = ("atmos-cli.yaml",) if skeleton.merged.changed else ()
        updates.append(ServiceUpdate(None, reasons, skeleton.merged, skeleton.files))
    conflicts = [_conflict(tree, each, conflict) for each in updates for conflict in each.merged.conflicts]
    change = _change(start, tree, updates, options, names, blocked=bool(conflicts))
    return UpdatePlan(repository, tuple(updates), in_order(problems), tuple(conflicts), change)


def separately(plan: UpdatePlan, options: UpdateOptions, *, pushes: bool) -> Iterator[Written]:
    """Write one commit or branch for each service that is pending, each planned on what the one before left."""
    for each in plan.pending:
        names = (str(each.name),) if each.name else ()
        wanted = replace(options, with_skeleton=each.name is None, only_skeleton=each.name is None)
        repository = open_repository(plan.repository.root, writes=True)
        made = plan_update(repository, names, wanted)
        if made.change.changes.files:
            yield write_change(made.change, pushes=pushes)


def tree_to_change(start: Start) -> FileTree:
    """Return the tree to update: what the change starts from, with the inputs as they are in the checkout."""
    inputs = start.repository.tree
    if start.base.commit is None:
        return inputs
    changed = {path: inputs.read(path) for path in _input_paths(inputs) if inputs.read(path) != start.tree.read(path)}
    return MemoryTree(changed, start.tree)


def _input_paths(tree: FileTree) -> Iterator[str]:
    yield FILE
    yield from (path for path in tree.files("apps") if path.count("/") == 3 and path.endswith("/service.yaml"))
    yield from tree.files("platform/blueprints")
    yield from tree.files("platform/budgets")


def _service(
    tree: FileTree, name: ServiceName, options: UpdateOptions, *, config: Config, catalogue: Catalogue
) -> ServiceUpdate:
    spec_path, lock_path = f"{name.directory}/service.yaml", f"{name.directory}/service.lock"
    data = tree.read(spec_path) or b""
    spec = read_spec(data, path=spec_path)
    if spec.name != name.service:
        message = f"`{spec_path}` describes `{spec.name}`, but its directory says `{name.service}`"
        rename = f"atmos rename {shell(str(name))} {shell(spec.name)}"
        hint = f"write `name: {name.service}` there, or rename it with `{rename}`"
        raise fail(Code.SPEC_PATH_MISMATCH, message, where=Location(spec_path, 1, 1, field="name"), hint=hint)
    lock_data = tree.read(lock_path)
    locks = read_lock(lock_data, path=lock_path)
    environments = environments_of(tree, name, locks, config, also=options.environments)
    if not environments:
        message = f"`{name}` is in no environment of {FILE}"
        hint = f"`atmos update {shell(str(name))} --env {shell(next(iter(config.environments)))}` puts it into one"
        raise fail(Code.ENVIRONMENT_UNKNOWN, message, hint=hint, where=Location(spec_path, 1, 1))
    made = generate(spec, team=name.team, environments=environments, config=config, catalogue=catalogue, spec_data=data)
    bases = [{path: each for path, each in lock.files.items() if path != spec_path} for lock in locks]
    merged = merge_files(
        tree,
        root=name.directory,
        bases=bases,
        theirs=made.contents,
        choose=_choose(options, name),
        restore=options.restore,
    )
    files = dict(merged.files)
    lock = made.files[lock_path]
    if lock != lock_data:
        files[lock_path] = lock
    reasons = tuple(_reasons(locks, made.lock, spec_path)) if files or merged.conflicts else ()
    notes = tuple(_lock_notes(locks, lock_path))
    return ServiceUpdate(name, reasons, merged, files, environments, made.lock.blueprints, notes)


def _reasons(locks: Sequence[Lock], now: Lock, spec_path: str) -> Iterator[str]:
    """Say what is newer than the lock: fields of the spec, blueprints, inputs from the config."""
    if not locks:
        yield "there is no lock"
        return
    before = locks[0]
    old, new = before.files.get(spec_path), now.files[spec_path]
    if isinstance(old, tuple) and isinstance(new, tuple):
        yield from (f"service.yaml: {each}" for each in _changed_keys(old[0], new[0]))
    tags = set(before.blueprints) - set(now.blueprints), set(now.blueprints) - set(before.blueprints)
    for tag in sorted(tags[1]):
        name = tag.partition("@")[0]
        was = next((each for each in tags[0] if each.partition("@")[0] == name), "")
        yield f"blueprint {was} → {tag}" if was else f"blueprint {tag}"
    yield from (f"blueprint {tag} is not used any more" for tag in sorted(tags[0]) if not _same_name(tag, tags[1]))
    if before.inputs:
        named = ("generation",)
        yield from (
            f"{FILE}: {each}"
            for each in stale_inputs(before, now.inputs)
            if not each.startswith("blueprints.") and each not in named
        )


def _same_name(tag: str, tags: set[str]) -> bool:
    return any(each.partition("@")[0] == tag.partition("@")[0] for each in tags)


def _changed_keys(old: object, new: object) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            if old.get(key) != new.get(key):
                yield f"{key} {_short(old.get(key))} → {_short(new.get(key))}"


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _lock_notes(locks: Sequence[Lock], path: str) -> Iterator[Diagnostic]:
    for number in sorted({line for lock in locks for line in lock.edited})[:1]:
        message = f"line {number} of `{path}` was edited, so atmos does not know what it had generated there"
        hint = f"take it back with `git checkout -- {shell(path)}`, or answer what the update asks"
        where = Location(path, number, 1)
        yield Diagnostic(Code.LOCK_UNREADABLE, message, Severity.WARNING, where=where, hint=hint)


def _choose(options: UpdateOptions, name: ServiceName | None) -> Choose:
    def wins(sides: tuple[str, ...], conflict: Conflict) -> bool:
        names = {conflict.file, ".", str(name), name.service} if name else {conflict.file, "."}
        under = any(conflict.file.startswith(f"{each.rstrip('/')}/") for each in sides)
        return under or any(each in names for each in sides)

    def choose(conflict: Conflict) -> Side | None:
        if wins(options.ours, conflict):
            return "ours"
        return "theirs" if wins(options.theirs, conflict) else None

    return choose


def _conflict(tree: FileTree, update: ServiceUpdate, conflict: Conflict) -> Diagnostic:
    """Return a conflict as a located finding with the three values and what theirs comes from."""
    data = tree.read(conflict.file) or b""
    line, column = locate(data, conflict.document, conflict.at) if conflict.at else (1, 1)
    what = f"`{conflict.field}`" if conflict.field else f"`{conflict.why or conflict.file}`"
    was, yours, now = map(_value, (conflict.base, conflict.ours, conflict.theirs))
    values = f"generated was {was}, yours is {yours}, now it would be {now}"
    source = f" ({'; '.join(update.reasons)})" if update.reasons else ""
    message = f"{what} was changed by hand, and would be generated otherwise: {values}{source}"
    command = f"atmos update {shell(str(update.name))}" if update.name else "atmos update"
    path = shell(conflict.file)
    hint = f"`{command} --ours {path}` keeps yours, `{command} --theirs {path}` takes the new one"
    where = Location(conflict.file, line, column, field=conflict.field)
    return Diagnostic(Code.UPDATE_CONFLICT, message, where=where, hint=hint)


def _value(value: object) -> str:
    if isinstance(value, dict | list):
        return f"another {'mapping' if isinstance(value, dict) else 'list'}"
    return f"`{_short(value)}`"


def _change(
    start: Start,
    tree: FileTree,
    updates: Sequence[ServiceUpdate],
    options: UpdateOptions,
    names: Sequence[str],
    *,
    blocked: bool,
) -> Change:
    files: dict[str, bytes | None] = {}
    for each in () if blocked else updates:
        files |= each.files
    pending = [each for each in updates if each.pending]
    if not blocked and (files or options.edited):
        files = _edited_inputs(start, tree, pending, options) | files
    changes = _change_set(start, files)
    touched = [
        Deployment(each.name.team, each.name.service, environment)
        for each in pending
        if each.name
        for environment in each.environments
    ]
    environments = list(config_of(MemoryTree(dict(files), start.tree)).environments) if files else []
    after, guarded = judge(start, changes, touched=touched, environments=environments)
    again = None
    if not options.edited:
        again = lambda: plan_update(open_repository(start.repository.root, writes=True), names, options).change  # noqa: E731
    return Change(
        start,
        changes,
        after,
        guarded,
        tuple(touched),
        _message(pending, options),
        options.branch or _branch(pending),
        again,
    )


def _edited_inputs(
    start: Start, tree: FileTree, pending: Sequence[ServiceUpdate], options: UpdateOptions
) -> dict[str, bytes | None]:
    """Return the inputs that the update read and that are not committed: they are part of its commit."""
    found: dict[str, bytes | None] = dict(options.edited)
    committed = _committed(start)
    paths = [f"{each.name.directory}/service.yaml" for each in pending if each.name]
    for path in (FILE, *paths):
        if committed is not None and path not in found and tree.read(path) != committed.read(path):
            found[path] = tree.read(path)
    return found


def _committed(start: Start) -> FileTree | None:
    if start.base.commit is not None:
        return start.tree
    if start.mode == "files" or start.states.repo is None:
        return None
    commit = repos.resolve(start.states.repo, "HEAD")
    return CommitTree(start.states.repo, commit) if commit else None


def _change_set(start: Start, files: Mapping[str, bytes | None]) -> ChangeSet:
    return ChangeSet(dict(files), {path: start.tree.read(path) for path in files})


def _branch(pending: Sequence[ServiceUpdate]) -> str:
    named = [each.name for each in pending if each.name]
    return f"atmos/update-{named[0].service}" if len(named) == 1 else "atmos/update"


def _message(pending: Sequence[ServiceUpdate], options: UpdateOptions) -> str:
    titles = [each.title for each in pending]
    shown = ", ".join(titles) if len(titles) <= 3 else f"{len(titles)} services"
    subject = options.subject or f"Update {shown}"
    body = "\n".join(f"{each.title}: {reason}" for each in pending for reason in each.reasons[:20])
    values = {"Service": ", ".join(str(each.name) for each in pending if each.name), "Version": __version__}
    tail = trailers({key: value for key, value in values.items() if value})
    return "\n\n".join(part for part in (subject, body, tail) if part) + "\n"
