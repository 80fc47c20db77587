"""One repo with an environment for each shape, made once: by the command line, in this process."""

from __future__ import annotations

import pytest

from tests.flows.repos import TEAM
from tests.flows.shapes import SHAPES
from tests.flows.walking import web_on


@pytest.fixture(scope="session")
def shapes_repo(tmp_path_factory):
    repo = web_on(tmp_path_factory.mktemp("shapes") / "repo", *SHAPES)
    repo.atmos(
        "new", "service", "node, port 8080, identity", "--name", "api", "--team", TEAM, "--write", "files", "--yes"
    )
    repo.edit("apps/shop/api/service.yaml", _names_web)
    repo.atmos("update", "--write", "files", "--yes")
    return repo


def _names_web(spec):
    spec["dependencies"] = [{"service": "web", "port": 80}]
