"""What every test run says at its end: the lab's components and proofs, or in one line that they were left out."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.lab import workers

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

LEFT_OUT = pytest.StashKey[int]()
STATE = tempfile.TemporaryDirectory(prefix="atmos-cli-state-")
# Writes outside of Git keep their notes in the state directory of the user, which is none of a test's business.
os.environ["XDG_STATE_HOME"] = STATE.name
# Hundreds of tests start Python. Where it keeps no bytecode (many containers say so), each start would compile everything.
if sys.dont_write_bytecode:
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(__file__).parent.parent / ".pytest_cache/bytecode"))

# How long an example takes says more about the machine than about the code. What a contributor runs is quick and says the
# same each time; what runs in CI (or with `--hypothesis-profile=ci`) looks at many more examples, others each time.
settings.register_profile("ci", deadline=None, max_examples=100)
settings.register_profile("default", deadline=None, max_examples=15, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@dataclass(slots=True)
class Proof:
    """One test of the lab, summed over its parameters; `seconds` include set-up and tear-down."""

    outcome: str = "passed"
    cases: int = 0
    seconds: float = 0.0


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whoever wants the lab's tests alone need not wait for the import of the files that have none."""
    if config.option.markexpr == "lab" and collection_path.match("test_*.py"):
        return "mark.lab" not in collection_path.read_text() or None
    return None


class _Sample:
    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Mark as slow what is beyond the first cases of a test that has a sample, before any are deselected."""
        cases: Counter[str] = Counter()
        for item in items:
            if mark := item.get_closest_marker("sample"):
                test = item.nodeid.partition("[")[0]
                cases[test] += 1
                if cases[test] > (mark.args[0] if mark.args else 1):
                    item.add_marker("slow")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    workers.worlds_first(items)


def pytest_unconfigure() -> None:
    STATE.cleanup()


def pytest_collection_finish() -> None:
    """Thousands of tests and all modules stay until the end: nothing gained from looking through them again and again."""
    gc.freeze()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("lab"):
            item.config.stash[LEFT_OUT] = item.config.stash.get(LEFT_OUT, 0) + 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # An attribute of the report reaches pytest-xdist's controller, the item's markers do not.
    report.lab = item.get_closest_marker("lab") is not None  # type: ignore[attr-defined]
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["lab_left_out"] = session.config.stash.get(LEFT_OUT, 0)


class _Controller:
    """Hooks that exist only when pytest-xdist is there."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        # Every worker collects, and so leaves out, everything.
        node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("lab_left_out", 0)  # type: ignore[attr-defined]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: object) -> object:
        """`--dist loadscope` is for the lab, where a scope is more than a module."""
        return workers.scheduler(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--lab-page",
        type=Path,
        metavar="FILE",
        help="after a lab run, write what was proven with which component there",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run directories on all processors unless told how many (`-n`); files, for debuggers, and the lab in this process."""
    directories = any(Path(argument.partition("::")[0]).is_dir() for argument in config.args)
    if hasattr(config, "workerinput") or config.option.markexpr == "lab" or not directories:
        return
    if getattr(config.option, "numprocesses", 0) is None:
        config.option.numprocesses = "auto"
        config.option.dist = "worksteal" if config.option.dist == "no" else config.option.dist


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Controller())
    config.pluginmanager.register(_Sample())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    proofs = _proofs(terminalreporter)
    if proofs:
        from tests.lab.components import describe

        terminalreporter.section("the lab")
        for name, version, place in describe():
            terminalreporter.write_line(f"{name:26} {version:20} {place}")
        for name, proof in proofs.items():
            terminalreporter.write_line(f"{proof.seconds:7.1f} s  {proof.cases:4}x  {proof.outcome:7} {name}")
        if page := config.getoption("--lab-page"):
            page.write_text(_page(describe(), proofs, before=page.read_text() if page.exists() else ""))
    elif left_out := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"left out: {left_out} tests that need the lab (real Kubernetes, Argo CD, Flux, Gitea): "
            "`tests/lab/build`, then `pytest -m lab`; see docs/lab.md"
        )


def _page(components: Sequence[tuple[str, str, str]], proofs: dict[str, Proof], *, before: str) -> str:
    """`docs/compatibility.md`: components with versions, and each proof with its cases, outcome, seconds and day.

    A run of some of the proofs renews their rows only; those of the others stay as `before` has them.
    """
    today = datetime.now(tz=UTC).date().isoformat()
    rows = {tuple(line.split(" | ")[:2]): line for line in before.splitlines() if line.count(" | ") == 5}
    for name, proof in proofs.items():
        file, _, test = name.rpartition("::")
        said = f"| {test.removeprefix('test_').replace('_', ' ')}"
        rows[said, file] = f"{said} | {file} | {proof.cases} | {proof.outcome} | {proof.seconds:.1f} | {today} |"
    head = "| what was proven | where | cases | outcome | seconds | day |"
    rows.pop(tuple(head.split(" | ")[:2]), None)
    lines = [
        "# What atmos was proven with",
        "",
        "Written by `pytest -m lab --lab-page docs/compatibility.md`, which `.ci/run` runs too.",
        "",
        "| component | version |",
        "|---|---|",
        *(f"| {name} | {version} |" for name, version, _ in components),
        "",
        head,
        "|---|---|---|---|---|---|",
        *(rows[key] for key in sorted(rows, key=lambda key: (key[1], key[0]))),
    ]
    return "\n".join([*lines, ""])


def _proofs(terminalreporter: pytest.TerminalReporter) -> dict[str, Proof]:
    """The lab's tests that ran; the parameters of one test are cases of one proof."""
    found: dict[str, Proof] = {}
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    for report in reports:
        if getattr(report, "lab", False):
            proof = found.setdefault(report.nodeid.partition("[")[0], Proof())
            proof.seconds += report.duration
            if report.when == "call":
                # A test that asks many things at once says so: `record_property("cases", 1500)`.
                proof.cases += int(dict(report.user_properties).get("cases", 1))
            proof.outcome = report.outcome if proof.outcome == "passed" else proof.outcome
    return dict(sorted(found.items()))
