"""An image says which version runs."""

from __future__ import annotations

import pytest
from shop import CONTAINER, good, put, said

FIELD = "spec.template.spec.containers[0].image"
DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ("nginx", "IMAGE_UNPINNED"),
        ("nginx:latest", "IMAGE_UNPINNED"),
        ("localhost:5000/shop/orders", "IMAGE_UNPINNED"),
        ("registry.example.com/shop/orders:0.0.0", "IMAGE_PLACEHOLDER"),
        ("", "SCHEMA_INVALID"),
        ("nginx:1.27", ""),
        ("localhost:5000/shop/orders:1", ""),
        (f"nginx@{DIGEST}", ""),
        (f"nginx:latest@{DIGEST}", ""),
    ],
)
def test_each_image_is_judged(image: str, code: str) -> None:
    resources = good()
    put(resources["Deployment"], (*CONTAINER, "image"), image)
    assert said(resources) == ({(code, FIELD)} if code else set())


def test_a_container_without_an_image_is_refused() -> None:
    resources = good()
    put(resources["Deployment"], (*CONTAINER, "image"), ...)
    assert said(resources) == {("SCHEMA_INVALID", FIELD)}
