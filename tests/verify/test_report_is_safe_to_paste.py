"""What a cluster or a log says reaches comments, XML and chat as text: it cannot bring markup, mentions or secrets."""

import json
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.output.json.verify import verdict_data
from atmos_cli.output.junit import junit
from atmos_cli.output.markdown import VERDICT_MARK, verdict_comment
from atmos_cli.output.notify import chat
from atmos_cli.output.sections import LONGEST
from atmos_cli.verify.measured import Assessment, Count, Measure
from atmos_cli.verify.model import Cause, Target, Verdict
from atmos_cli.verify.outcome import Outcome, Reason

TARGET = Target("shop", "checkout", "prod", "eu", "shop-prod", "argocd", "checkout")
MEASURE = Measure("availability", Outcome.FAIL, "worse", "5xx up", Count(1, 9, 0, 1), Count(2, 9, 1, 2))


def verdict(text="it broke", outcome=Outcome.FAIL, **fields):
    reason = Reason(outcome, "worse", text, text)
    cause = Cause("R9", text, text, 0.9, evidence=(text,), next=text)
    assessment = Assessment(outcome, (reason,), 5.0, measures=(MEASURE,))
    return Verdict(
        TARGET, "a" * 40, outcome, text, (reason,), (cause,), assessment=assessment, started=1.0, ended=9.0, **fields
    )


def parsed(*verdicts):
    return fromstring(junit(verdicts).split("\n", 1)[1])  # noqa: S314 - our own output


def test_a_comment_can_be_found_again_and_cannot_mention_or_link():
    text = verdict_comment([verdict("@everyone [x](http://evil) <img src=x> `rm` # title *b* ~s~ |t|")])
    assert text.startswith(VERDICT_MARK)
    body = text.removeprefix(VERDICT_MARK)
    for bad in ("@everyone", "[x](", "<img", "`rm`"):
        assert bad not in body.replace(f"\\{bad[0]}", "")


def test_nothing_outgrows_a_comment():
    many = [verdict("x" * 900, next="n") for _ in range(200)]
    assert len(verdict_comment(many)) < 65_536
    assert len(chat(many)["text"]) <= LONGEST


@pytest.mark.parametrize(
    ("outcome", "tag"),
    [(Outcome.FAIL, "failure"), (Outcome.INCONCLUSIVE, "error"), (Outcome.SUPERSEDED, "skipped")],
)
def test_every_outcome_has_its_place_in_junit(outcome, tag):
    suite = parsed(verdict(outcome=outcome), verdict(outcome=Outcome.PASS))
    assert (suite.get("tests"), len(suite.findall("testcase"))) == ("2", 2)
    bad, good = suite.findall("testcase")
    assert bad.find(tag) is not None
    assert len(good) == 0
    assert bad.get("time") == "8.0"


@given(st.text(max_size=200))
def test_junit_is_xml_whatever_was_said(text):
    assert parsed(verdict(text)).get("failures") == "1"


@given(st.text(max_size=200))
def test_json_holds_what_was_said(text):
    told = json.loads(json.dumps(verdict_data(verdict(text))))
    assert (told["outcome"], told["headline"]) == ("fail", text)
    assert told["assessment"]["measures"][0]["after"] == {"bad": 2, "total": 9, "start": 1, "end": 2}


def test_a_password_in_a_log_line_is_in_no_report():
    said = "cannot connect to postgres://shop:hunter2@db:5432/shop"
    for text in (verdict_comment([verdict(said)]), junit([verdict(said)]), json.dumps(chat([verdict(said)]))):
        assert "hunter2" not in text


def test_chat_has_no_links_of_others():
    assert "<http" not in chat([verdict("<http://evil|click>")])["text"]
