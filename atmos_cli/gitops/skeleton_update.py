"""What `init` makes, taken into the files that are there: what is missing comes, what people changed is merged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from atmos_cli.blueprint.nouns import spec_schema
from atmos_cli.budget.model import budget_path, read_budget
from atmos_cli.config import FILE
from atmos_cli.gitops.inputs import changed_inputs, skeleton_inputs
from atmos_cli.gitops.repository import teams as teams_of
from atmos_cli.layout.lock import Content, Digest, GeneratedFile, Lock, Text, lock_text
from atmos_cli.layout.lock_history import read_lock
from atmos_cli.layout.owners import OWNERS, PLACES, owners_place
from atmos_cli.layout.skeleton import SPEC_SCHEMA, default_budget, skeleton
from atmos_cli.merge.files import merge_files
from atmos_cli.merge.model import MISSING, Conflict
from atmos_cli.merge.text import digest
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.load import load_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.config import Config
    from atmos_cli.merge.model import Choose, Merged
    from atmos_cli.ports import FileTree

INIT_LOCK = "atmos-cli.lock"
# Generated files that are no YAML, or whose comments and order a person would miss.
_TEXTS = (
    *dict.fromkeys(path for paths in PLACES.values() for path in paths),
    ".gitattributes",
    ".pre-commit-config.yaml",
    ".github/",
    ".gitlab",
)


@dataclass(frozen=True, slots=True)
class SkeletonUpdate:
    """`files` are those to write, with the lock; `merged` says what happened to each.

    `edited`: files that are not as generated, even then, because people changed them. `foreign`: those of them that
    atmos never wrote, with what it would have in each; `own` are the paths of its own files. `reasons`: what changed
    of what they are made from, as far as the lock has it.
    """

    merged: Merged
    files: Mapping[str, bytes | None]
    edited: tuple[str, ...] = ()
    foreign: Mapping[str, bytes] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    reasons: tuple[str, ...] = ()


def update_skeleton(
    tree: FileTree,
    config: Config,
    catalogue: Catalogue,
    *,
    choose: Choose,
    teams: Sequence[str] = (),
    without: str = "",
    restore: bool = False,
    restore_files: bool = False,
) -> SkeletonUpdate:
    """Merge all that `init` makes for this config into the tree; `teams` come beside those that are there.

    `without` is a team that goes. `restore` brings back what people deleted, `restore_files` only files as a whole.
    Inputs (the config and the budgets) are written where they are missing, and never merged.
    """
    owners = sorted({*teams_of(tree), *teams} - {without})
    budgets = {
        name: read_budget(data, environment=name)
        if (data := tree.read(budget_path(name))) is not None
        else default_budget(name, production=environment.production)
        for name, environment in config.environments.items()
    }
    configured = sorted({path.split("/")[2] for path in tree.files("infrastructure/configs") if path.count("/") > 2})
    place = owners_place(tree, config.forge)
    made = skeleton(
        config,
        teams=owners,
        budgets=budgets,
        configured=configured,
        spec_schema=spec_schema(catalogue),
        kinds=catalogue.cluster_kinds,
        versions=catalogue.versions,
        owners=place,
    )
    inputs = {FILE, *(budget_path(name) for name in budgets)}
    files: dict[str, bytes | None] = {p: made[p] for p in sorted(inputs) if p in made and tree.read(p) is None}
    theirs = {path: GeneratedFile(data, _content(path, data)) for path, data in made.items() if path not in inputs}
    lock_data = tree.read(INIT_LOCK)
    locks = _locks(lock_data, tree, theirs)
    bases = [_with_owners_at(place, lock.files, tree) for lock in locks]
    # The first format knows no file that people edited, so that those would pass for theirs.
    whole = lock_data is not None and not lock_data.startswith(b"sha256:")
    left = _left_to_people(tree, bases, theirs, choose) if whole else frozenset[str]()
    merged = merge_files(
        tree,
        bases=bases,
        theirs={path: each for path, each in theirs.items() if path not in left},
        choose=choose,
        restore=restore,
        restore_files=restore or restore_files,
    )
    files |= merged.files
    generated = {path: each.content for path, each in theirs.items() if path not in left}
    for path in {each.file for each in merged.conflicts}:  # still to be decided, from where it was
        generated.pop(path, None)
        if bases and path in bases[0]:
            generated[path] = bases[0][path]
    before = locks[0].inputs if locks else {}
    inputs_now = skeleton_inputs(config, budgets)
    # A key that changes no file of these leaves the lock alone, so that nothing is pending for it.
    if lock_text(Lock(generated, inputs=before)).encode() != lock_data:
        files[INIT_LOCK] = lock_text(Lock(generated, inputs=inputs_now)).encode()
    reasons = tuple(changed_inputs(before, inputs_now)) if merged.changed or merged.conflicts else ()
    after = MemoryTree(files, tree)
    edited = tuple(path for path in sorted(theirs) if after.read(path) not in (None, theirs[path].data))
    known = {path for base in bases for path in base}
    foreign = {path: theirs[path].data for path in edited if path not in known and tree.read(path) is not None}
    return SkeletonUpdate(merged, files, edited, foreign, frozenset(made) - foreign.keys(), reasons)


def _left_to_people(
    tree: FileTree, bases: Sequence[Mapping[str, Content]], theirs: Mapping[str, GeneratedFile], choose: Choose
) -> frozenset[str]:
    """Return the texts that people had before atmos came, unless a side is chosen: `init` says how to wire them."""
    return frozenset(
        path
        for path, each in theirs.items()
        if bases
        and isinstance(each.content, Text)
        and not any(path in base for base in bases)
        and tree.read(path) not in (None, each.data)
        and choose(Conflict(path, "", MISSING, MISSING, MISSING)) is None
    )


def _with_owners_at(place: str, known: Mapping[str, Content], tree: FileTree) -> Mapping[str, Content]:
    """Return what a lock knows, with the file of owners at `place`, where people moved it."""
    before = next((path for path in known if path.rpartition("/")[2] == OWNERS and tree.read(path) is None), None)
    if before is None or place in known or tree.read(place) is None:
        return known
    return {**{path: each for path, each in known.items() if path != before}, place: known[before]}


def _content(path: str, data: bytes) -> Content:
    if path == SPEC_SCHEMA:
        return digest(data)
    if path.startswith(_TEXTS) or not path.endswith((".yaml", ".json")):
        return Text(data.decode())
    return tuple(each.value for each in load_all(data, path=path))


def _locks(data: bytes | None, tree: FileTree, theirs: Mapping[str, GeneratedFile]) -> tuple[Lock, ...]:
    """Read the lock. The first format knows files by digest: one that is still as it was is its own base."""
    lines = (data or b"").decode("utf-8", "replace").splitlines()
    if data is None or not lines or not lines[0].startswith("sha256:"):
        return read_lock(data, path=INIT_LOCK)
    known: dict[str, Content] = {}
    for line in lines:
        mark, _, path = line.partition(" ")
        there = tree.read(path)
        if there is not None and digest(there).sha256 == mark:
            same_kind = theirs.get(path)
            content = same_kind.content if same_kind else ()
            known[path] = Digest(mark) if isinstance(content, Digest) else _content(path, there)
        elif path not in theirs:
            continue
        elif there is None:
            known[path] = theirs[path].content
    return (Lock(known),)
