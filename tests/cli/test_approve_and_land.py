"""The whole way of an approval: asked for, signed, judged, landed, used up; with real git and real ssh-keygen."""

import pytest


def test_without_an_approval_the_answer_is_no(world):
    world.branch(3)
    assert world.validate() == (1, ["ATM401"])


def test_asked_signed_and_used_once(world):
    world.branch(3)
    path = world.ask("--reason", "sale, OPS-812")
    assert world.validate()[1] == ["ATM401", "ATM424"]
    assert world.check().codes == ["ATM424"]

    world.signed_and_committed(path, "ana")
    assert world.check().json["data"]["approvals"] == [
        {"file": path, "state": "pending", "valid": True, "approvers": ["ana"]}
    ]
    code, codes = world.validate()
    assert (code, codes) == (0, ["ATM431"])

    world.land()
    assert world.validate()[0] == 0
    assert world.check().json["data"]["approvals"][0]["state"] == "in use"
    assert world.audit().code == 0

    # back to one replica, and then to three again under the same approval
    world.replicas(1)
    world.commit("Fewer")
    assert world.check().json["data"]["approvals"][0]["state"] == "used"
    world.branch(3, name="again")
    assert world.validate() == (1, ["ATM401", "ATM423"])


@pytest.mark.slow
def test_what_may_be_signed_is_shown(world):
    world.branch(3)
    path = world.ask()
    shown = world.atmos("approve", "show", path)
    assert shown.code == 0
    for line in ("main/checkout in 'staging'", "environment: pods 3 of 2", "asked by   dev@example.test", "nothing"):
        assert line in shown.out, shown.out
    assert world.atmos("approve", "show", path, "-o", "json").json["data"]["exceeds"] == [
        {"scope": "environment", "dimension": "pods", "limit": "2", "after": "3"}
    ]


def test_a_dry_run_writes_nothing(world):
    world.branch(3)
    done = world.atmos("approve", "request", "--env", "staging", "--service", "checkout", "--dry-run")
    assert done.code == 0
    assert "1 person with the role team-lead" in done.out
    assert not (world.root / "platform/approvals").exists()


@pytest.mark.slow
def test_the_request_can_be_files_or_a_branch(world):
    world.branch(3)
    world.ask(write="branch")
    assert "atmos/approve-checkout-staging" in world.git("branch", "--list", "--format=%(refname:short)").split()
    assert not (world.root / "platform/approvals").exists()
    assert (world.root / world.ask(write="files")).is_file()


@pytest.mark.slow
def test_the_same_size_with_a_new_image_needs_no_new_approval(world):
    world.branch(3)
    world.signed_and_committed(world.ask(), "ana")
    overlay = world.root / "apps/main/checkout/overlays/staging/kustomization.yaml"
    overlay.write_text(overlay.read_text().replace('"0.1.0"', '"0.2.0"'))
    world.commit("A new version")
    assert world.validate()[0] == 0


@pytest.mark.slow
def test_two_people_where_the_excess_is_large(world):
    world.branch(5)
    path = world.ask()
    world.signed_and_committed(path, "lee")
    assert world.check().codes == ["ATM424"]
    world.signed_and_committed(path, "max")
    assert world.validate()[0] == 0


@pytest.mark.slow
def test_a_change_in_the_working_tree_on_the_base_branch(world):
    """Direct commits: the request lands first, is signed, and the change follows under it."""
    world.replicas(3)
    path = world.ask()
    world.git("commit", "-q", "-m", "wip", "--", "apps")  # dev's own commit keeps the tree clean for ana
    world.git("reset", "-q", "--soft", "HEAD~1")
    assert world.sign(path, "ana").code == 0
    world.git("commit", "-q", "-m", "Approve", "--", "platform/approvals", who="ana")
    assert world.validate()[0] == 0
    world.commit("More replicas")
    assert world.check().json["data"]["approvals"][0]["state"] == "in use"
    assert world.audit().code == 0


@pytest.mark.slow
def test_a_new_service_brings_its_request_along(world):
    more = ("new", "service", "node, port 80, called billing", "--replicas", "2", "--env", "staging", "--yes")
    assert world.atmos(*more).code == 1
    done = world.atmos(*more, "--request-approval", "-o", "json")
    assert done.code == 0, done.out + done.err
    (path,) = [each for each in done.json["data"]["written"]["paths"] if each.startswith("platform/approvals/staging/")]
    world.git("checkout", "-q", "atmos/new-billing")
    assert world.check().codes == ["ATM424"]
    world.signed_and_committed(path, "ana")
    assert world.validate()[0] == 0
    world.land("atmos/new-billing")
    assert world.audit().code == 0


@pytest.mark.slow
def test_a_new_service_under_an_approval_that_landed_before_it(world):
    more = ("new", "service", "node, port 80, called billing", "--replicas", "2", "--env", "staging", "--yes")
    assert world.atmos(*more, "--request-approval").code == 0
    world.git("checkout", "-q", "atmos/new-billing", "--", "platform/approvals")
    world.commit("Only the request")
    (path,) = (p.relative_to(world.root).as_posix() for p in (world.root / "platform/approvals").rglob("*.yaml"))
    assert world.atmos(*more).code == 1
    world.signed_and_committed(path, "ana")
    world.git("config", "user.email", "dev@example.test")
    done = world.atmos(*more, "-o", "json")
    assert done.code == 0, done.out
    assert "ATM431" in done.codes
    assert world.check().json["data"]["approvals"][0]["state"] == "in use"
    assert world.audit().code == 0


@pytest.mark.slow
def test_a_new_service_made_by_the_approver(world):
    more = ("new", "service", "node, port 80, called billing", "--replicas", "2", "--env", "staging", "--yes")
    assert world.atmos(*more, "--request-approval").code == 0
    world.git("checkout", "-q", "atmos/new-billing", "--", "platform/approvals")
    world.commit("Only the request")
    (path,) = (p.relative_to(world.root).as_posix() for p in (world.root / "platform/approvals").rglob("*.yaml"))
    world.signed_and_committed(path, "ana")
    world.git("config", "user.email", "ana@example.test")
    done = world.atmos(*more, "-o", "json")
    assert done.code == 1
    assert {"ATM401", "ATM425"} <= set(done.codes)


@pytest.mark.slow
def test_budget_check_agrees(world):
    world.branch(3)
    path = world.ask()
    assert world.atmos("budget", "check").code == 1
    world.signed_and_committed(path, "ana")
    assert world.atmos("budget", "check").code == 0
