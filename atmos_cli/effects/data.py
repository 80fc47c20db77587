"""What happens to data: objects that hold it and go, are replaced, shrink, or stay behind in the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from atmos_cli.diagnostics import AtmosError
from atmos_cli.effects.model import Effect
from atmos_cli.kube.kept import DATA_KINDS, STATEFUL_SET, delete_command, holds_data, stays
from atmos_cli.kube.operators import OPERATED
from atmos_cli.kube.quantity import parse
from atmos_cli.kube.shape import at, mappings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.blueprint.composed import DeclaredRename
    from atmos_cli.effects.model import Objects
    from atmos_cli.kube.resource import Identity, Resource
    from atmos_cli.kube.shape import Path


# What else people and other objects know by its name, so that a declared rename is more than a detail.
KNOWN_BY_NAME = frozenset({("", "Service"), STATEFUL_SET})
_SIZES: tuple[Path, ...] = (("spec", "resources", "requests", "storage"), ("spec", "storage", "size"))


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that nobody may do by accident.

    `deleted`: goes with its data; `replaced`: starts empty under the name `by`; `shrunk`: `by` says how.
    """

    resource: Identity
    how: Literal["deleted", "replaced", "shrunk"]
    by: str = ""
    stays: bool = False


def losses_of(before: Objects, after: Objects, renamed: tuple[DeclaredRename, ...] = ()) -> Iterator[Loss]:
    """Yield what a person has to allow before it happens."""
    for who, resource in before.items():
        kind = who.group, who.kind
        if who in after:
            for name, old, new in _sizes(who, resource, after[who]):
                if new < old and not _refused_elsewhere(kind):
                    yield Loss(who, "shrunk", name)
        elif kind in DATA_KINDS or _claims(resource) or kind in KNOWN_BY_NAME:
            follower = _follower(who, before, after, renamed)
            by_name = kind in KNOWN_BY_NAME and not _claims(resource)
            if follower and (not by_name or _declared(who, follower, renamed)):
                yield Loss(who, "replaced", str(follower), stays=stays(resource))
            elif holds_data(who, resource) and not stays(resource):
                yield Loss(who, "deleted")


def data_effects(before: Objects, after: Objects) -> Iterator[Effect]:
    """Say in plain words what happens to data, also where nobody has to allow it."""
    for who, resource in before.items():
        kind = who.group, who.kind
        if who not in after:
            yield from _leaving(who, resource)
        elif kind in DATA_KINDS or kind == STATEFUL_SET:
            for _, old, new in _sizes(who, resource, after[who]):
                if new > old:
                    yield Effect("data", f"{who}: its volume grows, where its storage class allows that")
            yield from _classes(who, resource, after[who])
            yield from _fewer_claims(who, resource, after[who])


def _leaving(who: Identity, resource: Resource) -> Iterator[Effect]:
    claims = ", ".join(_claims(resource))
    if holds_data(who, resource) and stays(resource):
        later = f"`{delete_command(who)}` deletes it later, for good"
        yield Effect("data", f"{who} stays in the cluster with its data, although Git no longer has it; {later}")
    elif holds_data(who, resource):
        yield Effect("data", f"{who} is deleted with its data")
    elif claims:
        yield Effect("data", f"{who} is removed, and the claims of its pods ({claims}) stay with their data")


def _follower(who: Identity, before: Objects, after: Objects, renamed: tuple[DeclaredRename, ...]) -> Identity | None:
    """Return the object that takes the place of one that goes: the declared one, or a new one of its kind."""
    new = [each for each in after if each not in before and each[:3] == who[:3]]
    declared = [each for each in new if _declared(who, each, renamed)]
    return next(iter(declared or new), None)


def _declared(old: Identity, new: Identity, renamed: tuple[DeclaredRename, ...]) -> bool:
    return any((each.kind, each.old, each.new) == (old.kind, old.name, new.name) for each in renamed)


def _claims(resource: Resource) -> tuple[str, ...]:
    if text(resource, "kind") != "StatefulSet":
        return ()
    return tuple(text(each, "metadata", "name") for each in mappings(resource, "spec", "volumeClaimTemplates"))


def _refused_elsewhere(kind: tuple[str, str]) -> bool:
    """Say whether the API server, or a webhook that atmos knows, refuses a smaller size by itself."""
    row = OPERATED.get(kind)
    return kind == ("", "PersistentVolumeClaim") or bool(row and row.runs)


def _sizes(who: Identity, before: Resource, after: Resource) -> Iterator[tuple[str, int, int]]:
    if (who.group, who.kind) not in DATA_KINDS:
        return
    for path in _SIZES:
        old, new = at(before, *path), at(after, *path)
        try:
            if old is not None and new is not None:
                yield f"{'.'.join(map(str, path))} {old} → {new}", parse(str(old)).nano, parse(str(new)).nano
        except AtmosError:
            continue  # the checks say what is wrong with a quantity


def _classes(who: Identity, before: Resource, after: Resource) -> Iterator[Effect]:
    """Say that an operator does not move volumes to another storage class; of a claim the API server says no."""
    for path in (("spec", "storage", "storageClass"), ("spec", "storage", "storageClassName")):
        old, new = at(before, *path), at(after, *path)
        if old != new:
            named = f"from {old or 'the default class'} to {new or 'the default class'}"
            yield Effect("data", f"{who}: its storage class changes {named}: volumes that are there stay as they are")


def _fewer_claims(who: Identity, before: Resource, after: Resource) -> Iterator[Effect]:
    policy = text(after, "spec", "persistentVolumeClaimRetentionPolicy", "whenScaled")
    old, new = at(before, "spec", "replicas"), at(after, "spec", "replicas")
    if policy == "Delete" and isinstance(old, int) and isinstance(new, int) and new < old and _claims(after):
        yield Effect(
            "data", f"{who}: the claims of the pods that go are deleted with their data (`whenScaled: Delete`)"
        )
