"""The decision, with real signatures by real ssh-keygen over it: one reason for no at a time."""

from dataclasses import replace

import pytest

from atmos_cli.approval.conflict import Contributor
from atmos_cli.approval.decide import ApprovalFacts, decide
from atmos_cli.approval.instants import seconds
from atmos_cli.approval.model import Approval, approval_text, read_approval, signed_bytes
from atmos_cli.approval.quorum import Excess
from atmos_cli.approval.roster import Roster
from atmos_cli.budget.model import Tier
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.history.proof import ssh_proofs
from atmos_cli.kube.quantity import parse

from .conftest import make_key, path_of, signed

CLAIM, OTHER, BUDGET = (f"sha256:{letter * 64}" for letter in "abc")
NOW = seconds("2026-05-02T00:00:00Z")
TIERS = (
    Tier.model_validate({"overBy": "<=20%", "roles": ["team-lead"], "count": 1, "maxTTL": "14d"}),
    Tier.model_validate({"overBy": ">20%", "roles": ["platform-owner"], "count": 2, "maxTTL": "7d"}),
)


def request(**changes):
    value = {
        "environment": "staging",
        "team": "shop",
        "service": "checkout",
        "claimDigest": CLAIM,
        "budgetDigest": BUDGET,
        "grants": {"requests.cpu": "11"},
        "exceeds": [{"scope": "environment", "dimension": "requests.cpu", "limit": "10", "after": "11"}],
        "requestedBy": "dev@example.test",
        "createdAt": "2026-05-01T00:00:00Z",
        "expiresAt": "2026-05-15T00:00:00Z",
    }
    return Approval.model_validate({**value, **changes})


def excess(after="11", ceiling="20", limit="10", dimension="requests.cpu"):
    return Excess("environment", dimension, parse(limit), parse(after), parse(ceiling) if ceiling else None)


@pytest.fixture
def roster(keys):
    return make_roster(keys)


def make_roster(keys, **changes):
    people = {
        "dev": {"emails": ["dev@example.test"], "roles": ["team-lead"], "keys": [keys["dev"].public]},
        "lee": {
            "emails": ["lee@example.test", "lee@home.test"],
            "roles": ["team-lead", "platform-owner"],
            "keys": [keys["lee"].public, keys["lee2"].public],
        },
        "max": {"emails": ["max@example.test"], "roles": ["platform-owner"], "keys": [keys["max"].public]},
    }
    return Roster.model_validate({"people": {**people, **changes}, "forges": ["noreply@forge.test"]})


def judged(approval, roster, **changes):
    facts = ApprovalFacts(
        now=NOW,
        base_time=NOW - 3600,
        claim_digest=CLAIM,
        grants={"requests.cpu": "11"},
        budget_digest=BUDGET,
        limits={("environment", "requests.cpu"): "10"},
        excesses=(excess(),),
        contributors=(
            Contributor("dev@example.test", "wrote", "commit 123"),
            Contributor("noreply@forge.test", "committed", "commit 123"),
        ),
        proofs=ssh_proofs(approval, roster),
    )
    return decide(approval, path=path_of(approval), facts=replace(facts, **changes), roster=roster, tiers=TIERS)


def codes(verdict):
    return [each.code for each in verdict.problems]


def test_signed_by_someone_else_with_the_role_it_counts(keys, roster):
    verdict = judged(signed(request(), keys["lee"]), roster)
    assert verdict.valid, verdict.problems
    assert verdict.approvers == ("lee",)


def test_the_file_reads_back_as_the_same_signed_bytes(keys):
    approval = signed(request(reason="sale: 50% off # now"), keys["lee"])
    again = read_approval(approval_text(approval).encode(), path=path_of(approval))
    assert again == approval
    assert signed_bytes(again) == signed_bytes(request(reason="sale: 50% off # now"))


def test_nobody_signed(roster):
    verdict = judged(request(), roster)
    assert codes(verdict) == [Code.APPROVAL_QUORUM]
    assert "1 person with the role team-lead, and has 0 (who can: dev, lee)" in verdict.problems[0].message


@pytest.mark.parametrize(
    "change",
    [
        {"grants": {"requests.cpu": "99"}},
        {"expiresAt": "2026-05-14T23:59:59Z"},
        {"reason": "other"},
        {"requestedBy": "max@example.test"},
        {"exceeds": [{"scope": "environment", "dimension": "requests.cpu", "limit": "10", "after": "10.1"}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_edited_after_it_was_signed(keys, roster, change):
    good = signed(request(), keys["lee"])
    edited = request(**change).model_copy(update={"signatures": good.signatures})
    verdict = judged(edited, roster)
    assert Code.APPROVAL_SIGNATURE in codes(verdict)
    assert verdict.approvers == ()


def test_a_signature_for_another_purpose(keys, roster):
    from atmos_cli.adapters import ssh
    from atmos_cli.approval.model import with_signature

    mark, armour = ssh.sign(signed_bytes(request()), key=keys["lee"].private, namespace="git", interactive=False)
    verdict = judged(with_signature(request(), key=mark, signature=armour), roster)
    assert codes(verdict) == [Code.APPROVAL_SIGNATURE, Code.APPROVAL_QUORUM]


def test_a_key_that_says_it_is_another(keys, roster):
    stranger = signed(request(), keys["stranger"])
    lee = signed(request(), keys["lee"])
    dressed = stranger.signatures[0].model_copy(update={"key": lee.signatures[0].key})
    verdict = judged(request().model_copy(update={"signatures": [dressed]}), roster)
    assert Code.APPROVAL_SIGNATURE in codes(verdict)
    assert verdict.approvers == ()


def test_a_key_that_nobody_has(keys, roster):
    assert codes(judged(signed(request(), keys["stranger"]), roster)) == [Code.APPROVER_UNKNOWN, Code.APPROVAL_QUORUM]


def test_a_removed_key(keys):
    without = make_roster(
        keys, lee={"emails": ["lee@example.test"], "roles": ["team-lead"], "keys": [keys["lee2"].public]}
    )
    assert Code.APPROVER_UNKNOWN in codes(judged(signed(request(), keys["lee"]), without))


@pytest.mark.parametrize(("end", "counts"), [("2026-05-02T00:00:00Z", False), ("2026-05-02T00:00:01Z", True)])
def test_a_key_that_has_ended(keys, end, counts):
    ended = {
        "emails": ["lee@example.test"],
        "roles": ["team-lead"],
        "keys": [{"key": keys["lee"].public, "notAfter": end}],
    }
    verdict = judged(signed(request(), keys["lee"]), make_roster(keys, lee=ended))
    assert verdict.valid is counts
    assert (Code.APPROVER_UNKNOWN in codes(verdict)) is not counts


@pytest.mark.parametrize("part", ["wrote", "committed", "co-wrote"])
@pytest.mark.parametrize("address", ["lee@example.test", "LEE@home.test"])
def test_who_had_a_hand_in_it_cannot_approve_it(keys, roster, part, address):
    verdict = judged(signed(request(), keys["lee"]), roster, contributors=(Contributor(address, part, "commit 12"),))
    assert codes(verdict) == [Code.APPROVAL_SELF, Code.APPROVAL_QUORUM]
    assert f"lee cannot approve this: lee {part} commit 12" in verdict.problems[0].message


def test_who_requested_it_cannot_approve_it(keys, roster):
    verdict = judged(signed(request(), keys["dev"]), roster, contributors=())
    assert codes(verdict) == [Code.APPROVAL_SELF, Code.APPROVAL_QUORUM]
    assert "dev requested it" in verdict.problems[0].message


@pytest.mark.parametrize("part", ["wrote", "committed", "co-wrote"])
def test_an_unknown_hand_might_be_the_approver(keys, roster, part):
    verdict = judged(
        signed(request(), keys["lee"]), roster, contributors=(Contributor("who@example.test", part, "commit 12"),)
    )
    assert codes(verdict) == [Code.APPROVER_UNKNOWN]
    assert "who@example.test" in verdict.problems[0].message


def test_a_forge_that_writes_hides_who_did(keys, roster):
    contributors = (Contributor("noreply@forge.test", "wrote", "commit 12"),)
    assert codes(judged(signed(request(), keys["lee"]), roster, contributors=contributors)) == [Code.APPROVER_UNKNOWN]


def test_an_unknown_requester(keys, roster):
    approval = signed(request(requestedBy="who@example.test"), keys["lee"])
    assert codes(judged(approval, roster)) == [Code.APPROVER_UNKNOWN]


def test_two_keys_of_one_person_count_once(keys, roster):
    far = request(expiresAt="2026-05-08T00:00:00Z")
    twice = signed(signed(far, keys["lee"]), keys["lee2"])
    verdict = judged(twice, roster, excesses=(excess("15"),))
    assert codes(verdict) == [Code.APPROVAL_QUORUM]
    assert "2 different people with the role platform-owner, and has 1" in verdict.problems[0].message
    assert judged(signed(twice, keys["max"]), roster, excesses=(excess("15"),)).valid


def test_a_role_in_one_team_is_none_in_another(keys):
    def leads(team):
        lead = {"emails": ["lee@example.test"], "roles": [f"{team}/team-lead"], "keys": [keys["lee"].public]}
        return make_roster(keys, lee=lead)

    approval = signed(request(), keys["lee"])
    assert judged(approval, leads("shop")).valid
    assert codes(judged(approval, leads("other"))) == [Code.APPROVAL_QUORUM]


def test_the_tier_is_that_of_the_excess_now_not_of_the_request(keys, roster):
    approval = signed(request(expiresAt="2026-05-08T00:00:00Z"), keys["lee"])
    assert judged(approval, roster, excesses=(excess("12"),)).valid
    assert codes(judged(approval, roster, excesses=(excess("12.001"),))) == [Code.APPROVAL_QUORUM]


def test_an_excess_that_no_tier_covers(keys, roster):
    facts = {"excesses": (excess(),)}
    approval = signed(request(), keys["lee"])
    verdict = decide(
        approval,
        path=path_of(approval),
        facts=replace(_facts(approval, roster), **facts),
        roster=roster,
        tiers=(),
    )
    assert codes(verdict) == [Code.APPROVAL_QUORUM]
    assert "no tier of the budget says who may approve" in verdict.problems[0].message


def _facts(approval, roster):
    return ApprovalFacts(
        NOW,
        NOW,
        CLAIM,
        {"requests.cpu": "11"},
        BUDGET,
        {("environment", "requests.cpu"): "10"},
        (excess(),),
        (),
        tuple(ssh_proofs(approval, roster)),
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"claim_digest": OTHER}, "the service now asks for sha256:bbb"),
        ({"claim_digest": ""}, "there is no such service"),
        ({"budget_digest": OTHER}, "the budget of 'staging' on the base branch has changed"),
        ({"grants": {"requests.cpu": "12"}}, "was shown something else"),
        ({"limits": {("environment", "requests.cpu"): "9"}}, "and it is 9"),
        ({"excesses": (excess(), excess(dimension="pods"))}, "environment pods (11 of 10) is over as well now"),
    ],
)
def test_given_for_something_else(keys, roster, change, said):
    verdict = judged(signed(request(), keys["lee"]), roster, **change)
    assert codes(verdict) == [Code.APPROVAL_MISMATCH]
    assert said in verdict.problems[0].message


@pytest.mark.parametrize(
    ("now", "base", "said"),
    [
        ("2026-05-15T00:00:00Z", "2026-05-14T00:00:00Z", "it expired on 2026-05-15T00:00:00Z"),
        ("2026-04-30T23:54:59Z", "2026-04-30T00:00:00Z", "which has not come yet"),
        ("2026-05-02T00:00:00Z", "2026-05-20T00:00:00Z", "this machine's clock is behind"),
    ],
)
def test_out_of_its_time(keys, roster, now, base, said):
    verdict = judged(signed(request(), keys["lee"]), roster, now=seconds(now), base_time=seconds(base))
    assert codes(verdict) == [Code.APPROVAL_EXPIRED]
    assert said in verdict.problems[0].message


def test_the_last_second_counts_and_a_little_skew_is_forgiven(keys, roster):
    approval = signed(request(), keys["lee"])
    for moment in ("2026-05-14T23:59:59Z", "2026-04-30T23:55:00Z"):
        assert judged(approval, roster, now=seconds(moment), base_time=seconds(moment)).valid


def test_longer_than_its_tier_allows(keys, roster):
    verdict = judged(signed(request(expiresAt="2026-05-15T00:00:01Z"), keys["lee"]), roster)
    assert codes(verdict) == [Code.APPROVAL_EXPIRED]
    assert "the budget allows 14 days" in verdict.problems[0].message


@pytest.mark.parametrize("state", ["in use", "used"])
def test_each_counts_once(keys, roster, state):
    verdict = judged(signed(request(), keys["lee"]), roster, state=state, since="f" * 40)
    assert codes(verdict) == [Code.APPROVAL_USED]
    assert not verdict.valid


def test_above_the_ceiling_nobody_can_approve(keys, roster):
    approval = signed(signed(request(expiresAt="2026-05-08T00:00:00Z"), keys["lee"]), keys["max"])
    verdict = judged(approval, roster, excesses=(excess("20.001"),))
    assert codes(verdict) == [Code.APPROVAL_CEILING]
    assert judged(approval, roster, excesses=(excess("20"),)).valid


def test_every_reason_is_told_at_once(keys, roster):
    verdict = judged(signed(request(), keys["dev"]), roster, now=seconds("2027-01-01T00:00:00Z"), claim_digest=OTHER)
    assert set(codes(verdict)) >= {Code.APPROVAL_EXPIRED, Code.APPROVAL_MISMATCH, Code.APPROVAL_SELF}


@pytest.mark.parametrize(("kind", "options"), [("ecdsa", ("-b", "256")), ("rsa", ("-b", "2048"))])
def test_other_kinds_of_keys_sign_as_well(keys, tmp_path, kind, options):
    key = make_key(tmp_path / kind, kind, *options)
    lee = {"emails": ["lee@example.test"], "roles": ["team-lead"], "keys": [key.public]}
    assert judged(signed(request(), key), make_roster(keys, lee=lee)).valid


def test_the_same_file_under_another_name(keys):
    approval = signed(request(), keys["lee"])
    data = approval_text(approval).encode()
    for path in (
        path_of(approval).replace("staging", "prod"),
        path_of(approval).replace("checkout", "billing"),
        path_of(approval).replace("aaaa.yaml", "aaab.yaml"),
    ):
        with pytest.raises(AtmosError) as caught:
            read_approval(data, path=path)
        assert caught.value.diagnostics[0].code is Code.APPROVAL_INVALID
