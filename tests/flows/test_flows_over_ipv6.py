"""Where `families` has 6: the same promises for addresses of IPv6, on a cluster that has it beside IPv4 or alone."""

from __future__ import annotations

from dataclasses import replace

from tests.flows.cast import BOTH, Wanted
from tests.flows.parties import Flow
from tests.flows.repos import TEAM
from tests.flows.shapes import SHAPES, host, outside
from tests.flows.walking import judge_of, web_on, wrong

BY_NAME = {each.name: each for each in SHAPES}
# Shape, families, the resolver, the proxy, the server of identities.
PLACES = (
    ("generic", [4, 6], host("fd00:10::a"), None, None),
    ("gke-dpv2", [4, 6], outside("fd20:ce::254"), outside("2600:2d00:1:1::7"), (outside("fd20:ce::254"), 80)),
    ("eks", [6], host("fd00:10::a"), None, (host("fd00:ec2::23"), 80)),
    ("openshift", [4, 6], host("fd00:10::a"), None, None),
)


def flows(cast, resolver, proxy, identity):
    app, caller = cast.app, cast.caller
    number = cast.shape.resolvers[0].port
    for protocol in BOTH:
        yield Wanted(f"F1-{protocol}", passes=True, flows=(Flow(app, resolver, number, protocol),))
    yield Wanted("F15", passes=True, flows=(Flow(app, outside("2606:4700:4700::1111"), 443),))
    closed = ("fd00:abcd::1", "fe80::1", "fc00::9", "::1", "fd00:ec2::254", "ff02::1")
    yield Wanted("F16", passes=False, flows=tuple(Flow(app, outside(each), 443) for each in closed))
    yield Wanted(
        "F18", passes=False, flows=(Flow(app, outside("fd00:ec2::254"), 80), Flow(app, outside("fd20:ce::254"), 80))
    )
    yield Wanted("F22", passes=False, flows=(Flow(outside("2a00:1450::8888"), app, 3000),))
    if proxy:
        yield Wanted("F5", passes=True, flows=(Flow(proxy, app, 3000),))
        yield Wanted("F6", passes=True, flows=(Flow(proxy, cast.solver, 8089),))
    if identity:
        yield Wanted("F20", passes=True, flows=(Flow(cast.db, *identity),))
        yield Wanted("F21", passes=False, flows=(Flow(app, *identity),))
        yield Wanted("X10", passes=True, flows=(Flow(caller, *identity),))


def test_the_flows_of_ipv6(tmp_path):
    shapes = [
        replace(BY_NAME[name], settings={**BY_NAME[name].settings, "families": said}) for name, said, *_ in PLACES
    ]
    repo = web_on(tmp_path / "repo", *shapes)
    repo.atmos(
        "new", "service", "node, port 8080, identity", "--name", "api", "--team", TEAM, "--write", "files", "--yes"
    )
    found = []
    for shape, (_, _, *ends) in zip(shapes, PLACES, strict=True):
        cast, judge = judge_of(repo, shape, "web", "api")
        found += wrong(judge, flows(cast, *ends), where=shape.name)
    assert not found, "\n".join(found)
