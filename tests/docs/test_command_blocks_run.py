"""Every command block of README.md and docs/ is run, page by page and in order, in a repo made for the page.

Set-up, and what cannot be run here and why, stands in the page itself: see `blocks.py`.
"""

import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.main import get_command

from atmos_cli.adapters.bundle import versions
from atmos_cli.cli.app import app
from tests.docs.blocks import blocks

ROOT = Path(__file__).parent.parent.parent
PAGES = {
    page.relative_to(ROOT).as_posix(): page for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}
BLOCKS = {name: tuple(blocks(page.read_text())) for name, page in PAGES.items()}
RUN = [name for name, found in BLOCKS.items() if any(not each.not_run for each in found)]
# What cannot be run without what no test brings. Each block says which of these it is, and what for.
REASONS = ("needs a cluster", "needs an Argo CD hub", "needs the lab", "needs a release", "installs")
QUICK = ("docs/machines.md",)
OPERATORS = {"|", "||", "&", "&&", ";", "<", ">", ">>", "<<<"}


@dataclass
class Shell:
    """Runs lines as a shell in `root` does, `atmos` in this process; a person who is asked says yes."""

    root: Path
    atmos: object
    status: int = 0
    out: str = ""

    def run(self, line):
        """Run one line; whatever stands behind a pipe reads what `atmos` printed, where the machine has it."""
        words = list(shlex.shlex(line, posix=True, punctuation_chars=True))
        if words[0] != "atmos" or (OPERATORS & set(words) and "|" not in words):
            return self.program(line)
        command, _, reader = line.partition(" | ")
        done = self.atmos(*_said_yes(self._expanded(command)), cwd=self.root)
        self.status, self.out = done.code, done.out + done.err
        if reader and shutil.which(reader.split()[0]):
            self.program(reader, given=done.out)
        return self

    def program(self, script, *, given=None):
        done = subprocess.run(
            ["bash", "-euc", script], cwd=self.root, input=given, capture_output=True, text=True, check=False
        )
        self.status, self.out = done.returncode, done.stdout + done.stderr
        return self

    def script(self, text):
        """Run many lines: those that begin with `atmos` one by one, what is between them as one script."""
        for part in re.split(r"^(atmos .*)$\n?", text, flags=re.MULTILINE):
            if part.strip():
                (self.run if part.startswith("atmos ") else self.program)(part)
                assert self.status == 0, f"set-up: {part}\n{self.out}"

    def _expanded(self, command):
        """Return the words that `atmos` gets, with `$VARIABLES`, `~` and `*` as the shell has them."""
        if not re.search(r"[$~*]", command):
            return shlex.split(command, comments=True)[1:]
        self.program(f"printf '%s\\0' {command.removeprefix('atmos ')}")
        assert self.status == 0, self.out
        return self.out.split("\0")[:-1]


def _said_yes(words):
    """Return the words with `--yes` where the command has it: nobody can be asked in a test."""
    command, options = get_command(app), set()
    for word in words:
        command = getattr(command, "commands", {}).get(word, command)
        options |= {name for each in command.params for name in each.opts}
    return [*words, "--yes"] if "--yes" in options and not {"--yes", "-y", "--dry-run"} & set(words) else words


@pytest.fixture
def shell(repo, atmos, git, tmp_path, monkeypatch):
    """A checkout of a new repo with the default environments, whose `origin` is a bare one; nothing ended since."""
    monkeypatch.setattr("atmos_cli.adapters.clock.today", lambda: versions().as_of)
    git("clone", "-q", "--bare", repo, tmp_path / "origin.git", cwd=tmp_path)
    git("remote", "add", "origin", tmp_path / "origin.git", cwd=repo)
    git("fetch", "-q", "origin", cwd=repo)
    git("branch", "-q", "--set-upstream-to=origin/main", "main", cwd=repo)
    git("remote", "set-head", "origin", "main", cwd=repo)
    return Shell(repo, atmos)


@pytest.mark.parametrize(
    "page", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in RUN]
)
def test_the_commands_of_a_page_run(page, shell):
    ran = 0
    for block in BLOCKS[page]:
        for setup in block.setup:
            shell.script(setup)
        for line in () if block.not_run else block.lines:
            command = line.command
            for word, source in block.places.items():
                if word in command:
                    command = command.replace(word, shell.program(source).out.strip())
            shell.run(command)
            wanted = block.statuses.get(line.command, 0)
            assert shell.status == wanted, f"{page}:{line.number}: {line.command}\n{shell.out}"
            for said in line.output:
                assert _shown(said, shell.out), f"{page}:{line.number}: it does not say\n{said}\nbut\n{shell.out}"
            ran += 1
    assert ran


def _shown(said, out):
    """Say whether a line of output is there; `…` stands for anything, and so does the width of columns."""
    parts = [r"\s+".join(map(re.escape, part.split())) for part in said.split("…")]
    return re.search(r"^\s*" + r".*".join(parts), out, re.MULTILINE) is not None


def test_what_is_not_run_says_why():
    left = {f"{name}:{each.number}": each.not_run for name, found in BLOCKS.items() for each in found if each.not_run}
    assert {place: why for place, why in left.items() if not why.startswith(REASONS)} == {}
    assert len(left) == 11, f"say so here when a block more or less is not run: {left}"
    assert sum(len(found) for found in BLOCKS.values()) > 2 * len(left)


def test_marks_are_read():
    text = (
        "<!-- setup:\necho >a\natmos init\n-->\n<!-- exit 1: atmos update --check -->\n<!-- in place of X: ls -->\n"
        "```console\n$ atmos list X  # all\nthere\n$ atmos update \\\n--check\n```\n```yaml\na: 1\n```\n"
        "<!-- not run: needs a cluster -->\n```\natmos status\n```\n"
    )
    first, second = blocks(text)
    assert [(each.command, each.output) for each in first.lines] == [
        ("atmos list X", ("there",)),
        ("atmos update --check", ()),
    ]
    assert (first.setup, first.statuses, first.places) == (
        ("echo >a\natmos init",),
        {"atmos update --check": 1},
        {"X": "ls"},
    )
    assert (second.not_run, second.language) == ("needs a cluster", "")


@pytest.mark.parametrize(
    "text",
    [
        "<!-- not run: needs a cluster -->\nnothing\n",
        "<!-- not run: needs a cluster -->\n```yaml\na: 1\n```\n",
        "<!-- not run: -->\n```sh\natmos list\n```\n",
        "<!-- exit 1: atmos update -->\n```sh\natmos list\n```\n",
    ],
)
def test_a_mark_that_says_nothing_is_refused(text):
    with pytest.raises(ValueError):
        list(blocks(text))


def test_a_stale_line_of_output_is_noticed():
    assert _shown("2 of 3 … healthy", "a\n  2  of 3 deployments as wanted and healthy\n")
    assert not _shown("2 of 3 … healthy", "2 of 3 deployments as wanted\n")
