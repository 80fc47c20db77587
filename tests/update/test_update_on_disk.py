"""The command does to a real repo what the merge says, commits that alone, and writes nothing when it asks."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from atmos_cli.entry import main
from atmos_cli.layout.skeleton import budget_text, default_budget
from tests.update.generator import case, fresh_seed
from tests.update.test_update_examples import NODE, changed
from tests.update.worlds import NAME, ROOT, SPEC, Files, after, made, update, with_inputs

if TYPE_CHECKING:
    from pathlib import Path

SEED = fresh_seed()
KUSTOMIZATION = f"{ROOT}/overlays/dev/kustomization.yaml"


@dataclass
class Repo:
    root: Path
    capsys: pytest.CaptureFixture[str]

    def git(self, *args: str) -> str:
        return subprocess.run(["git", *args], cwd=self.root, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, files: Files) -> None:
        for name in ("dev", "staging", "qa", "prod"):
            budget = budget_text(default_budget(name, production=name == "prod"))
            self.write({f"platform/budgets/{name}.yaml": budget.encode()})
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-qm", "x")

    def write(self, files: Files) -> None:
        for path, data in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_bytes(data)

    def files(self) -> Files:
        paths = (
            path for path in self.root.rglob("*") if path.is_file() and ".git" not in path.relative_to(self.root).parts
        )
        found = {path.relative_to(self.root).as_posix(): path.read_bytes() for path in paths}
        return {path: data for path, data in found.items() if not path.startswith("platform/budgets/")}

    def update(self, *args: str) -> tuple[int, dict]:
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main(["update", str(NAME), "--repo", str(self.root), "--output", "json", *args])
        return int(stop.value.code or 0), json.loads(self.capsys.readouterr().out)


@pytest.fixture
def repo(tmp_path, monkeypatch, capsys):
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = Dev\n\temail = dev@example.test\n[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    root = tmp_path / "repo"
    root.mkdir()
    found = Repo(root, capsys)
    found.git("init", "-q")
    return found


def test_what_the_merge_says_is_committed(repo):
    now = changed(NODE, size="m")
    files = made(NODE)
    files[KUSTOMIZATION] = files[KUSTOMIZATION].replace(b"images:\n", b"# bots write here\nimages:\n")
    repo.commit(files)
    assert repo.update("--check")[0] == 0
    repo.write(now.files())
    code, said = repo.update("--check")
    assert (code, [each["service"] for each in said["data"]["services"]]) == (1, ["main/shop"])
    assert repo.git("status", "--porcelain") == f"M {SPEC}"
    code, said = repo.update("--yes")
    assert code == 0, said["diagnostics"]
    wanted = with_inputs(files, now)
    assert repo.files() == after(wanted, update(wanted))
    assert repo.git("status", "--porcelain") == ""
    head = repo.git("rev-parse", "HEAD")
    assert repo.update("--yes")[0] == 0
    assert repo.git("rev-parse", "HEAD") == head


def test_a_conflict_is_said_and_nothing_written(repo):
    files = made(NODE)
    files[KUSTOMIZATION] = files[KUSTOMIZATION].replace(b"memory: 256Mi", b"memory: 300Mi")
    repo.commit(files)
    repo.write(changed(NODE, size="m").files())
    before, head = repo.files(), repo.git("rev-parse", "HEAD")
    code, said = repo.update("--yes")
    fields = [each["field"] for service in said["data"]["services"] for each in service["conflicts"]]
    assert (code, [field.rpartition("resources.")[2] for field in fields]) == (1, ["requests.memory", "limits.memory"])
    assert (repo.files(), repo.git("rev-parse", "HEAD")) == (before, head)
    assert repo.update("--yes", "--ours", ".")[0] == 0
    assert b"memory: 300Mi" in repo.files()[KUSTOMIZATION]


@pytest.mark.sample
@pytest.mark.parametrize("number", range(12))
def test_generated_cases_end_on_disk_as_in_memory(repo, number):
    one = case(f"{SEED}/disk/{number}")
    files = with_inputs(one.hand.files, one.after)
    repo.commit(one.hand.files)
    repo.write(one.after.files())
    found = update(files)
    code, said = repo.update("--yes", "--write", "files")
    refused = [each for each in said["diagnostics"] if each["severity"] == "error"]
    expected = files if found.merged.conflicts or code else after(files, found)
    assert bool(found.merged.conflicts) <= bool(code), str(one)
    assert not code or refused, str(one)
    assert repo.files() == expected, str(one)
