"""The same service gives the same bytes: twice, in another order, in another process, directory, locale and time zone."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys

import pytest

from atmos_cli.spec.model import ServiceSpec
from tests.blueprint import matrix

SOME = ("node-everything", "java-everything", "env-and-secrets", "both-volumes", "database-settings", "hosts")


def digest() -> str:
    seen = hashlib.sha256()
    for case in SOME:
        for path, data in sorted(matrix.laid_out(matrix.composed(case)).items()):
            seen.update(path.encode() + b"\0" + data + b"\0")
    return seen.hexdigest()


def test_twice():
    assert digest() == digest()


@pytest.mark.slow
@pytest.mark.parametrize("more", [{"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"}, {"LC_ALL": "C", "TZ": "UTC"}])
def test_elsewhere(more, tmp_path):
    code = "from tests.blueprint.test_same_input_same_bytes import digest; print(digest())"
    env = {**os.environ, **more, "PYTHONPATH": str(matrix.ROOT), "PYTHONHASHSEED": str(len(more["TZ"]))}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == digest()


def shuffled(value, rng):
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: shuffled(value[key], rng) for key in keys}
    return value


@pytest.mark.parametrize("case", SOME)
def test_in_another_order(case, monkeypatch):
    spec, config = matrix.CASES[case]
    first = matrix.laid_out(matrix.composed(case))
    other = ServiceSpec.model_validate(shuffled(spec.model_dump(), random.Random(case)))
    monkeypatch.setitem(matrix.CASES, case, (other, config))
    assert matrix.laid_out(matrix.composed(case)) == first
