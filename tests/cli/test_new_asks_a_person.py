"""Without words `atmos new service` asks, one question at a time; several words without quotes are one intent."""

from __future__ import annotations

import pytest
import yaml

ANSWERS = ["node", "3000", "checkout", "postgres, secret STRIPE_KEY", "nothing"]


@pytest.fixture
def person(monkeypatch):
    """Someone at a terminal with answers; `asked` has the questions with their defaults."""
    asked = []

    def at(answers):
        waiting = iter(answers)

        def prompt(question, *, default=None):
            asked.append((question, default))
            answer = next(waiting)
            return default if answer is None else answer

        monkeypatch.setattr("atmos_cli.cli.options.interactive", lambda output: output == "text")
        monkeypatch.setattr("atmos_cli.cli.new.interactive", lambda output: output == "text")
        monkeypatch.setattr("typer.prompt", prompt)
        monkeypatch.setattr("typer.confirm", lambda question, **_: asked.append((question, None)))
        return asked

    return at


def spec(repo, name):
    return yaml.safe_load((repo / f"apps/main/{name}/service.yaml").read_text())


def test_the_answers_make_the_same_plan_as_the_words(repo, atmos, person):
    asked = person(ANSWERS)
    done = atmos("new", "service", "--repo", repo, "--dry-run")
    assert done.code == 0, done.err
    assert [default for _, default in asked] == [None, "8080", "node-web", "nothing", "nothing"]
    same = next(line for line in done.out.splitlines() if line.startswith("The same without questions: "))
    assert same.endswith("atmos new service 'node, port 3000, named checkout, postgres, secret STRIPE_KEY'")
    words = atmos("new", "service", same.partition("'")[2].rstrip("'"), "--repo", repo, "--dry-run")
    assert done.out[done.out.index("Plan for") :] == words.out[words.out.index("Plan for") :]


def test_a_wrong_answer_is_asked_for_again(repo, atmos, person):
    asked = person(["nod", "node", "eighty", None, "My Shop", "shop", "kafka", "nothing", "public"])
    done = atmos("new", "service", "--repo", repo)
    assert done.code == 0, done.err
    for hint in ("did you mean `node`?", "a port is a whole number", "use `my-shop`", "`env KAFKA_BROKERS="):
        assert hint in done.out
    assert asked[-1] == ("Write this?", None)
    assert spec(repo, "shop")["port"] == 8080
    assert spec(repo, "shop")["addons"] == {"http": {}}


@pytest.mark.parametrize("flags", [("--yes",), ("--dry-run",), ("-o", "json")])
def test_where_no_one_can_be_asked_the_words_are_missing(repo, atmos, flags):
    done = atmos("new", "service", "--repo", repo, *flags)
    assert done.code == 2
    said = done.out + done.err
    assert "ATM107" in said
    assert "the intent is missing" in said


def test_a_person_says_which_production_serves_a_host(repo, atmos, person):
    path = repo / "atmos-cli.yaml"
    value = yaml.safe_load(path.read_text())
    value["environments"]["prod-eu"] = {**value["environments"]["prod"], "http": {"domain": "eu.acme.io"}}
    path.write_text(yaml.safe_dump(value, sort_keys=False))
    asked = person(["prod-us", "prod-eu"])
    done = atmos("new", "service", "node, called shop, host shop.acme.io", "--repo", repo, "--dry-run")
    assert done.code == 1  # there is no budget for it yet
    assert asked[0] == ("in which environment is shop.acme.io served? (prod, prod-eu)", "prod")
    assert "`prod-us` is none of them" in done.out
    assert "shop.acme.io in prod-eu" in done.out


@pytest.mark.parametrize(
    "words",
    [
        ("node", "port", "80"),
        ("node,", "port", "80"),
        ("node", "port=80"),
        ("node, port", "80"),
        ('"node,', "port", '80"'),
    ],
)
def test_words_without_quotes_are_one_intent(repo, atmos, words):
    done = atmos("new", "service", *words, "--repo", repo, "--dry-run", "-o", "json")
    assert done.code == 0, done.out
    rows = {row["field"]: row["value"] for row in done.json["data"]["plan"]}
    assert (rows["language"], rows["port"]) == ("node", "80")


def test_a_change_needs_no_quotes_either(shop, atmos):
    done = atmos("change", "checkout", "add", "redis,", "size", "m", "in", "prod", "--repo", shop, "--yes")
    assert done.code == 0, done.err
    assert spec(shop, "checkout")["environments"]["prod"]["size"] == "m"


def test_a_flag_of_another_program_is_said(repo, atmos):
    done = atmos("new", "service", "node", "-p", "80", "--repo", repo, "--dry-run")
    assert done.code == 2
    assert "no such option: -p" in done.err
