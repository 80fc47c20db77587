"""The versions that CI installs: one for each distribution, on every Python.

    python3.11 scripts/constraints.py renew     .ci/constraints.txt and .ci/lowest.txt, from the index
    python scripts/constraints.py check         is what is installed here what .ci/constraints.txt says?

Use a file with `pip install -c`. No hashes: pip refuses them beside an editable install; a release's SBOM has them.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).resolve().parent.parent
NEWEST = ROOT / ".ci" / "constraints.txt"
LOWEST = ROOT / ".ci" / "lowest.txt"
HEADS = {
    NEWEST: "What CI installs and a release was proven with.",
    LOWEST: "The lower bounds of what atmos runs on, and newest of what tests it: CI proves these, too.",
}
# They come with the interpreter and install the rest.
INSTALLERS = {"pip", "setuptools", "wheel"}
PINNING = {"PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT", "PIP_REQUIREMENT", "PIP_NO_DEPS"}


def main(arguments: list[str] | None = None) -> int:
    """0 when it is done or as it should be; 1 when something else is installed; 2 when pip has no answer."""
    parser = argparse.ArgumentParser(prog="scripts/constraints.py", description="The versions that CI installs.")
    parser.add_argument("what", choices=("renew", "check"))
    if parser.parse_args(arguments).what == "renew":
        return _renew()
    wrong = differences(read(NEWEST), installed())
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        print("hint: pip install -c .ci/constraints.txt -e '.[dev]'", file=sys.stderr)
    return 1 if wrong else 0


def read(path: Path) -> dict[str, str]:
    """Distribution -> version."""
    lines = (line for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}


def installed() -> dict[str, str]:
    """What this interpreter can import, but atmos itself and what installs."""
    found = {canonicalize_name(each.name): each.version for each in importlib.metadata.distributions()}
    return {name: version for name, version in found.items() if name not in INSTALLERS | {project()["name"]}}


def differences(pins: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """One line for each distribution that is another than `pins` says. Pins of what is not installed are no fault."""
    return [
        f"{name} {version} is installed; .ci/constraints.txt says {pins.get(name, 'nothing about it')}"
        for name, version in sorted(found.items())
        if pins.get(name) != version
    ]


def requirements(*, lowest: bool = False) -> list[str]:
    """All that pyproject.toml names; with `lowest` the run time at its lower bounds, and nothing for developers."""
    known = project()
    run_time = [_lowest(each) if lowest else each for each in known["dependencies"]]
    extras = known["optional-dependencies"]
    wanted = extras["test"] if lowest else [*extras["test"], *extras["dev"]]
    return run_time + [each for each in wanted if Requirement(each).name != known["name"]]


def pip(*arguments: str) -> dict[str, Any]:
    """The report of `pip install --dry-run`, of the interpreter's own pip where the environment has none."""
    own = importlib.util.find_spec("pip") is not None
    base = [sys.executable] if own else [str(Path(sys.base_prefix, "bin", "python3"))]
    where = [] if own else ["--python", sys.executable]
    options = ["install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    command = [*base, "-m", "pip", *where, *options, *arguments]
    # CI's own setting would answer with the pins of before.
    environment = {name: value for name, value in os.environ.items() if name not in PINNING}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    if done.returncode:
        sys.exit(f"pip cannot do it:\n{done.stderr}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _lowest(requirement: str) -> str:
    wanted = Requirement(requirement)
    bound = next(each.version for each in wanted.specifier if each.operator == ">=")
    return f"{wanted.name}=={bound}"


def project() -> dict[str, Any]:
    """What pyproject.toml says."""
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def _renew() -> int:
    oldest, *newer = _pythons()
    if sys.version_info[:2] != oldest:
        # Only there does pip see what older Pythons need beside what all need.
        print(f"run this with Python {'.'.join(map(str, oldest))}, the oldest that atmos runs on", file=sys.stderr)
        return 2
    for path in (NEWEST, LOWEST):
        _write(path, _resolved(requirements(lowest=path == LOWEST), newer))
        print(f"{path.relative_to(ROOT)}: {len(read(path))} distributions")
    return 0


def _pythons() -> list[tuple[int, ...]]:
    """The versions that pyproject.toml names, oldest first."""
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", each) for each in project()["classifiers"])
    return sorted(tuple(map(int, each[1].split("."))) for each in found if each)


def _resolved(wanted: list[str], newer: Iterable[tuple[int, ...]]) -> dict[str, str]:
    """What pip would install on this Python; each newer one must be able to install the same, and may add to it."""
    pins = _named(pip(*wanted))
    for python in newer:
        with tempfile.TemporaryDirectory() as directory:
            target = ["--target", directory, "--only-binary", ":all:", "--python-version", ".".join(map(str, python))]
            fixed = Path(directory, "fixed.txt")
            _write(fixed, pins)
            pins = {**_named(pip(*target, "-c", str(fixed), *wanted)), **pins}
    return pins


def _named(report: dict[str, Any]) -> dict[str, str]:
    return {each["metadata"]["name"]: each["metadata"]["version"] for each in report["install"]}


def _write(path: Path, pins: Mapping[str, str]) -> None:
    head = f"# {HEADS[path]}\n# Made by `scripts/constraints.py renew`: do not edit.\n" if path in HEADS else ""
    by_name = sorted(pins.items(), key=lambda pin: canonicalize_name(pin[0]))
    path.write_text(head + "".join(f"{canonicalize_name(name)}=={version}\n" for name, version in by_name))


if __name__ == "__main__":
    sys.exit(main())
