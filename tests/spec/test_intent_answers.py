"""What an intent cannot mean is refused with the word, its place, the reason and the next step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atmos_cli.diagnostics import Code
from atmos_cli.spec.names import NAME_LENGTH, corrected, validate_name
from atmos_cli.spec.shorthand import parse_intent, read_intent
from atmos_cli.spec.vocabulary import KEYWORDS, Noun, longest_phrase, meanings_of

from .canonical import BUNDLED

CANONICAL = sorted(
    {"postgres", "redis", "metrics", "autoscaling", "node", "python", "ruby", "dotnet", "static", "port"}
)


TYPOS = """
    postgress>postgres posgresql>postgresql databse>database pyton>python djnago>django ingres>ingress cahce>cache
    prometeus>prometheus autoscalling>autoscaling withot>without nmed>named nodé>node services>service repilcas>replicas
"""


def _only(text, **available):
    _, problems = read_intent(text, replace(BUNDLED, **available))
    assert len(problems) == 1, problems
    return problems[0]


@pytest.mark.parametrize("word", CANONICAL)
def test_two_letters_in_the_wrong_order_are_found(word):
    for i in range(len(word) - 1):
        typo = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        if typo not in {*BUNDLED.meanings, *KEYWORDS}:
            assert _only(f"small, {typo}").hint == f"did you mean `{word}`?"


@pytest.mark.parametrize(
    ("typo", "meant"),
    [pair.split(">") for pair in TYPOS.split()],
)
def test_usual_typos_are_found(typo, meant):
    problem = _only(f"go, {typo}")
    assert problem.code is Code.INTENT_UNKNOWN_WORD
    assert problem.message == f"`{typo}` (word 2) is not a word that atmos knows"
    assert problem.hint == f"did you mean `{meant}`?"


def test_all_problems_come_together_in_the_order_of_the_text():
    _, problems = read_intent("nodee, python, port 99999, mysql, named My.App, without redis, redis", BUNDLED)
    expected = ["ATM101", "ATM106", "ATM103", "ATM105", "ATM102"]
    assert [d.code for d in problems] == expected
    assert [d.message.split("(word ")[1].split(")")[0] for d in problems[:4]] == ["1", "4", "5", "7"]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("node, python", "`node` (word 1) and `python` (word 2) are two languages", "make two services"),
        ("node, 80, 81", "`80` (word 2) and `81` (word 3) are two ports", "`80:3000`"),
        ("redis, no cache", "`redis` (word 1) asks for redis, `no cache` (word 2) refuses it", "keep one"),
        ("host a.b.com, private", "`host a.b.com` (word 1) asks for http, `private` (word 3) refuses it", "keep one"),
        ("no redis and db", "`no redis and db` (word 1) may mean with or without postgres", "`without postgres`"),
        ("9..3", "`9..3` (word 1) counts backwards", "`3..9`"),
        ("autoscale to 7", "`autoscale to 7` (word 1) gives one number, autoscaling needs two", "`autoscaling 2..7`"),
        ("pg 5432", "`pg 5432` (word 1) gives postgres a port, which atmos sets itself", "leave `5432` out"),
        ("redis or pg", "`or` (word 2) leaves a choice open", "decide for one"),
    ],
)
def test_contradictions_say_both_sides(text, message, hint):
    problem = _only(text)
    assert problem.message == message
    assert hint in problem.hint


@pytest.mark.parametrize("kind", ["worker", "cron", "job"])
def test_a_type_is_not_yet_there_until_its_blueprint_is(kind):
    problem = _only(f"node {kind}")
    assert problem.code is Code.INTENT_NOT_YET
    assert problem.hint.startswith("types in this version: web; ")
    available = frozenset({"web", kind})
    assert parse_intent(f"node {kind}", replace(BUNDLED, types=available)).type.value == kind
    assert parse_intent(f"node {kind} without port", replace(BUNDLED, types=available)).type.value == kind
    for said in ("port 80", "host a.example.com", "public"):
        problem = _only(f"node {kind}, {said}", types=available)
        assert problem.code is Code.INTENT_CONTRADICTION
        assert problem.message == f"`{said}` (word 3) cannot go with `{kind}`: nothing connects to a {kind}"


def test_an_addon_is_not_yet_there_until_its_blueprint_is():
    assert "`secret MYSQL_URL, egress port 3306`" in _only("node, mariadb", addons=frozenset({"redis"})).hint
    without = _only("node, mariadb", addons=frozenset({"redis"}), instead={})
    assert without.hint == "add-ons in this version: redis"
    assert _only("node, host a.example.com", addons=frozenset()).code is Code.INTENT_NOT_YET
    intent = parse_intent("node, mariadb, kafka", replace(BUNDLED, addons=frozenset({"mysql", "kafka"})))
    assert [(addon.value, addon.note) for addon in intent.addons] == [("kafka", ""), ("mysql", "`mariadb` means mysql")]


def test_a_companys_own_blueprints_are_called_by_their_names():
    nouns = [Noun("type", "edge-proxy", ("edge-proxy",)), Noun("language", "node", ("node",))]
    nouns += [Noun("addon", name, (name,)) for name in ("vault-secrets", "volume")]
    meanings = meanings_of(nouns)
    available = {"types": frozenset({"edge-proxy"}), "addons": frozenset({"vault-secrets", "volume"})}
    own = replace(BUNDLED, meanings=meanings, longest=longest_phrase(meanings), **available)
    intent = parse_intent("node, edge-proxy, vault-secrets, volume", own)
    assert intent.type.value == "edge-proxy"
    assert [addon.value for addon in intent.addons] == ["vault-secrets", "volume"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("port 80", "80 for clients and for the process; a process without root may bind it because the pod sets"),
        ("80:3000", "clients use 80, the process listens on 3000"),
        ("8080:443", "clients use 8080, the process listens on 443; a process without root may bind it because"),
        ("8080", "8080 for clients and for the process"),
        ("5432", "5432 for clients and for the process; 5432 is also the usual port of postgres"),
    ],
)
def test_the_note_of_a_port_tells_what_was_made_of_it(text, note):
    stated = parse_intent(f"node, {text}", BUNDLED).port
    assert stated.words == text
    assert stated.note.startswith(note)
    assert ("ip_unprivileged_port_start=0" in stated.note) == (stated.value.container < 1024)


@pytest.mark.parametrize(
    ("text", "field", "note"),
    [
        ("Node.js", "language", "`node.js` means node"),
        ("node", "language", ""),
        ("node 20", "language", "the image decides the version, not `20`"),
        ("python3.12", "language", "the image decides the version"),
        ("react", "language", "`react` means static: files built beforehand"),
        ("a database", "addons", "`database` means postgres"),
        ("redis 7", "addons", "the blueprint decides the version, not `7`"),
        ("valkey", "addons", "`valkey` means redis: the same protocol"),
        ("shop.example.com", "addons", "a host needs http"),
        ("2..9", "addons", "a range of replicas needs autoscaling"),
        ("up to 9", "scaling", "from 2 to 9: the least is the default"),
        ("private", "without", "`private` means no http"),
        ("named redis", "name", "taken as the name, nothing else"),
    ],
)
def test_what_is_not_obvious_is_noted(text, field, note):
    notes = [item.note for name, item in parse_intent(text, BUNDLED).stated() if name == field]
    assert len(notes) == 1
    assert notes[0].startswith(note)
    assert bool(notes[0]) == bool(note)


def test_words_are_the_users_own():
    intent = parse_intent(
        "A TypeScript and Express service, Listening on PORT\n8080, with a PostgreSQL  database", BUNDLED
    )
    words = {field: item.words for field, item in intent.stated()}
    expected = {
        "type": "service",
        "language": "TypeScript, Express",
        "framework": "Express",
        "port": "Listening on PORT 8080",
        "addons": "PostgreSQL database",
    }
    assert words == expected


@pytest.mark.parametrize(
    "text", ["node \x1b[31m", "node \u202e", "no\u200bde", "node \ud800", "node `", "node \x00", "🚀" * 900]
)
def test_hostile_characters_are_reported_and_never_printed(text):
    _, problems = read_intent(text, BUNDLED)
    assert problems
    assert all(
        d.code is Code.INTENT_UNKNOWN_WORD and d.message.isprintable() and len(d.message) < 200 for d in problems
    )


@pytest.mark.parametrize(
    ("name", "said", "works"),
    [
        ("", "the name is empty", ""),
        ("my.service", "has `.`", "my-service"),
        ("Orders", "has upper-case letters", "orders"),
        ("x" * 64, "is 64 characters long, more than 40", "x" * 40),
        ("1api", "starts with a digit", "svc-1api"),
        ("-api", "starts with a dash", "api"),
        ("api-", "ends with a dash", "api"),
        ("my service", "has a space", "my-service"),
        ("Bücher", "has upper-case letters and has `ü`", "bucher"),
        ("kubernetes", "is reserved", "svc-kubernetes"),
        ("con", "is reserved", "svc-con"),
        ("日本", "has `日`, `本`", ""),
        ("a/../b", "has `/`, `.`", "a-b"),
        ("a\nb", "has `\\n`", "a-b"),
    ],
)
def test_a_bad_name_is_answered_with_the_rule_and_a_name_that_works(name, said, works):
    wrong = validate_name(name)
    assert wrong.code is Code.SPEC_NAME_INVALID
    assert said in wrong.message
    assert wrong.message.isprintable()
    assert wrong.hint.startswith(f"use `{works}`; a name has" if works else "a name has")
    assert corrected(name) == works


@pytest.mark.parametrize("name", ["a", "a1", "orders", "orders-api-2", "x" * NAME_LENGTH])
def test_a_good_name_is_good(name):
    assert validate_name(name) is None
    assert parse_intent(f'named "{name}"', BUNDLED).name.value == name
