"""What a pod or a route needs must exist: in the set, or declared."""

from __future__ import annotations

from typing import Any

import pytest
from shop import CONTAINER, found, good, parse, put, said

from atmos_cli.diagnostics import Severity

POD = CONTAINER[:-2]
ENV = "spec.template.spec.containers[0].env[{}].valueFrom.{}"


@pytest.mark.parametrize("kind", ["ServiceAccount", "PersistentVolumeClaim", "ConfigMap"])
def test_a_missing_object_is_found(kind: str) -> None:
    resources = good()
    del resources[kind]
    problems = [one for one in found(resources) if one.code.name == "REFERENCE_MISSING"]
    assert problems
    assert all(f"{kind} " in one.message for one in problems)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ((*CONTAINER, "env", 0, "valueFrom", "secretKeyRef", "key"), "url", ENV.format(0, "secretKeyRef.key")),
        ((*CONTAINER, "env", 1, "valueFrom", "secretKeyRef", "key"), "tokn", ENV.format(1, "secretKeyRef.key")),
        ((*CONTAINER, "env", 2, "valueFrom", "configMapKeyRef", "key"), "LEVEL", ENV.format(2, "configMapKeyRef.key")),
        ((*CONTAINER, "volumeMounts", 0, "name"), "temp", "spec.template.spec.containers[0].volumeMounts[0].name"),
        ((*POD, "serviceAccountName"), "order", "spec.template.spec.serviceAccountName"),
        (
            (*CONTAINER, "readinessProbe", "httpGet", "port"),
            "web",
            "spec.template.spec.containers[0].readinessProbe.httpGet.port",
        ),
    ],
)
def test_a_wrong_name_is_found(path: tuple[Any, ...], value: str, field: str) -> None:
    resources = good()
    put(resources["Deployment"], path, value)
    assert said(resources) == {("REFERENCE_MISSING", field)}


@pytest.mark.parametrize(
    ("kind", "path", "value", "field"),
    [
        ("Service", ("spec", "ports", 0, "targetPort"), "web", "spec.ports[0].targetPort"),
        (
            "Ingress",
            ("spec", "rules", 0, "http", "paths", 0, "backend", "service", "name"),
            "order",
            "spec.rules[0].http.paths[0].backend.service.name",
        ),
        (
            "Ingress",
            ("spec", "rules", 0, "http", "paths", 0, "backend", "service", "port"),
            {"number": 8080},
            "spec.rules[0].http.paths[0].backend.service.port.number",
        ),
        ("HTTPRoute", ("spec", "rules", 0, "backendRefs", 0, "name"), "order", "spec.rules[0].backendRefs[0].name"),
        ("HTTPRoute", ("spec", "rules", 0, "backendRefs", 0, "port"), 8080, "spec.rules[0].backendRefs[0].port"),
    ],
)
def test_a_route_to_nowhere_is_found(kind: str, path: tuple[Any, ...], value: Any, field: str) -> None:
    resources = good()
    put(resources[kind], path, value)
    assert said(resources) == {("REFERENCE_MISSING", field)}


def test_routes_into_other_namespaces_and_kinds_are_left_alone() -> None:
    resources = good()
    resources["HTTPRoute"]["spec"]["rules"][0]["backendRefs"] = [
        {"name": "legacy", "namespace": "old", "port": 1},
        {"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "far", "port": 1},
    ]
    assert said(resources) == set()


def test_a_secret_from_elsewhere_is_a_warning_until_it_is_declared() -> None:
    resources = good()
    del resources["ExternalSecret"]
    [one] = found(resources)
    assert (one.code.name, one.severity) == ("REFERENCE_EXTERNAL", Severity.WARNING)
    assert one.message == 'secret "orders-api" is not made by this repo; it must exist in namespace shop-dev'
    assert found(resources, declared_secrets=frozenset({"orders-api"})) == []


@pytest.mark.parametrize(
    "field", [{"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "x", "key": "y", "optional": True}}}]}]
)
def test_an_optional_reference_needs_nothing(field: dict[str, Any]) -> None:
    resources = good()
    resources["Deployment"]["spec"]["template"]["spec"]["containers"][0].update(field)
    assert said(resources) == set()


SOURCES = {
    "orders-sealed": """
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: orders-sealed, namespace: shop-dev}
spec: {encryptedData: {key: AgBy}}
""",
    "renamed": """
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: other, namespace: shop-dev}
spec: {secretStoreRef: {name: vault}, target: {name: renamed}, dataFrom: [{extract: {key: orders}}]}
""",
    "orders-tls-2": """
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: other, namespace: shop-dev}
spec: {secretName: orders-tls-2, issuerRef: {name: ca}, dnsNames: [a.example.org]}
""",
    "bus-default-user": """
apiVersion: rabbitmq.com/v1beta1
kind: RabbitmqCluster
metadata: {name: bus, namespace: shop-dev}
spec: {replicas: 1}
""",
    "orders-db-superuser": """
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: orders-db, namespace: shop-dev}
spec: {instances: 1, storage: {size: 1Gi}, enableSuperuserAccess: true}
""",
}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_secret_that_an_operator_makes_is_known(name: str) -> None:
    resources = good()
    reference = [{"name": "S", "valueFrom": {"secretKeyRef": {"name": name, "key": "key"}}}]
    put(resources["Deployment"], (*CONTAINER, "env"), reference)
    assert ("REFERENCE_EXTERNAL", ENV.format(0, "secretKeyRef.name")) in said(resources)
    source = parse(SOURCES[name])
    rest = [one for one in resources.values() if one["kind"] != source[0]["kind"] or name != "orders-db-superuser"]
    assert not [one for one in found([*rest, *source]) if one.code.name == "REFERENCE_EXTERNAL"]


def test_the_tls_secret_of_an_ingress_needs_a_source() -> None:
    resources = good()
    del resources["Ingress"]["metadata"]["annotations"]
    assert said(resources) == {("REFERENCE_EXTERNAL", "spec.tls[0].secretName")}


def test_claims_of_a_stateful_set_are_volumes() -> None:
    resources = good()
    workload = resources["Deployment"]
    workload["kind"] = "StatefulSet"
    workload["spec"]["serviceName"] = "orders"
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    workload["spec"]["volumeClaimTemplates"] = [claim]
    put(workload, (*CONTAINER, "volumeMounts", 2), {"name": "data", "mountPath": "/data"})
    resources["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["kind"] = "StatefulSet"
    assert said(resources) == set()
