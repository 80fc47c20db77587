"""What `atmos validate` costs: committed, and with every service changed. `python benchmarks/validate.py [SERVICES]`.

Makes a GitOps repo of so many services (default 100) in three environments in a temporary place, and takes the median
of five fresh processes, without a cache of claims. Runs the atmos that this Python imports.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from budget import command, make

RUNS = 5


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory(prefix="atmos-validate-") as name:
        root = Path(name, "gitops")
        print(f"{make(root, count)} files, {count} services, 3 environments; load {os.getloadavg()[0]:.1f}")
        measure("committed", root)
        for path in root.glob("apps/*/*/base/deployment.yaml"):
            path.write_text(f"{path.read_text()}# changed\n")
        measure("every service changed", root)


def measure(what: str, root: Path) -> None:
    """Prints the median of wall time, and of what the processor worked, children included."""
    found = []
    for run in range(RUNS):
        os.environ["ATMOS_CLI_CACHE"] = f"{root}-cache-{run}-{what[:1]}"
        start, before = time.perf_counter(), os.times()
        command(root, "validate")
        after = os.times()
        found.append((time.perf_counter() - start, sum(after[:4]) - sum(before[:4])))
    wall, processor = (statistics.median(each) for each in zip(*found, strict=True))
    print(f"{what}: {wall:.2f} s, of processor time {processor:.2f} s", flush=True)


if __name__ == "__main__":
    main()
