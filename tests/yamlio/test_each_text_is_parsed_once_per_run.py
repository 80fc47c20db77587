"""A run parses each text once, whoever asks, and nobody can tell from what it gets."""

import threading

import pytest

from atmos_cli.diagnostics import AtmosError
from atmos_cli.yamlio import load as loading
from atmos_cli.yamlio.load import load, load_all
from atmos_cli.yamlio.locate import locate
from atmos_cli.yamlio.store import Store, each_text_once, kept


@pytest.fixture
def parsed(monkeypatch):
    seen, events = [], loading.events
    monkeypatch.setattr(loading, "events", lambda data: seen.append(data) or events(data))
    return seen


def test_one_text_under_two_paths_is_parsed_once(parsed):
    with each_text_once():
        assert load(b"a: 1\n", path="x.yaml") == load(b"a: 1\n", path="y.yaml") == {"a": 1}
    assert len(parsed) == 1


def test_what_one_changes_no_other_sees():
    with each_text_once():
        first = load_all(b"a: {b: [1]}\n---\nc: []\n")
        first[0].value["a"]["b"].append(2)
        first[1].value["c"].append(3)
        assert [each.value for each in load_all(b"a: {b: [1]}\n---\nc: []\n")] == [{"a": {"b": [1]}}, {"c": []}]


@pytest.mark.parametrize(
    "text", [b"a: [\n", b"a: 1\na: 2\n", b"--- x\n", b"a: *b\n", b"\xff\xfea", b"a: \x00\n", b"\n---x: 1\n" * 200]
)
def test_what_is_wrong_is_said_of_each_file_alike(parsed, text):
    def said(path):
        with pytest.raises(AtmosError) as caught:
            load_all(text, path=path)
        return caught.value.diagnostics

    alone = said("y.yaml")
    parsed.clear()
    with each_text_once():
        assert said("x.yaml") == tuple(d.at(type(d.where)("x.yaml", d.where.line, d.where.column)) for d in alone)
        assert said("y.yaml") == alone
    assert len(parsed) <= 1


def test_nothing_is_kept_after_the_run_nor_by_another_thread(parsed):
    with each_text_once() as store:
        load(b"a: 1\n")
        with each_text_once() as inner:
            assert inner is store
        thread = threading.Thread(target=load, args=(b"a: 1\n",))
        thread.start()
        thread.join()
        assert len(parsed) == 2
    assert kept() is None
    load(b"a: 1\n")
    assert len(parsed) == 3


def test_texts_unused_for_longest_are_forgotten_first():
    seen = []
    store = Store(most=10)
    for text in (b"1234", b"5678", b"1234", b"abcd", b"1234", b"5678", b"longer than all of it", b"1234"):
        assert store.result(lambda data: data, text) == text  # a new reader each time: never found again

    def reader(data):
        seen.append(data)
        return len(data)

    for text in (b"1234", b"5678", b"1234", b"abcd", b"1234", b"5678"):
        assert store.result(reader, text) == 4
    assert seen == [b"1234", b"5678", b"abcd", b"5678"]


def test_a_place_in_a_text_is_found_by_one_more_reading(monkeypatch):
    from atmos_cli.yamlio import nodes

    seen, events = [], nodes.events
    monkeypatch.setattr(nodes, "events", lambda data: seen.append(data) or events(data))
    with each_text_once():
        assert [locate(b"a:\n  b: 1\n", 0, ("a", "b")), locate(b"a:\n  b: 1\n", 0, ("a",))] == [(2, 3), (1, 1)]
    assert len(seen) == 1
