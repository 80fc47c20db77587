"""A shell completes what is in the repo: services, environments, teams, clusters, add-ons; and codes."""

from __future__ import annotations

import pytest

from atmos_cli.entry import main

CASES = [
    (("status", "che"), ["checkout"]),
    (("tree", "main/"), ["main/checkout"]),
    (("verify", "run", ""), ["checkout"]),
    (("remove", "service", "c"), ["checkout"]),
    (("promote", "checkout", "--to", ""), ["dev", "prod", "staging"]),
    (("promote", "checkout", "--from", "s"), ["staging"]),
    (("rollback", "checkout", "--env", "p"), ["prod"]),
    (("budget", "show", "st"), ["staging"]),
    (("new", "service", "--team", ""), ["main"]),
    (("new", "service", "--with", "p"), ["postgres"]),
    (("new", "cluster", "eu", "--like", "pr"), ["prod"]),
    (("change", "checkout", "--without", "re"), ["redis"]),
    (("explain", "ATM34"), ["ATM340", "ATM341", "ATM342"]),
    (("status", "nothing-of-that"), []),
]


def completed(words, monkeypatch, capsys):
    monkeypatch.setenv("_ATMOS_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", " ".join(("atmos", *words)))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    with pytest.raises(SystemExit) as stop:
        main([])
    captured = capsys.readouterr()
    assert stop.value.code == 0
    assert captured.err == ""
    return captured.out.split()


@pytest.mark.parametrize(("words", "wanted"), CASES, ids=[" ".join(words) for words, _ in CASES])
def test_names_are_completed(shop, monkeypatch, capsys, words, wanted):
    monkeypatch.chdir(shop)
    assert completed(words, monkeypatch, capsys) == wanted


def test_outside_of_a_repo_nothing_is_completed_and_nothing_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert completed(("status", ""), monkeypatch, capsys) == []


def test_a_repo_that_cannot_be_read_completes_nothing(shop, monkeypatch, capsys):
    (shop / "atmos-cli.yaml").write_text("environments: [")
    monkeypatch.chdir(shop)
    assert completed(("status", "--env", ""), monkeypatch, capsys) == []
