"""What cannot work of a cluster's settings is refused where it stands, with what to write instead."""

from __future__ import annotations

import pytest

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.config import read_config
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.engines.registry import ENGINES

GOOD = "clusters: {c: {%s}}\nenvironments: {dev: {cluster: c%s}}\n"


def found(cluster, environment=""):
    text = GOOD % (cluster, f", {environment}" if environment else "")
    with pytest.raises(AtmosError) as raised:
        read_config(text.encode(), catalogue(), engines=ENGINES)
    return raised.value.diagnostics


@pytest.mark.parametrize(
    ("cluster", "environment", "field", "message", "hint"),
    [
        ("type: gk", "", "clusters.c.type", "there is no type of cluster `gk`", "did you mean `gke`?"),
        ("type: zzz", "", "clusters.c.type", "there is no type of cluster", "use one of: generic, kind"),
        ("typ: gke", "", "clusters.c.typ", "unknown field", "did you mean `type`?"),
        ("pull_secrets: [a]", "", "clusters.c.pull_secrets", "unknown field", "did you mean `pullSecrets`?"),
        ("identity: awss", "", "clusters.c.identity", "there is no identity", "did you mean `aws`?"),
        ("policy: calico", "", "clusters.c.policy", "should be 'kubernetes', 'cilium', 'aws' or 'none'", ""),
        ("dns: everyone", "", "clusters.c.dns", "should be 'any' or 'cluster'", ""),
        ("dns: {prots: [53]}", "", "clusters.c.dns.prots", "unknown field", "did you mean `ports`?"),
        ("dns: {cidrs: [1.2.3.4/8]}", "", "clusters.c.dns.cidrs[0]", "is no network such as", ""),
        ("dns: {host: true}", "", "clusters.c.dns.host", "is for Cilium", "write `dns: any`"),
        ("dns: cluster", "", "clusters.c.dns", "differs by cluster", "cidrs: [ADDRESS/32]"),
        ("type: eks-auto, dns: cluster", "", "clusters.c.dns", "on EKS Auto Mode", "ports: [53], cidrs: [ADDRESS/32]"),
        ("type: gardener, dns: {ports: [53]}", "", "clusters.c.dns", "`clusters.c.dns` leaves out the address", "ADDRESS/32"),
        ("api: [70000]", "", "clusters.c.api[0]", "less than or equal to 65535", ""),
        ("families: [5]", "", "clusters.c.families[0]", "should be 4 or 6", ""),
        ("storageClas: fast", "", "clusters.c.storageClas", "unknown field", "did you mean `storageClass`?"),
        ("http: {controler: x}", "", "clusters.c.http.controler", "unknown field", "did you mean `controller`?"),
        ("http: {controller: trafik}", "", "clusters.c.http.controller", "there is no HTTP", "did you mean `traefik`?"),
        ("", "http: {controller: trafik}", "environments.dev.http.controller", "there is no HTTP", "`traefik`"),
        ("http: {controller: alb}", "", "clusters.c.http", "that `from` must name", "cidr: 10.0.0.0/16"),
        ("", "http: {controller: agc}", "environments.dev.http", "that `from` must name", "cidr: 10.0.0.0/16"),
        ("type: gke, http: {controller: gke, class: gke-l7-rilb}", "", "clusters.c.http", "must name", "cidr"),
        ("http: {from: [nodes]}", "", "clusters.c.http.from", "the networks of the nodes", "[nodes, {cidr"),
        ("http: {from: [ingress]}", "", "clusters.c.http.from", "by Cilium alone", "`clusters.c.policy: cilium`"),
        ("http: {controller: cilium}", "", "clusters.c.http.from", "by Cilium alone", "`clusters.c.policy: cilium`"),
        ("http: {from: [nobody]}", "", "clusters.c.http.from[0]", "should be 'nodes', 'ingress', 'gateway' or", ""),
        ("http: {from: [{}]}", "", "clusters.c.http.from[0]", "name either", ""),
        ("http: {from: [{namespace: a, cidr: 10.0.0.0/8}]}", "", "clusters.c.http.from[0]", "name either", ""),
        ("http: {from: []}", "", "clusters.c.http.from", "at least one", ""),
        ("http: {controller: istio, kind: ingress}", "", "clusters.c.http.kind", "no traffic by `kind: ingress`", "gateway"),
        ("", "postgres: {ports: [x]}", "environments.dev.postgres.ports[0]", "valid integer", ""),
        ("", "backup: {prt: 9000}", "environments.dev.backup.prt", "unknown field", "did you mean `port`?"),
    ],
)  # fmt: skip
def test_refused(cluster, environment, field, message, hint):
    (one,) = found(cluster, environment)
    assert one.where.field == field
    assert message in one.message
    assert hint in one.hint
    assert one.code is Code.CONFIG_INVALID
    assert one.where.line > 0


@pytest.mark.parametrize(
    ("cluster", "environment"),
    [
        ("http: {controller: alb, from: [{cidr: 10.0.0.0/16}]}", ""),
        ("http: {controller: alb, from: [anyone]}", ""),
        ("http: {controller: alb}", "http: {from: [{cidr: 10.0.0.0/16}]}"),
        ("policy: cilium, http: {from: [nodes]}", ""),
        ("policy: cilium, http: {controller: cilium, kind: ingress}", ""),
        ("http: {from: [nodes, {cidr: 10.0.0.0/16}]}", ""),
        ("type: gke, http: {controller: gke, class: gke-l7-rilb, from: [{cidr: 10.0.0.0/16}]}", ""),
        ("type: eks-auto, dns: {cidrs: [172.20.0.10/32]}", ""),
        ("type: aks, dns: cluster", ""),
        ("type: gardener, dns: {cidrs: [10.0.0.10/32]}", ""),
        ("type: gardener, dns: {namespaces: [], cidrs: []}", ""),
        ("dns: {ports: [53]}", ""),
        ("type: openshift", "http: {controller: openshift}"),
        ("pullSecrets: [registry], storageClass: fast, zones: true, families: [4, 6]", "backup: {port: 9000}"),
    ],
)
def test_accepted(cluster, environment):
    text = GOOD % (cluster, f", {environment}" if environment else "")
    assert read_config(text.encode(), catalogue(), engines=ENGINES)
