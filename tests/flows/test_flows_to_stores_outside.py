"""Databases, caches and stores for backups that are not where a blueprint would put them: other addresses, other ports."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.flows.cast import BOTH, EVIL, Cast, Wanted
from tests.flows.dialects import Judge
from tests.flows.parties import Flow
from tests.flows.repos import TEAM, Place, make
from tests.flows.shapes import SHAPES, Shape, outside, pod
from tests.flows.walking import wrong

DATABASE, CACHE, MINIO = outside("10.20.0.5"), outside("10.20.0.6"), pod("minio", "10.0.4.4", "minio")
QUICK = ("generic", "gke-dpv2", "eks")


@dataclass(frozen=True, slots=True)
class Outside:
    """What an environment says of its stores, and what of the services there must work and what must not."""

    name: str
    environment: dict
    wanted: object

    def place(self, shape: Shape) -> Place:
        there = shape.place()
        return Place(
            f"{shape.environment}-{self.name}", there.type, there.cluster, {**there.environment, **self.environment}
        )


def stores_elsewhere(cast):
    app = cast.app
    yield Wanted("database", passes=True, flows=(Flow(app, DATABASE, 25060),))
    yield Wanted("cache", passes=True, flows=(Flow(app, CACHE, 6380),))
    for protocol in BOTH:
        asked = tuple(Flow(app, each.party, each.port, protocol, each.service) for each in cast.shape.resolvers)
        yield Wanted(f"names-{protocol}", passes=True, flows=asked)
    yield Wanted("outside", passes=True, flows=(Flow(app, outside("1.1.1.1"), 443),))
    closed = (DATABASE, 5432), (CACHE, 6379), (DATABASE, 443), (outside("10.9.9.9"), 443), (outside("100.64.9.9"), 443)
    yield Wanted("closed", passes=False, flows=tuple(Flow(app, *each) for each in closed))
    yield Wanted("proxy", passes=True, flows=(Flow(cast.shape.proxy, app, 3000),))
    others = (EVIL, outside("8.8.8.8"), cast.neighbour)
    yield Wanted("nobody", passes=False, flows=tuple(Flow(each, app, 3000) for each in others))


def backups_elsewhere(cast):
    db = cast.db
    yield Wanted("F3", passes=True, flows=(Flow(db, *cast.shape.api),))
    yield Wanted("store", passes=True, flows=(Flow(db, MINIO, 9000), Flow(db, outside("10.20.0.7"), 9000)))
    yield Wanted("closed", passes=False, flows=(Flow(db, MINIO, 9001), Flow(cast.app, MINIO, 9000)))
    cached = (Flow(cast.app, cast.redis, 6379), Flow(cast.app, cast.redis, 6379, "TCP", cast.cache))
    yield Wanted("cache", passes=True, flows=cached)
    refused = (
        Flow(cast.neighbour, cast.redis, 6379),
        Flow(EVIL, cast.redis, 6379),
        Flow(cast.redis, outside("1.1.1.1"), 443),
    )
    yield Wanted("cache-closed", passes=False, flows=refused)
    yield from (
        each for each in cast.wanted() if each.name.startswith(("F1-", "F2-", "F10", "F11", "F15", "F16", "F17"))
    )


WORKS = {
    "stores": Outside(
        "stores",
        {
            "postgres": {"mode": "external", "ports": [25060]},
            "redis": {"mode": "external", "ports": [6380]},
            "secrets": {"store": "vault"},
        },
        stores_elsewhere,
    ),
    "backup": Outside("backup", {"postgres": {"backup": "backups"}, "backup": {"port": 9000}}, backups_elsewhere),
}


def walk(root, shapes):
    repo = make(root, *(each.place(shape) for shape in shapes for each in WORKS.values()))
    words = "node, port 80:3000, postgres, redis, public, egress"
    repo.atmos("new", "service", words, "--name", "web", "--team", TEAM, "--write", "files", "--yes")
    found = []
    for shape in shapes:
        for each in WORKS.values():
            name = f"{shape.environment}-{each.name}"
            cast = Cast(shape, f"{TEAM}-{name}")
            judge = Judge(shape.dialect, cast.world, repo.policies(name, "web"))
            found += wrong(judge, each.wanted(cast), where=name)
    return found


def test_stores_outside_of_each_dialect(tmp_path):
    assert walk(tmp_path / "repo", [each for each in SHAPES if each.name in QUICK]) == []


@pytest.mark.slow
def test_stores_outside_of_each_shape(tmp_path):
    assert walk(tmp_path / "repo", SHAPES) == []
