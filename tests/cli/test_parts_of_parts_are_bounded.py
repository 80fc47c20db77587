"""Small files that include one another, or say where they are from, neither grow without end nor end in a bug."""

import shutil
from pathlib import Path

import pytest

BUNDLED = Path(__file__).parents[2] / "blueprints/egress"


@pytest.fixture
def own(repo):
    """A company's copy of a bundled blueprint that includes `shared/s0.yaml`."""
    place = repo / "platform/blueprints"
    shutil.copytree(BUNDLED, place / "egress")
    (place / "shared").mkdir()
    policy = place / "egress/resources/networkpolicy.yaml"
    policy.write_text(policy.read_text() + "zz:\n  $include: shared/s0.yaml\n")
    return place / "shared"


def chain(shared):
    for number in range(900):
        (shared / f"s{number}.yaml").write_text(f"a: {{$include: shared/s{number + 1}.yaml}}\n")
    (shared / "s900.yaml").write_text("a: 1\n")
    return "levels deep"


def fan(shared):
    for number in range(7):
        lines = [f"k{key}: {{$include: shared/s{number + 1}.yaml}}\n" for key in range(10)]
        (shared / f"s{number}.yaml").write_text("".join(lines))
    (shared / "s7.yaml").write_text("a: 1\n")
    return "more than 100 files"


@pytest.mark.parametrize("shape", [chain, fan], ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    "command", [("blueprint", "lint", "egress"), ("blueprint", "show", "egress"), ("blueprint", "list")], ids=" ".join
)
def test_includes_have_an_end(atmos, repo, own, shape, command):
    said = shape(own)
    done = atmos(*command, cwd=repo)
    assert done.code in (1, 2), done.err
    assert "ATM202" in done.out + done.err
    assert said in done.out + done.err


@pytest.mark.sample
@pytest.mark.parametrize("origin", ["path: 5", "path: evil.yaml", "[]", "path: [1]", "{"])
@pytest.mark.parametrize("command", [("validate",), ("render", "checkout", "--env", "prod"), ("diff",)], ids=" ".join)
def test_a_forged_origin_is_not_believed(atmos, shop, origin, command):
    overlay = shop / "apps/main/checkout/overlays/prod"
    (overlay / "evil.yaml").write_text("kind: Deployment\nmetadata: text\n---\nkind: Ingress\nmetadata: [1]\n")
    file = overlay / "kustomization.yaml"
    forged = f"commonAnnotations: {{config.kubernetes.io/origin: '{origin}', z: evil.yaml}}\n"
    text = file.read_text().replace("images:\n", "images:\n- {name: 'x(y)+', newTag: a}\n")
    file.write_text(forged + text)
    done = atmos(*command, cwd=shop)
    assert done.code in (0, 1, 2), done.err
    assert "ATM999" not in done.out + done.err
