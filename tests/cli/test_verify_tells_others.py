"""A verdict stands whoever could not be told of it, and what cannot work is said before anybody has waited for it."""

from pathlib import Path

import pytest

FAILED = Path(__file__).parents[1] / "verify/recorded/runs/flux-error-spike"


@pytest.fixture
def replay(atmos, monkeypatch):
    monkeypatch.delenv("CHAT", raising=False)
    return lambda *args: atmos("verify", "--replay", FAILED, *args)


def test_a_summary_that_cannot_be_written_is_said_before_the_watch(replay, tmp_path):
    done = replay("--summary", tmp_path / "none/summary.md", "-o", "json")
    assert (done.code, done.codes, done.json["data"]) == (2, ["ATM611"], {})


def test_a_webhook_without_a_url_is_said_before_the_watch(replay):
    done = replay("--webhook", "CHAT", "-o", "json")
    assert (done.code, done.codes, done.json["data"]) == (2, ["ATM816"], {})


@pytest.mark.parametrize("output", ["json", "junit", "markdown", "text"])
def test_a_chat_that_does_not_answer_leaves_the_verdict_as_it_is(replay, monkeypatch, output):
    monkeypatch.setenv("CHAT", "http://127.0.0.1:1/services/hunter2")
    done = replay("--webhook", "CHAT", "-o", output)
    assert done.code == 1
    assert "ATM816" in (done.out if output == "json" else done.err)
    assert "hunter2" not in f"{done.out}{done.err}"
    if output == "json":
        assert [each["outcome"] for each in done.json["data"]["verdicts"]] == ["fail"]


def test_the_summary_gets_the_verdict_after_what_stood_there(replay, tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("# Build\n")
    assert replay("--summary", summary, "-o", "json").code == 1
    assert summary.read_text().startswith("# Build\n<!-- atmos-verify -->")
    assert "cart in dev: fail" in summary.read_text()
