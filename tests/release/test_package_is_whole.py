"""Sdist and wheel: the licence is in them, the one makes the other, and building them again gives the same bytes."""

from __future__ import annotations

import email
import importlib
import io
import os
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.release.conftest import ROOT, clone, git

if TYPE_CHECKING:
    from tests.release.conftest import Release

NOTICE = "atmos_cli/kube/schema_pack.NOTICE.md"


@pytest.fixture
def builder(scripts: None) -> Any:
    return importlib.import_module("release_build")


def in_wheel(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def in_sdist(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        found = {each.name.partition("/")[2]: archive.extractfile(each) for each in archive if each.isfile()}
        return {name: io.BufferedReader(file).read() for name, file in found.items() if file}


@pytest.mark.slow
def test_the_licence_and_the_notice_travel(released: Release) -> None:
    text = (ROOT / "LICENSE").read_bytes()
    assert b"Apache License\n                           Version 2.0" in text
    sdist, wheel = in_sdist(released.one("*.tar.gz")), in_wheel(released.one("*.whl"))
    assert sdist["LICENSE"] == wheel["atmos_cli-0.1.0.dist-info/licenses/LICENSE"] == text
    notice = (ROOT / NOTICE).read_bytes()
    assert sdist[NOTICE] == wheel[NOTICE] == wheel[f"atmos_cli-0.1.0.dist-info/licenses/{NOTICE}"] == notice
    metadata = email.message_from_bytes(wheel["atmos_cli-0.1.0.dist-info/METADATA"])
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("License-File") == ["LICENSE", NOTICE]


@pytest.mark.slow
def test_the_sdist_is_what_git_has_and_no_more(released: Release) -> None:
    assert in_sdist(released.one("*.tar.gz")).keys() - {"PKG-INFO"} == set(git(released.root, "ls-files").split("\n"))


def test_the_wheel_holds_the_package_and_the_blueprints(released: Release) -> None:
    """Their golden cases, too: `atmos blueprint test` runs them wherever atmos is installed."""
    tracked = git(released.root, "ls-files", "atmos_cli", "blueprints").split("\n")
    wanted = {
        name.replace("blueprints/", "atmos_cli/_blueprints/", 1) if name.startswith("blueprints/") else name
        for name in tracked
    }
    held = {name for name in in_wheel(released.one("*.whl")) if ".dist-info/" not in name}
    assert held == wanted
    assert any("/tests/" in name for name in held)


def test_a_wheel_from_the_checkout_is_that_of_the_sdist(released: Release, builder: Any, tmp_path: Path) -> None:
    source = builder.source_of(released.root)
    direct = builder.hatch(released.root, tmp_path, "wheel", time=source.time)
    assert in_wheel(direct) == in_wheel(released.one("*.whl"))
    assert direct.read_bytes() == released.one("*.whl").read_bytes()


@pytest.mark.slow
def test_another_clone_with_litter_and_other_times_gives_the_same_bytes(
    released: Release, builder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = clone(tmp_path / "elsewhere")
    for name in ("atmos_cli/__pycache__/x.pyc", "dist/old.whl", ".venv/bin/python", "blueprints/web/__pycache__/y.pyc"):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text("litter")
    for path in other.rglob("*.py"):
        os.utime(path, (1, 1_000_000_000))
    monkeypatch.setenv("HATCH_BUILD_NO_HOOKS", "1")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    (tmp_path / "work").mkdir()
    made = builder.build(builder.source_of(other), tmp_path / "work", umask=0o027)
    assert [each.read_bytes() for each in made] == [released.one(each.name).read_bytes() for each in made]


def test_builds_that_differ_are_no_release(
    released: Release, builder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(source: Any, work: Path, *, umask: int = 0o022) -> tuple[Path, Path]:
        made = Path(shutil.copy(released.one("*.tar.gz"), work)), Path(shutil.copy(released.one("*.whl"), work))
        made[1].write_bytes(made[1].read_bytes() + oct(umask).encode())
        return made

    monkeypatch.setattr(builder, "build", build)
    with pytest.raises(builder.ReleaseError, match=r"two builds of atmos_cli-0\.1\.0-py3-none-any\.whl differ"):
        builder.build_twice(builder.source_of(released.root), tmp_path / "dist")
    assert not (tmp_path / "dist").exists()
