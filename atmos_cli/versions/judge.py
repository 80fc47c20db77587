"""What is behind on a day: in the table itself, of a cluster's Kubernetes, of an image, of an action."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from atmos_cli.versions.table import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.versions.table import Gone, Release, VersionTable

# `unfixed`: older than a fix that the table names; `ended`: without support; `unknown`: newer or older than the table.
Fault = Literal["behind", "unfixed", "ended", "gone", "unknown"]
# No registry takes longer names.
SHOWN = 255
_TAG = re.compile(r"v?\d+(?:\.\d+)*")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Stale:
    """One thing that is behind: `found` in a repo, `wanted` to have instead, "" where it is another one's choice.

    `why` says what is wrong with it, in words.
    """

    title: str
    found: str
    wanted: str
    fault: Fault
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class KnownImage:
    """An image of the table, as it stands somewhere: `version` is what its tag begins with."""

    release: Release
    version: str


@dataclass(frozen=True, slots=True)
class Bump:
    """A version that a change takes to another one of the same thing; `mends`: what was mended between them."""

    title: str
    before: str
    after: str
    mends: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.title} {self.before} → {self.after}"


def bump(table: VersionTable, before: object, after: object) -> Bump | None:
    """Return what a value says that was one image of the table and is another one of the same thing."""
    if not (isinstance(before, str) and isinstance(after, str)):
        return None
    old, new = known_image(table, before), known_image(table, after)
    if old is None or new is None or old.release is not new.release or old.version == new.version:
        return None
    series = new.release.series.get(new.release.series_of(new.version) or "")
    missing = series.missing(old.version) if series else ()
    left = series.missing(new.version) if series else ()
    return Bump(new.release.title, old.version, new.version, tuple(each for each in missing if each not in left))


def faults(table: VersionTable, *, on: str) -> Iterator[str]:
    """Say what of all that atmos writes has no support any more on that day, or lacks a fix that the table names."""
    for place, release in table.all.items():
        for name in release.written:
            series = release.series[name]
            if series.ended(on):
                yield f"{place}: {release.title} {name} is written, and its support ended on {series.end}"
            if series.newest and (missing := series.missing(series.newest)):
                yield f"{place}: {release.title} {series.newest} is written, and lacks {', '.join(missing)}"


def unpinned(table: VersionTable) -> tuple[str, ...]:
    """List what atmos writes by version alone, since nobody could look up a digest where the table is kept."""
    return tuple(
        f"{each.title} {each.series[name].newest or name}"
        for each in (*table.images.values(), *table.actions.values())
        for name in each.written
        if each.series[name].digest is None
    )


def stale_kubernetes(table: VersionTable, version: str, *, on: str) -> Stale | None:
    """Return what is wrong with the minor of a cluster: none that the table has, or one without support."""
    release = table.kubernetes
    if not release.series:
        return None
    minors = sorted(release.series, key=numbers)
    if version not in release.series:
        newer = numbers(version) > numbers(minors[-1])
        nearest = minors[-1] if newer else minors[0]
        what = "newer than any" if newer else "older than any"
        why = f"is {what} that this atmos knows, so what runs there is judged as by {nearest}"
        return Stale(release.title, version, nearest, "unknown", why, release.source)
    if release.series[version].ended(on):
        why = f"has no support any more since {release.series[version].end}"
        return Stale(release.title, version, release.writes or minors[-1], "ended", why, release.source)
    return None


def unusable_kubernetes(table: VersionTable, version: str) -> str:
    """Return why a new cluster cannot have that minor, "" when it can: schemas of it are here, or there is no table."""
    minors = sorted(table.kubernetes.series, key=numbers)
    if minors and version not in minors:
        return f"is no version of Kubernetes that this atmos knows: those are {minors[0]} to {minors[-1]}"
    return ""


def known_image(table: VersionTable, image: str) -> KnownImage | None:
    """Return the image of the table that has this name, whoever wrote it; None for others and a digest alone."""
    name, _, tag = whole_name(image.partition("@")[0]).rpartition(":")
    for release in table.images.values():
        if any(each.rpartition(":")[0] == name for each in release.references.values()):
            version = _TAG.match(tag)
            return KnownImage(release, version[0]) if version else None
    return None


def stale_image(table: VersionTable, image: str, *, on: str) -> Stale | None:
    """Return what is behind of an image that the table knows, or that is gone."""
    if row := gone_image(table, image):
        return Stale(image[:SHOWN], "", "", "gone", f"{row.why} on {row.since}: {row.instead}", row.source)
    known = known_image(table, image)
    return _stale(known.release, known.version, on=on) if known else None


def gone_image(table: VersionTable, image: str) -> Gone | None:
    """Return the row of an image that nobody serves or mends any more."""
    name = whole_name(image)
    return next((each for each in table.gone if name.startswith(each.image)), None)


def stale_action(table: VersionTable, action: str, version: str, *, on: str) -> Stale | None:
    """Return what is behind of `uses: action@version`, where the version is a tag or the commit of the newest one."""
    release = table.actions.get(action)
    if release is None:
        return None
    if _COMMIT.fullmatch(version):
        return None  # which version it is cannot be known offline
    return _stale(release, version, on=on)


def whole_name(image: str) -> str:
    """Return an image with its registry, as container runtimes complete it."""
    first, slash, rest = image.partition("/")
    if not slash:
        return f"docker.io/library/{image}"
    if first in ("docker.io", "index.docker.io", "registry-1.docker.io"):
        return f"docker.io/{rest}" if "/" in rest else f"docker.io/library/{rest}"
    return image if "." in first or ":" in first or first == "localhost" else f"docker.io/{image}"


def _stale(release: Release, version: str, *, on: str) -> Stale | None:
    name = release.series_of(version)
    if name is None:
        return None
    series, current = release.series[name], release.writes and release.series[release.writes]
    if series.ended(on):
        wanted = (current.newest if current else None) or release.writes or ""
        why = f"has no support any more since {series.end}"
        return Stale(release.title, version, wanted, "ended", why, release.source)
    # A tag such as `17` or `v6` moves by itself: what it is today cannot be known offline.
    if series.newest is None or len(numbers(version)) < len(numbers(series.newest)):
        return None
    if missing := series.missing(version):
        return Stale(release.title, version, series.newest, "unfixed", f"lacks {', '.join(missing)}", release.source)
    if numbers(version) < numbers(series.newest):
        return Stale(release.title, version, series.newest, "behind", "is not the newest of its series", release.source)
    return None
