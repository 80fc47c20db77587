"""One hostile tree: a good repo in one of three shapes, with one to four features on top, committed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hostile.trees import configs, files, journals, kustomize, links, names, paths, repositories, yaml

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.hostile.box import Box

KINDS = (links, files, yaml, names, kustomize, configs, journals, repositories, paths)
SHAPES = ("clone", "nested", "unpacked")
EVERY = tuple(feature for kind in KINDS for feature in kind.FEATURES)


def shape_of(number: int, rng: random.Random) -> str:
    """Journals count where there is no `.git`, bare repositories below the top of a clone."""
    first = EVERY[number % len(EVERY)]
    if first in journals.FEATURES and rng.random() < 0.6:
        return "unpacked"
    if first in repositories.FEATURES[:3]:
        return "nested"
    return rng.choice(SHAPES)


def build(box: Box, number: int, rng: random.Random) -> None:
    """Put the features of case `number` into the box; those of one run cover every one of them."""
    chosen = [EVERY[number % len(EVERY)], *(rng.choice(EVERY) for _ in range(rng.randint(0, 3)))]
    for feature in sorted(set(chosen), key=_order):
        box.said.append(feature.__name__)
        feature(box, rng)
    if rng.random() < 0.3:
        _commit(box)


def _order(feature: Callable[..., None]) -> tuple[bool, int]:
    """What may not be read comes last: the others look into the tree."""
    return feature in (files.unreadable_file, files.unreadable_directory), EVERY.index(feature)


def _commit(box: Box) -> None:
    top = next((each for each in (box.root, box.root.parent) if (each / ".git").is_dir()), None)
    if top:
        box.said.append("committed")
        box.git("checkout", "-q", "-b", "topic", at=top, check=False)
        box.git("add", "-A", at=top, check=False)
        box.git("commit", "-q", "--no-verify", "-m", "a change", at=top, check=False)
