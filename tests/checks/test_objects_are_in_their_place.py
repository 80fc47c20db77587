"""One object once, in the namespace of the service, and nothing cluster-wide."""

from __future__ import annotations

from shop import found, good, said

from atmos_cli.diagnostics import Severity


def test_an_object_twice_is_found() -> None:
    resources = list(good().values())
    again = good()["ConfigMap"]
    assert said([*resources, again]) == {("DUPLICATE_OBJECT", "metadata.name")}


def test_the_same_name_of_another_kind_is_fine() -> None:
    assert said(good()) == set()


def test_another_namespace_is_an_error() -> None:
    resources = good()
    resources["Service"]["metadata"]["namespace"] = "shop-prod"
    problems = [one for one in found(resources) if one.code.name == "NAMESPACE_MISMATCH"]
    assert [(one.path, one.severity) for one in problems] == [(("metadata", "namespace"), Severity.ERROR)]


def test_no_namespace_is_a_warning() -> None:
    resources = good()
    del resources["Service"]["metadata"]["namespace"]
    [one] = found(resources)
    assert (one.code.name, one.severity) == ("NAMESPACE_MISMATCH", Severity.WARNING)


def test_a_cluster_wide_object_is_an_error() -> None:
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\nrules: []"
    assert said(role) == {("NAMESPACE_MISMATCH", "kind")}
    issuer = "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: a}\nspec: {selfSigned: {}}"
    assert said(issuer) == {("NAMESPACE_MISMATCH", "kind")}
