"""What one look puts into its scene: the set of a missing Application, and the history of workloads that have one."""

import pytest

from atmos_cli.diagnostics import Code, fail
from atmos_cli.engines.argocd.delivery import delivery
from atmos_cli.live.connect import ClusterConnection
from atmos_cli.live.refresh import refresh
from atmos_cli.live.snapshots import look_around
from atmos_cli.verify.model import Target
from atmos_cli.verify.seen import Arrival
from tests.verify.fake_cluster import FakeCluster
from tests.verify.snapshots import obj

TARGET = Target("shop", "cart", "dev", "eu", "shop-dev", "argocd", "cart")
ERROR = {"type": "ErrorOccurred", "status": "True", "message": "cannot read apps/shop/cart/overlays/dev/gitops.json"}
SET = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "ApplicationSet",
    "metadata": {"name": "apps-shop", "namespace": "argocd"},
    "status": {"conditions": [ERROR]},
}
APPLICATION = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Application",
    "metadata": {
        "name": "shop-cart-dev",
        "namespace": "argocd",
        "labels": {"team": "shop", "service": "cart", "env": "dev"},
    },
}


def seen(cluster, wanted=()):
    connection = ClusterConnection(cluster, cluster)
    snapshot = look_around(connection, TARGET, wanted, at=1000.0)
    found = delivery(snapshot, {}, pushed=900.0)
    refresh(connection, TARGET, snapshot, found, at=1000.0)
    return snapshot, found


def test_without_an_application_its_set_says_why():
    cluster = FakeCluster([SET])
    snapshot, found = seen(cluster)
    assert [each["kind"] for each in snapshot.delivery] == ["ApplicationSet"]
    assert (found.arrival, found.code) == (Arrival.FAILED, "applicationset-failed")
    assert "gitops.json" in found.message
    assert [(kind, name) for kind, _, name, _ in cluster.annotated] == [("ApplicationSet", "apps-shop")]


def test_with_an_application_nobody_asks_for_the_set():
    cluster = FakeCluster([SET, APPLICATION])
    snapshot, _ = seen(cluster)
    assert [each["kind"] for each in snapshot.delivery] == ["Application"]
    assert cluster.asked["get", "ApplicationSet"] == 0
    assert {kind for kind, *_ in cluster.annotated} <= {"Application"}


def test_whoever_may_not_read_sets_still_gets_a_look():
    class Narrow(FakeCluster):
        def get(self, api_version, kind, name, *, namespace=""):
            if kind == "ApplicationSet":
                raise fail(Code.CLUSTER_UNREACHABLE, "applicationsets is forbidden", hint="ask for the right to")
            return super().get(api_version, kind, name, namespace=namespace)

    snapshot, found = seen(Narrow([SET]))
    assert (snapshot.delivery, found.code) == ((), "application-missing")


@pytest.mark.parametrize(("kind", "listed"), [("DaemonSet", 1), ("StatefulSet", 1), ("Deployment", 0)])
def test_the_history_is_read_only_of_workloads_that_keep_one(kind, listed):
    workload = obj("apps/v1", kind, "cart", {}, {}, uid="w")
    history = obj("apps/v1", "ControllerRevision", "cart-1", uid="h", ownerReferences=[{"uid": "w"}])
    cluster = FakeCluster([workload, history])
    snapshot, _ = seen(cluster, [workload])
    assert cluster.asked["list", "ControllerRevision"] == listed
    assert any(each["kind"] == "ControllerRevision" for each in snapshot.objects) is bool(listed)
