"""Every word is accounted for, in any text; the same thing said in another way is the same intent."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.spec.grammar import read
from atmos_cli.spec.model import ServiceSpec
from atmos_cli.spec.parse import Parse
from atmos_cli.spec.shorthand import parse_intent, read_intent
from atmos_cli.spec.vocabulary import FILLERS, normal
from atmos_cli.spec.words import cut

from .canonical import BUNDLED
from .texts import nearly_intents, texts

ONLY_SEPARATES = set(",;()[]{}|&+*•·.!?:=")


@given(texts)
def test_no_text_crashes_and_every_message_is_one_clean_line(text):
    _, problems = read_intent(text, BUNDLED)
    for problem in problems:
        for said in (problem.message, problem.hint):
            assert said.isprintable(), problem
            assert len(said) < 600
        assert problem.message
        assert not problem.message.endswith(".")
        said = re.sub(r"`[^`]*`", "", problem.message)
        assert said == said.lower()
    assert read_intent(text, BUNDLED) == read_intent(text, BUNDLED)


@given(texts)
def test_only_punctuation_stands_between_words(text):
    left, position = "", 0
    for word in cut(text):
        assert word.start >= position
        left += text[position : word.start]
        position = word.end
    left += text[position:]
    assert {c for c in left if not c.isspace()} <= ONLY_SEPARATES


@given(texts)
def test_every_word_is_claimed_or_reported(text):
    reading = read(Parse(text, cut(text), BUNDLED))
    claimed = {i for claim in reading.tokens for i in range(claim.first, claim.last + 1)}
    reported = {i for first, last, _ in reading.problems for i in range(first, last + 1)}
    assert claimed | reported == set(range(len(reading.words)))
    assert all(_is_filler(reading, claim) for claim in reading.tokens if claim.kind == "filler")


def _is_filler(reading, claim):
    return " ".join(normal(w.text) for w in reading.words[claim.first : claim.last + 1]) in FILLERS


@given(nearly_intents)
def test_in_an_intent_that_is_accepted_every_word_is_a_filler_or_among_the_stated_words(text):
    intent, problems = read_intent(text, BUNDLED)
    if problems:
        return
    stated = " ".join(item.words for _, item in intent.stated())
    for word in cut(text):
        assert word.text in stated or any(normal(word.text) in filler.split() for filler in FILLERS), word


@given(nearly_intents)
def test_parse_raises_exactly_what_read_finds(text):
    intent, problems = read_intent(text, BUNDLED)
    if problems:
        with pytest.raises(AtmosError) as caught:
            parse_intent(text, BUNDLED)
        assert caught.value.diagnostics == problems
        assert len(set(problems)) == len(problems)
    else:
        assert parse_intent(text, BUNDLED) == intent


LANGUAGE = {
    "node": ["node", "Node.js", "nodejs", "express"],
    "python": ["python", "Django", "python 3.12"],
    "go": ["golang"],
}
PORT = {
    (80, 80): ["port 80", "listening on port 80", "port=80", "on :80"],
    (80, 3000): ["80:3000", "exposed on port 80 -> 3000", "service port 80 and container port 3000"],
    (8080, 8080): ["8080", "running on 8080", "PORT 8080"],
}
ADDON = {
    "postgres": ["postgres", "a PostgreSQL database", "with a database", "using pg"],
    "redis": ["redis", "a redis cache", "needs valkey"],
    "metrics": ["prometheus", "with metrics"],
    "http": ["exposed to the internet", "public"],
}
NAME = ["named orders", "called orders", "name: orders", 'called "orders"']
SIZE = ["size m", "medium", "size=M"]
parts = st.fixed_dictionaries(
    {
        "language": st.sampled_from(sorted(LANGUAGE)),
        "port": st.sampled_from(sorted(PORT)) | st.none(),
        "addons": st.sets(st.sampled_from(sorted(ADDON))),
        "named": st.booleans(),
        "sized": st.booleans(),
    }
)
joints = st.sampled_from([", ", "; ", ". ", ",\n", ", and ", ", with "])


@given(parts, st.data())
def test_order_case_and_punctuation_do_not_matter(meant, data):
    said = [data.draw(st.sampled_from(LANGUAGE[meant["language"]]))]
    said += [data.draw(st.sampled_from(PORT[meant["port"]]))] if meant["port"] else []
    said += [data.draw(st.sampled_from(ADDON[addon])) for addon in sorted(meant["addons"])]
    said += [data.draw(st.sampled_from(NAME))] if meant["named"] else []
    said += [data.draw(st.sampled_from(SIZE))] if meant["sized"] else []
    cased = [
        data.draw(st.sampled_from([part, part.upper(), part.title()])) if "orders" not in part else part
        for part in said
    ]
    text = data.draw(joints).join(data.draw(st.permutations(cased)))
    expected = {"language": meant["language"]}
    expected |= {"name": "orders"} if meant["named"] else {}
    expected |= {"size": "m"} if meant["sized"] else {}
    expected |= {"port": dict(zip(("service", "container"), meant["port"], strict=True))} if meant["port"] else {}
    expected |= {"addons": {addon: {} for addon in sorted(meant["addons"])}} if meant["addons"] else {}
    fields = parse_intent(text, BUNDLED).fields()
    fields.pop("framework", None)  # express and Django name one
    assert fields == expected
    assert list(fields.get("addons", [])) == sorted(meant["addons"])
    ServiceSpec.model_validate({"name": "orders", **fields})


@given(nearly_intents)
def test_what_is_accepted_makes_a_valid_spec(text):
    intent, problems = read_intent(text, BUNDLED)
    if not problems:
        spec = ServiceSpec.model_validate({"name": "orders", "language": "node", **intent.fields()})
        assert not intent.port or spec.port.container == intent.port.value.container


def test_a_sentence_may_say_it_without_commas():
    sentence = parse_intent("a Python service called orders listening on port 8080 with postgres and redis", BUNDLED)
    comma = parse_intent("python, service, called orders, port 8080, postgres, redis", BUNDLED)
    assert sentence.fields() == comma.fields()


def test_length_is_bounded_before_anything_is_read():
    assert parse_intent("node " + " " * 1995, BUNDLED).language.value == "node"
    with pytest.raises(AtmosError) as caught:
        parse_intent("node " * 401, BUNDLED)
    assert [d.code for d in caught.value.diagnostics] == [Code.INTENT_TOO_LONG]


def test_a_text_of_unknown_words_is_answered_briefly():
    _, problems = read_intent("zq " * 600, BUNDLED)
    assert len(problems) == 21
    assert problems[-1].message == "580 more words are not words that atmos knows"
