"""What every test run says at its end: the lab's components and proofs, or in one line that they were left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

LEFT_OUT = pytest.StashKey[int]()


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


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Controller())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    proofs = _proofs(terminalreporter)
    if proofs:
        from tests.lab.components import describe

        terminalreporter.section("the lab")
        for name, version, place in describe():
            terminalreporter.write_line(f"{name:26} {version:20} {place}")
        for name, (outcome, seconds) in proofs.items():
            terminalreporter.write_line(f"{seconds:7.1f} s  {outcome:7} {name}")
    elif left_out := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"left out: {left_out} tests that need the lab (real Kubernetes, Argo CD, Flux, Gitea): "
            "`tests/lab/build`, then `pytest -m lab`; see docs/lab.md"
        )


def _proofs(terminalreporter: pytest.TerminalReporter) -> dict[str, tuple[str, float]]:
    """Test -> outcome and seconds with set-up and tear-down, of the lab's tests that ran."""
    found: dict[str, tuple[str, float]] = {}
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    for report in reports:
        if not getattr(report, "lab", False):
            continue
        outcome, seconds = found.get(report.nodeid, ("passed", 0.0))
        found[report.nodeid] = (report.outcome if outcome == "passed" else outcome, seconds + report.duration)
    return dict(sorted(found.items()))
