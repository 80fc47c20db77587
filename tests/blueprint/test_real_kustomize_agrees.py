"""The real kustomize builds every overlay of the matrix to exactly the composed objects."""

from __future__ import annotations

import pytest

from atmos_cli.kube.resource import identity
from atmos_cli.layout.kustomize import difference
from tests.blueprint.matrix import CASES, HERE, composed, laid_out
from tests.kustomize.oracle import real_builds

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("case", CASES)
def test_case(case):
    compositions = composed(case)
    files = laid_out(compositions)
    builds = real_builds((files, f"{HERE}/overlays/{environment}") for environment in compositions)
    for composition, (built, said) in zip(compositions.values(), builds, strict=True):
        assert built is not None, said
        found = {identity(each): each for each in built}
        wanted = {identity(item.resource): item.resource for item in composition.resources}
        assert found.keys() == wanted.keys()
        assert [f"{key}: {place}" for key in wanted if (place := difference(wanted[key], found[key]))] == []
