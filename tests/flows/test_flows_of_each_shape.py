"""clusters.md section 12: on each of the fifteen shapes of a cluster, all that must work does, and nothing that must not."""

from __future__ import annotations

import pytest

from tests.flows.cast import Cast
from tests.flows.shapes import SHAPES
from tests.flows.walking import judge_of, web_on, wrong


@pytest.mark.parametrize("shape", SHAPES, ids=lambda each: each.name)
def test_the_flows_of_the_table(shapes_repo, shape):
    cast, judge = judge_of(shapes_repo, shape, "web", "api")
    assert list(wrong(judge, cast.wanted(), where=shape.name)) == []


@pytest.mark.parametrize("shape", SHAPES, ids=lambda each: each.name)
def test_the_flows_beside_it(shapes_repo, shape):
    cast, judge = judge_of(shapes_repo, shape, "web", "api")
    assert list(wrong(judge, cast.beside(), where=shape.name)) == []


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=lambda each: each.name)
def test_a_repo_of_one_cluster(tmp_path, shape):
    """What is the same in all environments is the base: with one environment that is another split than with fifteen."""
    cast, judge = judge_of(web_on(tmp_path / "repo", shape), shape, "web")
    assert list(wrong(judge, cast.wanted(), where=shape.name)) == []


def test_the_table_has_355_verdicts():
    assert sum(len(list(Cast(shape, "shop-prod").wanted())) for shape in SHAPES) == 355


def test_the_app_is_what_the_cast_says(shapes_repo):
    cast = Cast(SHAPES[0], "shop-on-generic")
    objects = {
        each["kind"]: each for each in shapes_repo.objects("on-generic", "web") if each["metadata"]["name"] == "web"
    }
    template = objects["Deployment"]["spec"]["template"]
    assert cast.app.labels.items() <= template["metadata"]["labels"].items()
    ports = {
        each["name"]: (each["protocol"], each["containerPort"]) for each in template["spec"]["containers"][0]["ports"]
    }
    assert ports == cast.app.ports
    assert objects["Service"]["spec"]["selector"] == cast.web.selector
    assert [(each["port"], each["targetPort"]) for each in objects["Service"]["spec"]["ports"]] == [(80, "http")]
