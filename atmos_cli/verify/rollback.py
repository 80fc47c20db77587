"""The plan of a rollback by a commit: what it would change, and whether it may be made, with or without a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from atmos_cli.kube.resource import pod_template
from atmos_cli.kube.shape import mappings, text
from atmos_cli.verify.measured import BROKEN_BASELINE
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.rollback_loss import losses
from atmos_cli.verify.seen import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from atmos_cli.kube.resource import Identity, Resource
    from atmos_cli.verify.measured import Measure
    from atmos_cli.verify.model import Limits, Verdict

Files = dict[str, bytes | None]
Objects = dict["Identity", "Resource"]

HOUR, DAY = 3600, 86400
PER_HOUR, PER_DAY = 1, 3


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a person allows explicitly; each lifts one refusal. `quarantined`: the image was bad here before."""

    all_environments: bool = False
    overlay_only: bool = False
    migrations: bool = False
    data_loss: bool = False
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class RollbackView:
    """The input of a plan. `commit` is what is taken back, `restores` the state that comes back.

    `chosen`: how `restores` was found: last verified, the state `previous` to the commit, or `named` by a person.
    `own` and `shared` are the changes of files that bring it back (None removes): the environment's own, and those
    that other environments read as well. Effective objects, None where they cannot be built: `now`, `then`, and
    `partly`, `wholly` after restoring `own`, or `shared` too. `foreign`: files outside the service that differ.
    `newer`: later commits that change what the environment runs; `undoes`: what `commit` took back, being a rollback.
    `others`: environments that restoring `shared` would change, with what they run now and then. `quarantined`: images
    of `then` that were bad here. `problem`: why `then` or `partly` cannot be built.
    """

    environment: str
    commit: str
    restores: str
    chosen: Literal["verified", "previous", "named"]
    own: Files
    shared: Files
    now: Objects | None
    then: Objects | None
    partly: Objects | None
    wholly: Objects | None
    others: tuple[str, ...] = ()
    others_now: Objects = field(default_factory=dict)
    others_after: Objects = field(default_factory=dict)
    foreign: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()
    undoes: str = ""
    migration: Reason | None = None
    quarantined: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """`files` bring the state back; `exact`: what will run is what ran then. `reasons`: all that is against it.

    `environments`: others that it changes too. `images`: run now and not after it, and so bad; none of a rollback's.
    """

    commit: str
    restores: str
    chosen: Literal["verified", "previous", "named"]
    files: Files
    exact: bool
    environments: tuple[str, ...] = ()
    changed: tuple[Identity, ...] = ()
    removed: tuple[Identity, ...] = ()
    images: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    nothing: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier rollback, as its commit says. `at`: unix seconds; `run`: the run of verify that made it, if any."""

    commit: str
    at: float
    of: str
    restores: str
    run: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """Earlier rollbacks of the same service in the same environment; `now` is unix seconds."""

    now: float
    past: tuple[Past, ...] = field(default=())


def plan(view: RollbackView, *, allowed: Allowed) -> RestorePlan:
    """Plan the smallest change of the service's files that brings the state back, with every reason against it."""
    whole = bool(view.shared) and _needs_shared(view) and not allowed.overlay_only
    after = view.wholly if whole else view.partly
    if view.now is not None and view.now == view.then and not allowed.overlay_only:
        reasons = tuple(_overtaken(view))
        return RestorePlan(view.commit, view.restores, view.chosen, {}, exact=True, reasons=reasons, nothing=True)
    files = {**view.own, **view.shared} if whole else dict(view.own)
    now, result = view.now or {}, after or {}
    return RestorePlan(
        view.commit,
        view.restores,
        view.chosen,
        files,
        exact=after is not None and after == view.then,
        environments=view.others if whole else (),
        changed=tuple(sorted(key for key in {*now, *result} if now.get(key) != result.get(key))),
        removed=tuple(sorted(key for key in now if key not in result)),
        images=() if view.undoes else tuple(sorted(images(now) - images(result))),
        reasons=tuple(_reasons(view, allowed, after=after, whole=whole)),
        nothing=not files,
    )


def images(objects: Mapping[Identity, Resource]) -> set[str]:
    """Return every image that a pod of these objects runs, as it is written."""
    found: set[str] = set()
    for resource in objects.values():
        _, template = pod_template(resource) or ((), {})
        for kind in ("containers", "initContainers"):
            found |= {text(container, "image") for container in mappings(template, "spec", kind)}
    return found - {""}


def automatic(verdict: Verdict, plan: RestorePlan, history: History, limits: Limits) -> Reason | None:
    """Return why this must wait for a person; None when atmos may do it by itself. See verify.md §5."""
    if verdict.outcome is not Outcome.FAIL:
        return _no("verdict", f"only a failed deployment is rolled back, and this one is `{verdict.outcome.value}`")
    if limits.rollback != "auto":
        hint = "set `verify: {rollback: {mode: auto}}` in service.yaml to allow it"
        return _no("not-wanted", f"rollback is `{limits.rollback}` for this service, not `auto`", hint)
    if plan.nothing or plan.reasons:
        return plan.reasons[0] if plan.reasons else _no("nothing", "there is nothing to restore")
    if plan.chosen == "previous":
        hint = "look at the state before, then run `atmos rollback` yourself"
        return _no("never-verified", "the state before was never verified, so it may be just as bad", hint)
    if not plan.exact:
        return _no("inexact", "restoring the service's own files would not give exactly the verified state")
    return _evidence(verdict) or _loops(history)


def _evidence(verdict: Verdict) -> Reason | None:
    """Return why the verdict is too weak: no facts, another cause than this commit, no effect on users; else None."""
    rollout, assessment = verdict.rollout, verdict.assessment
    worse = assessment is not None and assessment.outcome is Outcome.FAIL
    if not worse and (rollout is None or rollout.status is not Status.FAILED):
        return _no("weak-evidence", "neither the metrics nor the pods say by themselves that the deployment failed")
    if assessment is not None and any(each.code == BROKEN_BASELINE for each in assessment.measures):
        return _no("broken-baseline", "errors were too many before this deployment, too, so going back mends nothing")
    if verdict.causes and verdict.causes[0].blames is False:
        return _no("other-cause", f"the likely cause is not this commit: {verdict.causes[0].title}")
    if not worse and rollout is not None and rollout.ready == 0 and rollout.old_ready >= rollout.wanted > 0:
        message = f"{rollout.old_ready} pods of the version before still serve all users"
        return _no("no-impact", message, "there is time: mend it, or run `atmos rollback` yourself")
    return None


def recovered(failed: Verdict, after: Verdict) -> bool | None:
    """Judge whether taking `failed` back helped: pods are good and, where users were worse off, they no longer are.

    None when the verdict `after` the rollback cannot say.
    """
    if after.outcome is Outcome.FAIL:
        return False
    if after.rollout is None or after.rollout.status is not Status.CURRENT:
        return None
    bad = _worst(failed)
    if not bad:
        return True
    now = {each.name: each for each in after.assessment.measures} if after.assessment else {}
    if not bad.keys() <= now.keys():
        return None
    # Halfway back to what it was before the failure is closer to good than to bad.
    return all(now[name].after.share <= (m.before.share + m.after.share) / 2 for name, m in bad.items())


def _worst(failed: Verdict) -> dict[str, Measure]:
    measures = failed.assessment.measures if failed.assessment else ()
    return {each.name: each for each in measures if each.outcome is Outcome.FAIL}


def _loops(history: History) -> Reason | None:
    mine = [history.now - past.at for past in history.past if past.run]
    for most, span, word in ((PER_HOUR, HOUR, "hour"), (PER_DAY, DAY, "day")):
        count = sum(age < span for age in mine)
        if count >= most:
            message = f"it was rolled back automatically {_times(count)} within the last {word}, and {most} is the most"
            return _no("too-often", message, "find out why it fails again, then run `atmos rollback` yourself")
    return None


def _needs_shared(view: RollbackView) -> bool:
    return view.partly is None or view.partly != view.then


def _reasons(view: RollbackView, allowed: Allowed, *, after: Objects | None, whole: bool) -> Iterator[Reason]:
    yield from _overtaken(view)
    yield from _sharing(view, allowed, after=after, whole=whole)
    if view.migration is not None and not allowed.migrations:
        hint = view.migration.hint or "if the old code runs on the new schema, add `--migrations-compatible`"
        yield Reason(Outcome.FAIL, "migration", view.migration.message, hint)
    lost = losses(view.now or {}, after) if after is not None else ()
    lost += losses(view.others_now, view.others_after) if whole else ()
    if lost and not allowed.data_loss:
        yield _no("data-loss", f"it would remove or shrink data: {_listed(lost)}", "if it may go: `--accept-data-loss`")
    if view.quarantined and not allowed.quarantined:
        message = f"it would bring back what was rolled back here before: {_listed(view.quarantined)}"
        yield _no("quarantined", message, "name another state with `--to COMMIT`, or `--force`")


def _overtaken(view: RollbackView) -> Iterator[Reason]:
    """Yield what is against it by history alone, also when nothing would change."""
    if view.newer:
        commits = _listed([each[:10] for each in view.newer])
        message = f"newer than {view.commit[:10]}, and changing what {view.environment} runs: {commits}"
        hint = "`git pull`, look at the newer commit, and run the command again for it"
        yield Reason(Outcome.SUPERSEDED, "newer-commit", message, hint)
    if view.undoes and view.chosen != "named":
        message = f"{view.commit[:10]} is itself a rollback: taking it back would bring {view.undoes[:10]} back"
        yield _no("is-rollback", message, "name the state that you want with `--to COMMIT`")


def _sharing(view: RollbackView, allowed: Allowed, *, after: Objects | None, whole: bool) -> Iterator[Reason]:
    if view.then is None or after is None:
        why = f": {view.problem}" if view.problem else ""
        message = f"what {view.environment} ran at {view.restores[:10]} cannot be built{why}"
        yield _no("unbuildable", message, "name another state with `--to COMMIT`")
        return
    if whole and view.others and not allowed.all_environments:
        names = _listed(sorted({path.rpartition("/")[0] for path in view.shared}))
        message = f"files that other environments share changed as well ({names}): {_listed(view.others)} would change"
        yield _no("shared-files", message, _SHARED_HINT)
    elif after != view.then and not allowed.overlay_only:
        what = f": {_listed(view.foreign)} changed outside of the service" if view.foreign else ""
        message = f"restoring the service's own files does not bring back what ran at {view.restores[:10]}{what}"
        yield _no("foreign-files", message, "`--overlay-only` restores what it can")


_SHARED_HINT = "`--all-environments` restores them for all, `--overlay-only` leaves them as they are"


def _no(code: str, message: str, hint: str = "") -> Reason:
    return Reason(Outcome.FAIL, code, message, hint)


def _listed(names: Sequence[str], *, most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
