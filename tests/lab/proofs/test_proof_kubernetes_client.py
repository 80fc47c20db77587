"""The client against a real API server: rights, certificates, plugins, pages, watches, and a server that restarts."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from atmos_cli.adapters.kubernetes import client, watch
from atmos_cli.adapters.kubernetes.client import ClusterClient, ExpiredError
from atmos_cli.adapters.kubernetes.events import events
from atmos_cli.adapters.kubernetes.kubeconfig import access, read_kubeconfig
from atmos_cli.adapters.kubernetes.watch import Mirror
from atmos_cli.diagnostics import AtmosError, Code
from tests.lab.processes import PATIENCE, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lab.control_plane import ControlPlane
    from tests.lab.kube import Kube

pytestmark = pytest.mark.lab


def connect(kubeconfig: Path, context: str = "shared", **options: Any) -> ClusterClient:
    found = access(read_kubeconfig({"KUBECONFIG": str(kubeconfig)}), context, setting="clusters.eu.context")
    return ClusterClient(found, name="cluster `eu`", **options)


@pytest.fixture
def cluster(control_plane: ControlPlane) -> Iterator[ClusterClient]:
    with connect(control_plane.kubeconfig) as cluster:
        yield cluster


def config_map(namespace: str, name: str, **metadata: Any) -> dict[str, Any]:
    own = {"name": name, "namespace": namespace, **metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": own, "data": {"a": "1"}}


def deployment(namespace: str, name: str, *, replicas: int = 2, image: str = "web:1") -> dict[str, Any]:
    labels = {"app": name}
    pod = {"containers": [{"name": "web", "image": image}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def until(mirror: Mirror, condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        mirror.wait(1.0)
        assert time.monotonic() < deadline, "it did not come"


def token_for(kube: Kube, namespace: str, account: str) -> str:
    kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": namespace}})
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    found: str = kube.request("POST", path, json={"spec": {"expirationSeconds": 3600}})["status"]["token"]
    return found


def test_objects_are_found_in_pages_and_without_what_is_not_ours(
    cluster: ClusterClient, kube: Kube, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kube.apply(*(config_map(namespace, f"c-{n:02d}", labels={"odd": str(n % 2)}) for n in range(25)))
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": namespace}}
    kube.apply({**secret, "stringData": {"password": "hunter2"}})
    monkeypatch.setattr(client, "PAGE", 7)
    found = cluster.list("v1", "ConfigMap", namespace=namespace, selector="odd=1")
    assert [each["metadata"]["name"] for each in found] == [f"c-{n:02d}" for n in range(1, 25, 2)]
    assert all("managedFields" not in each["metadata"] for each in found)
    got = cluster.get("v1", "Secret", "s", namespace=namespace)
    assert got is not None
    assert got["data"] == {"password": "***"}
    assert cluster.get("v1", "Secret", "none", namespace=namespace) is None
    assert cluster.get("v1", "Node", "node-1") is not None
    assert cluster.list("acme.example.com/v1", "Widget") == ()


def test_annotations_belong_to_the_manager_that_was_named(cluster: ClusterClient, kube: Kube, namespace: str) -> None:
    kube.apply(config_map(namespace, "web"))
    for manager in ("atmos-cli", "flux-client-side-apply"):
        given = {f"example.com/{manager}": "1"}
        cluster.annotate("v1", "ConfigMap", "web", namespace=namespace, annotations=given, manager=manager)
    found = kube.get("v1", "ConfigMap", "web", namespace)
    assert found["metadata"]["annotations"] == {"example.com/atmos-cli": "1", "example.com/flux-client-side-apply": "1"}
    managers = {each["manager"] for each in found["metadata"]["managedFields"]}
    assert {"atmos-cli", "flux-client-side-apply"} <= managers
    with pytest.raises(AtmosError, match="has no ConfigMap `none`"):
        cluster.annotate("v1", "ConfigMap", "none", namespace=namespace, annotations={})


def test_a_pod_whose_node_cannot_be_reached_has_no_log(cluster: ClusterClient, kube: Kube, namespace: str) -> None:
    kube.apply(deployment(namespace, "web", replicas=1))
    kube.wait("apps/v1", "Deployment", "web", namespace, until=lambda d: d["status"].get("readyReplicas") == 1)
    (pod,) = cluster.list("v1", "Pod", namespace=namespace)
    name = pod["metadata"]["name"]
    for previous in (False, True):
        assert cluster.logs(name, "web", namespace=namespace, previous=previous, lines=5) == ()
    assert cluster.logs("none", "web", namespace=namespace, previous=False, lines=5) == ()


def test_a_right_that_is_missing_is_named_as_the_server_names_it(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    token = token_for(kube, namespace, "reader")
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "reader", "namespace": namespace}}
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}
    subject = {"kind": "ServiceAccount", "name": "reader", "namespace": namespace}
    kube.apply(
        {**role, "kind": "Role", "rules": [rule]},
        {
            **role,
            "kind": "RoleBinding",
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
            "subjects": [subject],
        },
        config_map(namespace, "web"),
    )
    with connect(control_plane.kubeconfig_for(namespace, token)) as reader:
        assert "web" in [each["metadata"]["name"] for each in reader.list("v1", "ConfigMap", namespace=namespace)]
        for call, verb in [
            (lambda: reader.list("apps/v1", "Deployment", namespace=namespace), "list deployments.apps"),
            (
                lambda: reader.annotate("v1", "ConfigMap", "web", namespace=namespace, annotations={}),
                "patch configmaps",
            ),
        ]:
            with pytest.raises(AtmosError) as caught:
                call()
            (found,) = caught.value.diagnostics
            assert found.code is Code.CLUSTER_UNREACHABLE  # ATM811
            assert f"does not let you {verb} in {namespace}" in found.message
            assert f"system:serviceaccount:{namespace}:reader" in found.message
            assert f"auth can-i {verb} -n {namespace}" in found.hint
            assert token not in found.message
        with Mirror(reader, [("v1", "ConfigMap"), ("v1", "Pod")], namespaces=[namespace]) as mirror:
            assert "web" in [each["metadata"]["name"] for each in mirror.list("v1", "ConfigMap", namespace=namespace)]
            with pytest.raises(AtmosError, match=f"list pods in {namespace}"):
                mirror.list("v1", "Pod", namespace=namespace)


def test_a_token_that_nobody_knows_is_said(control_plane: ControlPlane, namespace: str) -> None:
    with (
        connect(control_plane.kubeconfig_for(namespace, "nobody")) as stranger,
        pytest.raises(AtmosError, match="does not accept the credentials"),
    ):
        stranger.list("v1", "Pod")


def test_a_plugin_logs_in(control_plane: ControlPlane, tmp_path: Path) -> None:
    plugin = tmp_path / "login"
    given = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}
    credential = json.dumps({**given, "status": {"token": control_plane.token}})
    plugin.write_text(f"#!{sys.executable} -SE\nprint({credential!r})\n")
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    kubeconfig = json.loads(control_plane.kubeconfig.read_text())
    exec_user = {"apiVersion": given["apiVersion"], "command": "./login", "interactiveMode": "Never"}
    kubeconfig["users"][0]["user"] = {"exec": exec_user}
    (tmp_path / "config").write_text(json.dumps(kubeconfig))
    with connect(tmp_path / "config") as cluster:
        assert cluster.get("v1", "Namespace", "default") is not None


def test_a_client_certificate_and_the_servers_own_authority(
    control_plane: ControlPlane, kube: Kube, tmp_path: Path
) -> None:
    """The API server signs its own certificate and trusts no client's, so we are anonymous but let in by TLS."""
    certificate = control_plane.directory / "certs/apiserver.crt"
    key, own = tmp_path / "me.key", tmp_path / "me.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=me"]
    subprocess.run([*command, "-keyout", key, "-out", own], check=True, capture_output=True)
    kubeconfig = json.loads(control_plane.kubeconfig.read_text())
    encoded = base64.b64encode(certificate.read_bytes()).decode()
    server = {"server": control_plane.url, "certificate-authority-data": encoded}
    kubeconfig["clusters"][0]["cluster"] = server
    kubeconfig["users"][0]["user"] = {
        "token": control_plane.token,
        "client-certificate": "me.pem",
        "client-key": "me.key",
    }
    (tmp_path / "config").write_text(json.dumps(kubeconfig))
    with connect(tmp_path / "config") as cluster:
        assert cluster.get("v1", "Namespace", "default") is not None
    server["certificate-authority-data"] = base64.b64encode(own.read_bytes()).decode()
    (tmp_path / "config").write_text(json.dumps(kubeconfig))
    with connect(tmp_path / "config") as cluster, pytest.raises(AtmosError, match="its certificate is not valid"):
        cluster.get("v1", "Namespace", "default")


def test_a_rollout_is_seen_as_it_happens(
    cluster: ClusterClient, kube: Kube, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A kind that is not served is asked for again after this time: a slow machine must not add to the count.
    monkeypatch.setattr(watch, "UNSERVED_SECONDS", 10 * PATIENCE)
    kinds = [("apps/v1", "Deployment"), ("apps/v1", "ReplicaSet"), ("v1", "Pod"), ("acme.example.com/v1", "None")]
    with Mirror(cluster, kinds) as mirror:
        before = cluster.transport.requests
        kube.apply(deployment(namespace, "web"))

        def ready(image: str) -> bool:
            pods = mirror.list("v1", "Pod", namespace=namespace, selector="app=web")
            running = [pod for pod in pods if (pod.get("status") or {}).get("phase") == "Running"]
            return [pod["spec"]["containers"][0]["image"] for pod in running] == [image] * 2 and len(pods) == 2

        until(mirror, lambda: ready("web:1"))
        kube.apply(deployment(namespace, "web", image="web:2"))
        until(mirror, lambda: ready("web:2"))
        live = mirror.get("apps/v1", "Deployment", "web", namespace=namespace)
        assert live is not None
        sets = mirror.owned(live["metadata"]["uid"])
        assert [each["kind"] for each in sets] == ["ReplicaSet"] * 2
        assert sum(len(mirror.owned(each["metadata"]["uid"])) for each in sets) == 2
        kube.delete("apps/v1", "Deployment", "web", namespace)
        until(mirror, lambda: not mirror.list("v1", "Pod", namespace=namespace))
        # 3 lists, 3 watches and discovery at most, however often the store was looked at
        assert cluster.transport.requests - before <= 9
        real = {each["metadata"]["uid"] for each in cluster.list("v1", "Pod")}
        assert {each["metadata"]["uid"] for each in mirror.list("v1", "Pod")} == real


@pytest.fixture
def own_plane(new_control_plane: Callable[..., ControlPlane]) -> Iterator[ControlPlane]:
    """An API server with etcd, which a test may restart."""
    plane = new_control_plane("restarts", controllers=False)
    yield plane
    plane.end()


def restart(plane: ControlPlane, *, meanwhile: Callable[[], bool] = lambda: True) -> None:
    apiserver = plane.processes[1]
    assert "apiserver" in apiserver.name
    apiserver.stop()
    assert meanwhile()
    apiserver.start()
    wait_until(plane._answers, "the API server to be back", processes=plane.processes)


def test_a_version_that_the_server_forgot_means_a_new_list(own_plane: ControlPlane) -> None:
    kube = own_plane.kube
    restart(own_plane)  # it remembers no event of before its start
    first = kube.apply(config_map("default", "first"))[0]["metadata"]["resourceVersion"]
    with connect(own_plane.kubeconfig, "restarts") as cluster:
        with pytest.raises(ExpiredError):
            list(events(cluster, "v1", "ConfigMap", namespace="", since="1", opened=lambda _: None, seconds=5))
        seen = events(cluster, "v1", "ConfigMap", namespace="", since=first, opened=lambda _: None, seconds=1)
        kube.apply(config_map("default", "second"))
        assert ("ADDED", "second") in [(what, each["metadata"].get("name")) for what, each in seen]


def test_the_server_restarts_while_it_is_watched(own_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    kube = own_plane.kube
    kube.apply(config_map("default", "before"))

    def names() -> set[str]:
        return {each["metadata"]["name"] for each in mirror.list("v1", "ConfigMap", namespace="default")}

    with connect(own_plane.kubeconfig, "restarts") as cluster, Mirror(cluster, [("v1", "ConfigMap")]) as mirror:
        assert "before" in names()
        # What was known is still shown while it is away.
        monkeypatch.setattr(watch, "STALE_SECONDS", PATIENCE)
        restart(own_plane, meanwhile=lambda: "before" in names())
        kube.apply(config_map("default", "after"))
        until(mirror, lambda: {"before", "after"} <= names())


def test_many_services_share_one_watch_per_kind(cluster: ClusterClient, kube: Kube, namespace: str) -> None:
    """The same with 500 services, and its memory: `benchmarks/watch_many.py`."""
    count, kinds = 25, [("apps/v1", "Deployment"), ("apps/v1", "ReplicaSet"), ("v1", "Pod")]
    with Mirror(cluster, kinds, namespaces=[namespace]) as mirror:
        for number in range(count):
            kube.apply(deployment(namespace, f"web-{number:02d}", replicas=1))

        def seen() -> bool:
            pods = mirror.list("v1", "Pod", namespace=namespace)
            return sum((pod.get("status") or {}).get("phase") == "Running" for pod in pods) == count

        until(mirror, seen)
        for workload in mirror.list("apps/v1", "Deployment", namespace=namespace):
            (owned,) = mirror.owned(workload["metadata"]["uid"])
            assert len(mirror.owned(owned["metadata"]["uid"])) == 1
        assert cluster.transport.requests <= 9
        assert mirror.store.size < count * 3 * 4096
