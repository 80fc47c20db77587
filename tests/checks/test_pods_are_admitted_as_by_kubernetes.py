"""Kubernetes' own examples for its Pod Security admission: what it admits passes, what it refuses is found."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from shop import parse, subject

from atmos_cli.checks.pod_security import violations
from atmos_cli.checks.subject import facts_of

pytestmark = pytest.mark.lab
MODULE = "k8s.io/pod-security-admission@v0.34.1"


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    environment = {**os.environ, "GOFLAGS": "-mod=mod"}
    answer = subprocess.run(
        ["go", "mod", "download", "-json", MODULE],
        check=True, capture_output=True, env=environment, cwd=tmp_path_factory.mktemp("go"),
    )  # fmt: skip
    return Path(json.loads(answer.stdout)["Dir"]) / "test" / "testdata"


@pytest.mark.parametrize("level", ["baseline", "restricted"])
@pytest.mark.parametrize("minor", range(25, 35))
def test_every_example_is_judged_alike(examples: Path, level: str, minor: int) -> None:
    files = sorted((examples / level / f"v1.{minor}").glob("*/*.yaml"))
    assert len(files) > 30
    wrong = []
    for file in files:
        facts = facts_of(subject(parse(file.read_text())))
        found = [one for pod in facts.pods for one in violations(pod, minor=minor, level=level)]
        if bool(found) is not (file.parent.name == "fail"):
            wrong.append((str(file.relative_to(examples)), found))
    assert wrong == []
