"""Two branches update one service, Git merges them, and `atmos update` ends where one update after both changes does."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from atmos_cli.diagnostics import AtmosError
from tests.update.generator import fresh_seed, hand_edits, spec_changes
from tests.update.hand import State, holds
from tests.update.oracle import unlike
from tests.update.reference import index
from tests.update.rivals import Git
from tests.update.scores import declared, pair, updated
from tests.update.worlds import LOCK, WORLDS, after, made, update, with_inputs

if TYPE_CHECKING:
    from tests.update.hand import Edited
    from tests.update.worlds import Files, Inputs

SEED = fresh_seed()
QUICK, FULL = 6, 120


@pytest.mark.sample(2)
@pytest.mark.parametrize("first", range(0, FULL, QUICK))
def test_whatever_git_left(first):
    with Git() as git:
        rows = [pair(f"{SEED}/{number}", git) for number in range(first, first + QUICK)]
    said = [
        f"{row['pair']} {row['changes']}: {row['then']}" for row in rows if set(row.get("then", {}).values()) > {"same"}
    ]
    assert not said, "\n".join(said)


@pytest.mark.sample(2)
@pytest.mark.parametrize("number", range(40))
def test_and_hand_edits_of_one_of_them_stand(number):
    name = f"{SEED}/hand/{number}"
    rng = random.Random(name)
    before = WORLDS[rng.choice(sorted(WORLDS))]
    (_, first), (_, second) = spec_changes(rng, before, most=1), spec_changes(rng, before, most=1)
    hand = hand_edits(rng, before, name)
    ends = _both_ways(made(before), hand, first, second)
    if ends is None:
        return
    wanted, found = (State(each) for each in ends)
    for environment in {*first.environments} & {*second.environments}:
        assert not unlike(index(wanted.built(environment)), index(found.built(environment))), f"{name} {hand.names}"
    # Git brings back a file that one branch deleted and the other changed, and asks a person about it.
    lost = [each for each, check in hand.stands if holds(check, wanted) and not holds(check, found)]
    assert not [each for each in lost if "deleted" not in each], name


def _both_ways(base: Files, hand: Edited, first: Inputs, second: Inputs) -> tuple[Files, Files] | None:
    """What one update after both changes makes of the hand edits, and what the merge of two; None where people decide."""
    ours = _decided(with_inputs(hand.files, first))
    if ours is None:
        return None
    theirs = updated(with_inputs(base, second))
    with Git() as git:
        together, clashes = git.merged(declared(base), declared(ours), declared(theirs))
        merged, _ = git.merged(base, ours, theirs)
    wanted = None if clashes else _decided({**hand.files, **together})
    if wanted is None or LOCK not in merged:
        return None
    try:
        found = update(merged, branches=(ours, theirs))
    except AtmosError as refused:
        # In a file that a person made, for a patch that they moved there, Git's marks are theirs to take away.
        marked = {each.where.path if each.where else "" for each in refused.diagnostics}
        if marked & {"", *base}:
            raise
        return None
    assert not found.merged.conflicts
    return wanted, after(merged, found)


def _decided(files: Files) -> Files | None:
    try:
        found = update(files)
    except AtmosError:
        return None
    return None if found.merged.conflicts else after(files, found)
