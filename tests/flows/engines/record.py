"""Asks the engines' own rule code again: `python -m tests.flows.engines.record cilium|aws SOURCES`, with Go and their sources.

SOURCES is a writable copy of the module, from Go's module cache. Cilium v1.20.2 builds as it is. The agent of AWS v1.5.0 asks
for a newer Go and for modules that the proxy does not serve; what is asked needs none of them, so in its go.mod say the Go
that is there, and replace those modules by empty ones. Both are compiled for some minutes the first time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.flows.engines.cases import asked_of_aws, case, for_aws, for_cilium

HERE = Path(__file__).parent
CASES = 80
PACKAGE = {"cilium": "pkg/k8s", "aws": "pkg/fwruleprocessor"}


def record(engine: str, sources: Path) -> None:
    """Write down what an engine says of each case, a letter for each question."""
    made = [case(seed) for seed in range(CASES)]
    if engine == "cilium":
        asked = [for_cilium(each) for each in made]
    else:
        asked = [for_aws(each) for one in made for each in asked_of_aws(one)]
    shutil.copy(HERE / f"{engine}_flows_test.go", sources / PACKAGE[engine] / "atmos_flows_test.go")
    with tempfile.TemporaryDirectory() as directory:
        questions = Path(directory) / "cases.json"
        questions.write_text(json.dumps(asked))
        test = ["go", "test", "-mod=mod", "-count=1", "-run", "TestAtmosFlows", f"./{PACKAGE[engine]}"]
        subprocess.run(test, cwd=sources, env={**os.environ, "ATMOS_FLOWS": str(questions)}, check=True)
        answers = json.loads(Path(f"{questions}.answers").read_text())
    (HERE / f"{engine}.json").write_text(json.dumps(answers, indent=0) + "\n")


if __name__ == "__main__":
    record(sys.argv[1], Path(sys.argv[2]))
