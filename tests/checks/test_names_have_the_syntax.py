"""Names, labels, ports and keys are judged as the API server judges them."""

from __future__ import annotations

from typing import Any

import pytest
from shop import CONTAINER, good, put, said

from atmos_cli.kube.names import object_name


@pytest.mark.parametrize(
    ("kind", "path", "value", "field"),
    [
        ("ConfigMap", ("metadata", "name"), "My_Config", "metadata.name"),
        ("Service", ("metadata", "name"), "1orders", "metadata.name"),
        ("Deployment", ("metadata", "labels", "a b"), "x", "metadata.labels.a b"),
        ("Deployment", ("metadata", "labels", "team"), "shop & co", "metadata.labels.team"),
        ("Deployment", ("metadata", "annotations", "a/b/c"), "x", "metadata.annotations.a/b/c"),
        ("Deployment", ("spec", "template", "metadata", "labels", "v"), "-", "spec.template.metadata.labels.v"),
        ("Deployment", (*CONTAINER, "name"), "Web", "spec.template.spec.containers[0].name"),
        ("ConfigMap", ("data", "a b"), "x", "data.a b"),
        ("Service", ("spec", "ports", 0, "name"), "http_main", "spec.ports[0].name"),
    ],
)
def test_a_bad_name_is_found(kind: str, path: tuple[Any, ...], value: str, field: str) -> None:
    resources = good()
    put(resources[kind], path, value)
    assert ("NAME_INVALID", field) in said(resources)


def test_a_port_name_has_fifteen_characters() -> None:
    resources = good()
    put(resources["Deployment"], (*CONTAINER, "ports", 0, "name"), "http-management1")
    assert ("NAME_INVALID", "spec.template.spec.containers[0].ports[0].name") in said(resources)


@pytest.mark.parametrize(
    ("group", "kind", "name", "fits"),
    [
        ("", "ConfigMap", "a.b", True),
        ("", "ConfigMap", "a" * 253, True),
        ("", "ConfigMap", "a" * 254, False),
        ("", "Service", "a.b", False),
        ("", "Service", "a" * 63, True),
        ("", "Service", "a" * 64, False),
        ("", "Namespace", "1-a", True),
        ("apps", "StatefulSet", "a.b", False),
        ("apps", "Deployment", "a.b", True),
        ("batch", "CronJob", "a" * 52, True),
        ("batch", "CronJob", "a" * 53, False),
        ("rbac.authorization.k8s.io", "Role", "system:Reader", True),
        ("rbac.authorization.k8s.io", "Role", "a/b", False),
        ("postgresql.cnpg.io", "Cluster", "Upper", False),
        ("", "ConfigMap", "a\n", False),
        ("", "ConfigMap", "", False),
        ("", "ConfigMap", "a..b", False),
    ],
)
def test_each_kind_has_its_rule(group: str, kind: str, name: str, fits: bool) -> None:
    assert (object_name(group, kind, name) == "") is fits


@pytest.mark.parametrize(
    ("kind", "path", "value", "field"),
    [
        ("Service", ("spec", "ports"), [{"name": "a", "port": 1}, {"name": "a", "port": 2}], "spec.ports[1].name"),
        ("Service", ("spec", "ports"), [{"name": "a", "port": 1}, {"port": 2}], "spec.ports[1]"),
        (
            "Deployment",
            (*CONTAINER, "ports"),
            [{"name": "a", "containerPort": 1}, {"name": "a", "containerPort": 2}],
            "spec.template.spec.containers[0].ports[1].name",
        ),
        (
            "Deployment",
            (*CONTAINER, "volumeMounts"),
            [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/a"}],
            "spec.template.spec.containers[0].volumeMounts[1].mountPath",
        ),
        (
            "Deployment",
            ("spec", "template", "spec", "volumes"),
            [{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}],
            "spec.template.spec.volumes[1].name",
        ),
    ],
)
def test_a_name_that_stands_twice_is_refused_as_by_the_api_server(kind, path, value, field) -> None:
    resources = good()
    put(resources[kind], path, value)
    assert ("NAME_INVALID", field) in said(resources)


def test_two_containers_of_one_name_are_refused_as_by_the_api_server() -> None:
    resources = good()
    container = {"name": "web", "image": "r/x:1"}
    put(resources["Deployment"], ("spec", "template", "spec", "containers"), [container, {**container}])
    assert ("NAME_INVALID", "spec.template.spec.containers[1].name") in said(resources)
