"""`--output json`, `-o=json` and what else a shell user may write: the same for every command, for errors as for answers."""

import json

import pytest

from atmos_cli.cli.app import _command

WAYS = (["--output", "json"], ["--output=json"], ["-o", "json"], ["-ojson"], ["-o=json"])


def paths(command, *before):
    below = getattr(command, "commands", {})
    return [path for name, each in below.items() for path in paths(each, *before, name)] or [before]


COMMANDS = sorted(paths(_command()))
ids = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


def is_one_envelope(done):
    assert (done.err, len(done.out.splitlines())) == ("", 1)
    return done.json["exitCode"] == done.code == 2


def test_every_command_is_here():
    assert {("validate",), ("new", "service"), ("verify", "run"), ("budget", "rightsize")} <= set(COMMANDS)


@ids
def test_an_error_is_json_however_it_is_asked_for_and_wherever(command, atmos, tmp_path):
    for way in WAYS:
        assert is_one_envelope(atmos(*command, *way, "--no-such", cwd=tmp_path)), way
        assert is_one_envelope(atmos(*command, "--no-such", *way, cwd=tmp_path)), way


@ids
def test_an_abbreviation_is_not_an_option(command, atmos, tmp_path):
    for way in (["--outp", "json"], ["--out=json"]):
        done = atmos(*command, *way, cwd=tmp_path)
        assert (done.code, done.out) == (2, "")
        assert "ATM901" in done.err


@pytest.mark.parametrize(
    "args",
    [
        ["explain", "ATM401", "--output", "text", "nothing"],
        ["explain", "-o", "json", "-o", "text"],
        ["explain", "ATM401", "ATM402", "--", "-o", "json"],
        ["rollback", "checkout", "--reason", "-ojson"],
        ["rollback", "checkout", "--reason", "-o=json"],
        ["explain", "-o", "JSON", "ATM401"],
        ["explain", "-o", "xml-json", "ATM401"],
        ["validate", "json", "-o", "xml"],
    ],
    ids=" ".join,
)
def test_what_only_looks_like_it_is_not_asked(args, atmos, tmp_path):
    done = atmos(*args, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "error ATM901" in done.err


@pytest.mark.parametrize(
    "args",
    [["nothing", "-ojson"], ["-o=json"], ["budget", "nothing", "-ojson"], ["verify", "x", "--nothing", "-ojson"]],
)
def test_no_such_command_is_said_in_json_too(args, atmos, tmp_path):
    assert is_one_envelope(atmos(*args, cwd=tmp_path))


@pytest.mark.slow
def test_answers_are_the_same_in_every_way(shop, atmos):
    for command in (["validate"], ["diff"], ["blueprint", "list"], ["budget", "show"]):
        found = {json.dumps(atmos(*command, *way, cwd=shop).json) for way in WAYS}
        assert len(found) == 1, command


def test_other_short_options_are_read_alike(shop, atmos):
    ways = (["-e", "dev"], ["-e=dev"], ["-edev"])
    found = [atmos("render", "checkout", *way, cwd=shop) for way in ways]
    assert found[0].out.count("kind: Deployment") == 1
    assert found[0] == found[1] == found[2]
