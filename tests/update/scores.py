"""One case by every tool, and pairs of branches by Git: what the table of docs/update_cases.md counts."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from tests.update.generator import case, spec_changes
from tests.update.hand import State
from tests.update.oracle import duplicate_keys, expected, judge, unlike
from tests.update.reference import index
from tests.update.rivals import Git, generated_only
from tests.update.worlds import CONFIG, LOCK, SPEC, WORLDS, after, made, update, with_inputs

if TYPE_CHECKING:
    from tests.update.generator import Case
    from tests.update.worlds import Files

Row = dict[str, object]


def score(name: str, git: Git) -> Row:
    """What each tool makes of the case: `right`, `true conflict`, `false conflict`, or `wrong: …` when it is clean."""
    one = case(name)
    base, ours, theirs = (generated_only(each) for each in (made(one.before), one.hand.files, made(one.after)))
    ways = {"git merge": git.merge, "git merge-file": git.merge_file, "copier": git.copier}
    found = {tool: _rival(one, way(base, ours, theirs)) for tool, way in ways.items()}
    judged = judge(one)
    return {
        "case": name,
        "said": str(one),
        "edits": len(one.hand.names),
        "clashes": judged.clashes,
        "atmos": _atmos(judged.conflicts, {promise for promise, _ in judged.problems}, refused=judged.refused),
        "problems": [f"{promise}: {what}"[:500] for promise, what in judged.problems],
        **found,
    }


def ask_mergiraf(name: str, git: Git) -> Row:
    """What mergiraf makes of the case; apart from the others, since few have the program."""
    one = case(name)
    sides = (generated_only(each) for each in (made(one.before), one.hand.files, made(one.after)))
    return {"mergiraf": _rival(one, git.mergiraf(*sides))}


def _atmos(conflicts: int, wrong: set[str], *, refused: bool) -> str:
    if refused:
        return "refused"
    if "hidden conflict" in wrong:
        return "wrong: hides a conflict"
    if conflicts:
        return "false conflict" if "false conflict" in wrong else "true conflict"
    for promise, said in (
        ("it builds", "does not build"),
        ("effective manifests", "other objects"),
        ("hand edits stand", "loses an edit"),
        ("text", "changes text"),
    ):
        if promise in wrong:
            return f"wrong: {said}"
    return "right"


def _rival(one: Case, result: Files | None) -> str:
    wanted = expected(one, winner="ours", owned=False)
    hard = [each for each in wanted.clashes if each.hard]
    if result is None:
        return "true conflict" if wanted.clashes else "false conflict"
    if duplicate_keys(result):
        return "wrong: a key twice"
    if hard:
        return "wrong: hides a conflict"
    state = State(result)
    try:
        alike = _alike(one, state, owned=False) or _alike(one, state, owned=True)
    except AtmosError:
        return "wrong: does not build"
    return "right" if alike else "wrong: other objects"


def _alike(one: Case, state: State, *, owned: bool) -> bool:
    wanted = expected(one, winner="ours", owned=owned).objects
    return all(not unlike(objects, index(state.built(environment))) for environment, objects in wanted.items())


def pair(name: str, git: Git) -> Row:
    """Two branches change what is declared and update one service; Git merges them, and then `atmos update` does the rest."""
    rng = random.Random(f"pair {name}")
    before = WORLDS[rng.choice(sorted(WORLDS))]
    while True:
        (one, first), (other, second) = spec_changes(rng, before, most=1), spec_changes(rng, before, most=1)
        if one != other:
            break
    base = made(before)
    ours, theirs = (updated(with_inputs(base, each)) for each in (first, second))
    together, clashes = git.merged(declared(base), declared(ours), declared(theirs))
    merged, conflicts = git.merged(base, ours, theirs) if not clashes else ({}, [])
    row: Row = {"pair": name, "changes": [*one, *other], "spec conflicts": clashes, "conflicts": conflicts}
    return row if clashes else row | _ends(base, (ours, theirs), together, merged, conflicts)


def updated(files: Files) -> Files:
    found = update(files)
    assert not found.merged.conflicts
    return after(files, found)


def _ends(base: Files, branches: tuple[Files, Files], together: Files, merged: Files, conflicts: list[str]) -> Row:
    """How near Git comes to one update after both changes, and what `atmos update` makes of what Git left.

    It leaves markers in the files in conflict; or a person took all of these from one side.
    """
    try:
        wanted = updated({**base, **together})
    except AtmosError:
        return {"as generated": "not valid together"}
    names = sorted({*wanted, *merged} - {SPEC, CONFIG})
    git_only = [path for path in names if merged.get(path) != wanted.get(path) and path != LOCK]
    ends = {"as they are": merged}
    for side, files in zip(("ours", "theirs"), branches, strict=True):
        taken = {path: files[path] for path in conflicts if path != LOCK and path in files}
        ends[f"--{side}"] = {**merged, **taken}
    return {
        "as generated": None if conflicts else "other files" if git_only else "same",
        "then": {how: _then(files, wanted, branches) for how, files in ends.items()},
    }


def _then(files: Files, wanted: Files, branches: tuple[Files, Files]) -> str:
    try:
        found = update(files, branches=branches)
    except AtmosError as error:
        return f"refused: {error.diagnostics[0].message}"
    if found.merged.conflicts:
        return f"asks: {', '.join(each.field for each in found.merged.conflicts)}"
    result = after(files, found)
    wrong = [path for path in sorted({*wanted, *result} - {SPEC, CONFIG}) if result.get(path) != wanted.get(path)]
    return f"other: {', '.join(wrong)}" if wrong else "same"


def declared(files: Files) -> Files:
    """What people declare of all files."""
    return {path: data for path, data in files.items() if path in (SPEC, CONFIG) or path.startswith("platform/")}
