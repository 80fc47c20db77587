"""The record of what was verified: who recorded what on which commit, and which state was last known to be good."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.git import notes
from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.rollbacks import ancestors
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Severity, fail
from atmos_cli.verify.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.verify.model import Verdict

FORMAT = 1
MAX_LINE = 16 * 1024
# A warning is no reason to leave a state: with only passes counted, a service that always warns would go back months.
GOOD = frozenset({Outcome.PASS, Outcome.WARN})
DECISIVE = GOOD | {Outcome.FAIL}


@dataclass(frozen=True, slots=True)
class Verified:
    """One verdict as it was recorded. `at` is unix seconds, `run` the run of `atmos verify`, `images` what it ran."""

    commit: str
    team: str
    service: str
    environment: str
    cluster: str
    outcome: Outcome
    at: float
    run: str = ""
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An image that was rolled back in an environment: deploying it there again needs a second thought."""

    image: str
    commit: str
    at: float
    run: str = ""


def record_verdict(
    repo: Repo, verdict: Verdict, *, run: str, images: Iterable[str] = (), remote: str = "origin"
) -> tuple[Diagnostic, ...]:
    """Note `verdict` on its commit, and push the notes to `remote` ("": keep them here).

    Raises ATM815 when the commit is not here. What cannot be pushed is kept here, and comes back as a warning.
    """
    commit = repos.resolve(repo, verdict.commit)
    if commit is None:
        message = f"there is no commit `{verdict.commit[:40]}` here, so nothing can be noted on it"
        raise fail(Code.COMMIT_UNKNOWN, message, hint="git fetch origin")
    target = verdict.target
    value = {
        "kind": "verdict",
        "team": target.team,
        "service": target.service,
        "environment": target.environment,
        "cluster": target.cluster,
        "outcome": verdict.outcome.value,
        "at": round(verdict.ended, 3),
        "run": run,
        "images": sorted(images),
    }
    notes.add(repo, commit, [_line(value)])
    return publish(repo, remote)


def quarantine(
    repo: Repo,
    *,
    commit: str,
    team: str,
    service: str,
    environment: str,
    images: Sequence[str],
    at: float,
    run: str = "",
    remote: str = "origin",
) -> tuple[Diagnostic, ...]:
    """Note on `commit`, the bad one, that `images` were rolled back; warns when that cannot be pushed."""
    if not images:
        return ()
    place = {"kind": "quarantine", "team": team, "service": service, "environment": environment}
    lines = [_line({**place, "image": image, "at": round(at, 3), "run": run}) for image in images]
    notes.add(repo, commit, lines)
    return publish(repo, remote)


def publish(repo: Repo, remote: str) -> tuple[Diagnostic, ...]:
    if not remote or repos.remote_url(repo, remote) is None:
        return ()
    try:
        notes.publish(repo, remote=remote)
    except AtmosError as error:
        return tuple(replace(each, severity=Severity.WARNING) for each in error.diagnostics)
    return ()


def verdicts(repo: Repo, *, team: str, service: str, environment: str) -> tuple[Verified, ...]:
    """Return every verdict on the service in the environment that is known here, newest first."""
    found = [read for commit, value in _values(repo, team, service, environment) if (read := _verdict(commit, value))]
    return tuple(sorted(found, key=lambda each: (-each.at, each.commit, each.cluster)))


def latest(repo: Repo) -> dict[tuple[str, str, str, str], Verified]:
    """Return the newest verdict known here on every (team, service, environment, cluster), read in one go."""
    found: dict[tuple[str, str, str, str], Verified] = {}
    for commit, value in _values(repo):
        read = _verdict(commit, value)
        if read is None:
            continue
        key = (read.team, read.service, read.environment, read.cluster)
        found[key] = max(found.get(key, read), read, key=lambda each: (each.at, each.commit))
    return found


def last_verified(
    repo: Repo, *, team: str, service: str, environment: str, before: str, without: frozenset[str] = frozenset()
) -> Verified | None:
    """Return the newest ancestor of `before`, itself left out, whose last verdict on every cluster was good.

    `without`: commits that do not count, since what they brought was taken back.
    """
    known: dict[str, dict[str, Verified]] = {}
    for each in verdicts(repo, team=team, service=service, environment=environment):
        if each.outcome in DECISIVE:
            known.setdefault(each.commit, {}).setdefault(each.cluster, each)
    good = {
        commit: last
        for commit, last in known.items()
        if commit not in without and all(each.outcome in GOOD for each in last.values())
    }
    commit = next((each for each in ancestors(repo, before) if each in good), None) if good else None
    return max(good[commit].values(), key=lambda each: each.at) if commit else None


def quarantined(repo: Repo, *, team: str, service: str, environment: str) -> tuple[Quarantined, ...]:
    """Return images that were rolled back there and have not passed there since, by image."""
    passed: dict[str, float] = {}
    for each in verdicts(repo, team=team, service=service, environment=environment):
        if each.outcome in GOOD:
            for image in each.images:
                passed[image] = max(each.at, passed.get(image, 0.0))
    found: dict[str, Quarantined] = {}
    for commit, value in _values(repo, team, service, environment):
        read = _quarantined(commit, value)
        if read and read.at > passed.get(read.image, -1.0):
            found[read.image] = max(read, found.get(read.image, read), key=lambda each: each.at)
    return tuple(found[image] for image in sorted(found))


def _line(value: dict[str, Any]) -> str:
    return json.dumps({"v": FORMAT, **value}, sort_keys=True, separators=(",", ":"))


def _values(repo: Repo, *target: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield what notes say about one target (team, service, environment), or about all of them when none is named.

    Anyone who can push can write a note: what is not as expected is skipped.
    """
    wanted = {"v": FORMAT, **dict(zip(("team", "service", "environment"), target, strict=False))}
    for commit, lines in notes.lines(repo).items():
        for line in lines:
            try:
                value = json.loads(line) if len(line) <= MAX_LINE else None
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict) and all(value.get(key) == want for key, want in wanted.items()):
                yield commit, value


def _verdict(commit: str, value: dict[str, Any]) -> Verified | None:
    team, service, environment, cluster, outcome = (
        _text(value.get(key)) for key in ("team", "service", "environment", "cluster", "outcome")
    )
    at = value.get("at")
    if value.get("kind") != "verdict" or not cluster or outcome not in set(Outcome) or not _is_time(at):
        return None
    images = value.get("images")
    known = tuple(filter(None, map(_text, images))) if isinstance(images, list) else ()
    return Verified(
        commit=commit,
        team=team,
        service=service,
        environment=environment,
        cluster=cluster,
        outcome=Outcome(outcome),
        at=float(at or 0),
        run=_text(value.get("run")),
        images=known,
    )


def _quarantined(commit: str, value: dict[str, Any]) -> Quarantined | None:
    image, at = _text(value.get("image")), value.get("at")
    if value.get("kind") != "quarantine" or not image or not _is_time(at):
        return None
    return Quarantined(image, commit, float(at or 0), _text(value.get("run")))


def _text(value: Any) -> str:
    """Return what may be shown on a terminal; empty for anything else."""
    return value if isinstance(value, str) and value.isprintable() else ""


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11
