"""What was verified is remembered on the commit, and only what is known to be good is a state to go back to."""

import json

import pytest

from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.history.verified import last_verified, quarantine, quarantined, record_verdict, verdicts
from atmos_cli.verify.outcome import Outcome

from .rolling import World, copied, verdict

TARGET = {"team": "main", "service": "checkout", "environment": "prod"}


def last(deployed, before="HEAD", **more):
    found = last_verified(deployed.repo(), **TARGET, before=deployed.git("rev-parse", before), **more)
    return found and found.commit


def test_the_newest_good_ancestor_counts_and_not_the_commit_itself(deployed):
    first, second = deployed.deploy("1"), deployed.deploy("2")
    deployed.verified(first, at=9)
    deployed.verified(second, at=1)
    assert last(deployed, second) == first
    third = deployed.deploy("3")
    assert last(deployed, third) == second
    assert last(deployed, third, without=frozenset({second})) == first
    assert last(deployed, first) is None


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [("pass", True), ("warn", True), ("fail", False), ("inconclusive", False), ("superseded", False)],
)
def test_only_good_verdicts_count(deployed, outcome, counts):
    good = deployed.deploy("1")
    deployed.verified(good, outcome)
    deployed.deploy("2")
    assert last(deployed) == (good if counts else None)


def test_the_last_word_counts_and_no_answer_is_no_word(deployed):
    good = deployed.deploy("1")
    deployed.verified(good, "pass", at=1)
    deployed.verified(good, "inconclusive", at=2)
    deployed.deploy("2")
    assert last(deployed) == good
    deployed.verified(good, "fail", at=3)
    assert last(deployed) is None
    deployed.verified(good, "pass", at=4)
    assert last(deployed) == good


def test_verdicts_are_per_service_environment_and_cluster(deployed):
    good = deployed.deploy("1")
    deployed.verified(good, service="cart")
    deployed.verified(good, environment="dev")
    deployed.deploy("2")
    assert last(deployed) is None
    deployed.verified(good)
    import dataclasses

    other = verdict(good, "fail")
    other = dataclasses.replace(other, target=dataclasses.replace(other.target, cluster="second"))
    record_verdict(deployed.repo(), other, run="r")
    assert last(deployed) is None
    assert {each.cluster for each in verdicts(deployed.repo(), **TARGET)} == {"prod", "second"}


def test_an_unknown_commit_cannot_be_noted(deployed):
    with pytest.raises(AtmosError) as error:
        deployed.verified("f" * 40)
    assert error.value.diagnostics[0].code is Code.COMMIT_UNKNOWN


def test_a_record_is_one_line_that_anyone_can_read(deployed):
    good = deployed.deploy("1")
    deployed.verified(good, images=["registry.test/checkout:1"])
    value = json.loads(deployed.git("notes", "--ref=atmos", "show", good))
    assert value == {
        "v": 1,
        "kind": "verdict",
        **TARGET,
        "cluster": "prod",
        "outcome": "pass",
        "at": 1000.0,
        "run": "run-1000",
        "images": ["registry.test/checkout:1"],
    }


HOSTILE = [
    "not json",
    "[" * 5000,
    '"text"',
    "{}",
    '{"v":1,"kind":"verdict","team":"main","service":"checkout","environment":"prod","cluster":["x"],"outcome":"pass","at":1}',
    '{"v":1,"kind":"verdict","team":"main","service":"checkout","environment":"prod","cluster":"x","outcome":{},"at":1}',
    '{"v":1,"kind":"verdict","team":"main","service":"checkout","environment":"prod","cluster":"x","outcome":"pass","at":NaN}',
    '{"v":1,"kind":"verdict","team":"main","service":"checkout","environment":"prod","cluster":"x\\u001b[2J","outcome":"pass","at":1}',
    '{"v":2,"kind":"verdict","team":"main","service":"checkout","environment":"prod","cluster":"x","outcome":"pass","at":1}',
    '{"v":1,"kind":"quarantine","team":"main","service":"checkout","environment":"prod","image":7,"at":1}',
    '{"v":1,"kind":"quarantine","team":"main","service":"checkout","environment":"prod","image":"x","at":true}',
    "x" * 100_000,
]


@pytest.mark.sample(3)
@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_what_others_wrote_into_notes_is_passed_over(deployed, line):
    from atmos_cli.adapters.git import notes

    good = deployed.deploy("1")
    notes.add(deployed.repo(), good, [line])
    deployed.deploy("2")
    assert last(deployed) is None
    assert quarantined(deployed.repo(), **TARGET) == ()
    deployed.verified(good)
    assert last(deployed) == good


def test_an_image_stays_in_quarantine_until_it_passes_there(deployed):
    bad = deployed.deploy("1")
    quarantine(deployed.repo(), commit=bad, **TARGET, images=["a:1", "b:1"], at=10.0, run="r")
    assert [each.image for each in quarantined(deployed.repo(), **TARGET)] == ["a:1", "b:1"]
    assert quarantined(deployed.repo(), **{**TARGET, "environment": "dev"}) == ()
    deployed.verified(bad, "fail", at=20, images=["a:1"])
    deployed.verified(bad, "pass", at=5, images=["a:1"])
    assert len(quarantined(deployed.repo(), **TARGET)) == 2
    deployed.verified(bad, "pass", at=30, images=["a:1"])
    assert [each.image for each in quarantined(deployed.repo(), **TARGET)] == ["b:1"]


def test_a_record_that_cannot_be_pushed_is_a_warning_and_is_kept(deployed):
    good = deployed.deploy("1")
    deployed.git("remote", "add", "origin", str(deployed.root / "nowhere"))
    (said,) = deployed.verified(good)
    assert (said.code.value, said.severity.value) == ("ATM609", "warning")
    assert verdicts(deployed.repo(), **TARGET)[0].outcome is Outcome.PASS


def test_a_shallow_clone_says_that_history_is_missing(deployed, tmp_path):
    deployed.deploy("1")
    deployed.git("clone", "-q", "--depth", "1", f"file://{deployed.root}", str(tmp_path / "shallow"))
    done = World(tmp_path / "shallow", deployed.run).rollback("--dry-run")
    assert (done.code, done.codes) == (2, ["ATM610"])
    assert "fetch-depth: 0" in done.json["diagnostics"][0]["hint"]


@pytest.mark.slow
def test_a_repo_below_the_top_of_a_checkout_works_the_same(rolling_template, deployed, tmp_path):
    import shutil

    top = World(tmp_path / "top", deployed.run)
    copied(rolling_template["world"], tmp_path / "top/platform/gitops")
    shutil.rmtree(tmp_path / "top/platform/gitops/.git")
    top.git("init", "-q")
    top.commit("all")
    inner = World(tmp_path / "top/platform/gitops", deployed.run)
    inner.verified(inner.deploy("1.1"))
    top.write("elsewhere.txt", "x\n")
    top.commit("elsewhere")
    inner.deploy("1.2")
    for mode in ("branch", "commit"):
        done = inner.rollback("--yes", "--write", mode)
        assert done.code == 0, done.out
        assert done.json["data"]["chosen"] == "verified"
        assert inner.git(
            "show", f"{done.json['data']['written']['commit']}:./apps/main/checkout/overlays/prod/kustomization.yaml"
        ).count('"1.1"')


@pytest.mark.slow
def test_a_push_that_is_refused_leaves_nothing_behind(deployed):
    deployed.deploy("1.1")
    bare = deployed.share()
    (bare / "hooks").mkdir(exist_ok=True)
    hook = bare / "hooks/update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo "protected branch" >&2; exit 1; }\n')
    hook.chmod(0o755)
    before = deployed.head
    done = deployed.rollback("--yes", "--push")
    assert (done.code, done.codes) == (2, ["ATM609"])
    assert "`--write branch`" in done.json["diagnostics"][0]["hint"]
    assert (deployed.head, deployed.tag(), deployed.git("status", "--porcelain")) == (before, "1.1", "")
    done = deployed.rollback("--yes", "--push", "--write", "branch")
    assert done.code == 0, done.out
