"""No release of what is not committed, not tagged, built with other tools, or cannot be named by its hash."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.release.conftest import clone, git

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def refused(release_script: Any, report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    root = clone(tmp_path / "clone", ["README.md", "pyproject.toml"])  # it must not come to building

    def run(*options: str, report: Path = report) -> str:
        outdir = tmp_path / "dist"
        code = release_script.main(["--root", str(root), "--outdir", str(outdir), "--report", str(report), *options])
        assert code == 1
        assert not outdir.exists()
        return capsys.readouterr().err

    run.root = root  # type: ignore[attr-defined]
    return run


@pytest.mark.parametrize("how", ["changed", "untracked"])
def test_a_tree_that_differs_from_its_commit(refused: Any, how: str, as_pinned: None) -> None:
    git(refused.root, "tag", "v0.1.0")
    (refused.root / ("README.md" if how == "changed" else "more.py")).write_text("x")
    assert refused() == (
        "no release: the tree differs from its commit\nhint: git stash --include-untracked, or `--unreleased`\n"
    )


@pytest.mark.parametrize("tag", ["", "v0.2.0"])
def test_a_commit_without_the_tag_of_its_version(refused: Any, tag: str, as_pinned: None) -> None:
    if tag:
        git(refused.root, "tag", tag)
    assert refused() == "no release: the commit has no tag v0.1.0\nhint: git tag v0.1.0, or `--unreleased`\n"


def test_what_has_no_support_on_the_day_of_the_release(
    release_script: Any, report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, as_pinned: None
) -> None:
    root = clone(tmp_path / "clone", ["blueprints", "pyproject.toml"])
    git(root, "tag", "v0.1.0")
    monkeypatch.setattr(release_script, "today", lambda: "2028-11-10")
    options = ["--root", str(root), "--outdir", str(tmp_path / "dist"), "--report", str(report)]
    assert release_script.main(options) == 1
    said = capsys.readouterr().err
    assert "PostgreSQL 16 is written, and its support ended on 2028-11-09" in said
    assert said.endswith("\nhint: renew blueprints/versions.yaml, and its `asOf`\n")
    assert not (tmp_path / "dist").exists()


def test_other_tools_than_the_pinned_ones(
    refused: Any, constraints_script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constraints_script, "installed", lambda: {"hatchling": "1.0"})
    said = refused("--unreleased")
    assert said.startswith("no release: hatchling 1.0 is installed; .ci/constraints.txt says ")
    assert said.endswith("hint: pip install -c .ci/constraints.txt -e '.[dev]'\n")


def test_a_library_without_a_hash(refused: Any, report: Path, tmp_path: Path, as_pinned: None) -> None:
    known = json.loads(report.read_text())
    known["install"] = [each for each in known["install"] if each["metadata"]["name"] != "rich"]
    (tmp_path / "report.json").write_text(json.dumps(known))
    assert "nobody says the hash of rich\n" in refused("--unreleased", report=tmp_path / "report.json")


def test_a_key_that_is_not_there(refused: Any, tmp_path: Path, as_pinned: None) -> None:
    said = refused("--unreleased", "--sign", str(tmp_path / "key"))
    assert said.startswith(f"no release: there is no key {tmp_path / 'key'}\nhint: ")


def test_a_directory_that_is_no_clone(release_script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release_script.main(["--root", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("no release: git log failed: ")
