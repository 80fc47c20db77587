"""`atmos init --context` asks a real API server what it is, with rights that only read, and takes what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from atmos_cli.yamlio.load import load
from tests.lab.proofs.operators import crds_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.control_plane import ControlPlane
    from tests.lab.kube import Kube

pytestmark = pytest.mark.lab

SOURCES = Path(__file__).parents[3]
ZONE = "topology.kubernetes.io/zone"
DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}
KINDS = (
    ("cert-manager.io", "ClusterIssuer"),
    ("gateway.networking.k8s.io", "GatewayClass"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("postgresql.cnpg.io", "Cluster"),
)
THINGS: tuple[dict[str, Any], ...] = (
    {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "fast", "annotations": DEFAULT},
        "provisioner": "csi.lab.test",
    },
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "traefik"},
        "spec": {"controller": "traefik.io/ingress-controller"},
    },
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "eg"},
        "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
    },
    # The lab's API server stands on loopback, of which it may make none itself.
    {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kubernetes-lab",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["192.0.2.10"]}],
        "ports": [{"name": "https", "port": 16443, "protocol": "TCP"}],
    },
)
# What a careful platform would give to somebody who may look: nothing with a verb that writes.
ASKED = {
    "": ["nodes", "services"],
    "storage.k8s.io": ["storageclasses"],
    "networking.k8s.io": ["ingressclasses"],
    "gateway.networking.k8s.io": ["gatewayclasses"],
    "discovery.k8s.io": ["endpointslices"],
}


@pytest.fixture(scope="module")
def there(kube: Kube) -> Iterator[None]:
    """Two zones, a default StorageClass, classes of both kinds of entry, and the kinds of some operators."""
    kube.install_crds(*crds_for(KINDS))  # which stay: other proofs may have them from here
    kube.apply(*THINGS)
    nodes = kube.list("v1", "Node")
    for number, node in enumerate(nodes):
        kube.patch(node, {"metadata": {"labels": {ZONE: f"zone-{number % 2}"}}})
    yield
    for node in nodes:
        kube.patch(node, {"metadata": {"labels": {ZONE: None}}})
    for each in reversed(THINGS):
        kube.delete(each["apiVersion"], each["kind"], each["metadata"]["name"], each["metadata"].get("namespace", ""))


def reader(kube: Kube, control_plane: ControlPlane, namespace: str, *, without: str | None = None) -> Path:
    """A kubeconfig of somebody who may get and list what is asked for, and do nothing else."""
    name = f"reader-{namespace}"[:50]
    rules = [
        {"apiGroups": [group], "resources": resources, "verbs": ["get", "list"]}
        for group, resources in ASKED.items()
        if group != without
    ]
    subject = {"kind": "ServiceAccount", "name": "reader", "namespace": namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    rbac = "rbac.authorization.k8s.io/v1"
    kube.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader", "namespace": namespace}},
        {"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules},
        {
            "apiVersion": rbac,
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": role,
            "subjects": [subject],
        },
    )
    path = kube.path("v1", "ServiceAccount", "reader", namespace)
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = kube.request("POST", f"{path}/token", json=asked)["status"]["token"]
    return control_plane.kubeconfig_for(namespace, token)


def init(kubeconfig: Path, root: Path, *flags: str) -> Any:
    command = [sys.executable, "-m", "atmos_cli", "init", str(root), *flags, "--yes", "--write", "files", "-o", "json"]
    environment = {
        "KUBECONFIG": str(kubeconfig),
        "PATH": os.environ["PATH"],
        "HOME": str(root.parent),
        "PYTHONPATH": str(SOURCES),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, (done.stdout + done.stderr)[:3000]
    return load(done.stdout.encode())


def state(kube: Kube) -> dict[str, str]:
    """What nobody but a writer changes, with the version of each object."""
    kinds = [(each["apiVersion"], each["kind"]) for each in THINGS]
    kinds += [
        ("v1", "Namespace"),
        ("v1", "ConfigMap"),
        ("v1", "Service"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ]
    found = [each for kind in kinds for each in kube.list(*kind)]
    return {kube.path_of(each): each["metadata"]["resourceVersion"] for each in found}


@pytest.mark.usefixtures("there")
def test_a_real_cluster_says_what_it_is(
    kube: Kube, control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    kubeconfig = reader(kube, control_plane, namespace)
    before = state(kube)
    answer = init(kubeconfig, tmp_path / "repo", "--env", "prod", "--context", "prod=shared")
    assert state(kube) == before
    (seen,) = answer["data"]["seen"]
    assert seen["unseen"] == [], "nothing was refused to somebody who may only read, so that nothing else was tried"
    config = load((tmp_path / "repo" / "atmos-cli.yaml").read_bytes())["clusters"]["prod"]
    minor = ".".join(kube.request("GET", "/version")["gitVersion"].removeprefix("v").split(".")[:2])
    assert (config["type"], config["kubernetes"], config["context"]) == ("generic", minor, "shared")
    assert config["api"] == [16443]
    assert config["zones"] is True
    secrets = kube.find("apiextensions.k8s.io/v1", "CustomResourceDefinition", "externalsecrets.external-secrets.io")
    has = "it has Gateway API, cert-manager, CloudNativePG" + (", External Secrets" if secrets else "")
    # Other proofs on the same cluster may have left more classes.
    for begin, rest in (
        ("its nodes are in 2 zones", ""),
        ("its default StorageClass is ", "fast"),
        ("its Ingress classes are ", "traefik (traefik.io/ingress-controller)"),
        ("its Gateway classes are ", "eg (gateway.envoyproxy.io/gatewayclass-controller)"),
        (has, ""),
        *([] if secrets else [("it has no External Secrets, which `secrets` needs", "")]),
    ):
        assert [each for each in seen["found"] if each.startswith(begin) and rest in each], (begin, seen["found"])


@pytest.mark.usefixtures("there")
def test_what_a_real_cluster_refuses_is_said(
    kube: Kube, control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    kubeconfig = reader(kube, control_plane, namespace, without="storage.k8s.io")
    (seen,) = init(kubeconfig, tmp_path / "repo", "--env", "prod", "--context", "shared")["data"]["seen"]
    (unseen,) = seen["unseen"]
    assert unseen.startswith("its StorageClasses: ")
    assert "storageclasses" in unseen
    assert not [each for each in seen["found"] if "StorageClass" in each]
