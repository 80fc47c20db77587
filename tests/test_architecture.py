"""Arrows point down; each third-party package has the one room that may import it."""

import ast
import graphlib
import json
import re
import subprocess
import sys
from functools import cache

import pytest

from atmos_cli.engines.registry import ENGINES
from tests.sources import MODULES, PACKAGE, name_of, nodes_of, text_of

# Rows from the ground up: a module may import its own row's package and any lower row.
ROWS: tuple[tuple[str, ...], ...] = (
    ("diagnostics", "foreign", "__init__"),
    ("result", "ports"),
    ("yamlio",),
    ("kube",),
    ("kustomize",),
    ("documents",),
    ("promotion", "versions", "cluster_settings", "team_settings", "tool_settings"),
    ("config", "spec"),
    ("clusters",),
    ("budget", "checks", "blueprint", "verify"),
    ("engines", "effects"),
    ("approval", "layout"),
    ("merge",),
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
    "git": {"adapters/git/process.py"},
    "httpx": {"adapters/"},
    "httpcore": {"adapters/carrier.py"},
    "jinja2": {"blueprint/expr.py"},
    "yaml": {"yamlio/"},
    "ruamel": {"yamlio/composed.py"},
    "jsonschema_rs": {"kube/"},
    "pydantic": {
        "documents.py",
        "config.py",
        "cluster_settings.py",
        "team_settings.py",
        "clusters/rows.py",
        "promotion.py",
        "tool_settings.py",
        "spec/",
        "versions/table.py",
        "blueprint/manifest.py",
        "blueprint/profiles.py",
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
    "merge",
    "engines",
    "checks",
    "budget",
    "approval",
    "effects",
    "verify",
    "kustomize",
    "kube",
    "yamlio",
    "documents",
    "cluster_settings",
    "team_settings",
    "clusters",
    "config",
    "promotion",
    "tool_settings",
    "versions",
)
IO_MODULES = {"os", "subprocess", "socket", "shutil", "tempfile", "time", "random", "datetime", "urllib", "sys"}


def dotted(path):
    return ".".join(("atmos_cli", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


def imported(path):
    """Each module named by an import anywhere in a file; what is taken from a module counts as one, too."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def imports():
    return {path: tuple(dict.fromkeys(imported(path))) for path in MODULES}


@cache
def calls():
    return {path: {callee(node.func) for node in nodes_of(path) if isinstance(node, ast.Call)} for path in MODULES}


def callee(node):
    """What is called, as the source has it; all but names joined by dots is beside the point, and slow to write."""
    if isinstance(node, ast.Attribute):
        return f"{callee(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def room(path):
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def lines(wrong):
    return "\n".join(sorted(set(wrong)))


def test_imports_point_down():
    wrong = []
    for path, names in imports().items():
        here = room(path)
        for name in names:
            top, _, rest = name.partition(".")
            there = rest.partition(".")[0]
            if top == "atmos_cli" and there in RANK and there != here and (here, there) not in SIDEWAYS:
                wrong += [f"{name_of(path)} imports {name}, not below it"] if RANK[there] >= RANK[here] else []
    assert not wrong, lines(wrong)


def test_every_room_has_its_row():
    assert {room(path) for path in MODULES} - set(RANK) == set()


def test_modules_do_not_import_each_other():
    """Not through a third one either, inside a room, within a function or for a type."""
    known = {dotted(path) for path in MODULES}
    graph = {
        module: {name for name in names if name in known - {module}}
        for module, names in ((dotted(path), names) for path, names in imports().items())
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_third_parties_stay_in_their_room():
    wrong = [
        f"{name_of(path)} imports {name}"
        for path, names in imports().items()
        for name in names
        for places in [ONLY_IN.get(name.partition(".")[0])]
        if places is not None and not name_of(path).startswith(tuple(places))
    ]
    assert not wrong, lines(wrong)


def test_the_core_does_no_io():
    core = [path for path in MODULES if room(path) in PURE]
    wrong = [
        f"{name_of(p)} imports {name}" for p in core for name in imports()[p] if name.partition(".")[0] in IO_MODULES
    ]
    wrong += [f"{name_of(path)} calls {name}" for path in core for name in calls()[path] & {"print", "open", "input"}]
    assert not wrong, lines(wrong)


def test_only_the_output_room_prints():
    """Whatever prints by itself could end a line within a name: `say` cannot."""
    raw = {"print", "typer.echo", "typer.secho", "sys.stdout.write", "sys.stderr.write", "Console"}
    # Where even the report of a bug cannot be kept, it goes out by itself.
    allowed = {("cli/boundary.py", "sys.stderr.write")}
    found = {(name_of(path), name) for path, made in calls().items() if room(path) != "output" for name in made & raw}
    assert not found - allowed, lines(f"{name} calls {call}" for name, call in found - allowed)


def test_markup_takes_foreign_text_from_one_function():
    assert [name_of(path) for path, names in imports().items() if "rich.markup" in names] == ["output/console.py"]


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
    scopes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value) for node in nodes_of(path) if isinstance(node, scopes) and ast.get_docstring(node)
    }
    for node in nodes_of(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
        for field in ("id", "attr", "name", "arg", "module"):
            if isinstance(name := getattr(node, field, None), str):
                yield name


@pytest.mark.slow
def test_every_module_imports_alone():
    """Without anything of its own room. What is below cannot import it back (arrows point down), so it may stay loaded."""
    rooms = {}
    for path in MODULES:
        if path.name != "__main__.py":
            together = min({room(path)} | {other for one, other in SIDEWAYS if one == room(path)})
            rooms.setdefault((RANK[together], together), []).append(dotted(path))
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
    lengths = {name_of(path): len(text_of(path).splitlines()) for path in MODULES}
    long = {name: length for name, length in lengths.items() if length > 320}
    assert not long, f"split these: {long}"


# A file may name an operator's kinds for another reason than knowing what the operator makes of them.
NAMES_AN_OPERATOR = {
    "kube/operators.py": "the one table of operated kinds",
    "spec/vocabulary.py": "a word that people write for a database",
    "config.py": "the default of a setting of the add-on",
}


@pytest.mark.parametrize("group", ["cnpg", "rabbitmq.com", "k8s.mariadb.com", "kafka.strimzi.io", "psmdb.percona.com"])
def test_what_operators_make_stands_in_one_table(group):
    elsewhere = {name_of(path) for path in MODULES if group in text_of(path).lower()} - NAMES_AN_OPERATOR.keys()
    assert not elsewhere, f"{group} belongs into kube/operators.py, and not into {sorted(elsewhere)}"


def test_the_page_on_the_house_names_every_room():
    page = (PACKAGE.parent / "docs/architecture.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    named = {name for line in rows for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named == {name for row in ROWS for name in row} - {"__init__", "__main__"}
