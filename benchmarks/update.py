"""What `atmos update` costs in a large repo. `python benchmarks/update.py [SERVICES]`.

Makes a GitOps repo of so many services (default 1,000, of six kinds, in 20 teams) in three environments in a temporary
place, commits it, and takes the median of five fresh processes each: `update --check` of everything, when all is up to
date and when every tenth spec was edited, and the update of one service whose spec was edited. `--check` keeps nothing
from one process to the next; other updates count claims, whose cache the first one fills. Runs the atmos that this
Python imports, with its bytecode, as an installation has it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from budget import command, git

TEAMS = 20
RUNS = 5
INTENTS = (
    "node, port 80, postgres",
    "python, port 8080, redis, public",
    "go, port 8080, metrics",
    "java, port 8080, 2 to 6 replicas",
    "rust, port 8080, postgres, redis",
    "node, port 3000, size m",
)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(prefix="atmos-update-") as name:
        os.environ |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{name}/bytecode"}
        os.environ["ATMOS_CLI_CACHE"] = f"{name}/cache"
        root = Path(name, "gitops")
        print(f"{make(root, count)} files, {count} services, 3 environments; load {os.getloadavg()[0]:.1f}", flush=True)
        command(root, "update", "team-07/s0007", "--check")
        measure("--check, all up to date", root, "update", "--check")
        edit(root, "team-07/s0007")
        measure("one service, --dry-run, no claims cached", root, "update", "team-07/s0007", "--dry-run", runs=1)
        measure("one service, --dry-run", root, "update", "team-07/s0007", "--dry-run")
        measure("one service by its name alone, --dry-run", root, "update", "s0007", "--dry-run")
        measure("one service, committed", root, "update", "team-07/s0007", "--yes", "--write", "commit", again="HEAD~1")
        for number in range(0, count, 10):
            edit(root, f"team-{number % TEAMS:02d}/s{number:04d}")
        measure("--check, every tenth spec edited", root, "update", "--check", status=1)


def measure(what: str, root: Path, *args: str, status: int = 0, again: str = "", runs: int = RUNS) -> None:
    """Prints medians of wall time and of what the processor worked, children included."""
    found = []
    for _ in range(runs):
        start, before = time.perf_counter(), os.times()
        ran = subprocess.run([sys.executable, "-m", "atmos_cli", *args], cwd=root, check=False, capture_output=True)
        after = os.times()
        assert ran.returncode == status, ran.stdout + ran.stderr
        found.append((time.perf_counter() - start, sum(after[:4]) - sum(before[:4])))
        if again:  # the commit goes, the edited spec stays
            spec = (root / "apps/team-07/s0007/service.yaml").read_bytes()
            git(root, "reset", "-q", "--hard", again)
            (root / "apps/team-07/s0007/service.yaml").write_bytes(spec)
    wall, processor = (statistics.median(each) for each in zip(*found, strict=True))
    least = min(each[1] for each in found)
    print(f"{what}: {wall:.2f} s, of processor time {processor:.2f} s (least {least:.2f} s)", flush=True)


def make(root: Path, count: int) -> int:
    """Generate every service as `atmos new service` would, without the commits; return the number of files."""
    from atmos_cli.adapters.bundle import catalogue
    from atmos_cli.adapters.files import DiskTree
    from atmos_cli.gitops.generate import generate
    from atmos_cli.gitops.repository import config_of
    from atmos_cli.spec.model import read_spec

    teams = [f"team-{number:02d}" for number in range(TEAMS)]
    command(root.parent, "init", str(root), "--yes", "--write", "files", *(f"--team={team}" for team in teams))
    git(root.parent, "init", "-q", "-b", "main", str(root))
    git(root, "config", "user.name", "b")
    git(root, "config", "user.email", "b@example.test")
    limits = {"requests.cpu": count * 2, "requests.memory": f"{count * 4}Gi", "pods": count * 10}
    for name in ("dev", "staging", "prod"):
        lines = "".join(f'  {key}: {{limit: "{value}"}}\n' for key, value in limits.items())
        (root / f"platform/budgets/{name}.yaml").write_text(f"version: 1\nenvironment: {name}\nlimits:\n{lines}")
    command(root, "update", "--write", "files", "--yes")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "init")
    specs = []
    for number, intent in enumerate(INTENTS):
        name = f"sample{number}"
        command(root, "new", "service", intent, "--name", name, "--team", teams[0], "--yes", "--write", "files")
        specs.append((root / f"apps/{teams[0]}/{name}/service.yaml").read_text())
    git(root, "clean", "-fdq")
    git(root, "checkout", "-q", ".")
    tree = DiskTree(root)
    config, blueprints = config_of(tree), catalogue(tree)
    made = 0
    for number in range(count):
        kind = number % len(INTENTS)
        data = specs[kind].replace(f"sample{kind}", f"s{number:04d}").encode()
        files = generate(
            read_spec(data, path="service.yaml"),
            team=teams[number % TEAMS],
            environments=tuple(config.environments),
            config=config,
            catalogue=blueprints,
            spec_data=data,
        ).files
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        made += len(files)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "services")
    git(root, "repack", "-adq")
    return made


def edit(root: Path, service: str) -> None:
    path = root / f"apps/{service}/service.yaml"
    path.write_text(f"{path.read_text()}env: {{EDITED: please}}\n")


if __name__ == "__main__":
    main()
