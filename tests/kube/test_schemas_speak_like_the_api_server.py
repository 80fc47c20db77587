"""What a schema refuses is named with its path, in one sentence, with the likely mistake."""

from __future__ import annotations

from typing import Any

import pytest

from atmos_cli.kube.schemas import SUPPORTED, Found, is_namespaced, lookup, minor, schema_errors


def deployment(container: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    pod = {"containers": [{"name": "web", "image": "x:1", **(container or {})}]}
    labels = {"matchLabels": {"a": "b"}}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "x"},
        "spec": {"selector": labels, "template": template, **spec},
    }


AT = "spec.template.spec.containers[0]."


@pytest.mark.parametrize(
    ("container", "kind", "message", "hint"),
    [
        ({"commnd": []}, "unknown-field", f'unknown field "{AT}commnd"; did you mean "command"?', 'rename it to "command"'),
        ({"imagepullpolicy": "x"}, "unknown-field", f'unknown field "{AT}imagepullpolicy"; did you mean "imagePullPolicy"?', 'rename it to "imagePullPolicy"'),
        ({"nodeSelector": {}}, "unknown-field", f'unknown field "{AT}nodeSelector"', 'move it: "nodeSelector" belongs in "spec.template.spec"; check its indentation'),
        ({"runAsUser": 1, "securityContext": {}}, "unknown-field", f'unknown field "{AT}runAsUser"', f'move it: "runAsUser" belongs in "{AT}securityContext"; check its indentation'),
        ({"zzz": 1}, "unknown-field", f'unknown field "{AT}zzz"', "remove it, or check its spelling and indentation"),
        ({"env": [{"name": "A", "value": True}]}, "type", f"{AT}env[0].value: must be a string, not the boolean true", "quote it: an unquoted yes, no, on, off, true or false is a boolean in YAML"),
        ({"env": [{"name": "A", "value": 8080}]}, "type", f"{AT}env[0].value: must be a string, not the integer 8080", 'quote it: "8080"'),
        ({"ports": [{"containerPort": "80"}]}, "type", f'{AT}ports[0].containerPort: must be an integer, not the string "80"', "remove the quotes"),
        ({"ports": [{"containerPort": 70000}]}, "range", f"{AT}ports[0].containerPort: invalid value 70000: must be less than or equal to 65535", ""),
        ({"ports": [{}]}, "required", f'missing required field "{AT}ports[0].containerPort"', ""),
        ({"ports": [None]}, "type", f"{AT}ports[0]: must be a mapping, not empty", "give it a value or remove it"),
        ({"ports": {"containerPort": 80}}, "type", f"{AT}ports: must be a list, not a mapping", "start each item with `- `"),
        ({"imagePullPolicy": "always"}, "enum", f'{AT}imagePullPolicy: unsupported value "always"; supported values: "Always", "IfNotPresent", "Never"', 'did you mean "Always"?'),
        ({"resources": {"limits": {"memory": "1GB"}}}, "pattern", f'{AT}resources.limits.memory: invalid value "1GB"', "write a quantity: a number with an optional suffix such as 500m, 1.5, 256Mi or 2Gi"),
        ({"args": "--x"}, "type", f'{AT}args: must be a list, not the string "--x"', "start each item with `- `"),
    ],
)  # fmt: skip
def test_an_error_names_the_field(container: dict[str, Any], kind: str, message: str, hint: str) -> None:
    [error] = schema_errors(deployment(container), kubernetes="1.34")
    assert (error.kind, error.message, error.hint) == (kind, message, hint)
    assert error.path[:5] == ("spec", "template", "spec", "containers", 0)


@pytest.mark.parametrize(
    "container",
    [
        {"imagePullPolicy": None},
        {"imagePullPolicy": ""},
        {"resources": {"limits": {"cpu": 1, "memory": "128Mi", "ephemeral-storage": 0.5}}},
        {"resources": {"requests": {"cpu": "1e3", "memory": "1E"}}},
        {"ports": [{"containerPort": 80.0}]},
        {"env": [{"name": "A", "value": None}]},
        {"args": None, "lifecycle": {}, "livenessProbe": {"httpGet": {"port": "http"}}},
        {"securityContext": {"runAsUser": 2147483647}},
    ],
)
def test_what_the_api_server_takes_passes(container: dict[str, Any]) -> None:
    for version in SUPPORTED:
        assert schema_errors(deployment(container), kubernetes=version) == ()


@pytest.mark.parametrize(
    "strategy",
    [{"rollingUpdate": {"maxSurge": None, "maxUnavailable": 0}}, {"rollingUpdate": {"maxSurge": "25%"}}, None, {}],
)
def test_null_is_no_error_in_an_optional_field(strategy: Any) -> None:
    assert schema_errors(deployment(strategy=strategy), kubernetes="1.34") == ()


def test_every_error_is_reported_at_once() -> None:
    broken = deployment({"imagePullPolicyy": "x", "ports": [{}]}, replicas="2", selectr={})
    paths = [error.path for error in schema_errors(broken, kubernetes="1.34")]
    assert len(paths) == len(set(paths)) == 4


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"replicas": -1}, ("spec", "replicas")),
        ({"replicas": 2**31}, ("spec", "replicas")),
        ({"strategy": {"type": "Rolling"}}, ("spec", "strategy", "type")),
        ({"selector": None}, ("spec", "selector")),
        ({"template": {"spec": {"containers": []}}}, ("spec", "template", "spec", "containers")),
    ],
)
def test_what_openapi_does_not_say_is_refused_too(spec: dict[str, Any], path: tuple[str, ...]) -> None:
    assert [error.path for error in schema_errors(deployment(**spec), kubernetes="1.34")] == [path]


def cluster(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "x"},
        "spec": {"instances": 1, **spec},
    }


def test_custom_resources_are_strict_inside_and_in_their_metadata() -> None:
    resource = cluster(storage={"siz": "1Gi"})
    resource["metadata"]["lables"] = {}
    assert {error.path for error in schema_errors(resource, kubernetes="1.34")} == {
        ("spec", "storage", "siz"),
        ("metadata", "lables"),
    }


def test_bounds_of_custom_resources_hold_and_formats_do_not_loosen_them() -> None:
    scaled = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "x"},
        "spec": {"scaleTargetRef": {"name": "a"}, "minReplicaCount": -1, "triggers": [{"type": "cpu", "metadata": {}}]},
    }
    assert [error.path for error in schema_errors(scaled, kubernetes="1.34")] == [("spec", "minReplicaCount")]
    scaled["spec"] = {**scaled["spec"], "minReplicaCount": 2**33}
    assert schema_errors(scaled, kubernetes="1.34") == ()


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": {"resources": {"requests": {"storage": 1}}}}, ("spec", "accessModes")),
        ({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": {"accessModes": ["ReadWriteOnce"]}}, ("spec", "resources")),
        ({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": [{"apiGroups": [""], "verbs": ["get"]}]}, ("rules", 0, "resources")),
    ],
)  # fmt: skip
def test_what_must_be_there_is_missed(resource: dict[str, Any], path: tuple[Any, ...]) -> None:
    for version in SUPPORTED:
        assert [error.path for error in schema_errors(resource, kubernetes=version)] == [path]


def test_a_rule_for_urls_needs_no_resources() -> None:
    rules = [{"nonResourceURLs": ["/healthz"], "verbs": ["get"]}]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "a"},
        "rules": rules,
    }
    assert schema_errors(role, kubernetes="1.34") == ()


def test_null_in_a_custom_resource_counts_as_absent() -> None:
    assert schema_errors(cluster(bootstrap=None, imageName=None), kubernetes="1.34") == ()
    assert [error.path for error in schema_errors({**cluster(), "spec": None}, kubernetes="1.34")] == [("spec",)]


def test_a_required_field_with_a_default_may_be_missing() -> None:
    resource = cluster()
    del resource["spec"]["instances"]
    assert schema_errors(resource, kubernetes="1.34") == ()


def test_secret_values_are_never_repeated() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a"},
        "data": {"a": "hunter2!"},
        "stringData": {"b": 123456},
    }
    errors = schema_errors(secret, kubernetes="1.34")
    assert len(errors) == 2
    assert all("hunter2" not in str(error) and "123456" not in str(error) for error in errors)


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"kind": 1, "apiVersion": []},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {1: 2}},
        {"apiVersion": "v1", "kind": "X"},
    ],
)
def test_no_shape_crashes(resource: dict[str, Any]) -> None:
    assert isinstance(schema_errors(resource, kubernetes="1.34"), tuple)


def test_a_flood_of_errors_is_bounded() -> None:
    resource = deployment({"env": [{"name": str(n), "value": n} for n in range(5000)]})
    assert len(schema_errors(resource, kubernetes="1.34")) == 50


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1.32", "1.32"), ("v1.32.4", "1.32"), ("1.32+", "1.32"), ("1.10", "1.25"), ("1.99", "1.37"), ("latest", "1.37")],
)
def test_a_version_is_read_generously(written: str, meant: str) -> None:
    assert minor(written) == meant


@pytest.mark.parametrize(
    ("group", "version", "kind", "kubernetes", "status", "since", "replacement"),
    [
        ("apps", "v1", "Deployment", "1.25", Found.FOUND, "", ""),
        ("batch", "v1beta1", "CronJob", "1.25", Found.REMOVED, "1.25", "batch/v1"),
        ("policy", "v1beta1", "PodSecurityPolicy", "1.34", Found.REMOVED, "1.25", ""),
        ("autoscaling", "v2beta2", "HorizontalPodAutoscaler", "1.25", Found.FOUND, "", ""),
        ("autoscaling", "v2beta2", "HorizontalPodAutoscaler", "1.30", Found.REMOVED, "1.26", "autoscaling/v2"),
        ("flowcontrol.apiserver.k8s.io", "v1beta3", "FlowSchema", "1.31", Found.FOUND, "", ""),
        ("flowcontrol.apiserver.k8s.io", "v1beta3", "FlowSchema", "1.32", Found.REMOVED, "1.32", "flowcontrol.apiserver.k8s.io/v1"),
        ("external-secrets.io", "v1beta1", "ExternalSecret", "1.34", Found.REMOVED, "", "external-secrets.io/v1"),
        ("kustomize.toolkit.fluxcd.io", "v1beta2", "Kustomization", "1.34", Found.REMOVED, "", "kustomize.toolkit.fluxcd.io/v1"),
        ("", "v1", "Deployment", "1.34", Found.UNKNOWN, "", "apps/v1"),
        ("acme.io", "v1", "Widget", "1.34", Found.UNKNOWN, "", ""),
    ],
)  # fmt: skip
def test_a_kind_is_looked_up(
    group: str, version: str, kind: str, kubernetes: str, status: Found, since: str, replacement: str
) -> None:
    answer = lookup(group, version, kind, kubernetes)
    assert (answer.status, answer.version, answer.replacement) == (status, since, replacement)


@pytest.mark.parametrize(
    ("group", "kind", "namespaced"),
    [("", "Pod", True), ("", "Namespace", False), ("cert-manager.io", "Issuer", True), ("cert-manager.io", "ClusterIssuer", False), ("acme.io", "Widget", True)],
)  # fmt: skip
def test_the_scope_of_a_kind_is_known(group: str, kind: str, namespaced: bool) -> None:
    assert is_namespaced(group, kind) is namespaced


@pytest.mark.parametrize(
    "resource",
    [
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "a"}, "spec": {"project": "a", "destination": {}, "source": {"repoURL": "x", "path": "y"}}},
        {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "a"}, "spec": {"interval": "10m", "prune": True, "sourceRef": {"kind": "GitRepository", "name": "x"}}},
    ],
)  # fmt: skip
def test_the_engines_are_known(resource: dict[str, Any]) -> None:
    assert schema_errors(resource, kubernetes="1.34") == ()
    resource["spec"]["pruune"] = True
    assert [error.kind for error in schema_errors(resource, kubernetes="1.34")] == ["unknown-field"]
