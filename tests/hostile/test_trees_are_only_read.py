"""Whatever a change brings: a check ends, says what it found, stays within its bounds, runs nothing and touches nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.hostile import commands, promises, seeds
from tests.hostile.running import run_program
from tests.hostile.trees import compose

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile.box import Box
    from tests.hostile.running import Ran, Server

pytestmark = pytest.mark.sample

TREES = 440


@pytest.mark.parametrize("number", range(TREES))
def test_a_hostile_tree_is_read_and_nothing_else(new_box: Callable[..., Box], server: Server, number: int) -> None:
    rng = seeds.random_of("tree", number)
    box = new_box(compose.shape_of(number, rng))
    compose.build(box, number, rng)
    command = rng.choice((commands.VALIDATE, commands.READING[number % len(commands.READING)]))
    print(f"tree {number}: {', '.join(box.said)}")  # noqa: T201 - shown where the test fails
    with promises.nothing_touched(box):
        ran = in_own_process(box, command) if box.own_process else server.run(*command, cwd=box.root, env=box.env)
        print(ran)  # noqa: T201 - shown where the test fails
        promises.ended(ran)
    promises.kept(ran)


def in_own_process(box: Box, command: tuple[str, ...]) -> Ran:
    """What happens before `main`, both ways to start it: the console script, and the module."""
    module = (sys.executable, "-m", "atmos_cli")
    ran = run_program(*command, cwd=box.root, env=box.env)
    promises.kept(ran)
    return run_program(*command, cwd=box.root, env=box.env, command=module)


def test_every_hostile_feature_has_its_turn() -> None:
    assert len(set(compose.EVERY)) > 100
    assert 3 * len(compose.EVERY) < TREES
