"""Cases of `atmos update`: what changed in the declared inputs, and what people had changed in the files by then."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from tests.update.hand import Edited, apply
from tests.update.hand_files import FILE_EDITS
from tests.update.hand_values import VALUE_EDITS
from tests.update.specs import SPEC_CHANGES, WEIGHTS
from tests.update.worlds import WORLDS, Inputs, generated, made

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HAND_EDITS = {edit.__name__: (edit, weight) for edit, weight in (*FILE_EDITS, *VALUE_EDITS)}
# Fewer edits are commoner; none shows what an update makes of files that nobody touched.
HOW_MANY = (0, 1, 1, 1, 2, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Case:
    """`seed` repeats it. `before` is what was generated first, `after` what is declared now, `hand` what people did."""

    seed: str
    world: str
    changes: tuple[str, ...]
    before: Inputs
    after: Inputs
    hand: Edited

    def __str__(self) -> str:
        return f"{self.seed}: {self.world}; {' + '.join(self.changes) or 'nothing'}; by hand {', '.join(self.hand.names) or 'nothing'}"


def fresh_seed() -> str:
    return os.environ.get("ATMOS_UPDATE_SEED") or f"{random.SystemRandom().randrange(16**8):08x}"


def cases(seed: str, number: int, *, first: int = 0) -> Iterator[Case]:
    """`number` cases from a seed; eight in a row share their inputs, which take longest to generate."""
    for at in range(first, first + number):
        yield case(f"{seed}/{at}")


def case(name: str) -> Case:
    """The case that is called `SEED/NUMBER`."""
    seed, _, at = name.rpartition("/")
    rng = random.Random(f"{seed}/{int(at) // 8}")
    world = rng.choice(sorted(WORLDS))
    before = WORLDS[world]
    changes, after = spec_changes(rng, before)
    own = random.Random(name)
    hand = hand_edits(own, before, name)
    return Case(name, world, changes, before, after, hand)


def spec_changes(rng: random.Random, before: Inputs, *, most: int = 3) -> tuple[tuple[str, ...], Inputs]:
    names, weights = list(SPEC_CHANGES), [WEIGHTS.get(name, 1) for name in SPEC_CHANGES]
    wanted, found, inputs = rng.randint(1, most), [], before
    for _ in range(40):
        name = rng.choices(names, weights)[0]
        changed = SPEC_CHANGES[name](inputs, rng) if name not in found else None
        if changed is None or changed == inputs or not _valid(changed):
            continue
        found.append(name)
        inputs = changed
        if len(found) == wanted:
            break
    return tuple(found), inputs


def _valid(inputs: Inputs) -> bool:
    try:
        generated(inputs)
    except AtmosError:
        return False
    return True


def hand_edits(rng: random.Random, before: Inputs, name: str, *, only: Sequence[str] = ()) -> Edited:
    """Edits drawn as often as people make them, or `only` these."""
    wanted = len(only) or rng.choice(HOW_MANY)
    names, weights = list(HAND_EDITS), [weight for _, weight in HAND_EDITS.values()]
    drawn = only or rng.choices(names, weights, k=wanted * 3)
    edits = ((edit, HAND_EDITS[edit][0], f"{name}#{at}") for at, edit in enumerate(drawn))
    return apply(edits, made(before), before.environments, random.Random, most=wanted)
