"""Help and `validate` load nothing heavy: counted in modules, not in milliseconds."""

import subprocess
import sys

import pytest

REPORT = (
    "import sys, atexit\n"
    "from atmos_cli.entry import main\n"
    "atexit.register(lambda: print('LOADED', *sys.modules, file=sys.stderr))\n"
    "main(sys.argv[1:])\n"
)


JUDGING = ("atmos_cli.verify", "atmos_cli.live", "atmos_cli.adapters.kubernetes", "atmos_cli.adapters.prometheus")


def loaded(*args, cwd=None):
    done = subprocess.run([sys.executable, "-c", REPORT, *args], capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stderr.splitlines() if line.startswith("LOADED"))
    return set(line.split()[1:])


@pytest.mark.parametrize("args", [["--help"], ["new", "service", "--help"], ["--version"], ["init", "--help"]])
def test_help_loads_neither_pydantic_git_jinja2_nor_ruamel(args):
    assert not loaded(*args) & {"pydantic", "git", "jinja2", "ruamel", "yaml", "jsonschema_rs", "httpx"}


def test_validate_loads_neither_typer_nor_rich_nor_jinja2_nor_git_nor_what_judges_a_cluster(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "atmos_cli", "init", str(tmp_path), "--write", "files", "--yes"],
        check=True,
        capture_output=True,
    )
    modules = loaded("validate", cwd=tmp_path)
    assert not modules & {"typer", "rich", "jinja2", "git", "asyncio", "httpx"}
    # A repo is checked as its engines read it, and no cluster is judged.
    assert "atmos_cli.engines.flux.check" in modules
    assert {name for name in modules if name.startswith(JUDGING)} == set()
