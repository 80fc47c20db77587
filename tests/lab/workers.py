"""Which tests of the lab belong together: those in one engine's world, which is costly to start and costly to keep."""

from __future__ import annotations

import re

import pytest

WORLDS = ("argo", "flux")
OF_A_WORLD = re.compile(r"tests/lab/proofs/test_proof_(?:a_service_lives|engines_|status_|verify_).*?(argo|flux)")


def world_of(nodeid: str) -> str:
    """The engine whose world the test lives in; empty for one that needs none."""
    found = OF_A_WORLD.match(nodeid)
    return found[1] if found else ""


def scope_of(nodeid: str) -> str:
    """What must not be spread over workers: the tests of a world, else those of a file."""
    return world_of(nodeid) or nodeid.partition("::")[0]


def worlds_first(items: list[pytest.Item]) -> None:
    """World by world, since each ends with its last test, and first, since they take longest.

    Raises UsageError for a test that asks for a world and has none by its name: it would start one in each worker.
    """
    for item in items:
        if "worlds" in getattr(item, "fixturenames", ()) and not world_of(item.nodeid):
            raise pytest.UsageError(f"{item.nodeid} asks for `worlds`, but its name is none that `world_of` knows")
    order = [*WORLDS, ""]
    items.sort(key=lambda item: order.index(world_of(item.nodeid)))


def scheduler(config: pytest.Config, log: object) -> object:
    """Of pytest-xdist: hands out whole scopes, in the order in which they stand."""
    from xdist.scheduler import LoadScopeScheduling

    class ByScope(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

    config.option.loadscopereorder = False
    return ByScope(config, log)
