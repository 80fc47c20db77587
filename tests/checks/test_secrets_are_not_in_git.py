"""A secret in plain text is an error, and its value is never repeated."""

from __future__ import annotations

from typing import Any

import pytest
from shop import CONTAINER, found, good, put, said

from atmos_cli.diagnostics import Severity

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: shop-dev}\n"


@pytest.mark.parametrize("field", ["stringData: {password: hunter2}", "data: {password: aHVudGVyMg==}"])
def test_a_plain_secret_is_an_error(field: str) -> None:
    [one] = found(SECRET + field)
    assert (one.code.name, one.severity, one.path) == ("PLAIN_SECRET", Severity.ERROR, (field.partition(":")[0],))
    assert "hunter2" not in one.message + one.hint


@pytest.mark.parametrize("field", ["type: Opaque", "data: {}", "type: kubernetes.io/service-account-token"])
def test_a_secret_without_values_is_fine(field: str) -> None:
    assert not [one for one in found(SECRET + field) if one.code.name == "PLAIN_SECRET"]


def test_half_encrypted_is_plain() -> None:
    text = SECRET + 'stringData: {a: "ENC[x]", b: hunter2}\nsops: {mac: "ENC[x]"}'
    assert ("PLAIN_SECRET", "stringData") in said(text)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("postgres://orders:hunter2@db:5432/orders", True),
        ("amqp://orders:hunter2@bus", True),
        ("postgres://orders:$(PASSWORD)@db/orders", False),
        ("postgres://orders:${PASSWORD}@db/orders", False),
        ("postgres://db:5432/orders", False),
        ("http://example.org:8080/a@b", False),
    ],
)
def test_a_password_in_a_url_is_found(value: str, plain: bool) -> None:
    for kind, path, field in (
        ("Deployment", (*CONTAINER, "env", 3), "spec.template.spec.containers[0].env[3].value"),
        ("ConfigMap", ("data", "URL"), "data.URL"),
    ):
        resources = good()
        entry: Any = {"name": "U", "value": value} if kind == "Deployment" else value
        put(resources[kind], path, entry)
        assert said(resources) == ({("PLAIN_SECRET", field)} if plain else set())
        assert all("hunter2" not in one.message + one.hint for one in found(resources))


def test_a_broken_secret_value_is_not_repeated() -> None:
    text = SECRET + "data: {password: hunter2!}\nstringData: {pin: 12345678}"
    problems = found(text)
    assert {one.code.name for one in problems} == {"SCHEMA_INVALID", "PLAIN_SECRET"}
    assert all("hunter2" not in one.message + one.hint and "1234" not in one.message + one.hint for one in problems)
