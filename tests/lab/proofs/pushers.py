"""Clones of one GitOps repo, and atmos run in them as people run it: as a program, also many at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lab.git_server import QUIET, clone, git
from tests.lab.processes import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Answer:
    """What one atmos said: `code` is its exit status, `said` its JSON."""

    directory: Path
    code: int
    said: dict[str, Any]

    @property
    def written(self) -> dict[str, Any]:
        found: dict[str, Any] = self.said["data"]["written"]
        return found

    @property
    def codes(self) -> list[str]:
        return [each["code"] for each in self.said["diagnostics"] if each["severity"] == "error"]

    @property
    def refusal(self) -> str:
        """The sentence and the hint of the one error."""
        (found,) = [each for each in self.said["diagnostics"] if each["severity"] == "error"]
        return f"{found['message']}\nhint: {found['hint']}"


def new_repo(url: str, directory: Path, *, environments: Sequence[str] = ("dev", "prod")) -> Path:
    """The first clone: `atmos init` in it, pushed to `main`."""
    tree = clone(url, directory)
    names = [word for name in environments for word in ("--env", name)]
    (answer,) = at_once([(directory, ["init", ".", *names, "--git-url", "https://git.example.test/shop/gitops.git"])])
    assert answer.code == 0, answer.said
    git("push", "--quiet", "origin", "HEAD:main", cwd=tree.directory)
    return directory


def at_once(runs: Sequence[tuple[Path, Sequence[str]]], *, asks: bool = True) -> list[Answer]:
    """Runs atmos in every directory at the same time, without a terminal; the answers in the same order.

    `asks` says whether the command would ask a question, and so takes `--yes`.
    """
    yes = ["--yes"] if asks else []
    environment = {**os.environ, **QUIET, "NO_COLOR": "1", "HOME": os.devnull}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "atmos_cli", *words, *yes, "--output", "json"],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for directory, words in runs
    ]
    answers = []
    for (directory, _), process in zip(runs, started, strict=True):
        # Twenty at once wait for one another, beside all else of `.ci/run`.
        out, err = process.communicate(timeout=3 * PATIENCE)
        assert out, err
        answers.append(Answer(directory, process.returncode, json.loads(out)))
    return answers


def heads(directory: Path) -> dict[str, str]:
    """The branches of the server behind a clone: name -> commit."""
    lines = git("ls-remote", "--heads", "origin", cwd=directory).splitlines()
    return {ref.removeprefix("refs/heads/"): commit for commit, ref in (line.split("\t") for line in lines)}


def local(directory: Path, branch: str) -> str:
    return git("rev-parse", f"refs/heads/{branch}", cwd=directory)


def holds(directory: Path, commit: str, path: str) -> bool:
    return bool(git("ls-tree", "--name-only", commit, "--", path, cwd=directory))
