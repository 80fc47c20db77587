"""The real kustomize builds every overlay of the matrix to exactly the composed objects."""

from __future__ import annotations

import subprocess

import pytest

from atmos_cli.kube.resource import identity
from atmos_cli.layout.kustomize import difference
from atmos_cli.yamlio.load import load_all
from tests.blueprint.matrix import CASES, HERE, composed, laid_out
from tests.lab.components import binary

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("case", CASES)
def test_case(case, tmp_path):
    compositions = composed(case)
    for path, data in laid_out(compositions).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    for environment, composition in compositions.items():
        overlay = tmp_path / HERE / "overlays" / environment
        done = subprocess.run([binary("kustomize"), "build", overlay], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        built = {identity(document.value): document.value for document in load_all(done.stdout)}
        wanted = {identity(item.resource): item.resource for item in composition.resources}
        assert built.keys() == wanted.keys()
        assert [f"{key}: {place}" for key in wanted if (place := difference(wanted[key], built[key]))] == []
