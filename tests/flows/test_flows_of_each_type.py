"""Each type of cluster with what `init` writes for it, with each controller that can be there, and with `dns` narrowed."""

from __future__ import annotations

import pytest

from tests.flows.cast import BOTH, EVIL, Wanted
from tests.flows.parties import Flow
from tests.flows.shapes import outside
from tests.flows.types import CONTROLLERS, TYPES, narrowed, shape_of
from tests.flows.walking import judge_of, web_on, wrong

DEFAULTS = [shape_of(each) for each in TYPES]
OWN_32 = "10.96.0.10/32"
# What has to be said where the table asks for the address of the Service; everywhere else `cluster` is enough.
SAID = {
    "generic": {
        "ports": [53, 5353, 8053],
        "namespaces": ["kube-system", "openshift-dns"],
        "cidrs": ["169.254.20.10/32", OWN_32],
    },
    "k3s": {"ports": [53], "namespaces": ["kube-system"], "cidrs": [OWN_32]},
    "rke2": {"ports": [53], "namespaces": ["kube-system"], "cidrs": [OWN_32]},
    "talos": {"ports": [53], "namespaces": ["kube-system"], "cidrs": [OWN_32]},
    "eks-auto": {"ports": [53], "cidrs": ["172.20.0.10/32"]},
    "gardener": {"ports": [53, 8053], "namespaces": ["kube-system"], "cidrs": [OWN_32]},
}


def walk(root, shapes):
    repo = web_on(root, *shapes)
    found = []
    for shape in shapes:
        cast, judge = judge_of(repo, shape, "web")
        found += wrong(judge, [*flows_of_web(cast), *closed(cast)], where=shape.name)
    return found


def flows_of_web(cast):
    """All flows but those that need a second service."""
    return [*cast.wanted(), *(each for each in cast.beside() if each.name not in ("X8", "X11"))]


def closed(cast):
    """With `dns` narrowed, nobody else is asked for names."""
    if cast.shape.settings.get("dns"):
        asked = (outside("8.8.8.8"), EVIL, outside("10.9.9.9"))
        yield Wanted(
            "N1", passes=False, flows=tuple(Flow(cast.app, each, 53, protocol) for each in asked for protocol in BOTH)
        )


def test_what_init_writes(tmp_path):
    found = walk(tmp_path / "repo", DEFAULTS)
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("type_", TYPES, ids=lambda each: each.name)
def test_each_controller_that_can_be_there(tmp_path, type_):
    """Cilium's own proxies are nobody where Cilium is not; that is refused, as another test says."""
    names = [each for each in CONTROLLERS if each != "cilium" or type_.dialect == "cilium"]
    shapes = [shape_of(type_, each, named=f"{type_.name}-{each}") for each in names]
    assert len(shapes) >= 14
    found = walk(tmp_path / "repo", shapes)
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_names_asked_of_those_alone_who_answer(tmp_path):
    shapes = [narrowed(each, SAID.get(each.name, "cluster")) for each in DEFAULTS]
    found = walk(tmp_path / "repo", shapes)
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("type_", [each for each in TYPES if each.dialect != "cilium"], ids=lambda each: each.name)
def test_proxies_of_cilium_are_refused_elsewhere(tmp_path, type_):
    with pytest.raises(AssertionError, match="ATM701"):
        web_on(tmp_path / "repo", shape_of(type_, "cilium"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["generic", "eks-auto", "gardener"])
def test_a_narrow_dns_that_misses_somebody_is_refused(tmp_path, name):
    shape = next(each for each in DEFAULTS if each.name == name)
    with pytest.raises(AssertionError, match=r"ATM701.*leaves out the address"):
        web_on(tmp_path / "repo", narrowed(shape, "cluster"))
