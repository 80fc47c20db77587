"""Twenty pipelines deploy to one repo on Gitea at the same moment: every image lands, in a commit of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.config import read_config
from atmos_cli.engines.registry import ENGINES
from atmos_cli.gitops.generate import generate
from atmos_cli.spec.model import ServiceSpec
from tests.lab.git_server import clone, git
from tests.lab.proofs.pushers import at_once, heads, new_repo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lab.forge import Forge

pytestmark = pytest.mark.lab

OWN = 10  # pipelines with a service of their own
SHARED = 10  # pipelines that all deploy one service
ENVIRONMENTS = ("dev", "prod")
Deploy = tuple[str, str, str]  # service, environment, tag


@pytest.fixture
def gitops(forge: Forge, tmp_path: Path) -> Path:
    """A clone of a repo with as many services as are deployed."""
    forge.organization("pipelines")
    forge.team("pipelines", "developers", "ci")
    forge.repository("pipelines", "gitops")
    first = new_repo(forge.push_url("pipelines", "gitops", "ci"), tmp_path / "first", environments=ENVIRONMENTS)
    config = read_config((first / "atmos-cli.yaml").read_bytes(), engines=ENGINES)
    for name in ("shared", *(f"own-{number}" for number in range(OWN))):
        spec = ServiceSpec.model_validate({"name": name, "language": "go", "image": f"ghcr.io/acme/{name}:1"})
        made = generate(spec, team="main", environments=ENVIRONMENTS, config=config, catalogue=catalogue())
        for path, data in made.files.items():
            (first / path).parent.mkdir(parents=True, exist_ok=True)
            (first / path).write_bytes(data)
    git("add", "--all", cwd=first)
    git("commit", "--quiet", "-m", "Eleven services", cwd=first)
    git("push", "--quiet", "origin", "HEAD:main", cwd=first)
    return first


def overlay(service: str, environment: str) -> str:
    return f"apps/main/{service}/overlays/{environment}/kustomization.yaml"


def test_twenty_pipelines_at_once(gitops: Path, tmp_path: Path, record_property: Callable[[str, int], None]) -> None:
    """Ten with a service each, ten with the same one, in two environments; each in a clone of its own."""
    base, url = heads(gitops)["main"], git("remote", "get-url", "origin", cwd=gitops)
    deploys = [(f"own-{number}", "dev", f"own-{number}") for number in range(OWN)]
    deploys += [("shared", ENVIRONMENTS[number % 2], f"shared-{number}") for number in range(SHARED)]
    runs = [(clone(url, tmp_path / tag).directory, words(*each)) for each in deploys for tag in each[2:]]
    answers = at_once(runs)
    record_property("cases", len(answers))
    assert [answer.codes for answer in answers if answer.code] == []
    for answer in answers:
        assert answer.written["pushed"] is True
        assert git("status", "--porcelain", cwd=answer.directory) == ""
        assert git("log", "--format=%H", f"{answer.written['commit']}..HEAD", cwd=answer.directory) == ""

    git("pull", "--quiet", "--ff-only", "origin", "main", cwd=gitops)
    line = git("rev-list", "--reverse", f"{base}..main", cwd=gitops).splitlines()
    assert git("rev-list", "--merges", f"{base}..main", cwd=gitops) == ""
    assert sorted(line) == sorted(answer.written["commit"] for answer in answers)
    by_commit = {answer.written["commit"]: each for answer, each in zip(answers, deploys, strict=True)}
    last: dict[str, str] = {}
    for commit in line:
        service, environment, tag = by_commit[commit]
        assert only_tag_of(gitops, commit) == (overlay(service, environment), tag)
        last[overlay(service, environment)] = tag
    assert len(last) == OWN + len(ENVIRONMENTS)
    for path, tag in last.items():
        assert f"newTag: {tag}\n" in (gitops / path).read_text().replace('"', "")
    (valid,) = at_once([(gitops, ["validate", "--check-generated"])], asks=False)
    assert valid.code == 0, valid.said["diagnostics"]


def words(service: str, environment: str, tag: str) -> list[str]:
    return ["deploy", service, "--image", f":{tag}", "--env", environment, "--write", "commit", "--push"]


def only_tag_of(directory: Path, commit: str) -> tuple[str, str]:
    """The one file of a commit and the tag that it came to have there, which is all that the commit changes."""
    (path,) = git("show", "--format=", "--name-only", commit, cwd=directory).splitlines()
    diff = git("show", "--format=", "--unified=0", commit, cwd=directory)
    removed, added = re.findall(r"^[-+](?![-+]).*$", diff, flags=re.MULTILINE)
    assert removed.startswith("-  newTag:"), diff
    found = re.fullmatch(r'\+  newTag: "?([a-z0-9-]+)"?', added)
    assert found, diff
    return path, found[1]
