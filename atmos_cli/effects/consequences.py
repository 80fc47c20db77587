"""What happens to what runs in one environment when its objects change, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.effects.data import data_effects
from atmos_cli.effects.model import KINDS, Effect
from atmos_cli.effects.workloads import RUNNING, SCALERS, counts, restarts, scaled_by, template
from atmos_cli.kube.differences import first_difference
from atmos_cli.kube.immutable import refused
from atmos_cli.kube.kept import holds_data, made_anew, stays
from atmos_cli.kube.operators import OPERATED, major_of
from atmos_cli.kube.shape import at, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.blueprint.composed import DeclaredRename
    from atmos_cli.effects.model import Objects
    from atmos_cli.kube.resource import Identity, Resource

NOTHING = Effect("label", "nothing that runs changes")
MOST_NAMED = 6


def consequences(before: Objects, after: Objects, *, renamed: tuple[DeclaredRename, ...] = ()) -> tuple[Effect, ...]:
    """Return all that happens, what matters most first; one that says so when nothing does."""
    found = [*data_effects(before, after), *_pods(before, after), *_comes_and_goes(before, after, renamed)]
    labels = 0
    for who in before:
        if who in after:
            said = list(_changes(who, before[who], after[who]))
            found += said
            inside = first_difference(_unlabelled(before[who]), _unlabelled(after[who]))
            labels += inside is None and first_difference(before[who], after[who]) is not None
    if labels:
        found.append(Effect("label", f"only labels or annotations change on {labels} object{'s' * (labels != 1)}"))
    return tuple(sorted(found, key=lambda each: KINDS.index(each.kind))) or (NOTHING,)


def _pods(before: Objects, after: Objects) -> Iterator[Effect]:
    then, now = scaled_by(before), scaled_by(after)
    for who in dict.fromkeys((*before, *after)):
        target = who.namespace, who.kind, who.name
        yield from counts(who, before.get(who), after.get(who), then.get(target), now.get(target))


def _comes_and_goes(before: Objects, after: Objects, renamed: tuple[DeclaredRename, ...]) -> Iterator[Effect]:
    followed = dict(_identities(before, after, renamed))
    for old, follower in followed.items():
        rest = "the old one stays in the cluster" if stays(before[old]) else "the old one is pruned"
        yield Effect("object", f"new identity: {old} becomes {follower}, and {rest}")
    said = RUNNING | SCALERS
    mine = {*followed, *followed.values()}
    new = [str(who) for who in after if who not in {*before, *mine} and (who.group, who.kind) not in said]
    gone = [who for who in before if who not in {*after, *mine} and (who.group, who.kind) not in said]
    gone = [who for who in gone if not holds_data(who, before[who])]
    kept = [str(who) for who in gone if stays(before[who])]
    pruned = [str(who) for who in gone if not stays(before[who])]
    for names, what in ((new, "new"), (pruned, "removed"), (kept, "kept in the cluster although Git no longer has it")):
        if names:
            yield Effect("object", f"{what}: {_listed(names)}")


def _identities(
    before: Objects, after: Objects, renamed: tuple[DeclaredRename, ...]
) -> Iterator[tuple[Identity, Identity]]:
    for old in before:
        for each in renamed:
            new = old._replace(name=each.new)
            if (old.kind, old.name) == (each.kind, each.old) and old not in after and new in after:
                yield old, new


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _changes(who: Identity, before: Resource, after: Resource) -> Iterator[Effect]:
    """Say what a change of one object does, apart from counts of pods."""
    row = OPERATED.get((who.group, who.kind))
    if refused(before, after) and made_anew(after):
        yield Effect("setting", f"{who} is deleted and made anew, as it asks its engine to do")
    elif refused(before, after):
        yield Effect("setting", f"{who}: the change is refused, and so nothing happens to it")
    elif template(after, who) is not None:
        yield from restarts(who, before, after)
        yield from _rest(who, _without_pods(before, who), _without_pods(after, who))
    elif row is not None and row.runs is not None:
        yield from _operated(who, before, after)
    elif (who.group, who.kind) not in SCALERS or not _scales_only(before, after):
        yield from _rest(who, before, after)


def _operated(who: Identity, before: Resource, after: Resource) -> Iterator[Effect]:
    old, new = at(before, "spec", "instances"), at(after, "spec", "instances")
    if old != new:
        fewer = isinstance(old, int) and isinstance(new, int) and new < old
        yield Effect("pods", f"{who}: {'fewer' if fewer else 'more'} instances: {old} → {new}")
    quiet = ["instances", "storage", "walStorage", "tablespaces", "backup", "enablePDB", "monitoring", "managed"]
    then, now = (major_of(each, OPERATED[who.group, who.kind]) for each in (before, after))
    if then and now and then[1] < now[1]:
        says = "its operator stops it, upgrades the data in place and starts it again; there is no way back"
        yield Effect("data", f"{who}: its major version goes from {then[1]} to {now[1]}: {says}")
        quiet += [str(path[1]) for path in OPERATED[who.group, who.kind].majors]
    mine, changed = _without(before, *quiet), _without(after, *quiet)
    found = first_difference(mine, changed, path=("spec",))
    if found is not None:
        yield Effect("restart", f"{who}: its operator may restart its pods one by one ({found})")


def _rest(who: Identity, before: Resource, after: Resource) -> Iterator[Effect]:
    found = first_difference(_unlabelled(before), _unlabelled(after))
    if found is None:
        return
    what = found.shown if who.kind == "Secret" else str(found)
    late = who.kind in ("ConfigMap", "Secret") and not who.group
    note = "; what pods read into variables changes with their next restart" if late else ""
    yield Effect("setting", f"{who} changes without a restart ({what}){note}")


def _unlabelled(resource: Resource) -> dict[str, Any]:
    return {key: each for key, each in resource.items() if key not in ("metadata", "apiVersion")}


def _without(resource: Resource, *names: str) -> dict[str, Any]:
    return {key: each for key, each in mapping(resource, "spec").items() if key not in names}


def _without_pods(resource: Resource, who: Identity) -> Resource:
    """Return a workload without what is said elsewhere: its pods, and how many they are."""
    spec = _without(resource, "template", "replicas", "jobTemplate")
    if who.kind == "CronJob":
        job = {key: each for key, each in mapping(resource, "spec", "jobTemplate", "spec").items() if key != "template"}
        spec["jobTemplate"] = {"spec": job}
    return {"spec": spec}


def _scales_only(before: Resource, after: Resource) -> bool:
    names = ("minReplicas", "maxReplicas", "minReplicaCount", "maxReplicaCount")
    return first_difference(_without(before, *names), _without(after, *names)) is None
