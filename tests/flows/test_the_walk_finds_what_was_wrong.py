"""The same walk over the policies from before clusters had types finds what clusters.md lists as wrong, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from atmos_cli.yamlio.load import load_all
from tests.flows.cast import Cast
from tests.flows.dialects import Judge
from tests.flows.policies import NetworkPolicy
from tests.flows.shapes import SHAPES
from tests.flows.walking import wrong

BEFORE = (Path(__file__).parent / "before" / "policies.yaml").read_text()
WRONG = {
    "generic": "F6 F17",
    "generic-nodelocal": "F1 F2 F6 F17",
    "minikube": "F3 F6 F17",
    "gardener": "F1 F2 F6 F17",
    "k3s": "F6 F17",
    "hostnet-ingress": "F5 F6 F17",
    "cilium-gateway": "F5 F6 F17",
    "gke-dpv1": "F5 F6 F17 F20",
    "gke-dpv2": "F1 F2 F5 F6 F17 F20",
    "eks": "F5 F6 F17 F20",
    "eks-auto": "F1 F2 F5 F6 F17 F20",
    "eks-cilium": "F6 F17 F20",
    "aks-localdns": "F1 F2 F6 F17",
    "openshift": "F1 F2 F6 F17",
    "openshift-hostnet": "F1 F2 F5 F6 F17",
}


def judge_of(cast):
    """The one configured namespace of HTTP is that of the proxies, where they have one."""
    proxies, prometheus = cast.shape.proxy.namespace or "gateways", cast.shape.prometheus.namespace
    text = BEFORE.replace("PROXIES", proxies).replace("PROMETHEUS", prometheus)
    policies = [NetworkPolicy.read(each.value) for each in load_all(text.encode())]
    return Judge(cast.shape.dialect, cast.world, policies)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda each: each.name)
def test_the_last_column(shape):
    cast = Cast(shape, "shop-prod")
    judge = judge_of(cast)
    found = {line.split(":")[0].split()[1].partition("-")[0] for line in wrong(judge, cast.wanted(), where="before")}
    assert found == set(WRONG[shape.name].split())
