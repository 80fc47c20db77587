"""clusters.md section 12: on each of the fifteen shapes of a cluster, all that must work does, and nothing that must not."""

from __future__ import annotations

import pytest

from tests.flows.cast import Cast
from tests.flows.dialects import Judge
from tests.flows.repos import TEAM
from tests.flows.shapes import SHAPES



def wrong(judge, wanted, *, where):
    """What is not as it should be, in words: where, which flow, which policies were looked at."""
    found = []
    for flow in wanted.flows:
        verdict = judge.verdict(flow)
        passes = verdict.allowed if wanted.end == "both" else getattr(verdict, wanted.end).allowed
        if passes != wanted.passes:
            found.append(f"{where} {wanted.name}: {flow} should {'pass' if wanted.passes else 'not pass'}: {verdict}")
    return found


def judge_of(repo, shape):
    cast = Cast(shape, f"{TEAM}-{shape.name}")
    return cast, Judge(shape.dialect, cast.world, repo.policies(shape.name, "web", "api"))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda each: each.name)
def test_the_flows_of_the_table(shapes_repo, shape):
    cast, judge = judge_of(shapes_repo, shape)
    assert [line for each in cast.wanted() for line in wrong(judge, each, where=shape.name)] == []


@pytest.mark.parametrize("shape", SHAPES, ids=lambda each: each.name)
def test_the_flows_beside_it(shapes_repo, shape):
    cast, judge = judge_of(shapes_repo, shape)
    assert [line for each in cast.beside() for line in wrong(judge, each, where=shape.name)] == []


def test_the_table_has_355_verdicts():
    assert sum(len(list(Cast(shape, "shop-prod").wanted())) for shape in SHAPES) == 355


def test_the_app_is_what_the_cast_says(shapes_repo):
    cast = Cast(SHAPES[0], "shop-generic")
    objects = {each["kind"]: each for each in shapes_repo.objects("generic", "web") if each["metadata"]["name"] == "web"}
    template = objects["Deployment"]["spec"]["template"]
    assert cast.app.labels.items() <= template["metadata"]["labels"].items()
    ports = {each["name"]: (each["protocol"], each["containerPort"]) for each in template["spec"]["containers"][0]["ports"]}
    assert ports == cast.app.ports
    assert objects["Service"]["spec"]["selector"] == cast.web.selector
    assert [(each["port"], each["targetPort"]) for each in objects["Service"]["spec"]["ports"]] == [(80, "http")]
