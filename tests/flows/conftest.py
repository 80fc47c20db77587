"""One repo with an environment for each shape, made once: by the command line, in this process."""

from __future__ import annotations

import pytest

from tests.flows.repos import TEAM, make
from tests.flows.shapes import SHAPES


@pytest.fixture(scope="session")
def shapes_repo(tmp_path_factory):
    repo = make(tmp_path_factory.mktemp("shapes") / "repo", *(each.place() for each in SHAPES))
    words = "node, port 80:3000, postgres, public, metrics, egress"
    repo.atmos("new", "service", words, "--name", "web", "--team", TEAM, "--write", "files", "--yes")
    repo.atmos("change", "web", "metrics port 9090", "--write", "files", "--yes")
    repo.atmos("new", "service", "node, port 8080, identity", "--name", "api", "--team", TEAM, "--write", "files", "--yes")
    repo.edit("apps/shop/api/service.yaml", _names_web)
    repo.atmos("update", "--write", "files", "--yes")
    return repo


def _names_web(spec):
    spec["dependencies"] = [{"service": "web", "port": 80}]
