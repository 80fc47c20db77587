"""What keeps a version out of an environment: a rollback before, a verdict elsewhere, its age, a freeze."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import rollbacks
from atmos_cli.adapters.git.history import first_parents, is_ancestor
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.adapters.zones import NoZonesError, frozen_until, local
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Severity
from atmos_cli.foreign import shell
from atmos_cli.gitops.overlay_images import containers_of
from atmos_cli.gitops.units import app_unit, manifests
from atmos_cli.history.verified import DECISIVE, quarantined, verdicts
from atmos_cli.layout.image_entries import same_version
from atmos_cli.promotion import seconds
from atmos_cli.verify.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.gitops.repository import Deployment
    from atmos_cli.history.verified import Verified
    from atmos_cli.promotion import Promotion

# A version that is older than this many changes of the service was verified long ago, or never will be.
MOST_COMMITS = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is to be promoted: `images` by the name of a version, as `source` runs them at the commit `tip`."""

    source: Deployment
    target: str
    version: str
    images: frozenset[str]
    tip: str | None

    @property
    def name(self) -> str:
        return f"{self.source.team}/{self.source.service} {self.version}"


def quarantine_findings(repo: Repo | None, deployment: Deployment, images: Iterable[str]) -> Iterator[Diagnostic]:
    """Yield ATM830 for each of `images` that was rolled back there and has not passed there since, with the reason."""
    if repo is None:
        return
    team, service, environment = deployment
    known = quarantined(repo, team=team, service=service, environment=environment)
    bad = {image: each for image in images for each in known if same_version(each.image, image)}
    past = rollbacks.earlier_rollbacks(repo, rollbacks.label(environment, team, service)) if bad else ()
    for image, each in sorted(bad.items()):
        reason = next((one.reason for one in past if one.of == each.commit and one.reason), "")
        when = f"{_utc(each.at)}, commit {each.commit[:10]}" + (f", run {each.run}" if each.run else "")
        message = f"`{image}` was rolled back in {environment} ({when})" + (f": {reason}" if reason else "")
        hint = "take a version in which that is mended, or add `--force`: the commit then names you"
        yield Diagnostic(Code.IMAGE_QUARANTINED, message, hint=hint, environment=environment)


def promotion_findings(
    repo: Repo | None, candidate: Candidate, asked: Promotion | None, *, now: float
) -> Iterator[Diagnostic]:
    """Yield every gate of the target that is not open at `now` (unix seconds): ATM831, ATM832, ATM833."""
    if asked is None:
        return
    known = tuple(_verdicts(repo, candidate)) if repo else ()
    last = _by_cluster(known)
    verdict = _verdict_problem(candidate, last, asked) or _soak_problem(candidate, last, asked, now=now)
    for problem in (verdict, _freeze_problem(candidate, asked, now=now)):
        if problem:
            yield replace(problem, environment=candidate.target)


def passed(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return gates that somebody forced: they are still said, and stop nobody."""
    return tuple(
        replace(each, severity=Severity.WARNING, message=f"forced: {each.message}", hint="the commit names who did it")
        for each in found
    )


def _verdicts(repo: Repo, candidate: Candidate) -> Iterator[Verified]:
    """Yield the verdicts that count, newest first: on a commit since which the source has run just these images."""
    team, service, environment = candidate.source
    found = [
        each
        for each in verdicts(repo, team=team, service=service, environment=environment)
        if each.outcome in DECISIVE and (not each.images or frozenset(each.images) == candidate.images)
    ]
    since = _since(repo, candidate) if found else None
    if since is None or candidate.tip is None:
        return
    for each in found:
        landed = rollbacks.landed(repo, candidate.tip, each.commit)
        if landed and is_ancestor(repo, since, landed):
            yield each


def _since(repo: Repo, candidate: Candidate) -> str | None:
    """The commit from which on the source has run these images; None when that is not what is committed."""
    if candidate.tip is None:
        return None
    source, since = candidate.source, None
    own = (source.directory, f"apps/{source.team}/{source.service}/base")
    for commit in first_parents(repo, candidate.tip, *own)[: -MOST_COMMITS - 1 : -1]:
        if _images_at(repo, commit, source) != candidate.images:
            break
        since = commit
    return since


def _images_at(repo: Repo, commit: str, deployment: Deployment) -> frozenset[str]:
    tree = CommitTree(repo, commit)
    try:
        return frozenset(containers_of(manifests(tree, app_unit(*deployment))).values())
    except AtmosError:
        return frozenset()
    finally:
        tree.close()


def _by_cluster(known: Iterable[Verified]) -> dict[str, list[Verified]]:
    found: dict[str, list[Verified]] = {}
    for each in known:
        found.setdefault(each.cluster, []).append(each)
    return found


def _verdict_problem(candidate: Candidate, known: dict[str, list[Verified]], asked: Promotion) -> Diagnostic | None:
    team, service, environment = candidate.source
    hint = f"atmos verify {shell(f'{team}/{service}')} --env {shell(environment)}"
    if not known:
        message = f"{candidate.name} has no verdict in {environment}, and {candidate.target} asks for one"
        return Diagnostic(Code.PROMOTION_UNVERIFIED, message, hint=hint)
    bad = next((some[0] for some in known.values() if some[0].outcome not in _good(asked)), None)
    if bad is None:
        return None
    message = (
        f"the last verdict on {candidate.name} in {environment} is {bad.outcome.value} "
        f"({_utc(bad.at)}, commit {bad.commit[:10]}), and {candidate.target} asks for {asked.verdict}"
    )
    return Diagnostic(Code.PROMOTION_UNVERIFIED, message, hint=f"mend it there first; to look again: `{hint}`")


def _soak_problem(
    candidate: Candidate, known: dict[str, list[Verified]], asked: Promotion, *, now: float
) -> Diagnostic | None:
    since = max(_good_since(some, asked) for some in known.values())
    end = since + seconds(asked.soak) if asked.soak else now
    if now >= end:
        return None
    been = _span(int(max(0.0, now - since)) // 60)
    message = (
        f"{candidate.name} has been good in {candidate.source.environment} for {been}, "
        f"and {candidate.target} asks for {asked.soak}"
    )
    return Diagnostic(
        Code.PROMOTION_TOO_SOON, message, hint=f"try again from {_utc(end)} on (in {_span(_minutes(end - now))})"
    )


def _freeze_problem(candidate: Candidate, asked: Promotion, *, now: float) -> Diagnostic | None:
    try:
        end = frozen_until(asked.freeze, now)
    except NoZonesError as error:
        message = f"whether {candidate.target} is frozen cannot be told: this machine has no time zones ({error})"
        return Diagnostic(Code.PROMOTION_FROZEN, message, hint="apt install tzdata, or pip install tzdata")
    if end is None:
        return None
    message = f"{candidate.target} is frozen now, by `promotion.freeze` in atmos-cli.yaml"
    if end == float("inf"):
        return Diagnostic(Code.PROMOTION_FROZEN, message, hint="its windows leave no gap: change them there")
    hint = f"try again from {local(end, asked.freeze[0].zone)} on (in {_span(_minutes(end - now))})"
    return Diagnostic(Code.PROMOTION_FROZEN, message, hint=hint)


def _good(asked: Promotion) -> frozenset[Outcome]:
    return frozenset({Outcome.PASS} | ({Outcome.WARN} if asked.verdict == "warn" else set()))


def _good_since(some: list[Verified], asked: Promotion) -> float:
    """The first of the good verdicts, newest first, that no bad one has followed: another look does not start anew."""
    at = some[0].at
    for each in some:
        if each.outcome not in _good(asked):
            break
        at = each.at
    return at


def _utc(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))


def _minutes(length: float) -> int:
    """Rounded up: whoever comes back then is not too early."""
    return math.ceil(length / 60)


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"
