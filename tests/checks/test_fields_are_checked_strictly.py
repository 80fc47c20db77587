"""The schema check says what the API server would say, at the field."""

from __future__ import annotations

import pytest
from shop import CONTAINER, found, good, put, said

from atmos_cli.diagnostics import Severity


def test_an_unknown_field_is_an_error() -> None:
    resources = good()
    put(resources["Deployment"], (*CONTAINER, "imagePullPolicyy"), "Always")
    [one] = found(resources)
    assert one.code.name == "SCHEMA_UNKNOWN_FIELD"
    assert one.path == (*CONTAINER, "imagePullPolicyy")
    assert (
        one.message
        == 'unknown field "spec.template.spec.containers[0].imagePullPolicyy"; did you mean "imagePullPolicy"?'
    )


def test_custom_resources_are_checked_too() -> None:
    resources = good()
    resources["Cluster"]["spec"]["instances"] = "one"
    resources["Cluster"]["spec"]["stroage"] = {}
    assert said(resources) == {("SCHEMA_INVALID", "spec.instances"), ("SCHEMA_UNKNOWN_FIELD", "spec.stroage")}


@pytest.mark.parametrize(
    ("api", "kubernetes", "code", "hint"),
    [
        ("extensions/v1beta1", "1.34", "SCHEMA_REMOVED_API", "write apiVersion: networking.k8s.io/v1"),
        ("networking.k8s.io/v2", "1.34", "SCHEMA_UNKNOWN_KIND", "write apiVersion: networking.k8s.io/v1"),
    ],
)
def test_a_gone_api_names_its_replacement(api: str, kubernetes: str, code: str, hint: str) -> None:
    resources = good()
    resources["Ingress"]["apiVersion"] = api
    [one] = [finding for finding in found(resources, kubernetes=kubernetes) if finding.code.name == code]
    assert (one.severity, one.hint, one.path[-1]) == (Severity.ERROR, hint, "apiVersion")


def test_a_removal_depends_on_the_cluster() -> None:
    resources = good()
    resources["HorizontalPodAutoscaler"]["apiVersion"] = "autoscaling/v2beta2"
    assert found(resources, kubernetes="1.25") == []
    [one] = found(resources, kubernetes="1.26")
    assert "was removed in Kubernetes 1.26" in one.message


def test_an_api_of_a_later_version_is_an_error() -> None:
    policy = (
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: x}\nspec: {}"
    )
    [one] = [finding for finding in found(policy, kubernetes="1.29") if finding.code.name == "SCHEMA_UNKNOWN_KIND"]
    assert "exists from Kubernetes 1.30 on; the cluster runs 1.29" in one.message


def test_an_unknown_custom_kind_is_skipped_aloud() -> None:
    [one] = found("apiVersion: acme.io/v1\nkind: Widget\nmetadata: {name: a, namespace: shop-dev}\nspec: {a: 1}")
    assert (one.code.name, one.severity) == ("SCHEMA_UNKNOWN_KIND", Severity.WARNING)
    assert one.message == "skipped: no schema for Widget of acme.io/v1"


def test_a_misspelt_built_in_kind_is_an_error() -> None:
    [one] = found("apiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: a, namespace: shop-dev}\nspec: {}")
    assert (one.severity, one.hint) == (Severity.ERROR, 'did you mean "Deployment"?')


@pytest.mark.parametrize("text", ["kind: Service", "apiVersion: v1", "a: 1"])
def test_what_is_no_object_is_refused(text: str) -> None:
    assert "SCHEMA_INVALID" in {one.code.name for one in found(text)}


def test_a_secret_that_sops_encrypted_is_not_refused() -> None:
    text = """
apiVersion: v1
kind: Secret
metadata: {name: a, namespace: shop-dev}
data: {password: "ENC[AES256_GCM,data:xx,iv:yy,tag:zz,type:str]"}
sops: {mac: "ENC[AES256_GCM,data:xx,iv:yy,tag:zz,type:str]", version: 3.9.0}
"""
    assert found(text) == []
    assert ("SCHEMA_INVALID", "data.other") in said(text.replace("data: {", "data: {other: not base64!, "))
