"""A message, a code's page or a document names a key of a file as the file has it: `tokenEnv`, not `token_env`."""

import ast
import importlib
import pkgutil
import re
from functools import cache

import pytest

import atmos_cli
from atmos_cli.documents import Strict
from tests.sources import MODULES, PACKAGE, name_of, nodes_of

ROOT = PACKAGE.parent
# Expressions of blueprints see Python's names: there these are right.
PAGES = [PACKAGE / "codes.md", *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "blueprints.md")]
QUOTED = re.compile(r"`([^`]+)`")


def models(base):
    for each in base.__subclasses__():
        yield each
        yield from models(each)


@cache
def wrong_names():
    """Field names of every model that a person's file is read into, where the file's key is another."""
    for module in pkgutil.walk_packages(atmos_cli.__path__, "atmos_cli."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    fields = [(name, field) for each in models(Strict) for name, field in each.model_fields.items()]
    return {name for name, field in fields if field.alias and field.alias != name and "_" in name}


def quoted_in(text):
    return {word for quote in QUOTED.findall(text) for word in re.findall(r"\w+", quote)} & wrong_names()


def texts(path):
    """The texts of a module that may reach a person: all but docstrings."""
    docs = {id(each.value) for each in nodes_of(path) if isinstance(each, ast.Expr)}
    for node in nodes_of(path):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_the_names_that_would_be_wrong_are_known():
    assert {"token_env", "storage_class", "allowed_token_env"} <= wrong_names()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_spell_keys_as_the_file_does(page):
    assert quoted_in(page.read_text()) == set()


def test_messages_spell_keys_as_the_file_does():
    found = {(name_of(path), word) for path in MODULES for text in texts(path) for word in quoted_in(text)}
    assert found == set()
