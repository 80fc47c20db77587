"""The pins of CI cover pyproject.toml, name no host, and a difference to what is installed is told."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.release.conftest import ROOT


def test_each_requirement_has_a_pin_that_it_allows(constraints_script: Any) -> None:
    pins = constraints_script.read(constraints_script.NEWEST)
    for requirement in map(Requirement, constraints_script.requirements()):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement


def test_the_lower_bounds_are_those_of_pyproject(constraints_script: Any) -> None:
    pins = constraints_script.read(constraints_script.LOWEST)
    for requirement in map(Requirement, constraints_script.requirements(lowest=True)):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement
    for requirement in map(Requirement, constraints_script.project()["dependencies"]):
        (bound,) = (each for each in requirement.specifier if each.operator == ">=")
        assert Requirement(f"x=={bound.version}").specifier.contains(pins[canonicalize_name(requirement.name)])


def test_every_python_of_ci_is_named(constraints_script: Any) -> None:
    run = (ROOT / ".ci" / "run").read_text()
    for major, minor in constraints_script._pythons():
        assert f"={major}.{minor}" in run


@pytest.mark.parametrize("name", ["constraints.txt", "lowest.txt"])
def test_a_file_is_sorted_pins_and_no_host(name: str) -> None:
    lines = [line for line in (ROOT / ".ci" / name).read_text().splitlines() if not line.startswith("#")]
    assert all(len(line.split("==")) == 2 and " " not in line and "/" not in line for line in lines)
    assert lines == sorted(lines, key=lambda line: line.split("==")[0])


def test_what_is_installed_is_compared(
    constraints_script: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pins = constraints_script.read(constraints_script.NEWEST)
    monkeypatch.setattr(constraints_script, "installed", lambda: {"rich": pins["rich"]})
    assert constraints_script.main(["check"]) == 0
    monkeypatch.setattr(constraints_script, "installed", lambda: {"rich": "1.0", "stranger": "2.0"})
    assert constraints_script.main(["check"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"rich 1.0 is installed; .ci/constraints.txt says {pins['rich']}",
        "stranger 2.0 is installed; .ci/constraints.txt says nothing about it",
        "hint: pip install -c .ci/constraints.txt -e '.[dev]'",
    ]


def test_what_is_installed_is_seen(constraints_script: Any) -> None:
    found = constraints_script.installed()
    assert found["pytest"] == pytest.__version__
    assert not {"pip", "atmos-cli"} & found.keys()


def test_pins_are_renewed_on_the_oldest_python_only(
    constraints_script: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = constraints_script.NEWEST.read_bytes()
    monkeypatch.setattr(constraints_script, "_pythons", lambda: [(3, 9), (3, 10)])
    assert constraints_script.main(["renew"]) == 2
    assert capsys.readouterr().err == "run this with Python 3.9, the oldest that atmos runs on\n"
    assert constraints_script.NEWEST.read_bytes() == before


def test_pins_of_before_do_not_count_when_they_are_renewed(
    constraints_script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def run(command: list[str], **options: Any) -> Any:
        seen.update(options["env"])
        return subprocess.CompletedProcess(command, 0, stdout='{"install": []}', stderr="")

    monkeypatch.setattr(constraints_script.subprocess, "run", run)
    monkeypatch.setenv("PIP_CONSTRAINT", ".ci/constraints.txt")
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example.test/simple")
    assert constraints_script.pip("rich") == {"install": []}
    assert "PIP_CONSTRAINT" not in seen
    assert seen["PIP_INDEX_URL"] == "https://index.example.test/simple"
