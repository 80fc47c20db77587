"""A cluster snapshot with indexes, so that judging many objects of it takes linear time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from atmos_cli.kube.shape import at, instant, mapping, mappings, number, text, who
from atmos_cli.verify.fields import said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from atmos_cli.kube.resource import Identity, Resource
    from atmos_cli.verify.seen import ClusterSnapshot, Health

_K = TypeVar("_K")
_V = TypeVar("_V")
# By (group, kind): the function that judges such objects.
HealthRules: TypeAlias = "Mapping[tuple[str, str], Callable[[Resource, Look], Health]]"
NO_RULES: HealthRules = {}


@dataclass(frozen=True, slots=True)
class Event:
    """One v1 Event: `first` and `last` in unix seconds, 0 when it does not say; `count` of the same."""

    reason: str
    message: str
    first: float
    last: float
    count: int
    warning: bool


@dataclass(frozen=True, slots=True)
class Look:
    """A cluster snapshot with its indexes. Build it with `look_at`."""

    snapshot: ClusterSnapshot
    now: float
    live: Mapping[Identity, Resource]
    by_kind: Mapping[tuple[str, str], tuple[Resource, ...]]
    owned: Mapping[tuple[str, str, str], tuple[Resource, ...]]
    events: Mapping[tuple[str, str, str], tuple[Event, ...]]
    rules: HealthRules

    def find(self, wanted: Resource) -> Resource | None:
        """Return the live object of a wanted one, else None; one without a namespace is found if its name is unique."""
        identity = who(wanted)
        found = self.live.get(identity)
        if found is not None or identity.namespace:
            return found
        named = [o for o in self.of_kind(identity.group, identity.kind) if who(o).name == identity.name]
        return named[0] if len(named) == 1 else None

    def of_kind(self, group: str, kind: str) -> tuple[Resource, ...]:
        return self.by_kind.get((group, kind), ())

    def children(self, owner: Resource, group: str, kind: str) -> tuple[Resource, ...]:
        """Return the live objects of a kind whose controller is `owner`."""
        identity, uid = who(owner), text(owner, "metadata", "uid")
        key = (identity.kind, identity.namespace, identity.name)
        return tuple(
            child
            for child in self.owned.get(key, ())
            if who(child)[:2] == (group, kind) and (not uid or _controller_uid(child) in {"", uid})
        )

    def events_of(self, resource: Resource) -> tuple[Event, ...]:
        """Return the events about this object, oldest first."""
        identity = who(resource)
        return self.events.get((identity.kind, identity.namespace, identity.name), ())


def look_at(snapshot: ClusterSnapshot, *, now: float, rules: HealthRules = NO_RULES) -> Look:
    """Index a cluster snapshot. `now`: unix seconds on the clock that the cluster's times are compared with.

    `rules` judge kinds that this package does not know, such as those of the engines.
    """
    live: dict[Identity, Resource] = {}
    kinds: defaultdict[tuple[str, str], list[Resource]] = defaultdict(list)
    owned: defaultdict[tuple[str, str, str], list[Resource]] = defaultdict(list)
    for resource in _objects(snapshot.objects):
        identity = who(resource)
        if identity in live:
            continue
        live[identity] = resource
        kinds[identity[:2]].append(resource)
        owner = _controller(resource)
        if owner:
            owned[text(owner, "kind"), identity.namespace, text(owner, "name")].append(resource)
    return Look(
        snapshot=snapshot,
        now=now,
        live=live,
        by_kind=_frozen(kinds),
        owned=_frozen(owned),
        events=_events(snapshot.events),
        rules=rules,
    )


def event_of(resource: Resource) -> Event:
    """Read a v1 Event, also one that only has `eventTime` or a `series`, as the newer API writes it."""
    single = instant(resource, "eventTime") or instant(resource, "metadata", "creationTimestamp")
    first = instant(resource, "firstTimestamp") or single
    last = instant(resource, "lastTimestamp") or instant(resource, "series", "lastObservedTime") or single
    count = number(resource, "count") or number(resource, "series", "count") or 1
    warning = text(resource, "type") == "Warning"
    return Event(
        reason=text(resource, "reason"),
        message=said(text(resource, "message")),
        first=first,
        last=max(first, last),
        count=count,
        warning=warning,
    )


def _events(resources: Iterable[Resource]) -> Mapping[tuple[str, str, str], tuple[Event, ...]]:
    found: defaultdict[tuple[str, str, str], list[Event]] = defaultdict(list)
    for resource in _objects(resources):
        about = mapping(resource, "involvedObject") or mapping(resource, "regarding")
        found[text(about, "kind"), text(about, "namespace"), text(about, "name")].append(event_of(resource))
    return {key: tuple(sorted(events, key=lambda e: (e.last, e.first))) for key, events in found.items()}


def _objects(resources: Iterable[Resource]) -> Iterable[Resource]:
    return (resource for resource in resources if isinstance(resource, dict))


def _controller(resource: Resource) -> Resource:
    references = mappings(resource, "metadata", "ownerReferences")
    return next((r for r in references if at(r, "controller") is True), references[0] if references else {})


def _controller_uid(resource: Resource) -> str:
    return text(_controller(resource), "uid")


def _frozen(lists: Mapping[_K, list[_V]]) -> Mapping[_K, tuple[_V, ...]]:
    return {key: tuple(values) for key, values in lists.items()}
