"""A GitOps repo as `atmos init` and `atmos new` write it, and what people do to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from tests.lab.git_server import QUIET, WorkTree, clone, git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.lab.kube import Object

TEAMS = ("pay", "shop")
ENVIRONMENTS = ("dev", "staging", "prod")

# Both teams have a service of the same name, and between them they use every kind that needs no further operator.
SERVICES = (
    ("shop", "node, port 80, postgres, redis, public, called orders"),
    ("shop", "python, port 8080, called cart"),
    ("pay", "go, port 8080, postgres, called ledger"),
    ("pay", "ruby, port 3000, called orders"),
)


@dataclass(frozen=True, slots=True)
class Repo:
    """A work tree that only atmos and, where a test says so, a person writes to."""

    tree: WorkTree

    @property
    def root(self) -> Path:
        return self.tree.directory

    def atmos(self, *arguments: str) -> Object:
        """Runs the command line as a developer would; the `data` of its JSON answer."""
        command = [sys.executable, "-m", "atmos_cli", *arguments, "--yes", "--output", "json"]
        environment = {**os.environ, **QUIET}
        run = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"atmos {' '.join(arguments)}: exit {run.returncode}\n{run.stdout}\n{run.stderr}"
        answer: Object = json.loads(run.stdout)
        return answer

    def atmos_text(self, *arguments: str) -> str:
        """What a command without a question prints."""
        command = [sys.executable, "-m", "atmos_cli", *arguments]
        run = subprocess.run(
            command, cwd=self.root, env={**os.environ, **QUIET}, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, f"atmos {' '.join(arguments)}: exit {run.returncode}\n{run.stdout}\n{run.stderr}"
        return run.stdout

    def new(self, team: str, intent: str) -> None:
        self.atmos("new", "service", intent, "--team", team)

    def remove(self, team: str, service: str) -> None:
        """What a developer does: the service's directory and, for Flux, its pointers go."""
        shutil.rmtree(self.root / "apps" / team / service)
        for pointer in self.root.glob(f"delivery/*/{team}/{service}.yaml"):
            pointer.unlink()

    def push(self, files: Mapping[str, str | None] | None = None, message: str = "change") -> str:
        """Commits what a person changed, if anything, and pushes; the commit's id."""
        if files or git("status", "--porcelain", cwd=self.root):
            return self.tree.commit(files or {}, message)
        git("push", "--quiet", "origin", "HEAD:main", cwd=self.root)
        return git("rev-parse", "HEAD", cwd=self.root)

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def deployments(self) -> set[tuple[str, str, str]]:
        """Every (team, service, environment) that the repo holds."""
        overlays = (path.relative_to(self.root).parts for path in self.root.glob("apps/*/*/overlays/*"))
        return {(parts[1], parts[2], parts[4]) for parts in overlays}


def new_repo(url: str, directory: Path, *, engine: str, clusters: Mapping[str, str]) -> tuple[Repo, Object]:
    """`atmos init` and one `atmos new` for each of SERVICES; the repo, and what `init` answered."""
    repo = Repo(clone(url, directory))
    where = [word for environment, name in clusters.items() for word in ("--cluster", f"{environment}={name}")]
    teams = [word for team in TEAMS for word in ("--team", team)]
    answer = repo.atmos("init", "--engine", engine, *where, *teams, "--git-url", url)
    for team, intent in SERVICES:
        repo.new(team, intent)
    return repo, answer


def cluster_labels(answer: Object) -> dict[str, dict[str, str]]:
    """Cluster -> the labels of its Secret, from the commands that `atmos init` tells the platform team to run."""
    found = {}
    for step in answer["data"]["next"]:
        words = step.split()
        if "--name" in words:
            pairs = [words[at + 1].split("=") for at, word in enumerate(words) if word == "--label"]
            found[words[words.index("--name") + 1]] = dict(pairs)
    return found


def documents(text: str) -> list[Any]:
    return [document for document in yaml.safe_load_all(text) if document]
