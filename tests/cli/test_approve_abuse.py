"""Ways to get past a budget with an approval that is not worth it: each answered with one clear reason, and a no."""

import time

import pytest

from .approving import OVERLAY, World


@pytest.fixture
def approved(world, made_once):
    """A branch with `checkout` at 3 pods of 2, asked for by dev and signed by ana: good as it is."""

    def make():
        world.branch(3)
        path = world.ask()
        world.signed_and_committed(path, "ana")
        assert world.check().json["data"]["approvals"][0]["valid"]
        return path

    world.path = made_once("approved", world.root, make)
    return world


def refused(world, *codes):
    """`validate` says no: over budget, and why the approval does not help."""
    code, found = world.validate()
    assert code == 1
    assert "ATM401" in found
    assert set(codes) <= set(found), (codes, found)
    return " ".join(each["message"] for each in world.check().json["diagnostics"])


@pytest.mark.slow
def test_the_same_approval_in_another_environment(approved):
    approved.replicas(3, environment="prod")
    approved.commit("More in prod")
    copy = approved.path.replace("staging", "prod")
    approved.write(copy, (approved.root / approved.path).read_text())
    approved.commit("Copy it")
    said = refused(approved, "ATM420")
    assert "holds the approval that belongs into" in said


@pytest.mark.slow
def test_the_copy_says_prod(approved):
    """Its bytes are not those that were signed, and the claim of prod is another."""
    approved.replicas(3, environment="prod")
    text = (approved.root / approved.path).read_text().replace("environment: staging", "environment: prod")
    approved.write(approved.path.replace("staging", "prod"), text)
    approved.commit("Copy it, changed")
    said = refused(approved, "ATM422", "ATM430")
    assert "the service now asks for" in said


@pytest.mark.slow
def test_the_same_approval_for_another_service(world):
    done = world.atmos("new", "service", "node, port 80, called twin", "--replicas", "1", "--env", "staging", "--yes")
    assert done.code == 0, done.out + done.err
    world.branch(2)
    path = world.ask()
    world.signed_and_committed(path, "ana")
    world.replicas(1)
    world.replicas(2, service="twin")
    world.write(path.replace("checkout", "twin"), (world.root / path).read_text().replace("checkout", "twin"))
    world.commit("For the twin")
    refused(world, "ATM422", "ATM430")


def test_more_is_asked_for_after_it_was_signed(approved):
    approved.replicas(4)
    approved.commit("One more")
    said = refused(approved, "ATM422")
    assert "it was given for sha256:" in said


@pytest.mark.slow
def test_a_patch_after_rendering_asks_for_more(world):
    world.budget(limit=2)
    world.branch(3)
    path = world.ask()
    world.signed_and_committed(path, "ana")
    overlay = world.root / OVERLAY
    overlay.write_text(overlay.read_text().replace("cpu: 100m", "cpu: 3000m"))
    world.commit("Only a patch")
    refused(world, "ATM422")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("requestedBy: dev@", "requestedBy: max@"),
        ('pods: "3"', 'pods: "2"'),
        ('after: "3"', 'after: "2.1"'),
        ('createdAt: "20', 'createdAt: "19'),
    ],
    ids=["requester", "grants", "exceeds", "created"],
)
def test_the_file_is_edited_after_it_was_signed(approved, old, new):
    text = (approved.root / approved.path).read_text()
    assert old in text, text
    approved.write(approved.path, text.replace(old, new))
    approved.commit("Only words")
    assert approved.validate()[0] == 1
    assert {"ATM430", "ATM420"} & set(approved.check().codes)


@pytest.mark.slow
def test_its_end_is_moved(approved):
    import re

    text = (approved.root / approved.path).read_text()
    approved.write(approved.path, re.sub(r'expiresAt: "20\d\d', 'expiresAt: "2099', text))
    approved.commit("For ever")
    refused(approved, "ATM421", "ATM430")


@pytest.mark.slow
def test_a_malformed_file(approved):
    text = (approved.root / approved.path).read_text()
    approved.write(approved.path, text.replace("claimDigest: sha256:", "claimDigest: md5:") + "uses: 9\n")
    approved.commit("Odd")
    refused(approved, "ATM420")
    found = [each for each in approved.check().json["diagnostics"] if each["code"] == "ATM420"]
    assert {each["where"]["field"] for each in found} == {"claimDigest", "uses"}
    assert all(each["where"]["line"] > 1 for each in found)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "[]", "a: [", "? {}", "\x00", "- " * 3000, "signatures: " + "[" * 3000])
def test_a_file_that_is_no_approval_at_all(approved, text):
    approved.write(approved.path, text)
    done = approved.check()
    assert done.code == 1
    assert done.codes


def test_who_asked_signs(world):
    world.people(dev=("team-lead",))
    world.commit("dev leads as well")
    world.branch(3)
    path = world.ask()
    assert world.sign(path, "dev").code == 1
    assert "dev cannot approve this: dev requested it" in world.sign(path, "dev").err


def test_who_asked_signs_under_a_second_address(world):
    roster = (world.root / "platform/approvers.yaml").read_text()
    roster = roster.replace("emails: [ana@example.test]", "emails: [ana@example.test, ana@home.test]")
    world.write("platform/approvers.yaml", roster)
    world.commit("Two addresses")
    world.git("config", "user.email", "ana@home.test")
    world.branch(3)
    path = world.ask()
    assert world.sign(path, "ana").code == 1


@pytest.mark.slow
@pytest.mark.parametrize("part", ["author", "committer", "co-author"])
def test_who_had_a_hand_in_the_change_signs(approved, part):
    approved.write("apps/main/checkout/README.md", "words\n")
    if part == "author":
        approved.git("add", "-A")
        approved.git("commit", "-q", "-m", "Words", "--author", "Ana <ANA@example.test>")
    elif part == "committer":
        approved.git("add", "-A")
        approved.git("commit", "-q", "-m", "Words", "--author", "dev <dev@example.test>", who="ana")
    else:
        approved.commit("Words", body="Co-Authored-By: Ana <ana@example.test>")
    said = refused(approved, "ATM425")
    assert "ana cannot approve this: ana " in said


@pytest.mark.slow
def test_a_rebase_by_somebody_unknown(approved):
    approved.git("rebase", "-q", "--force-rebase", "main", who="service-account")
    said = refused(approved, "ATM426")
    assert "service-account@example.test" in said


@pytest.mark.slow
def test_a_forge_that_merges_is_nobody_but_one_that_writes_hides_somebody(approved):
    approved.git("switch", "-q", "main")
    approved.people(forges=("forge@example.test",))
    approved.commit("The forge")
    approved.git("switch", "-q", "more")
    approved.git("merge", "-q", "--no-edit", "main")
    assert approved.validate()[0] == 0
    approved.write("apps/main/checkout/README.md", "words\n")
    approved.git("add", "-A")
    approved.git("commit", "-q", "-m", "Suggested", "--author", "dev <dev@example.test>", who="forge")
    assert approved.validate()[0] == 0
    approved.write("apps/main/checkout/README.md", "more words\n")
    approved.commit("A bot writes", who="forge")
    refused(approved, "ATM426")


@pytest.mark.slow
def test_the_approver_adds_more_than_a_signature(world):
    world.branch(3)
    path = world.ask()
    assert world.sign(path, "ana").code == 0
    world.write("apps/main/checkout/README.md", "words\n")
    world.commit("Approve, and words", who="ana")
    refused(world, "ATM425")


@pytest.mark.slow
def test_two_keys_of_one_person(world):
    roster = (world.root / "platform/approvers.yaml").read_text()
    second = (world.keys / "stranger.pub").read_text().strip()
    first = (world.keys / "lee.pub").read_text().strip()
    world.write("platform/approvers.yaml", roster.replace(f"    - {first}", f"    - {first}\n    - {second}"))
    world.commit("lee has two keys")
    world.branch(5)
    path = world.ask()
    for key in ("lee", "stranger"):
        assert world.sign(path, key).code == 0
    world.commit("Signed twice", who="lee")
    said = refused(world, "ATM424")
    assert "2 different people with the role platform-owner, and has 1" in said


@pytest.mark.slow
def test_approvers_budget_and_prices_edited_in_the_same_branch(world):
    world.branch(3)
    world.people(stranger=("team-lead",))
    world.budget(limit=2, ceiling=100)
    world.commit("Help yourself")
    path = world.ask()
    done = world.sign(path, "stranger")
    assert done.code == 1
    assert "is nobody's in platform/approvers.yaml on the base branch" in done.err
    assert world.validate()[0] == 1


def test_the_limit_is_raised_in_the_same_branch(world):
    world.branch(3)
    world.budget(limit=100, ceiling=100)
    world.commit("Help yourself")
    code, found = world.validate()
    assert code == 1
    assert "ATM401" in found


@pytest.mark.slow
def test_a_key_that_was_removed_since(approved):
    approved.git("switch", "-q", "main")
    approved.people(ana=None)
    approved.commit("ana left")
    approved.git("switch", "-q", "more")
    refused(approved, "ATM426")


@pytest.mark.slow
def test_a_budget_that_changed_since(approved):
    approved.git("switch", "-q", "main")
    approved.budget(limit=2, ceiling=9)
    approved.commit("Another ceiling")
    approved.git("switch", "-q", "more")
    refused(approved, "ATM422")


def test_above_the_ceiling(world):
    world.branch(11)
    done = world.atmos("approve", "request", "--env", "staging", "--service", "checkout", "--yes", "-o", "json")
    assert (done.code, done.codes) == (1, ["ATM427"])


def test_nothing_is_exceeded(world):
    done = world.atmos("approve", "request", "--env", "staging", "--service", "checkout", "--yes", "-o", "json")
    assert (done.code, done.codes) == (1, ["ATM428"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("days", "codes"), [(15, {"ATM421"}), (-1, {"ATM421"}), (-400, {"ATM421"}), (13, set())], ids=str
)
def test_the_clock(approved, monkeypatch, days, codes):
    """Expired; not yet; a clock set back (the base branch knows better); and the last day."""
    later = time.time() + days * 86400
    monkeypatch.setattr("atmos_cli.history.trusted_base.time.time", lambda: later)
    assert set(approved.check().codes) == codes
    assert approved.validate()[0] == bool(codes)


@pytest.mark.slow
def test_longer_than_the_budget_allows(world):
    world.branch(3)
    for wanted, code in (("15d", "ATM421"), ("never", "ATM901"), ("0d", "ATM901"), ("99999d", "ATM901")):
        done = world.atmos(
            "approve",
            "request",
            "--env",
            "staging",
            "--service",
            "checkout",
            "--expires",
            wanted,
            "--yes",
            "-o",
            "json",
        )
        assert (done.code, done.codes) == (2, [code]), wanted


@pytest.mark.slow
def test_no_approvers_on_the_base_branch(world):
    (world.root / "platform/approvers.yaml").unlink()
    world.commit("Nobody")
    world.branch(3)
    path = world.ask()
    world.people()
    world.commit("Everybody, in the branch")
    assert world.check().codes == ["ATM429"]
    assert world.sign(path, "ana").code == 2
    refused_codes = world.validate()
    assert refused_codes[0] == 1
    assert "ATM429" in refused_codes[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("ssh-ed25519 ", "ssh-dss ", True),
        ("roles: [team-lead]", "role: [team-lead]", True),
        ("lee@example.test", "ana@example.test", False),
        ("AAAA", "AAAB", True),
    ],
    ids=["kind of key", "unknown field", "one address of two people", "cut key"],
)
def test_a_mistake_in_the_approvers(approved, old, new, line):
    approved.git("switch", "-q", "main")
    path = approved.root / "platform/approvers.yaml"
    path.write_text(path.read_text().replace(old, new))
    approved.commit("A mistake")
    approved.git("switch", "-q", "more")
    found = approved.check()
    assert found.code == 2
    assert set(found.codes) == {"ATM429"}
    assert all(each["where"]["line"] > (1 if line else 0) for each in found.json["diagnostics"])


@pytest.mark.slow
def test_a_cut_off_history_proves_nothing(approved, tmp_path):
    shallow = tmp_path / "shallow"
    approved.git("clone", "-q", "--depth", "1", "-b", "more", f"file://{approved.root}", str(shallow), cwd=tmp_path)
    approved.git("fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main", cwd=shallow)
    done = World(shallow, approved.run, approved.keys).check()
    assert done.code == 2
    assert "the history here is cut off" in done.json["diagnostics"][0]["message"]


@pytest.mark.slow
def test_a_key_with_a_passphrase_asks_nothing_off_a_terminal(world, tmp_path):
    import subprocess

    key = tmp_path / "locked"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(key)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    world.branch(3)
    path = world.ask()
    done = world.atmos("approve", "sign", path, "--key", key, "--yes", "-o", "json")
    assert (done.code, done.codes) == (2, ["ATM430"])


@pytest.mark.slow
def test_without_ssh_keygen_it_says_so(approved, monkeypatch, tmp_path):
    import shutil

    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "git").symlink_to(shutil.which("git"))
    monkeypatch.setenv("PATH", str(tools))
    done = approved.check()
    assert (done.code, done.codes) == (2, ["ATM430"])
    assert "ssh-keygen is not installed" in done.json["diagnostics"][0]["message"]
    assert approved.validate()[0] == 1
