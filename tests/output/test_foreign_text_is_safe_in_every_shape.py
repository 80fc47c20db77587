"""The functions that everything goes through, on generated text of every Unicode category."""

import json
import subprocess
import unicodedata
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings, strategies

from atmos_cli import foreign
from atmos_cli.output.say import dumped
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load

from .hostile import HIDDEN_CATEGORIES, SEQUENCES, raw

PIECES = strategies.one_of(
    strategies.sampled_from(sorted(SEQUENCES.values())), strategies.text(strategies.characters(), max_size=8)
)
TEXT = strategies.lists(PIECES, max_size=4).map("".join)
PLAIN = strategies.lists(PIECES, max_size=4).map(lambda parts: "".join(parts).encode("utf-8", "replace").decode())


def test_the_table_knows_every_hidden_character_of_this_python():
    every = (chr(code) for code in range(0x110000))
    hidden = [char for char in every if unicodedata.category(char) in HIDDEN_CATEGORIES and char not in "\n\t"]
    assert not [hex(ord(char)) for char in hidden if char in foreign.block(char)]


@pytest.mark.parametrize("text", ["Grüße", "日本語", "naïve → done", "👍🏽", "⚠️", "a\\x1b", "::1", "fe80::1"])
def test_ordinary_text_stays(text):
    assert foreign.line(text) == foreign.block(text) == text


@given(TEXT)
def test_a_value_is_one_plain_line(text):
    safe = foreign.line(text)
    assert "\n" not in safe
    assert not raw(f"x{safe}")


@given(TEXT)
def test_several_lines_hold_no_command(text):
    safe = foreign.block(text)
    assert not raw(safe)
    assert foreign.block(safe) == safe


@given(TEXT)
def test_json_is_safe_and_says_the_same(text):
    written = dumped({text: [text]})
    assert "\n" not in written
    assert not raw(written)
    assert json.loads(written) == {text: [text]}


@given(PLAIN)
def test_yaml_is_safe_and_says_the_same(text):
    written = emit({"a": text, "b": [text, {"c": text}]})
    assert not raw(written)
    assert foreign.block(written) == written, "the stream would change it"
    assert load(written.encode()) == {"a": text, "b": [text, {"c": text}]}


@given(PLAIN.filter(lambda text: all(char in "\t\n" or char >= " " for char in text)))
def test_xml_is_safe_and_says_the_same(text):
    text = "".join(char for char in text if char not in "\ufffe\uffff")
    element = ET.Element("a", b=text.replace("\n", " ").replace("\t", " "))
    element.text = text
    written = foreign.xml_text(ET.tostring(element, encoding="unicode"))
    assert not raw(written)
    assert ET.fromstring(written).text == (text or None)  # noqa: S314 - made here


@given(TEXT)
def test_a_page_shows_text_and_nothing_else(text):
    safe = foreign.html(text)
    assert not set("<>\"'") & set(safe)
    assert unescape(safe) == foreign.line(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@admin", "@<!-- -->admin"),
        ("a#1", "a#<!-- -->1"),
        ("<img src=x>", r"\<img src=x\>"),
        ("[a](http://x)", r"\[a\]\(http:<!-- -->//x\)"),
        ("https://x.example", "https:<!-- -->//x.example"),
        ("www.x.example", "www<!-- -->.x.example"),
        ("GH-12", "GH<!-- -->-12"),
        ("a|b\nc", r"a\|b\\nc".replace(r"\\n", r"\n")),
        ("&#64;admin", r"\&#<!-- -->64;admin"),
    ],
)
def test_markdown_is_no_link_mention_or_table(text, shown):
    assert foreign.markdown(text).replace("\\\\n", "\\n") == shown


@settings(max_examples=settings().max_examples // 2)
@given(strategies.text(strategies.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_a_pasted_command_names_the_file_and_nothing_else(name):
    word = foreign.shell(name)
    assert not raw(word)
    assert "\n" not in word
    assert word == foreign.line(word), "as it is printed"
    assert "`" not in word
    said = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True).stdout.decode()
    assert said == (f"./{name}" if name.startswith("-") else name)


@pytest.mark.parametrize(
    "name", ["$(touch pwned)", "`touch pwned`", "a; touch pwned", "a\n touch pwned", "'; touch pwned #"]
)
def test_a_pasted_command_runs_nothing(name, tmp_path):
    subprocess.run(["bash", "-c", f": {foreign.shell(name)}"], cwd=tmp_path, check=True)
    assert not list(tmp_path.iterdir())
