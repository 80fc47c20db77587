"""All cases in full size, resumable: `python -m tests.update.full --cases 5000 --out docs/update_cases.md`.

What is done stays in the file of `--state`; the same command goes on from there.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.update.rivals import MERGIRAF, Git

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

AT_ONCE = 16
TITLES = {
    "atmos": "`atmos update`",
    "git merge": "`git merge` (ort, follows renames)",
    "git merge-file": "`git merge-file` on each path",
    "copier": "copier's way (the person's diff, else `merge-file`)",
    "mergiraf": "mergiraf 0.20.0 on each path",
}


LEFT = {
    "as they are": "with the conflict markers that Git left in generated files",
    "--ours": "with the files in conflict taken from one branch, markers in the lock",
    "--theirs": "the same from the other branch",
}


def main() -> None:
    options = _options()
    done = _read(options.state, options.seed)
    with options.state.open("a") as state, ProcessPoolExecutor(options.workers) as pool:
        wanted = [("case", at) for at in range(options.cases)] + [("pair", at) for at in range(options.pairs)]
        wanted += [("mergiraf", at) for at in range(options.cases) if MERGIRAF]
        left = [each for each in wanted if each not in done]
        batches = [left[at : at + AT_ONCE] for at in range(0, len(left), AT_ONCE)]
        for number, rows in enumerate(pool.map(_batch, [(options.seed, batch) for batch in batches])):
            for row in rows:
                state.write(json.dumps(row) + "\n")
                done[row["what"], row["number"]] = row
            state.flush()
            print(f"{min((number + 1) * AT_ONCE, len(left))}/{len(left)}", end="\r", flush=True)  # noqa: T201
    rows = [row for key, row in sorted(done.items()) if key in set(wanted)]
    options.out.write_text(page(rows, seed=options.seed, command=_command(options)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--seed", default=os.environ.get("ATMOS_UPDATE_SEED", "0"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path("docs/update_cases.md"))
    parser.add_argument("--state", type=Path, default=Path(".update_cases.jsonl"))
    return parser.parse_args()


def _command(options: argparse.Namespace) -> str:
    return f"python -m tests.update.full --cases {options.cases} --pairs {options.pairs} --seed {options.seed} --out {options.out}"


def _read(path: Path, seed: str) -> dict[tuple[str, int], dict[str, Any]]:
    rows = (json.loads(line) for line in path.read_text().splitlines()) if path.exists() else ()
    return {(row["what"], row["number"]): row for row in rows if row["seed"] == seed}


def _batch(asked: tuple[str, Sequence[tuple[str, int]]]) -> list[dict[str, Any]]:
    from tests.update.scores import ask_mergiraf, pair, score

    seed, batch = asked
    ways = {"case": score, "pair": pair, "mergiraf": ask_mergiraf}
    rows = []
    with Git() as git:
        for what, number in batch:
            try:
                row = ways[what](f"{seed}/{number}", git)
            except Exception as error:  # noqa: BLE001 - one odd case must not end hours of others
                row = {"crash": repr(error)[:300]}
            rows.append({"seed": seed, "what": what, "number": number, **row})
    return rows


def page(rows: Iterable[dict[str, Any]], *, seed: str, command: str) -> str:
    """The page with both tables."""
    found = list(rows)
    cases = [row for row in found if row["what"] == "case" and "crash" not in row]
    asked = {row["number"]: row.get("mergiraf") for row in found if row["what"] == "mergiraf"}
    cases = [row | ({"mergiraf": asked[row["number"]]} if row["number"] in asked else {}) for row in cases]
    pairs = [row for row in found if row["what"] == "pair" and "crash" not in row]
    crashed = [row for row in found if "crash" in row]
    tools = [tool for tool in TITLES if any(tool in row for row in cases)]
    lines = [
        "# `atmos update` and other tools on the same cases",
        "",
        f"Written on {datetime.now(tz=UTC).date().isoformat()} by `{command}`.",
        "",
        f"{len(cases)} cases: a generated service, 1 to 3 changes of `service.yaml`, `atmos-cli.yaml` or the company's blueprints, 0 to 4 hand edits drawn",
        f"as often as people make them. In {sum(bool(row['clashes']) for row in cases)} of them both sides changed some field differently: those are true conflicts. Right means: it",
        "builds, no key stands twice, and every environment builds to the field-wise merge of what was generated, edited and generated anew. A list",
        "that the API merges by no key is one field: where both sides changed one, Git's merge of its lines counts as a hidden conflict.",
        "",
        "| tool | right | true conflict | false conflict | clean but wrong | refused |",
        "|---|---|---|---|---|---|",
        *(_row(tool, cases) for tool in tools),
        "",
        "Clean but wrong, by how:",
        "",
        *(f"- {TITLES[tool]}: {_ways(tool, cases) or 'none'}" for tool in tools),
        "",
        "copier's way is its Git steps, not the program. mergiraf (`cargo install mergiraf`, GPL-3.0)"
        + (
            " is on the same cases."
            if asked
            else " was not installed for this run; it is asked where it is on PATH or `ATMOS_MERGIRAF` names it."
        ),
        "",
        *_pairs(pairs),
    ]
    lines += ["", "## What does not hold", "", *_problems(cases, pairs, crashed)]
    return "\n".join([*lines, ""])


def _row(tool: str, cases: Sequence[dict[str, Any]]) -> str:
    found = Counter(str(row[tool]).partition(":")[0] for row in cases if tool in row)
    counts = [found[name] for name in ("right", "true conflict", "false conflict", "wrong", "refused")]
    return f"| {TITLES[tool]} | {' | '.join(str(each) for each in counts)} |"


def _ways(tool: str, cases: Sequence[dict[str, Any]]) -> str:
    found = Counter(str(row[tool]).partition(": ")[2] for row in cases if str(row.get(tool, "")).startswith("wrong"))
    return ", ".join(f"{name} {count}" for name, count in found.most_common())


def _pairs(pairs: Sequence[dict[str, Any]]) -> list[str]:
    good = [row for row in pairs if not row["spec conflicts"]]
    clean = [row for row in good if not row["conflicts"]]
    files = Counter(path for row in good for path in {each.rpartition("/")[2] for each in row["conflicts"]})
    ends = Counter(str(row["as generated"]) for row in clean)
    return [
        "## Two branches update one service",
        "",
        f"Of {len(pairs)} pairs of changes, what people declare (`service.yaml`, `atmos-cli.yaml`, blueprints) merges in Git in {len(good)}; of those, everything",
        f"merges, `service.lock` and all, in {len(clean)}. Conflicts in the others, by file: {', '.join(f'{name} {count}' for name, count in files.most_common()) or 'none'}.",
        f"What Git merged is what one update after both changes gives: {', '.join(f'{name} {count}' for name, count in ends.most_common())}.",
        "",
        "`atmos update` after the merge ends where one update after both changes does, and asks nothing:",
        "",
        *(f"- {said}: {_then(good, how)}" for how, said in LEFT.items()),
    ]


def _then(pairs: Sequence[dict[str, Any]], how: str) -> str:
    ends = [row["then"][how] for row in pairs if "then" in row]
    same = sum(each == "same" for each in ends)
    return f"{same} of {len(ends)}"


def _problems(
    cases: Sequence[dict[str, Any]], pairs: Sequence[dict[str, Any]], crashed: Sequence[dict[str, Any]]
) -> list[str]:
    promises = Counter(name for row in cases for name in {each.partition(": ")[0] for each in row["problems"]})
    wrong = [
        f"  - pair {row['pair']}: {' + '.join(row['changes'])}; {how}: {end}"[:300]
        for row in pairs
        for how, end in row.get("then", {}).items()
        if end != "same"
    ]
    if wrong:
        promises["two branches end as one"] = len(wrong)
    lines = [f"- {name}: {count} cases" for name, count in promises.most_common()]
    lines += [f"- the harness itself failed: {len(crashed)} cases, first {crashed[0]['crash']}"] if crashed else []
    first = [f"  - {row['said']}: {row['problems'][0]}"[:300] for row in cases if row["problems"]][:40]
    return [*(lines or ["Nothing."]), "", *first, *wrong[:40]]


if __name__ == "__main__":
    main()
