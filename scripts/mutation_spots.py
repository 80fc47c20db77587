#!/usr/bin/env python3
"""Prove that the tests see when a part is unplugged: make one fault at a time in a copy, and expect a test to fail.

Usage: `scripts/mutation_spots.py [WORD]` takes the faults whose promise holds WORD. Exit status 1 when one goes unseen,
and when a row no longer fits the code: its old text must stand exactly once in `atmos_cli`, wherever that is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("atmos_cli", "blueprints", "scripts", "tests", "pyproject.toml", "README.md", "LICENSE")
EVERY_CODE = "tests/cli/test_every_code_is_given_end_to_end.py"
VALIDATE = f"{EVERY_CODE}::test_validate_finds_the_damage_where_it_is"
NEW = f"{EVERY_CODE}::test_new_says_so_and_writes_nothing_that_it_refuses"
BUDGET = "tests/cli/test_budget_abuse.py"
CREDENTIALS = "tests/cli/test_credentials_go_where_the_base_says.py"
RECOVER = "tests/cli/test_recover.py"
UPDATE = "tests/cli/test_update.py"
LONGEST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Fault:
    """With `new` instead of `old`, the promise is broken, and one of `tests` must fail."""

    promise: str
    old: str
    new: str
    tests: str


FAULTS = (
    Fault(
        "validate asks the checks of the whole repo",
        "found += _unseen(check_repo(tree), found)",
        "pass",
        f"{VALIDATE}[ATM711]",
    ),
    Fault(
        "validate finds what two services own",
        "found += doubly_owned(effective, environments=list(config.environments))",
        "pass",
        f"{VALIDATE}[ATM334]",
    ),
    Fault(
        "new finds what two services own",
        "found += doubly_owned(effective, environments=environments, touched=touched)",
        "pass",
        f"{NEW}[ATM334]",
    ),
    Fault(
        "new builds back what it composed",
        "    _require_faithful(generated, after, touched)\n",
        "",
        f"{EVERY_CODE}::test_an_overlay_that_builds_to_something_else_never_reaches_git",
    ),
    Fault(
        "validate compares quotas with budgets",
        "found += quota_drift(tree, environment, judged.budgets.get(environment))",
        "pass",
        f"{VALIDATE}[ATM410]",
    ),
    Fault(
        "validate looks at a change's own budget files",
        "found += states.policy.own_problems(environment)",
        "pass",
        f"{BUDGET}::test_no_budget_is_not_unlimited",
    ),
    Fault(
        "validate says which budgets limit nothing",
        "[*found, *budget_files(tree, config)]",
        "[*found]",
        f"{BUDGET}::test_a_limit_on_a_misspelt_service_is_said",
    ),
    Fault(
        "validate reads every spec", "found += dict.fromkeys(_specs(", "dict.fromkeys(_specs(", f"{VALIDATE}[ATM108]"
    ),
    Fault(
        "validate says which files cannot be read",
        "found += [*budget_findings, *faults]",
        "found += budget_findings",
        f"{VALIDATE}[ATM615]",
    ),
    Fault(
        "validate asks the checks of a deployment",
        "            found += check(effective, deployment, config=config)\n            found += _requests",
        "            found += _requests",
        f"{VALIDATE}[ATM330]",
    ),
    Fault(
        "validate says which requests are missing",
        "found += _requests(effective, deployment)",
        "pass",
        f"{VALIDATE}[ATM406]",
    ),
    Fault(
        "new asks the checks of a deployment",
        "        mine = [*check(effective, deployment, config=config)]\n        try:",
        "        mine = []\n        try:",
        f"{NEW}[ATM311]",
    ),
    Fault("new asks the budget", "found += [*each.findings, *over]", "found += each.findings", f"{NEW}[ATM401]"),
    Fault(
        "new stops at what is refused",
        "return bool(errors(self.guarded.diagnostics))",
        "return False",
        f"{NEW}[ATM401]",
    ),
    Fault(
        "validate says what is not generated yet",
        "found += pending_updates(tree, config, repository.catalogue, strict=check_generated)",
        "pass",
        f"{VALIDATE}[ATM623]",
    ),
    Fault(
        "an update with a conflict is a no",
        "code = 1 if plan.refused or plan.problems or (check and plan.pending) else 0",
        "code = 1 if plan.problems or (check and plan.pending) else 0",
        f"{UPDATE}::test_a_hand_edit_stays_and_a_field_that_both_changed_is_asked_about",
    ),
    Fault(
        "a lock that Git merged is generated anew",
        "return lock.stamps == (stamp(value, lock.inputs, used),)",
        "return True",
        "tests/update/test_update_examples.py",
    ),
    Fault(
        "an edit that is not committed yet is never taken back",
        "commit != before and not changes.inputs",
        "commit != before",
        f"{UPDATE}::test_an_edit_that_is_in_no_commit_yet_is_not_lost_when_others_push_first",
    ),
    Fault("new takes no name twice", "    _require_new(start.base, team, spec.name)\n", "", f"{NEW}[ATM510]"),
    Fault("an intent holds no secret", "    require_no_secrets(draft.values, config=config)\n", "", f"{NEW}[ATM333]"),
    Fault("a merge is not concluded by the way", "    require_idle(repo)\n", "", f"{NEW}[ATM617]"),
    Fault(
        "init spreads no secret of its settings",
        "        _require_clean(existing)\n",
        "        pass\n",
        "tests/cli/test_secrets_are_refused.py::test_settings_with_a_secret_are_an_error_and_init_does_not_spread_it",
    ),
    Fault(
        "approvals let pass what was signed",
        'if any(row.outcome == "over" for row in rows) and states.repo is not None:',
        "if False:",
        "tests/cli/test_approve_and_land.py::test_asked_signed_and_used_once",
    ),
    Fault(
        "the budget of the base branch counts",
        "Policy(trusted, own=tree) if trusted is not None and known else Policy(tree)",
        "Policy(tree)",
        BUDGET,
    ),
    Fault(
        "a base that is no commit is refused",
        "if base and states.base is None:",
        "if False:",
        f"{BUDGET}::test_a_base_that_is_no_commit_is_refused",
    ),
    Fault(
        "who writes recovers first",
        "recover(root) if writes else ()",
        "()",
        f"{RECOVER}::test_a_command_that_writes_recovers_first",
    ),
    Fault(
        "who reads is told of a half-done write",
        "recover(root) if writes else ()\n    require_settled(root)\n",
        "recover(root) if writes else ()\n",
        f"{RECOVER}::test_a_command_that_reads_says_so_and_writes_nothing",
    ),
    Fault(
        "logins go where the base branch says",
        'config = ours.model_copy(update={"clusters": clusters, "environments": environments})',
        "config = ours",
        f"{CREDENTIALS}::test_a_change_does_not_pick_the_login",
    ),
    Fault(
        "a cluster of the change alone gets no token",
        "frozenset(ours.clusters) - frozenset(theirs.clusters)",
        "frozenset()",
        f"{CREDENTIALS}::test_a_cluster_that_only_the_change_has_is_no_place_for_a_token",
    ),
    Fault(
        "hooks of the checkout do not run",
        'found = {} if own else {"core.hooksPath": os.devnull}',
        "found = {}",
        "tests/adapters/test_nothing_in_a_checkout_is_run.py",
    ),
    Fault(
        "a cache inside of the checkout is not believed",
        "None if file.is_relative_to(os.path.realpath(top)) or not _is_own(file) else file",
        "file",
        "tests/adapters/test_own_state_is_not_brought_along.py",
    ),
)


def main() -> int:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    faults = [fault for fault in FAULTS if word in fault.promise]
    places = {fault: _places(fault) for fault in faults}
    stale = [fault for fault in faults if len(places[fault]) != 1]
    for fault in stale:
        print(f"does not fit: {fault.promise}: its old text stands {len(places[fault])} times in atmos_cli")
    with tempfile.TemporaryDirectory(prefix="mutation-", dir=_memory()) as scratch:
        copies: SimpleQueue[Path] = SimpleQueue()
        workers = os.cpu_count() or 1
        for number in range(workers):
            copies.put(_copy(Path(scratch) / str(number)))

        def seen(fault: Fault) -> bool:
            copy = copies.get()
            try:
                return _seen(copy, fault, places[fault][0])
            finally:
                copies.put(copy)

        good = _run(Path(scratch) / "0", sorted({fault.tests for fault in faults}), workers=workers)
        if good.returncode:
            print(f"without any fault:\n{good.stdout[-3000:]}")
            return 1
        with ThreadPoolExecutor(workers) as pool:
            results = list(pool.map(seen, (fault for fault in faults if fault not in stale)))
    print(f"{len(faults)} faults, {results.count(False)} unseen, {len(stale)} that do not fit")
    return 0 if all(results) and not stale else 1


def _places(fault: Fault) -> list[Path]:
    texts = ((path, path.read_text()) for path in sorted((ROOT / "atmos_cli").rglob("*.py")))
    return [path.relative_to(ROOT) for path, text in texts for _ in range(text.count(fault.old))]


def _memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a directory of its own is made there


def _copy(directory: Path) -> Path:
    directory.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, directory / name)
    return directory


def _seen(copy: Path, fault: Fault, place: Path) -> bool:
    """Whether a test fails while the fault is there. By size and time Python sees that it has to compile the file."""
    start, file = time.monotonic(), copy / place
    good = file.read_text()
    file.write_text(good.replace(fault.old, fault.new))
    try:
        done = _run(copy, [fault.tests])
    finally:
        file.write_text(good)
    seen = done.returncode == 1
    said = "seen" if seen else f"UNSEEN (pytest ended with {done.returncode})"
    print(f"{said}: {fault.promise} ({place}; {time.monotonic() - start:.1f} s)", flush=True)
    return seen


def _run(copy: Path, tests: list[str], *, workers: int = 0) -> subprocess.CompletedProcess[str]:
    """The copy's own `atmos_cli` comes before the one that is installed."""
    left_out = {"PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"}
    env = {name: value for name, value in os.environ.items() if name not in left_out} | {"PYTHONPATH": str(copy)}
    chosen = ("-m", "not lab", *tests)  # the slow ones, too: a fault may be seen by them alone
    command = [sys.executable, "-m", "pytest", "-x", "-n", str(workers), "-p", "no:cacheprovider", *chosen]
    try:
        return subprocess.run(
            command,
            cwd=copy,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS * (1 + workers),
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "it took too long", "")


if __name__ == "__main__":
    sys.exit(main())
