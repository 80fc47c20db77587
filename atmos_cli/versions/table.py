"""`blueprints/versions.yaml`: what of other people's atmos writes or names, what is current of it, and until when."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from atmos_cli.documents import Strict

Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Version = Annotated[str, StringConstraints(pattern=r"^v?\d+(\.\d+)*([a-z]+\d+)?$")]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
# No version has longer numbers, and text of any length is asked for.
_NUMBER = re.compile(r"\d{1,12}")


class ReleaseSeries(Strict):
    """What is maintained as one: `newest` of it, the day its support ends, what was mended in which version.

    `digest`: the commit of `newest`, where it is known here.
    """

    newest: Version | None = None
    end: Day | None = None
    fixes: dict[Version, tuple[str, ...]] = Field(default={})
    digest: Commit | None = None

    def ended(self, on: str) -> bool:
        """Say whether it has no support any more on a day, written as in the table."""
        return self.end is not None and self.end < on

    def missing(self, version: str) -> tuple[str, ...]:
        """Return what was mended in it after `version`."""
        later = sorted((each for each in self.fixes if numbers(each) > numbers(version)), key=numbers)
        return tuple(dict.fromkeys(fix for each in later for fix in self.fixes[each]))


class Release(Strict):
    """A thing that somebody else releases. Days are compared as text, which ISO 8601 allows."""

    title: str
    source: str
    writes: Version | None = None
    offers: tuple[Version, ...] = ()
    series: dict[Version, ReleaseSeries]

    @model_validator(mode="after")
    def _is_of_itself(self) -> Release:
        for name in self.written:
            if name not in self.series:
                raise ValueError(f"`{name}` is written, and no series of {self.title}")
        for name, series in self.series.items():
            for each in (*filter(None, [series.newest]), *series.fixes):
                if numbers(each)[: len(numbers(name))] != numbers(name):
                    raise ValueError(f"`{each}` is not of the series `{name}` of {self.title}")
        return self

    @property
    def written(self) -> tuple[str, ...]:
        """Return the series that may stand in what atmos writes."""
        return tuple(dict.fromkeys((*filter(None, [self.writes]), *self.offers)))

    def series_of(self, version: str) -> str | None:
        """Return the name of the series that a version is of; None for one that the table does not have."""
        wanted = numbers(version)
        return next((name for name in self.series if wanted[: len(numbers(name))] == numbers(name)), None)


class Image(Release):
    """A program in containers; `references` are its images, `{version}` for the version, by what they are for."""

    references: dict[str, Annotated[str, StringConstraints(pattern=r"^[a-z0-9./-]+:[^:]*\{version\}[^:]*$")]]

    def written_as(self, reference: str) -> dict[str, str]:
        """Return the whole image of each series that is written, and as `default` that of a spec that says nothing."""
        made = {
            name: self.references[reference].replace("{version}", self.series[name].newest or name)
            for name in self.written
        }
        return made | ({"default": made[self.writes]} if self.writes else {})


class Gone(Strict):
    """Images that nobody serves or mends any more; `image` is how their names begin."""

    image: str
    since: Day
    why: str
    instead: str
    source: str


class VersionTable(Strict):
    """The whole table; without a file nothing is known, and so nothing judged."""

    as_of: Day = "0000-00-00"
    kubernetes: Release = Release(title="Kubernetes", source="", series={})
    images: dict[str, Image] = Field(default={})
    operators: dict[str, Release] = Field(default={})
    engines: dict[str, Release] = Field(default={})
    apis: dict[str, Release] = Field(default={})
    actions: dict[str, Release] = Field(default={})
    runtimes: dict[str, Release] = Field(default={})
    gone: tuple[Gone, ...] = ()

    def action(self, name: str) -> str:
        """Return what `uses:` says of an action: the commit where it is known here, else its series."""
        release = self.actions[name]
        series = release.series[release.writes or ""]
        return f"{name}@{series.digest} # {series.newest}" if series.digest else f"{name}@{release.writes}"

    @property
    def all(self) -> dict[str, Release]:
        """Return everything that is released, by its place in the table."""
        sections: dict[str, dict[str, Any]] = {
            "images": self.images,
            "operators": self.operators,
            "engines": self.engines,
            "apis": self.apis,
            "actions": self.actions,
            "runtimes": self.runtimes,
        }
        named = {f"{section}.{name}": each for section, found in sections.items() for name, each in found.items()}
        return {"kubernetes": self.kubernetes, **named}


def numbers(version: str) -> tuple[int, ...]:
    """Return what versions of one thing are ordered by."""
    return tuple(int(each) for each in _NUMBER.findall(version))
