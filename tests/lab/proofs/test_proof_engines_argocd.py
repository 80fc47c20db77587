from __future__ import annotations
import pytest

pytestmark = pytest.mark.lab


def test_one_file(argo_world, record_property):
    print("SECONDS", argo_world.bootstrap.seconds)
