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
from tests.update.worlds import CONFIG, LOCK, SPEC, WORLDS, Inputs, generated, made

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
    """Two branches update one service, each after one change of what is declared; Git merges them."""
    rng = random.Random(f"pair {name}")
    before = WORLDS[rng.choice(sorted(WORLDS))]
    while True:
        (one, first), (other, second) = spec_changes(rng, before, most=1), spec_changes(rng, before, most=1)
        if one != other:
            break
    _, declared = git.merged(_inputs(made(before)), _inputs(made(first)), _inputs(made(second)))
    merged, conflicts = git.merged(made(before), made(first), made(second))
    both = first.laid_over(second, before)
    return {
        "pair": name,
        "changes": [*one, *other],
        "spec conflicts": declared,
        "conflicts": conflicts,
        "as generated": None if conflicts else _as_generated(merged, both),
    }


def _inputs(files: Files) -> Files:
    return {path: data for path, data in files.items() if path in (SPEC, CONFIG) or path.startswith("platform/")}


def _as_generated(merged: Files, both: Inputs) -> str:
    try:
        wanted = generated(both)
    except AtmosError:
        return "not valid together"
    if any(merged.get(path) != data for path, data in wanted.files.items() if path not in (SPEC, LOCK)):
        return "other files"
    return "same" if merged[LOCK] == wanted.files[LOCK] else "other lock"
