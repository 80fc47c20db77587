"""What the modules of atmos say: each is read, parsed and walked once in a process, however many tests ask."""

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "atmos_cli"
MODULES = tuple(sorted(PACKAGE.rglob("*.py")))


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


@cache
def text_of(path):
    return path.read_text()


@cache
def nodes_of(path):
    """Every node of the tree; whatever holds a node comes before it."""
    return tuple(ast.walk(ast.parse(text_of(path))))
