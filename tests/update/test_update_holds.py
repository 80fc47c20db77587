"""What `atmos update` promises, on generated cases: other ones in each run, and `ATMOS_UPDATE_SEED` repeats one."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.kustomize.oracle import exactly, real_builds
from tests.update.generator import HAND_EDITS, case, cases, fresh_seed, hand_edits, spec_changes
from tests.update.hand import State
from tests.update.oracle import KNOWN, duplicate_keys, judge
from tests.update.reference import canonical, index
from tests.update.worlds import LOCK, NAME, ROOT, WORLDS, Files, Inputs, after, generated, made, update, with_inputs

SEED = fresh_seed()
QUICK, FULL = 8, 240


@pytest.mark.sample
@pytest.mark.parametrize("first", range(0, FULL, QUICK))
def test_every_promise_holds(first):
    """Hand edits stand, what is generated arrives, text stays, conflicts are true and none is hidden, twice is once."""
    said = []
    for each in cases(SEED, QUICK, first=first):
        judged = judge(each)
        wrong = [*judged.problems, *(("no key twice", key) for key in duplicate_keys(judged.written))]
        said += [f"{each}\n    {promise}: {what}" for promise, what in wrong]
    assert not said, f"ATMOS_UPDATE_SEED={SEED} repeats this\n" + "\n".join(said)


@pytest.mark.sample(2)
@pytest.mark.parametrize("world", sorted(WORLDS))
def test_nothing_is_written_where_nothing_changed(world):
    files = made(WORLDS[world])
    found = update(files)
    assert not found.merged.conflicts
    assert after(files, found) == files


@pytest.mark.sample(2)
@pytest.mark.parametrize("number", range(24))
def test_two_independent_updates_end_the_same_in_either_order(number):
    rng = random.Random(f"{SEED}/orders/{number}")
    before, (first, second), both = two_changes(rng)
    hand = hand_edits(rng, before, f"{SEED}/orders/{number}")
    ends = [_one_after_the_other(hand.files, [one, both]) for one in (first, second)]
    if None in ends:
        return
    said = f"ATMOS_UPDATE_SEED={SEED}, {number}; by hand {hand.names}"
    for environment in both.environments:
        one, other = (
            {key: canonical(value, key[0]) for key, value in index(State(end).built(environment)).items()}
            for end in ends
        )
        assert one == other, said
    assert ends[0][LOCK] == ends[1][LOCK], said


def two_changes(rng: random.Random) -> tuple[Inputs, tuple[Inputs, Inputs], Inputs]:
    """Two changes of the same inputs that do not touch one another, and both."""
    while True:
        before = WORLDS[rng.choice(sorted(WORLDS))]
        (_, first), (_, second) = spec_changes(rng, before, most=1), spec_changes(rng, before, most=1)
        both = first.laid_over(second, before)
        if {*both.environments} > {*before.environments} and _begins_by_order(before, both):
            continue
        if first != second and both == second.laid_over(first, before) and _generates(both):
            return before, (first, second), both


def _begins_by_order(before: Inputs, both: Inputs) -> bool:
    """The spec's image is the first to deploy, and what an autoscaler kept stays: in a new environment the order decides."""
    scaled, scales = ("autoscaling" in each.spec.get("addons", {}) for each in (before, both))
    return before.spec.get("image") != both.spec.get("image") or (scaled and not scales)


def _generates(inputs: Inputs) -> bool:
    from atmos_cli.diagnostics import AtmosError

    try:
        generated(inputs)
    except AtmosError:
        return False
    return True


def _one_after_the_other(files: Files, steps: list[Inputs]) -> Files | None:
    """None when there is something to decide on the way."""
    for inputs in steps:
        found = update(with_inputs(files, inputs))
        if found.merged.conflicts:
            return None
        files = after(with_inputs(files, inputs), found)
    return files


@pytest.mark.lab
def test_the_real_kustomize_builds_the_results(record_property):
    """And refuses none of them; what it builds is what ours builds."""
    trees, ours = [], []
    for each in cases(SEED, 24, first=1000):
        found = update(with_inputs(each.hand.files, each.after))
        result = after(with_inputs(each.hand.files, each.after), found)
        for environment in each.after.environments:
            if f"{ROOT}/overlays/{environment}/kustomization.yaml" in result:
                trees.append(
                    ({p: d for p, d in result.items() if p.startswith("apps/")}, f"{ROOT}/overlays/{environment}")
                )
                ours.append((str(each), State(result).built(environment)))
    record_property("cases", len(trees))
    for (said, built), (real, why) in zip(ours, real_builds(trees), strict=True):
        assert real is not None, f"{said}: {why}"
        assert exactly(real) == exactly(built), said


def test_a_seed_repeats_its_cases():
    one, other = case("0/7"), case("0/7")
    assert (one.hand.files, one.after, str(one)) == (other.hand.files, other.after, str(other))


@pytest.mark.slow
def test_every_hand_edit_applies_and_builds():
    """Else the generator would not try what it says that people do."""
    done: Counter[str] = Counter()
    for world, inputs in WORLDS.items():
        for name in HAND_EDITS:
            hand = hand_edits(random.Random(name), inputs, f"{world}/{name}", only=[name])
            done[name] += len(hand.names)
            for environment in inputs.environments:
                State(hand.files).built(environment)
    assert not [name for name in HAND_EDITS if not done[name]]


def test_the_base_of_every_world_is_what_its_overlays_build_to():
    for inputs in WORLDS.values():
        state = KNOWN.of(inputs)
        for environment in inputs.environments:
            assert state.find(environment, "Deployment"), (NAME, ROOT)
