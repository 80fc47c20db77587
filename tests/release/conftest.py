"""One release, made by the script out of a clone in a directory of its own, as its tagged commit is."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from atmos_cli.adapters.bundle import versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
RELEASED = ("atmos_cli", "blueprints", ".gitignore", "LICENSE", "README.md", "pyproject.toml")
IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (
        ("NAME", "Dev"), ("EMAIL", "dev@example.test"), ("DATE", "2026-01-02T03:04:05Z"))},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Release:
    root: Path
    outdir: Path
    key: Path
    said: str

    def one(self, pattern: str) -> Path:
        (found,) = self.outdir.glob(pattern)
        return found

    def json(self, pattern: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.one(pattern).read_text())
        return found


def git(root: Path, *arguments: str) -> str:
    environment = {**os.environ, **IDENTITY}
    done = subprocess.run(["git", *arguments], cwd=root, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def clone(root: Path, names: Sequence[str] = RELEASED) -> Path:
    """A repository with one commit of what a release is made of, as it is here now."""
    litter = shutil.ignore_patterns("__pycache__", "*.egg-info")
    root.mkdir()
    for name in names:
        source = ROOT / name
        shutil.copytree(source, root / name, ignore=litter) if source.is_dir() else shutil.copy(source, root / name)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "All")
    return root


@pytest.fixture(scope="session")
def scripts() -> Iterator[None]:
    sys.path.insert(0, str(ROOT / "scripts"))
    yield
    sys.path.remove(str(ROOT / "scripts"))


@pytest.fixture(scope="session")
def release_script(scripts: None) -> Any:
    return importlib.import_module("release")


@pytest.fixture(scope="session")
def constraints_script(scripts: None) -> Any:
    return importlib.import_module("constraints")


@pytest.fixture
def as_pinned(constraints_script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a contributor has installed: that CI has the pinned versions is `scripts/constraints.py check`'s part."""
    monkeypatch.setattr(constraints_script, "installed", dict)


@pytest.fixture(scope="session")
def report(release_script: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pip would report of the libraries that are installed here, with hashes of their names."""
    rows = []
    for each in release_script.closure(release_script.constraints.project()["dependencies"]):
        archive = {"hashes": {"sha256": each.name.encode().hex().ljust(64, "0")[:64]}}
        url = f"https://index.example.test/{each.name}-{each.version}-py3-none-any.whl"
        metadata = {"name": each.name, "version": each.version}
        rows.append({"download_info": {"url": url, "archive_info": archive}, "metadata": metadata})
    path = tmp_path_factory.mktemp("report") / "report.json"
    path.write_text(json.dumps({"install": rows}))
    return path


@pytest.fixture(scope="session")
def released(
    release_script: Any, constraints_script: Any, report: Path, tmp_path_factory: pytest.TempPathFactory
) -> Release:
    work = tmp_path_factory.mktemp("release")
    root = clone(work / "clone")
    git(root, "tag", "v0.1.0")
    key = work / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    options = ["--root", root, "--outdir", work / "dist", "--sign", key, "--report", report]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constraints_script, "installed", dict)
        patch.setattr(release_script, "today", lambda: versions().as_of)
        said: list[str] = []
        patch.setattr(
            release_script, "print", lambda *words, **_: said.append(" ".join(map(str, words))), raising=False
        )
        assert release_script.main([str(each) for each in options]) == 0, said
    return Release(root, work / "dist", key, "\n".join(said))
