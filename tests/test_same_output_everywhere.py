"""The same input gives the same bytes: however Python optimizes and hashes, in any locale and time zone."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import MODULES, PACKAGE, nodes_of

SOURCES = [*MODULES, *sorted((PACKAGE.parent / "scripts").glob("*.py"))]

# One process for all, as most of each would be imports. Every command's help, then the main job from end to end.
SESSION = """
import sys
from atmos_cli.cli.app import _command
from atmos_cli.entry import main

def commands(command, path):
    yield path
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, [*path, name])

def say(*arguments):
    print("##", *arguments)
    try:
        main(arguments)
    except SystemExit as stop:
        print("##", stop.code, flush=True)

for path in commands(_command(), []):
    say(*path, "--help")
say("schema", "spec")
say("init", "shop", "--yes", "--git-url", "https://git.example.test/shop/gitops.git")
say("new", "service", "node, port 80, postgres, redis, public", "--repo", "shop", "--yes")
say("validate", "--repo", "shop")
say("validate", "--repo", "shop", "-o", "json")
say("render", "node-web", "--env", "prod", "--repo", "shop")
say("budget", "show", "--repo", "shop")
say("budget", "explain", "node-web", "--repo", "shop")
say("blueprint", "list")
say("explain", "ATM401")
"""
ELSEWHERE = {
    "optimized": (["-O"], {"PYTHONHASHSEED": "0", "TZ": "Asia/Kathmandu"}),
    "without docstrings": (["-OO"], {"PYTHONHASHSEED": "1", "LC_ALL": "C"}),
    "another hash seed": ([], {"PYTHONHASHSEED": "random", "TZ": "Pacific/Apia", "LC_ALL": "C.UTF-8"}),
}


def session(directory: Path, options: list[str], changed: dict[str, str]) -> tuple[str, dict[str, bytes]]:
    """(everything that was printed, every file that was written)."""
    home = directory / "home"
    work = directory / "work"
    home.mkdir(parents=True)
    work.mkdir()
    (home / "gitconfig").write_text(
        "[user]\n\tname = Dev\n\temail = dev@example.test\n[init]\n\tdefaultBranch = main\n"
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONOPT"))},
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        # A commit is its day, too.
        "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
        "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
        "HOME": str(home),
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "PYTHONUTF8": "1",
        "PYTHONHASHSEED": "42",
        **changed,
    }
    done = subprocess.run(
        [sys.executable, *options, "-c", SESSION],
        cwd=work,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    files = {path.relative_to(work).as_posix(): path for path in work.rglob("*") if path.is_file()}
    printed = done.stdout.replace(str(directory), "")
    return printed, {name: path.read_bytes() for name, path in files.items() if "/.git/" not in f"/{name}"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, bytes]]:
    return session(tmp_path_factory.mktemp("here"), [], {})


@pytest.mark.slow
@pytest.mark.parametrize("where", ELSEWHERE)
def test_words_and_files_are_the_same_elsewhere(where: str, here: tuple[str, dict[str, bytes]], tmp_path: Path) -> None:
    printed, files = session(tmp_path, *ELSEWHERE[where])
    assert printed == here[0]
    assert {name: data for name, data in files.items() if here[1].get(name) != data} == {}
    assert files.keys() == here[1].keys()


def test_the_session_does_the_main_job(here: tuple[str, dict[str, bytes]]) -> None:
    printed, files = here
    assert "Traceback" not in printed
    assert {line for line in printed.splitlines() if line.startswith("## ") and line[3:].isdigit()} == {"## 0"}
    assert "shop/apps/main/node-web/overlays/prod/kustomization.yaml" in files
    assert b"One service. Environment names" in files["shop/platform/schemas/service.json"]


def test_nothing_is_done_by_what_an_option_of_python_takes_out() -> None:
    """`-O` takes out `assert` and `__debug__`, `-OO` docstrings: a command's help and a schema's words are data."""
    assert [f"{path}:{line}: {said}" for path in SOURCES for line, said in taken_out(path)] == []


def taken_out(path: Path) -> Iterator[tuple[int, str]]:
    for node in nodes_of(path):
        if isinstance(node, ast.Assert):
            yield node.lineno, "assert"
        if isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name in ("__doc__", "__debug__", "getdoc", "cleandoc"):
                yield node.lineno, name
        command = isinstance(node, ast.Call) and ast.unparse(node.func) == "app.command"
        if command and "help" not in {keyword.arg for keyword in node.keywords}:
            yield node.lineno, "a command without `help=`"
