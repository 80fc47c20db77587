"""The inputs of an update: specs, config, blueprints and budgets as the checkout has them, and which go along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.directory_tree import DirectoryTree
from atmos_cli.adapters.git.status import require_clean, unmerged
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.config import FILE
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, fail
from atmos_cli.foreign import shell
from atmos_cli.ports import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from atmos_cli.commands.changes import Start
    from atmos_cli.ports import FileTree

DIRECTORIES = ("platform/blueprints", "platform/budgets")


def tree_to_change(start: Start) -> FileTree:
    """Return the tree to update: what the change starts from, with the inputs that were edited in the checkout.

    In branch mode an input that is only older in the checkout is that of the base branch. Raises AtmosError for one
    that was edited here and changed there, too.
    """
    here = start.repository.tree
    if start.base.commit is None:
        return here
    repo = start.states.repo
    head = repos.resolve(repo, "HEAD") if repo else None
    left = repos.merge_base(repo, start.base.commit, head) if repo and head else None
    before = CommitTree(repo, left) if repo and left else start.tree
    edited = {path: here.read(path) for path in _inputs(here, start.tree) if here.read(path) != before.read(path)}
    wrong = [path for path in edited if start.tree.read(path) not in (before.read(path), edited[path])]
    if wrong:
        raise AtmosError(*(_changed_on_both_sides(path, start.config.git.branch) for path in wrong), exit_code=1)
    return MemoryTree(edited, start.tree)


def _changed_on_both_sides(path: str, branch: str) -> Diagnostic:
    message = f"`{path}` was edited here, and changed on {branch} since"
    hint = f"merge or rebase first: `git rebase {shell(branch)}`"
    return Diagnostic(Code.FILE_CHANGED, message, where=Location(path, 1, 1), hint=hint)


def _inputs(*trees: FileTree) -> Iterator[str]:
    yield FILE
    found: dict[str, None] = {}
    for tree in trees:
        found |= dict.fromkeys(path for path in tree.files("apps") if _is_spec(path))
        for directory in DIRECTORIES:
            found |= dict.fromkeys(tree.files(directory))
    yield from found


def _is_spec(path: str) -> bool:
    steps = path.split("/")
    return len(steps) == 4 and (steps[0], steps[3]) == ("apps", "service.yaml")


def uncommitted_inputs(start: Start, tree: FileTree, specs: Iterable[str]) -> dict[str, bytes | None]:
    """Return the inputs that an update read, with the specs at these paths, and that are not in what it starts from."""
    committed = _committed(start)
    if committed is None:
        return {}
    return edited_inputs(tree, committed, specs)


def edited_inputs(tree: FileTree, committed: FileTree, specs: Iterable[str] = ()) -> dict[str, bytes | None]:
    """Return the inputs of a tree that are not as they are committed: config, budgets, blueprints, these specs."""
    wanted = {FILE, *specs, *(path for each in (tree, committed) for name in DIRECTORIES for path in each.files(name))}
    return {path: tree.read(path) for path in sorted(wanted) if tree.read(path) != committed.read(path)}


def require_committed(start: Start, directories: Iterable[str]) -> None:
    """Check that what a commit is merged from is committed: else it would say of files what it does not hold.

    Specs are inputs, and go along. Raises AtmosError ATM603 with each file below `directories` that differs, ATM617
    where Git left one in conflict: a commit of it alone cannot end the merge.
    """
    if start.mode != "commit" or start.states.repo is None or (committed := _committed(start)) is None:
        return
    here = start.repository.tree
    paths = {path for each in directories for tree in (here, committed) for path in tree.files(each)}
    changed = [path for path in sorted(paths) if not _is_spec(path) and here.read(path) != committed.read(path)]
    if stopped := unmerged(start.states.repo, changed):
        message = f"a merge left {len(stopped)} file{'s' * (len(stopped) != 1)} in conflict, such as {stopped[0]}"
        hint = (
            "add `--write files`, which puts together what is generated; then `git add -A && git commit` ends the merge"
        )
        raise fail(Code.REPO_UNFINISHED, message, hint=hint, where=Location(stopped[0]))
    require_clean(start.states.repo, changed)


def taken_along(start: Start, inputs: Mapping[str, bytes | None]) -> frozenset[str]:
    """Return the inputs whose uncommitted edits become part of what is written: not what goes, and no lock."""
    committed, here = _committed(start), start.repository.tree
    kept = (path for path, data in inputs.items() if data is not None and not path.endswith(".lock"))
    return frozenset(path for path in kept if committed is not None and here.read(path) != committed.read(path))


def _committed(start: Start) -> FileTree | None:
    if start.base.commit is not None:
        return start.tree
    if start.mode == "files" or start.states.repo is None:
        return None
    commit = repos.resolve(start.states.repo, "HEAD")
    return DirectoryTree(start.states.repo, commit) if commit else None
