"""Sums of what a whole environment asks for, by team and service; only what changed since the last count is built."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from atmos_cli.budget.claim import claim
from atmos_cli.budget.digest import canonical
from atmos_cli.budget.dimensions import in_family
from atmos_cli.budget.evaluate import Service, Sums, Totals
from atmos_cli.budget.prices import with_cost
from atmos_cli.config import FILE
from atmos_cli.diagnostics import AtmosError
from atmos_cli.gitops.builds import unchanged
from atmos_cli.gitops.repository import config_of
from atmos_cli.gitops.units import Unit, app_unit, other_units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from atmos_cli.budget.model import Count
    from atmos_cli.budget.prices import PriceSheet
    from atmos_cli.config import Config
    from atmos_cli.gitops.effective import Effective

VERSION = "1"  # of how claims are computed; another one forgets what was cached
COUNTS: tuple[Count, ...] = ("steady", "peak", "rollout")
Nano = dict[str, int]


@dataclass(slots=True)
class UsageSums:
    """Sums in billionths by count and dimension; what is unknown; files outside of the unit that they depend on."""

    counts: dict[str, Nano] = field(default_factory=lambda: {count: {} for count in COUNTS})
    unknown: dict[str, list[list[str]]] = field(default_factory=dict)  # by service: (what and why, mark)
    outside: dict[str, str] = field(default_factory=dict)
    lasting: bool = True

    def add(self, other: UsageSums) -> None:
        for count, sums in other.counts.items():
            mine = self.counts[count]
            for name, nano in sums.items():
                mine[name] = mine.get(name, 0) + nano
        for service, notes in other.unknown.items():
            self.unknown.setdefault(service, []).extend(notes)
        self.outside.update(other.outside)
        self.lasting = self.lasting and other.lasting

    def text(self) -> str:
        return json.dumps([self.counts, self.unknown, self.outside], separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class EnvironmentUsage:
    """One environment at one commit: by team always, by service for those that were requested."""

    environment: str
    teams: Mapping[str, UsageSums]
    services: Mapping[Service, UsageSums]

    def sums(self, count: Count, sheet: PriceSheet | None) -> Sums:
        whole = UsageSums()
        for entry in self.teams.values():
            whole.add(entry)
        unknown = {
            (team, service): tuple((note, mark) for note, mark in notes)
            for team, entry in self.teams.items()
            for service, notes in entry.unknown.items()
        }
        return Sums(
            totals(whole, count, sheet),
            {team: totals(entry, count, sheet) for team, entry in self.teams.items()},
            {service: totals(entry, count, sheet) for service, entry in self.services.items()},
            unknown,
        )


def totals(entry: UsageSums, count: Count, sheet: PriceSheet | None) -> Totals:
    return with_cost({name: in_family(name, nano) for name, nano in entry.counts[count].items()}, sheet)


def use_of(effective: Effective, environment: str, *, services: Iterable[Service] | None = ()) -> EnvironmentUsage:
    """Add up all that `environment` runs. `services`: those to list separately, None for every one.

    Raises AtmosError when the budget or the configuration cannot be read; a service that cannot be built is unknown.
    """
    counting = _Counting(effective, environment)
    teams: dict[str, UsageSums] = {}
    by_service: dict[Service, UsageSums] = {}
    wanted = None if services is None else set(services)
    stamps = effective.snapshot.level(["apps"])
    counting.expect(stamps)
    for path, stamp in stamps.items():
        team = path.split("/")[1]
        mine = {} if wanted is None else {each for each in wanted if each[0] == team}
        teams[team] = counting.team(team, stamp, by_service if wanted is None or mine else None)
    for unit, entry in counting.others():
        teams.setdefault(unit.team, UsageSums()).add(entry)
        by_service.setdefault((unit.team, unit.service), UsageSums()).add(entry)
    effective.cache.save()
    kept = by_service if wanted is None else {each: entry for each, entry in by_service.items() if each in wanted}
    return EnvironmentUsage(environment, teams, kept)


def changed_services(before: Effective, after: Effective) -> set[Service]:
    """Return services whose files differ, or may differ as far as is known unread; other units always count."""
    old, new = before.snapshot.level(["apps"]), after.snapshot.level(["apps"])
    differ = [path for path in {**old, **new} if not new.get(path) or old.get(path) != new.get(path)]
    old, new = before.snapshot.level(differ), after.snapshot.level(differ)
    changed = [path for path in {**old, **new} if not new.get(path) or old.get(path) != new.get(path)]
    return {(path.split("/")[1], path.split("/")[2]) for path in changed}


class _Counting:
    def __init__(self, effective: Effective, environment: str) -> None:
        self.effective = effective
        self.environment = environment
        self.terms = effective.policy.terms(environment)
        budget = effective.policy.budget(environment)
        depends = [budget.assume.model_dump(mode="json"), str(budget.missing_requests), self.terms.by_class]
        self.basis = hashlib.sha256(canonical([VERSION, environment, depends]).encode()).hexdigest()

    def expect(self, teams: Mapping[str, str]) -> None:
        """Ask the cache for the sums of all `teams` at once."""
        keys = (self._key("team", path.split("/")[1], stamp) for path, stamp in teams.items())
        self.effective.cache.get([key for key in keys if key])

    def team(self, team: str, stamp: str, by_service: dict[Service, UsageSums] | None) -> UsageSums:
        """Add up a team's services; `told`, when given, gets the sum of each of them."""
        key = self._key("team", team, stamp)
        if by_service is None and key and (known := self._known([key]).get(key)):
            return known
        sums = UsageSums()
        for service, entry in self._services(team):
            sums.add(entry)
            if by_service is not None:
                by_service[team, service] = entry
        if key and sums.lasting:
            self.effective.cache.put({key: sums.text()})
        return sums

    def _services(self, team: str) -> Iterator[tuple[str, UsageSums]]:
        units = [
            (app_unit(team, path.split("/")[2], self.environment), stamp)
            for path, stamp in self.effective.snapshot.level([f"apps/{team}"]).items()
        ]
        for unit, entry in self._entries(units):
            yield unit.service, entry

    def others(self) -> Iterator[tuple[Unit, UsageSums]]:
        if self.effective.tree.read(FILE) is None:
            return  # a commit from before the repo was made: no cluster of it runs anything
        config: Config = config_of(self.effective.tree)
        if self.environment in config.environments:
            yield from self._entries(other_units(self.effective.snapshot, config, self.environment))

    def _entries(self, units: list[tuple[Unit, str]]) -> Iterator[tuple[Unit, UsageSums]]:
        keys = [self._key(unit.reads, unit.place, stamp) for unit, stamp in units]
        known = self._known([key for key in keys if key])
        for (unit, _), key in zip(units, keys, strict=True):
            entry = known.get(key) if key else None
            if entry is None:
                entry = self._count(unit)
                if key and entry.lasting:
                    self.effective.cache.put({key: entry.text()})
            yield unit, entry

    def _key(self, *parts: str) -> str:
        """Return the key of a cached sum; empty when the content is not known without reading it."""
        return hashlib.sha256(os.fsencode("\0".join((self.basis, *parts)))).hexdigest() if parts[-1] else ""

    def _known(self, keys: list[str]) -> dict[str, UsageSums]:
        found = {}
        checked: dict[str, str] = {}
        for key, text in self.effective.cache.get(keys).items():
            try:
                counts, unknown, outside = json.loads(text)
            except ValueError:
                continue
            if unchanged(self.effective.snapshot.tree, outside, checked):
                found[key] = UsageSums(counts, unknown, outside)
        return found

    def _count(self, unit: Unit) -> UsageSums:
        build = self.effective.builds.of(self.effective.snapshot.tree, unit)
        entry = UsageSums()
        try:
            found = claim([built.resource for built in build.resources()], terms=self.terms)
        except AtmosError as error:
            where = error.diagnostics[0].where
            note = f"it cannot be built: {error.diagnostics[0].message}{f' ({where})' if where else ''}"
            return UsageSums(unknown={unit.service: [[note, ""]]}, lasting=False)
        for count in COUNTS:
            entry.counts[count] = {name: amount.nano for name, amount in found.total(count).items() if amount.nano}
        if found.unknown:
            entry.unknown[unit.service] = [[note, mark] for note, mark in found.unknown]
        entry.outside = {what: digest for what, digest in (build.reads or {}).items() if _is_outside(what, unit)}
        entry.lasting = build.reads is not None and not self.effective.snapshot.has_links(unit.directory)
        return entry


def _is_outside(what: str, unit: Unit) -> bool:
    """Return whether a file or listing is outside of the unit's own directory: its claim depends on that, too."""
    kind, _, path = what.partition(" ")
    directory = f"{unit.directory}/" if unit.directory != unit.place else unit.place
    return not (path if kind == "file" else f"{path}/").startswith(directory)
