"""A tenant's quota is a file like any other: one of a wrong shape is one that sets nothing, and no bug of atmos."""

import pytest

from atmos_cli.gitops.drift import _hard


@pytest.mark.parametrize(
    "text", [b"spec: [hard]\n", b"spec: x\n", b"- spec\n", b"spec: {hard: 1}\n", b"spec: {\n", b""]
)
def test_it_has_no_limits(text):
    assert _hard(text) == {}
