"""clusters.md section 12: on each of the fifteen shapes of a cluster, all that must work does, and nothing that must not.

One repo has an environment for each shape. It takes seconds to make, so that one test asks everything of it; what fails says
which shape it is, which flow, and which policies were looked at.
"""

from __future__ import annotations

import pytest

from tests.flows.cast import Cast
from tests.flows.repos import TEAM
from tests.flows.shapes import SHAPES
from tests.flows.walking import judge_of, web_on, wrong


def names_web(spec):
    spec["dependencies"] = [{"service": "web", "port": 80}]


def test_every_flow_of_every_shape(tmp_path):
    repo = web_on(tmp_path / "repo", *SHAPES)
    repo.atmos(
        "new", "service", "node, port 8080, identity", "--name", "api", "--team", TEAM, "--write", "files", "--yes"
    )
    repo.edit("apps/shop/api/service.yaml", names_web)
    repo.atmos("update", "--write", "files", "--yes")
    app_is_what_the_cast_says(repo)
    found = []
    for shape in SHAPES:
        cast, judge = judge_of(repo, shape, "web", "api")
        found += wrong(judge, [*cast.wanted(), *cast.beside()], where=shape.name)
    assert not found, "\n".join(found)


def app_is_what_the_cast_says(repo):
    cast, place = Cast(SHAPES[0], "shop-prod"), SHAPES[0].environment
    objects = {each["kind"]: each for each in repo.objects(place, "web") if each["metadata"]["name"] == "web"}
    template = objects["Deployment"]["spec"]["template"]
    assert cast.app.labels.items() <= template["metadata"]["labels"].items()
    ports = {
        each["name"]: (each["protocol"], each["containerPort"]) for each in template["spec"]["containers"][0]["ports"]
    }
    assert ports == cast.app.ports
    assert objects["Service"]["spec"]["selector"] == cast.web.selector
    assert [(each["port"], each["targetPort"]) for each in objects["Service"]["spec"]["ports"]] == [(80, "http")]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=lambda each: each.name)
def test_a_repo_of_one_cluster(tmp_path, shape):
    """What is the same in all environments is the base: with one environment that is another split than with fifteen."""
    cast, judge = judge_of(web_on(tmp_path / "repo", shape), shape, "web")
    found = list(wrong(judge, cast.wanted(), where=shape.name))
    assert not found, "\n".join(found)


def test_the_table_has_355_verdicts():
    assert sum(len(list(Cast(shape, "shop-prod").wanted())) for shape in SHAPES) == 355
