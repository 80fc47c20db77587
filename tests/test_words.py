"""Names and docstrings speak the field's language: one class name for one thing, verbs first, no coinages of our own."""

import ast
import re
from collections import Counter

from tests.sources import MODULES, name_of, nodes_of

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# What a public function can do. Another verb is one more word here: is it one that a newcomer expects?
VERBS = frozenset(
    [
        "act",
        "add",
        "advance",
        "apply",
        "ask",
        "audit",
        "begin",
        "build",
        "call",
        "check",
        "choose",
        "claim",
        "close",
        "collect",
        "compare",
        "compile",
        "compose",
        "compute",
        "connect",
        "copy",
        "count",
        "create",
        "decide",
        "delete",
        "describe",
        "do",
        "drop",
        "end",
        "evaluate",
        "explain",
        "fetch",
        "fill",
        "find",
        "finish",
        "forget",
        "format",
        "gather",
        "generate",
        "go",
        "hide",
        "hold",
        "index",
        "interpolate",
        "join",
        "judge",
        "keep",
        "list",
        "load",
        "look",
        "lower",
        "make",
        "mark",
        "merge",
        "move",
        "name",
        "normalise",
        "note",
        "open",
        "parse",
        "plan",
        "post",
        "prepare",
        "print",
        "push",
        "put",
        "query",
        "raise",
        "read",
        "refresh",
        "refuse",
        "register",
        "remember",
        "remove",
        "rename",
        "repair",
        "replace",
        "replay",
        "report",
        "restore",
        "return",
        "reword",
        "round",
        "run",
        "save",
        "say",
        "send",
        "set",
        "settle",
        "shorten",
        "sort",
        "split",
        "start",
        "store",
        "stream",
        "suggest",
        "sum",
        "take",
        "tell",
        "update",
        "verify",
        "wait",
        "wake",
        "watch",
        "write",
        "yield",
    ]
)
# Private words for which the field has its own: directory, trusted base, permanent failure, snapshot, history, person.
COINAGES = re.compile(r"(?<![a-z])(ground|doom|scene|lineage|smoking|tape|standing)s?(?![a-z])", re.IGNORECASE)


def nodes(kind):
    return ((name_of(path), node) for path in MODULES for node in nodes_of(path) if isinstance(node, kind))


def test_no_class_name_is_used_for_two_things():
    counted = Counter(node.name for _, node in nodes(ast.ClassDef))
    assert {name for name, count in counted.items() if count > 1} == set()


def test_a_public_docstring_begins_with_a_verb():
    found = {}
    for name, node in nodes(FUNCTIONS):
        text = ast.get_docstring(node)
        if text and not node.name.startswith("_") and text.split()[0].strip(",:").lower() not in VERBS:
            found[f"{name}:{node.lineno}"] = text.splitlines()[0]
    assert found == {}


def test_no_identifier_is_a_coinage():
    keys = ("id", "attr", "arg", "name")
    words = {(name, getattr(node, key, None)) for name, node in nodes(ast.AST) for key in keys}
    found = {(name, word) for name, word in words if isinstance(word, str) and COINAGES.search(word.replace("_", " "))}
    assert found == set()


def test_no_tuple_is_spliced_to_please_the_formatter():
    """`*(A, B),` inside a call, list or tuple keeps items on one line, and says nothing."""
    found = [
        f"{name}:{node.lineno}"
        for name, node in nodes(ast.Starred)
        if isinstance(node.value, ast.Tuple | ast.List) and not any(isinstance(e, ast.Starred) for e in node.value.elts)
    ]
    assert found == []
