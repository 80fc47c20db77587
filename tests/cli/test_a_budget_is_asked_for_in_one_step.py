"""What is over a budget becomes, with `--request-approval`, a branch that holds the request for it."""

import pytest

from .conftest import state


@pytest.fixture
def ask(world):
    def run(*args):
        return world.atmos(*args, "--yes", "-o", "json")

    return run


def requests(done):
    assert done.code == 0, done.out + done.err
    return [each for each in done.json["data"]["written"]["paths"] if each.startswith("platform/approvals/")]


def test_a_change_brings_its_request_along(world, ask):
    change = ("change", "checkout", "3 replicas in staging")
    before = state(world.root)
    refused = ask(*change)
    assert (refused.code, "`--request-approval`" in refused.out) == (1, True)
    assert state(world.root) == before
    done = ask(*change, "--request-approval")
    (path,) = requests(done)
    steps = {each["topic"]: each["step"] for each in done.json["data"]["written"]["next"]}
    assert steps["approve"].startswith(f"atmos approve sign {path}")
    assert steps["push"].endswith("git push -u origin atmos/change-checkout")
    world.git("checkout", "-q", "atmos/change-checkout")
    assert world.check().codes == ["ATM424"]
    world.signed_and_committed(path, "ana")
    assert world.validate()[0] == 0
    world.land("atmos/change-checkout")
    assert world.audit().code == 0


def test_promote_brings_it_along_where_numbers_travel(world, ask):
    text = (world.root / "atmos-cli.yaml").read_text()
    start, found, rest = text.rpartition("  prod:\n")
    world.write("atmos-cli.yaml", f"{start}{found}    promotion: {{carry: [images, replicas]}}\n{rest}")
    world.budget(limit=9)
    world.replicas(3)
    world.commit("More in staging, and what travels")
    assert (
        ask("deploy", "checkout", "--image", "registry.test/checkout:1.0", "--env", "staging", "--write", "commit").code
        == 0
    )
    assert ask("promote", "checkout", "--to", "prod", "--force").code == 1
    (path,) = requests(ask("promote", "checkout", "--to", "prod", "--force", "--request-approval"))
    assert path.startswith("platform/approvals/prod/")


@pytest.mark.parametrize("options", [(), ("--request-approval",)])
def test_nobody_can_ask_past_a_ceiling(world, ask, options):
    before = state(world.root)
    done = ask("change", "checkout", "11 replicas in staging", *options)
    assert (done.code, "ATM402" in done.codes or "ceiling" in done.out) == (1, True)
    assert state(world.root) == before


def test_within_the_budget_it_is_a_branch_without_a_request(world, ask):
    assert requests(ask("change", "checkout", "2 replicas in staging", "--request-approval")) == []
    assert requests(ask("deploy", "checkout", "--image", "registry.test/checkout:1.0", "--request-approval")) == []
