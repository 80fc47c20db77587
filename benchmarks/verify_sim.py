"""How often `atmos verify` is right, on simulated services whose truth is known, next to what others' rules say.

    python benchmarks/verify_sim.py                     the held-out seeds 1000-1199; about an hour on two cores
    python benchmarks/verify_sim.py --seeds 1:51 --rows latency      development seeds, some conditions
    python benchmarks/verify_sim.py --write             also writes docs/verify-accuracy.md

Results are kept in --keep as they come, one JSON line a run; a broken run continues there.
"""
# ruff: noqa: E402, RUF001

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from atmos_cli.verify.outcome import Outcome
from tests.sim.catalogue import BADS, BY_NAME, GRID, NULLS, ROWS, UNSEEN
from tests.sim.harness import Run, play
from tests.sim.rivals import Fired
from tests.sim.score import GATED, Runs, Share, by_row, gates, percent, share, typical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.sim.catalogue import Row

Job = tuple[str, int]
RIVALS = ("Flagger", "Argo Rollouts", "Kayenta")
DOC = ROOT / "docs" / "verify-accuracy.md"


def main() -> None:
    options = _options()
    jobs = _jobs(options)
    kept = _kept(options.keep)
    began = time.monotonic()
    missing = [job for job in jobs if job not in kept]
    with options.keep.open("a") as sink, ProcessPoolExecutor(options.workers) as pool:
        for done, (job, run) in enumerate(pool.map(_one, missing, chunksize=4), start=1):
            kept[job] = run
            sink.write(json.dumps([*job, _plain(run)]) + "\n")
            sink.flush()
            if options.minutes and time.monotonic() - began > 60 * options.minutes:
                pool.shutdown(wait=False, cancel_futures=True)
                break
            if done % 200 == 0:
                print(f"{done}/{len(missing)} in {time.monotonic() - began:.0f} s", file=sys.stderr)
    runs = by_row((job[0], kept[job]) for job in jobs if job in kept)
    text = report(runs, options, asked=len(jobs))
    print(text)
    if options.write:
        DOC.write_text(text)
    sys.exit(0 if all(gate.holds for gate in gates(runs)) else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1000:1200", help="first:end, half open")
    parser.add_argument("--grid", type=int, default=20, help="seeds of each steady condition, spread over --seeds")
    parser.add_argument(
        "--each", type=int, default=200, help="seeds of each other condition that has no gate of its own"
    )
    parser.add_argument("--rows", default="", help="only conditions whose name contains this")
    parser.add_argument("--minutes", type=float, default=0.0, help="report what there is after so long")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("/tmp/atmos-verify-sim.jsonl"))  # noqa: S108
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def _jobs(options: argparse.Namespace) -> list[Job]:
    """In turns, so that a run that is broken off has seen the same part of every condition."""
    first, end = (int(part) for part in options.seeds.split(":"))
    jobs = []
    for index, row in enumerate(ROWS):
        many = options.grid if row in GRID else end - first if row.name in GATED else options.each
        turn = index * many if row in GRID else 0
        if options.rows in row.name:
            jobs += [
                (nth / many, row.name, first + (turn + nth) % (end - first)) for nth in range(min(many, end - first))
            ]
    return [(name, seed) for _, name, seed in sorted(jobs, key=lambda job: job[0])]


def _one(job: Job) -> tuple[Job, Run]:
    name, seed = job
    return job, play(BY_NAME[name], seed, rivals=True)


def _plain(run: Run) -> dict[str, object]:
    rivals = [[fired.after, fired.why] for fired in run.rivals]
    return {
        "outcome": run.outcome.value,
        "codes": run.codes,
        "ended": run.ended,
        "warned": run.warned,
        "failed": run.failed,
        "rivals": rivals,
    }


def _kept(path: Path) -> dict[Job, Run]:
    found = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        name, seed, run = json.loads(line)
        rivals = tuple(Fired(after, why) for after, why in run["rivals"])
        codes = tuple(run["codes"])
        found[name, seed] = Run(Outcome(run["outcome"]), codes, run["ended"], run["warned"], run["failed"], rivals)
    return found


def report(runs: Runs, options: argparse.Namespace, *, asked: int) -> str:
    """The page, in Markdown."""
    total = sum(map(len, runs.values()))
    command = f"python benchmarks/verify_sim.py --seeds {options.seeds} --grid {options.grid} --each {options.each}"
    of = f" (broken off: {asked} were asked for)" if total < asked else ""
    parts = [
        HEAD,
        f"{datetime.now(UTC):%Y-%m-%d} · `{command}` · {total} simulated deploys{of} · {_machine()}\n",
        "## Gates\n",
        *_gates(runs),
        "\n## Harm\n\n" + HARM,
        *_table((row for row in BADS if row.name in runs), runs, harmful=True),
        "\n## No harm\n\n" + HEALTHY,
        *_table((row for row in NULLS if row.name in runs), runs, harmful=False),
        "\n### Nothing happens\n\n" + STEADY,
        *_steady(runs),
        "\n## Nothing to see\n\n" + NOTHING,
        *_unseen(runs),
        "\n## How\n\n" + HOW,
    ]
    return "\n".join(parts)


def _machine() -> str:
    cpus = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    name = cpus[0].partition(":")[2].strip() if cpus else platform.machine()
    return f"{len(cpus)} × {name}, Python {platform.python_version()}"


def _gates(runs: Runs) -> Iterator[str]:
    yield "| gate | wanted | measured (95 %) | |\n|---|---|---|---|"
    for gate in gates(runs):
        told = f", median {gate.seconds:.0f} s" if gate.seconds is not None else ""
        number = f"{gate.share}{told}; {gate.share.hits} of {gate.share.of}"
        yield f"| {gate.name} | {gate.wanted} | {number} | {'holds' if gate.holds else '**missed**'} |"


def _table(rows: Iterable[Row], runs: Runs, *, harmful: bool) -> Iterator[str]:
    head = ["condition", "runs", "FAIL", "WARN", "PASS", "INCONCLUSIVE"]
    head += ["WARN or FAIL, median", "verdict, mean"] if harmful else ["verdict, mean"]
    yield "| " + " | ".join((*head, *RIVALS)) + " |\n" + "|---" * (len(head) + 3) + "|"
    for row in rows:
        yield _line(row.name, runs[row.name], harmful=harmful)


def _line(name: str, many: list[Run], *, harmful: bool) -> str:
    every = (Outcome.FAIL, Outcome.WARN, Outcome.PASS, Outcome.INCONCLUSIVE)
    said = [str(share(many, outcome)) for outcome in every[:2]]
    said += [percent(share(many, outcome).value) for outcome in every[2:]]
    mean = _seconds(sum(run.ended for run in many) / len(many))
    first = [_seconds(typical(run.warned for run in many))] if harmful else []
    return "| " + " | ".join((name, str(len(many)), *said, *first, mean, *_rivals(many))) + " |"


def _rivals(many: list[Run]) -> list[str]:
    out = []
    for index in range(len(RIVALS)):
        fired = [run.rivals[index].after for run in many]
        hits = Share(sum(after is not None for after in fired), len(fired))
        when = typical(fired)
        out.append(f"{percent(hits.value)}" + (f" / {when:.0f} s" if when is not None else ""))
    return out


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} s"


def _steady(runs: Runs) -> Iterator[str]:
    groups: dict[tuple[float, float], list[Run]] = defaultdict(list)
    for row in GRID:
        groups[row.scenario.sigma, row.scenario.rps] += runs.get(row.name, [])
    yield (
        "| burstiness, traffic | runs | FAIL | WARN | PASS | INCONCLUSIVE | verdict, mean | "
        + " | ".join(RIVALS)
        + " |"
    )
    yield "|---" * 10 + "|"
    for (sigma, rps), many in sorted(groups.items()):
        if many:
            yield _line(f"σ {sigma:g}, {rps:g} rps", many, harmful=False)


def _unseen(runs: Runs) -> Iterator[str]:
    yield "| condition | runs | INCONCLUSIVE | reasons | " + " | ".join(RIVALS) + " |\n" + "|---" * 7 + "|"
    for row in UNSEEN:
        many = runs.get(row.name)
        if many:
            codes = sorted({code for run in many for code in run.codes})
            told = (str(len(many)), str(share(many, Outcome.INCONCLUSIVE)), ", ".join(f"`{code}`" for code in codes))
            yield "| " + " | ".join((row.name, *told, *_rivals(many))) + " |"


HEAD = """\
# How often `atmos verify` is right

Simulated services, so the truth is known. What is measured is the real client and the real judge, asked as a user's
run asks them, over Prometheus' HTTP API; what they see are raw counters with scrape jitter, resets, born series and
gaps. This page is written by `benchmarks/verify_sim.py`; nothing in it is typed by hand.
"""
HARM = """\
Shares of runs by final verdict with Wilson 95 % intervals; times are seconds after the rollout has settled (60 s and
one scrape). Others: share that rolled back / median time. Their higher shares on small changes stand beside their
shares below, where nothing was wrong.
"""
HEALTHY = """\
Every FAIL and every WARN here is a false alarm, except that errors of everybody behind the gateway are real without
being the deploy's.
"""
STEADY = """\
All combinations of traffic, error share (0, 0.1, 1, 5 %), burstiness σ and correlation ρ (0.9, 0.98), by burstiness
and traffic.
"""
NOTHING = """\
Others: share that rolled back. With nothing to see, the only honest answer is that nothing was seen.
"""
HOW = """\
- The generator is `tests/sim/`: traffic is Poisson with 15 % AR(1) noise, errors binomial with a log-normal AR(1)
  share, latency log-normal into the default bucket bounds; scraped every 15 s (every 30 s where nothing happens); seeds
  decide everything. Seeds 1-50 are for development, 1000-1199 are held out. Even seeds are seen through ingress-nginx,
  odd ones through the pods' own metrics, unless the condition needs one of them. Before the deploy there is an hour of
  data; where a condition says so, a day. Conditions with the same seed share their noise; the intervals of gates over
  several conditions do not know that.
- The stand-in for Prometheus answers like the real one: `tests/lab/proofs/test_proof_simulator_is_prometheus.py`
  writes the same samples into a real server and compares every form of query.
- Flagger: the built-in checks as documented (success rate ≥ 99 %, mean duration ≤ 500 ms, interval 1m), rollback at
  the fifth failed check of ten. Argo Rollouts: the documented template (`result[0] >= 0.95`, `failureLimit: 3`), with
  an interval of one minute because its own five cannot fail within ten minutes. Kayenta: Mann-Whitney, tolerance
  0.25, confidence 0.98, allowed increase 1.5, ten minutes before against ten after, on error ratio and p95; the port
  gives the verdicts that kayenta#426, #780, #799 and spinnaker#6278 report
  (`tests/sim/test_rivals_are_themselves.py`). Flagger and Argo Rollouts would see only a canary's share of the
  traffic; here they get all of it. Their thresholds are fixed: a service that always has 1 % errors stands at
  Flagger's, one with 5 % at that of Argo Rollouts, and only its owners can know and set another.
- All rules see the same ten minutes; atmos may look longer when there is too little traffic, which is in its mean
  times.
"""

if __name__ == "__main__":
    main()
