"""A walk: make a repo for some shapes, and say what is not as it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.flows.cast import Cast
from tests.flows.dialects import Judge
from tests.flows.repos import TEAM, make

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.flows.cast import Wanted
    from tests.flows.repos import Repo
    from tests.flows.shapes import Shape

WORDS = "node, port 80:3000, postgres, public, metrics, egress"


def web_on(root: Path, *shapes: Shape, words: str = WORDS) -> Repo:
    """Make a repo with an environment for each shape, and the service that section 12 supposes."""
    repo = make(root, *(each.place() for each in shapes))
    repo.atmos("new", "service", words, "--name", "web", "--team", TEAM, "--write", "files", "--yes")
    repo.atmos("change", "web", "metrics port 9090", "--write", "files", "--yes")
    return repo


def judge_of(repo: Repo, shape: Shape, *services: str) -> tuple[Cast, Judge]:
    """Bring the cast of a shape together with what its engine would apply."""
    cast = Cast(shape, f"{TEAM}-{shape.environment}")
    return cast, Judge(shape.dialect, cast.world, repo.policies(shape.environment, *services))


def wrong(judge: Judge, wanted: Iterable[Wanted], *, where: str) -> Iterator[str]:
    """Say in words what is not as it should be: where, which flow, which policies were looked at."""
    for each in wanted:
        for flow in each.flows:
            verdict = judge.verdict(flow)
            passes = verdict.allowed if each.end == "both" else getattr(verdict, each.end).allowed
            if passes != each.passes:
                yield f"{where} {each.name}: {flow} should {'' if each.passes else 'not '}pass: {verdict}"
