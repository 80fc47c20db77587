"""The repo that hostile ones are made of, the process that commands are forked from, and the seed in each failure."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hostile import box as places
from tests.hostile import http_faults, seeds
from tests.hostile.running import Server, run_program

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from tests.hostile.box import Box


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and item.path.parent == Path(__file__).parent:
        report.sections.append(("to repeat", f"{seeds.VARIABLE}={seeds.seed()} pytest '{item.nodeid}'"))
    return report


@pytest.fixture(scope="session")
def shelf() -> Iterator[Path]:
    """Where boxes stand; each is removed with its test, for there are hundreds."""
    found = Path(tempfile.mkdtemp(prefix="hostile-")).resolve()
    yield found
    places.remove(found)


@pytest.fixture(scope="session")
def server(shelf: Path) -> Iterator[Server]:
    (shelf / "server").mkdir()
    found = Server(shelf / "server")
    yield found
    found.stop()


@pytest.fixture(scope="session")
def servers(shelf: Path) -> Iterator[list[Server]]:
    """As many as slow answers are waited for at once."""
    found = []
    for number in range(len(http_faults.SLOW)):
        (shelf / f"server{number}").mkdir()
        found.append(Server(shelf / f"server{number}"))
    yield found
    for each in found:
        each.stop()


@pytest.fixture
def boxes(new_box: Callable[..., Box], servers: list[Server]) -> list[Box]:
    """One for each of the servers."""
    return [new_box() for _ in servers]


@pytest.fixture(scope="session")
def template(shelf: Path) -> Path:
    """A GitOps repo with two services, committed, in as few files as Git can."""
    top = shelf / "template"
    for name in ("home", "tmp"):
        (top / name).mkdir(parents=True)
    (top / "home" / ".gitconfig").write_text(
        "[user]\n\tname = Dev\n\temail = dev@example.test\n[init]\n\tdefaultBranch = main\n"
    )
    root, env = top / "repo", places.environment(top)
    steps = (
        ("init", "repo", "--yes", "--git-url", "https://git.example.test/shop/gitops.git"),
        ("new", "service", "node, port 80, postgres, called checkout", "--repo", "repo", "--yes"),
        ("new", "service", "go, port 8080, called worker", "--repo", "repo", "--yes"),
    )
    for step in steps:
        done = run_program(*step, cwd=top, env=env)
        assert done.status == 0, str(done)
    box = places.Box(top, root, env)
    box.git("gc", "-q")
    shutil.rmtree(root / ".git" / "hooks")
    return root


@pytest.fixture
def new_box(shelf: Path, template: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Box]]:
    made: list[Path] = []

    def make(shape: str = "clone") -> Box:
        top = shelf / f"box{abs(hash(request.node.nodeid)):x}-{len(made)}"
        made.append(top)
        return places.make(top, template, shape=shape)

    yield make
    for top in made:
        places.remove(top)


@pytest.fixture
def box(new_box: Callable[..., Box]) -> Box:
    return new_box()
