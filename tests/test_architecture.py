"""Arrows point down; each third-party package has the one room that may import it."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from atmos_cli.engines.registry import ENGINES

PACKAGE = Path(__file__).parent.parent / "atmos_cli"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Rows from the ground up: a module may import its own row's package and any lower row.
ROWS: tuple[tuple[str, ...], ...] = (
    ("diagnostics", "foreign", "__init__"),
    ("result", "ports"),
    ("yamlio",),
    ("kube",),
    ("kustomize",),
    ("documents",),
    ("config", "spec"),
    ("budget", "checks", "blueprint", "verify"),
    ("engines",),
    ("approval", "layout"),
    ("adapters",),
    ("gitops",),
    ("history",),
    ("live",),
    ("commands",),
    ("output",),
    ("cli",),
    ("entry",),
    ("__main__",),
)
RANK = {name: rank for rank, row in enumerate(ROWS) for name in row}
# Sideways within a row only where one idea is built on another of the same height.
SIDEWAYS = {("config", "spec"), ("spec", "config")}
ONLY_IN = {
    "rich": {"output/console.py", "output/text/"},
    "typer": {"cli/"},
    "git": {"adapters/"},
    "httpx": {"adapters/"},
    "httpcore": {"adapters/carrier.py"},
    "jinja2": {"blueprint/expr.py"},
    "yaml": {"yamlio/"},
    "jsonschema_rs": {"kube/"},
    "pydantic": {
        "documents.py",
        "config.py",
        "spec/",
        "blueprint/manifest.py",
        "blueprint/settings.py",
        "budget/model.py",
        "approval/model.py",
        "approval/roster.py",
        "budget/terms.py",
        "budget/prices.py",
        "gitops/intent.py",
    },
    "click": set(),
    "kubernetes": set(),
}
PURE = (
    "spec",
    "blueprint",
    "layout",
    "engines",
    "checks",
    "budget",
    "approval",
    "verify",
    "kustomize",
    "kube",
    "yamlio",
    "documents",
    "config",
)
IO_MODULES = {"os", "subprocess", "socket", "shutil", "tempfile", "time", "random", "datetime", "urllib", "sys"}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "atmos_cli")


def room(path):
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path):
    here = room(path)
    for name in imports(path):
        steps = name.split(".")
        if steps[0] != "atmos_cli" or len(steps) < 2:
            continue
        there = steps[1]
        if there in RANK and there != here and (here, there) not in SIDEWAYS:
            assert RANK[there] < RANK[here], f"{name_of(path)} imports {name}, which is not below it"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_third_parties_stay_in_their_room(path):
    for name in imports(path):
        top = name.split(".")[0]
        if top in ONLY_IN:
            allowed = any(name_of(path).startswith(place) for place in ONLY_IN[top])
            assert allowed, f"{name_of(path)} imports {name}"


@pytest.mark.parametrize("path", [p for p in MODULES if room(p) in PURE], ids=name_of)
def test_the_core_does_no_io(path):
    found = {name.split(".")[0] for name in imports(path)} & IO_MODULES
    assert not found, f"{name_of(path)} imports {found}"
    calls = {
        n.func.id
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    assert not calls & {"print", "open", "input"}, f"{name_of(path)} calls {calls & {'print', 'open', 'input'}}"


@pytest.mark.parametrize("path", [p for p in MODULES if room(p) != "output"], ids=name_of)
def test_only_the_output_room_prints(path):
    """Whatever prints by itself could end a line within a name: `say` cannot."""
    calls = {ast.unparse(n.func) for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)}
    raw = {"print", "typer.echo", "typer.secho", "sys.stdout.write", "sys.stderr.write", "Console"}
    # Where even the report of a bug cannot be kept, it goes out by itself.
    assert not calls & raw - ({"sys.stderr.write"} if name_of(path) == "cli/boundary.py" else set())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_markup_takes_foreign_text_from_one_function(path):
    assert "rich.markup" not in set(imports(path)) or name_of(path) == "output/console.py"


# Where an engine is named although nothing is decided by it.
NAMES_AN_ENGINE = {
    "cli/app.py": "what atmos is for, in its help",
    "cli/init.py": "the same, in a help that loads no configuration",
    "config.py": "the engine of a cluster that names none",
    "kube/engine_annotations.py": "what any object may say to whichever engine reads it",
    "budget/operators.py": "the source that a repo is bootstrapped with, among kinds that run no pods",
}


def test_an_engine_is_named_in_its_own_folder_alone():
    """Else the next engine is more than a folder and a line. API groups are names of kinds, which any repo may hold."""
    words = {word for engine in ENGINES.values() for word in (engine.name, engine.title)}
    named = re.compile(rf"(?:{'|'.join(map(re.escape, words))})(?!cd)", re.IGNORECASE)
    found = {name_of(path) for path in MODULES if room(path) != "engines" and any(map(named.search, said_in(path)))}
    assert found == set(NAMES_AN_ENGINE)


def said_in(path):
    """Every text and every name of a module, without its docstrings."""
    tree = ast.parse(path.read_text())
    scopes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, scopes) and ast.get_docstring(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
        for field in ("id", "attr", "name", "arg", "module"):
            if isinstance(name := getattr(node, field, None), str):
                yield name


def test_every_module_imports_alone():
    """Without anything of its own room. What is below cannot import it back (arrows point down), so it may stay loaded."""
    rooms = {}
    for path in MODULES:
        name = ".".join(("atmos_cli", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        if path.name != "__main__.py":
            together = min({room(path)} | {other for one, other in SIDEWAYS if one == room(path)})
            rooms.setdefault((RANK[together], together), []).append(name)
    code = (
        "import importlib, json, sys\n"
        "for room in json.loads(sys.argv[1]):\n"
        "    for name in room:\n"
        "        for known in room:\n"
        "            sys.modules.pop(known, None)\n"
        "            parent, _, last = known.rpartition('.')\n"
        "            vars(sys.modules.get(parent, sys)).pop(last, None) if parent else None\n"
        "        importlib.import_module(name)\n"
    )
    ordered = json.dumps([rooms[place] for place in sorted(rooms)])
    done = subprocess.run([sys.executable, "-c", code, ordered], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_files_are_rooms_a_newcomer_can_hold_in_the_head():
    long = {name_of(p): len(p.read_text().splitlines()) for p in MODULES if len(p.read_text().splitlines()) > 320}
    assert not long, f"split these: {long}"


# A file may name an operator's kinds for another reason than knowing what the operator makes of them.
NAMES_AN_OPERATOR = {
    "kube/operators.py": "the one table of operated kinds",
    "spec/vocabulary.py": "a word that people write for a database",
    "config.py": "the default of a setting of the add-on",
}


@pytest.mark.parametrize("group", ["cnpg", "rabbitmq.com", "k8s.mariadb.com", "kafka.strimzi.io", "psmdb.percona.com"])
def test_what_operators_make_stands_in_one_table(group):
    elsewhere = {name_of(path) for path in MODULES if group in path.read_text().lower()} - NAMES_AN_OPERATOR.keys()
    assert not elsewhere, f"{group} belongs into kube/operators.py, and not into {sorted(elsewhere)}"
