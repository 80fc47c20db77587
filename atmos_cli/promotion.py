"""What an environment asks of a version before it takes it over from another one: `promotion` in atmos-cli.yaml."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from atmos_cli.documents import Strict

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"[1-9][0-9]{0,3}[mhd]")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_SECONDS = {"m": 60, "h": 3600, "d": 86400}


def _is_a_span(value: Any) -> Any:
    if not isinstance(value, str) or not _SPAN.fullmatch(value):
        raise ValueError(f"`{str(value)[:40]}` is no span of time: write a number and m, h or d, such as `30m` or `2d`")
    return value


def _is_a_day(value: Any) -> Any:
    if value not in DAYS:
        raise ValueError(f"`{str(value)[:40]}` is no day: write {', '.join(DAYS[:-1])} or {DAYS[-1]}")
    return value


def _is_a_time(value: Any) -> Any:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError(f'`{str(value)[:40]}` is no time of day: write it from "00:00" to "23:59"')
    return value


def _some(value: Any) -> Any:
    if value == []:
        raise ValueError("this is empty: leave it out for every day, or name one")
    return value


def _with_images(value: tuple[str, ...]) -> tuple[str, ...]:
    if "images" not in value:
        raise ValueError("`images` always travel: add them")
    return value


Span = Annotated[str, BeforeValidator(_is_a_span)]
Day = Annotated[Weekday, BeforeValidator(_is_a_day)]
TimeOfDay = Annotated[str, BeforeValidator(_is_a_time)]
Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$", max_length=64)]


class Freeze(Strict):
    """A window in which nothing is promoted. It begins on each of `days` at `from`, and ends at the next `to`."""

    days: Annotated[tuple[Day, ...], BeforeValidator(_some)] = Field(
        default=DAYS, description="the days on which it begins; all by default"
    )
    start: TimeOfDay = Field(default="00:00", alias="from")
    end: TimeOfDay = Field(default="00:00", alias="to", description="not after `from`: on the day after")
    zone: Zone = Field(default="UTC", description="the time zone of both, such as `Europe/Berlin`")


class Promotion(Strict):
    """`source` is where versions come from; without it, from the environment before in the file."""

    source: str = Field(default="", alias="from", description="the environment that versions come from")
    verdict: Literal["pass", "warn"] = Field(default="pass", description="the worst verdict there that is good enough")
    soak: Span | None = Field(default=None, description="how long the version must have been good there")
    freeze: tuple[Freeze, ...] = Field(default=(), max_length=50)
    carry: Annotated[tuple[Literal["images", "replicas"], ...], AfterValidator(_with_images)] = Field(
        default=("images",), description="what travels; the rest is each environment's own"
    )


def seconds(span: str) -> int:
    """Return the seconds of a span: 1800 for `30m`; `span` has the form that the model accepts."""
    return int(span[:-1]) * _SECONDS[span[-1]]
