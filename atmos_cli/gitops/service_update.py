"""One service taken to what its spec, the config and the blueprints generate now, and how that is told to people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from atmos_cli.blueprint.service_facts import image_of
from atmos_cli.config import FILE
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, fail
from atmos_cli.foreign import shell
from atmos_cli.gitops.first_images import Barred, FirstImages, first_images, no_image
from atmos_cli.gitops.generate import generate
from atmos_cli.gitops.moved_services import require_unmoved
from atmos_cli.gitops.pending import is_current
from atmos_cli.gitops.services import ServiceName, environments_of
from atmos_cli.gitops.update_reasons import lock_notes, reasons_of
from atmos_cli.layout.lock_history import read_lock
from atmos_cli.merge.files import merge_files
from atmos_cli.merge.model import MISSING, Merged
from atmos_cli.merge.shown import shown_value
from atmos_cli.merge.unmerged import unmerged_files
from atmos_cli.ports import MemoryTree
from atmos_cli.spec.model import ServiceSpec, read_spec
from atmos_cli.versions.judge import bump
from atmos_cli.yamlio.load import load_all
from atmos_cli.yamlio.locate import block_line, locate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from atmos_cli.blueprint.composed import DeclaredRename
    from atmos_cli.config import Config, WriteMode
    from atmos_cli.gitops.inputs import Inputs
    from atmos_cli.gitops.repository import Deployment
    from atmos_cli.layout.lock import Lock
    from atmos_cli.merge.model import Choose, Conflict, Side
    from atmos_cli.ports import FileTree
    from atmos_cli.versions.judge import Bump


class Branches(Protocol):
    """The branches that Git merged into the tree, or is about to."""

    def locks(self, path: str, stamps: frozenset[str]) -> Iterable[bytes]:
        """Return the locks of which Git made that at `path`, by their stamps."""
        ...

    def sides(self, path: str) -> tuple[bytes, bytes] | None:
        """Return the file as each of them has it, None where one has it not."""
        ...


@dataclass(frozen=True, slots=True)
class NoBranches:
    """A tree without history."""

    def locks(self, path: str, stamps: frozenset[str]) -> Iterable[bytes]:
        del path, stamps
        return ()

    def sides(self, path: str) -> tuple[bytes, bytes] | None:
        del path
        return None


NO_BRANCHES = NoBranches()


@dataclass(frozen=True, slots=True)
class UpdateOptions:
    """How to update. `edited`: files that the command itself changes first, by path; None removes one.

    `ours` and `theirs`: files, fields of them (`FILE#FIELD`), services or `.` for all, whose conflicts that side wins.
    `only_check` leaves checks and budgets out. `environments`: where the services are to be as well. `allow_replace`:
    objects may be replaced, also those with data. `request_approval`: a branch that asks where it is over a budget.
    `teams` come beside those that have a tenant, `without_team` goes. `with_skeleton`: what `init` made, too; None
    where no service is named. `like`: new overlays begin with the images of this environment, with `force` even with
    those that were rolled back. `may_go`: deployments that end, whose data a person was asked about.
    """

    mode: WriteMode | None = None
    branch: str | None = None
    edited: Mapping[str, bytes | None] = field(default_factory=dict)
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    restore: bool = False
    allow_replace: bool = False
    request_approval: bool = False
    environments: tuple[str, ...] = ()
    only_check: bool = False
    team: str | None = None
    subject: str = ""
    with_skeleton: bool | None = None
    only_skeleton: bool = False
    teams: tuple[str, ...] = ()
    without_team: str = ""
    like: str = ""
    force: bool = False
    may_go: tuple[Deployment, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceUpdate:
    """What an update makes of one service, or of what `init` made (`name` is None). `reasons`: what is newer.

    `bumps`: versions of what other people release that change with it. `first_images`: what new overlays
    begin with.
    """

    name: ServiceName | None
    reasons: tuple[str, ...]
    merged: Merged
    files: Mapping[str, bytes | None]
    environments: tuple[str, ...] = ()
    blueprints: tuple[str, ...] = ()
    notes: tuple[Diagnostic, ...] = ()
    renamed: tuple[DeclaredRename, ...] = ()
    bumps: tuple[Bump, ...] = ()
    first_images: tuple[FirstImages, ...] = ()

    @property
    def title(self) -> str:
        return str(self.name) if self.name else "the files of init"

    @property
    def pending(self) -> bool:
        """Return whether there is something to do: files or fields to change, or conflicts to solve."""
        return bool(self.files or self.merged.conflicts)


def update_service(
    tree: FileTree,
    name: ServiceName,
    options: UpdateOptions,
    *,
    inputs: Inputs,
    barred: Barred = no_image,
    branches: Branches = NO_BRANCHES,
) -> ServiceUpdate:
    """Merge what the spec, the config and the blueprints now generate into the files of one service.

    `barred` says which images a new overlay must not begin with.
    """
    if not (options.restore or options.environments) and _is_current(tree, name, inputs):
        return ServiceUpdate(name, (), Merged({}), {})
    config = inputs.config
    spec_path, lock_path = f"{name.directory}/service.yaml", f"{name.directory}/service.lock"
    data = tree.read(spec_path) or b""
    spec = read_spec(data, path=spec_path)
    if spec.name != name.service:
        require_unmoved(tree, name)
        message = f"`{spec_path}` describes `{spec.name}`, but its directory says `{name.service}`"
        rename = f"atmos rename {shell(str(name))} {shell(spec.name)}"
        hint = f"write `name: {name.service}` there, or rename it with `{rename}`"
        raise fail(Code.SPEC_PATH_MISMATCH, message, where=Location(spec_path, 1, 1, field="name"), hint=hint)
    lock_data = tree.read(lock_path)
    locks = read_lock(lock_data, path=lock_path)
    require_unmoved(tree, name, locks)
    config.named(options.environments)
    environments = environments_of(tree, name, locks, config, also=options.environments)
    if not environments:
        message = f"`{name}` is in no environment of {FILE}"
        hint = f"`atmos update {shell(str(name))} --env {shell(next(iter(config.environments)))}` puts it into one"
        raise fail(Code.ENVIRONMENT_UNKNOWN, message, hint=hint, where=Location(spec_path, 1, 1))
    made = generate(
        spec, team=name.team, environments=environments, config=config, catalogue=inputs.catalogue, spec_data=data
    )
    again = tuple(f"{name.directory}/overlays/{each}/" for each in options.environments)
    again = tuple(each for each in again if not any(True for _ in tree.files(each.rstrip("/"))))
    bases = [
        {
            path: each
            for path, each in lock.files.items()
            if path != spec_path and not (again and path.startswith(again))
        }
        for lock in (*locks, *_merged_locks(locks, lock_path, branches))
    ]
    there = dict.fromkeys((*tree.files(name.directory), *(path for base in bases for path in base)))
    manifests = [path for path in there if path.endswith((".yaml", ".yml")) and path != spec_path]
    unmerged = unmerged_files(tree, manifests, root=name.directory, bases=bases, sides=branches.sides)
    tree = MemoryTree(unmerged, tree)
    merged = merge_files(
        tree,
        root=name.directory,
        bases=bases,
        theirs=made.contents,
        choose=chooser(options, name),
        restore=options.restore,
        renamed=made.renamed,
    )
    files: dict[str, bytes | None] = {**unmerged, **merged.files}
    first = [*_first_images(tree, name, files, spec, options, config, barred)]
    files |= {path: changed for _, path, changed in first}
    lock = made.files[lock_path]
    if lock != lock_data:
        files[lock_path] = lock
    found = (bump(inputs.catalogue.versions, each.before, each.after) for each in merged.changed)
    bumps = tuple(dict.fromkeys(each for each in found if each))
    reasons = (*reasons_of(locks, made.lock, spec_path), *map(str, bumps)) if files or merged.conflicts else ()
    notes = (*lock_notes(locks, lock_path), *(each for one, _, _ in first for each in one.avoided))
    return ServiceUpdate(
        name,
        reasons,
        merged,
        files,
        environments,
        made.lock.blueprints,
        notes,
        made.renamed,
        bumps,
        tuple(each for each, _, _ in first if each.source),
    )


def _merged_locks(locks: Sequence[Lock], path: str, branches: Branches) -> Iterator[Lock]:
    """Yield the locks of which Git made one: it says of no field which of the two generated it."""
    stamps = frozenset(stamp for lock in locks for stamp in lock.stamps)
    for data in branches.locks(path, stamps) if len(stamps) > 1 else ():
        yield from read_lock(data, path=path)


def _is_current(tree: FileTree, name: ServiceName, inputs: Inputs) -> bool:
    """Say whether nothing can be newer; what cannot be read is not, and whoever reads all of it says why."""
    try:
        return is_current(tree, name, inputs)
    except AtmosError:
        return False


def _first_images(
    tree: FileTree,
    name: ServiceName,
    files: Mapping[str, bytes | None],
    spec: ServiceSpec,
    options: UpdateOptions,
    config: Config,
    barred: Barred,
) -> Iterator[tuple[FirstImages, str, bytes]]:
    """Yield what new overlays begin with; where the spec names an image for an environment, that one stands."""
    own = [each for each, values in spec.environments.items() if values.image]
    wanted = {path: data for path, data in files.items() if path.split("/")[4:5] not in [[each] for each in own]}
    bare = spec.model_copy(update={"image": None, "environments": {}})
    made_up = image_of(bare, team=name.team, environment=next(iter(config.environments)), config=config)
    order = tuple(config.environments)
    yield from first_images(tree, name, wanted, order, like=options.like, placeholder=made_up, barred=barred)


def chooser(options: UpdateOptions, name: ServiceName | None) -> Choose:
    """Return who decides conflicts: the side that the options name for a file, a service or all."""

    def wins(sides: tuple[str, ...], conflict: Conflict) -> bool:
        names = {conflict.file, conflict_id(conflict), "."} | ({str(name), name.service} if name else set())
        under = any(conflict.file.startswith(f"{each.rstrip('/')}/") for each in sides)
        return under or any(each in names for each in sides)

    def choose(conflict: Conflict) -> Side | None:
        if wins(options.ours, conflict):
            return "ours"
        return "theirs" if wins(options.theirs, conflict) else None

    return choose


def conflict_id(conflict: Conflict) -> str:
    """Return what `--ours` and `--theirs` call a single conflict: `FILE#FIELD`."""
    return f"{conflict.file}#{conflict.field}"


def conflict_finding(tree: FileTree, update: ServiceUpdate, conflict: Conflict) -> Diagnostic:
    """Return a conflict as a located finding with the three values and what theirs comes from."""
    data = tree.read(conflict.file) or b""
    line, column = _place(data, conflict)
    what = f"`{conflict.field}`" if conflict.field else f"`{conflict.why or conflict.file}`"
    was, yours, now = (_value(conflict, each) for each in (conflict.base, conflict.ours, conflict.theirs))
    values = f"generated was {was}, yours is {yours}, now it would be {now}"
    source = f" ({'; '.join(update.reasons)})" if update.reasons else ""
    message = f"{what} was changed by hand, and would be generated otherwise: {values}{source}"
    command = f"atmos update {shell(str(update.name))}" if update.name else "atmos update"
    path = shell(conflict.file)
    hint = f"`{command} --ours {path}` keeps yours, `{command} --theirs {path}` takes the new one"
    where = Location(conflict.file, line, column, field=conflict.field)
    return Diagnostic(Code.UPDATE_CONFLICT, message, where=where, hint=hint)


def _place(data: bytes, conflict: Conflict) -> tuple[int, int]:
    """Return line and column of a field, also of one inside an inline patch."""
    if not conflict.at:
        return 1, 1
    if not conflict.inner:
        return locate(data, conflict.document, conflict.at)
    text: Any = load_all(data)[conflict.document].value
    for step in conflict.at:
        text = text[step]
    first, lines = block_line(data, conflict.document, conflict.at), data.splitlines()
    line, column = locate(text.encode(), 0, conflict.inner) if isinstance(text, str) else (1, 1)
    shown = lines[first - 1] if first <= len(lines) else b""
    return first + line - 1, column + len(shown) - len(shown.lstrip())


def _value(conflict: Conflict, value: object) -> str:
    if isinstance(value, dict) and not conflict.field:
        return "the object"
    return shown_value(value) if value is MISSING or not conflict.field else f"`{shown_value(value)}`"
