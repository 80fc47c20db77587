"""The real kustomize builds every overlay of the matrix to exactly the composed objects."""

from __future__ import annotations

import pytest

from atmos_cli.kube.resource import identity
from atmos_cli.layout.kustomize import difference
from tests.blueprint.matrix import CASES, HERE, composed, laid_out
from tests.kustomize.oracle import real_builds

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def built():
    """(case, environment) -> what was composed, and what the real kustomize builds of its files."""
    compositions, trees = {}, []
    for case in CASES:
        of_case = composed(case)
        files = laid_out(of_case)
        for environment, composition in of_case.items():
            compositions[case, environment] = composition
            trees.append((files, f"{HERE}/overlays/{environment}"))
    return {
        which: (composition, answer)
        for (which, composition), answer in zip(compositions.items(), real_builds(trees), strict=True)
    }


@pytest.mark.parametrize("case", CASES)
def test_case(case, built):
    for composition, (objects, said) in (answer for (of, _), answer in built.items() if of == case):
        assert objects is not None, said
        found = {identity(each): each for each in objects}
        wanted = {identity(item.resource): item.resource for item in composition.resources}
        assert found.keys() == wanted.keys()
        assert [f"{key}: {place}" for key in wanted if (place := difference(wanted[key], found[key]))] == []
