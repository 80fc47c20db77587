"""The hosts by which an object lets traffic in are found in every kind that routes some."""

import pytest

from atmos_cli.kube.hosts import claims_of


def made(kind, spec, group="gateway.networking.k8s.io"):
    return {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "a"}, "spec": spec}


def ingress(*rules):
    return made("Ingress", {"rules": list(rules)}, group="networking.k8s.io")


@pytest.mark.parametrize(
    ("resource", "wanted"),
    [
        (ingress({"host": "a.test"}), [("a.test", "/")]),
        (ingress({"http": {"paths": [{"path": "/x"}]}}), []),
        (
            ingress({"host": "a.test", "http": {"paths": [{"path": "/y"}, {"path": "/x"}, {}]}}),
            [("a.test", "/"), ("a.test", "/x"), ("a.test", "/y")],
        ),
        (
            made("HTTPRoute", {"hostnames": ["a.test", "b.test"], "rules": [{"matches": [{"path": {"value": "/x"}}]}]}),
            [("a.test", "/x"), ("b.test", "/x")],
        ),
        (made("HTTPRoute", {"hostnames": ["a.test"]}), [("a.test", "/")]),
        (made("GRPCRoute", {"hostnames": ["a.test"], "rules": [{"matches": [{"method": {}}]}]}), [("a.test", "")]),
        (made("TLSRoute", {"hostnames": ["a.test"]}), [("a.test", "")]),
        (made("Gateway", {"hostnames": ["a.test"]}), []),
    ],
)
def test_each_host_with_its_paths(resource, wanted):
    found = list(claims_of(resource))
    assert [(each.host, each.path) for each in found] == wanted
    for each in found:
        value = resource
        for step in each.at:
            value = value[step]
        assert value == each.host
