"""How long it takes to count a large repo: everything, and after one change. `python benchmarks/budget.py [SERVICES]`.

Makes a GitOps repo of so many services (default 10,000, in 100 teams) in three environments in a temporary place,
commits it, and judges the whole of it: without a cache, again, and after one service got another replica.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TEAMS = 100


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory(prefix="atmos-budget-") as name:
        os.environ["ATMOS_CLI_CACHE"] = f"{name}/cache"
        root = Path(name, "gitops")
        made = timed("make the repo", lambda: make(root, count))
        print(f"{made} files, {count} services, 3 environments; load {os.getloadavg()[0]:.1f}")
        timed("full, nothing cached", lambda: check(root))
        timed("again, all cached", lambda: check(root))
        change(root)
        timed("incremental, one service changed in a commit", lambda: check(root))
        timed("incremental, as a command of its own", lambda: command(root, "budget", "check"))
        change(root, commit=False)
        timed("incremental, checkout with one change not committed", lambda: command(root, "budget", "show"))


def timed(what: str, run: Callable[[], Any]) -> Any:
    """Prints wall time, and what the processor worked for it, children included: other load hides the first."""
    start, before = time.perf_counter(), os.times()
    found = run()
    wall, after = time.perf_counter() - start, os.times()
    print(f"{what}: {wall:.2f} s, of processor time {sum(after[:4]) - sum(before[:4]):.2f} s", flush=True)
    return found


def git(root: Path, *args: str) -> None:
    settings = ("-c", "user.name=b", "-c", "user.email=b@example.test", "-c", "gc.auto=0")
    subprocess.run(["git", *settings, *args], cwd=root, check=True, capture_output=True)


def make(root: Path, count: int) -> int:
    """One real service, made by atmos, copied under other names."""
    teams = [f"team-{number:03d}" for number in range(TEAMS)]
    command(root.parent, "init", str(root), "--yes", "--write", "files", *(f"--team={team}" for team in teams))
    git(root.parent, "init", "-q", "-b", "main", str(root))
    for name in ("dev", "staging", "prod"):
        path = root / f"platform/budgets/{name}.yaml"
        limits = {"requests.cpu": count * 2, "requests.memory": f"{count * 4}Gi", "pods": count * 10}
        lines = "".join(f'  {key}: {{limit: "{value}"}}\n' for key, value in limits.items())
        path.write_text(f"version: 1\nenvironment: {name}\nlimits:\n{lines}")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "init")
    intent = "node, port 80, called sampleshop"
    command(root, "new", "service", intent, "--team", teams[0], "--yes", "--write", "files")
    template = root / f"apps/{teams[0]}/sampleshop"
    files = {p.relative_to(template): p.read_text() for p in template.rglob("*") if p.is_file()}
    for number in range(count):
        team = teams[number % TEAMS]
        for path, text in files.items():
            target = root / f"apps/{team}/s{number:05d}" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text.replace("sampleshop", f"s{number:05d}").replace("team-000", team))
    for path in files:
        (template / path).unlink()
    git(root, "add", "-A")
    git(root, "commit", "-qm", "services")
    git(root, "repack", "-adq")
    return count * len(files)


def change(root: Path, *, commit: bool = True) -> None:
    path = root / "apps/team-007/s00007/overlays/dev/kustomization.yaml"
    text = path.read_text()
    path.write_text(text.replace("count: 1", "count: 2") if commit else text.replace("count: 2", "count: 3"))
    if commit:
        git(root, "checkout", "-q", "-b", "change")
        git(root, "commit", "-qam", "one more")


def check(root: Path) -> None:
    from atmos_cli.commands.budget import check as judged
    from atmos_cli.gitops.repository import open_repository

    found = judged(open_repository(root))
    assert len(found.budgets) == 3, found.diagnostics[:3]


def command(where: Path, *args: str) -> None:
    subprocess.run([sys.executable, "-m", "atmos_cli", *args], cwd=where, check=True, capture_output=True)


if __name__ == "__main__":
    main()
