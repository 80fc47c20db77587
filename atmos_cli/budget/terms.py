"""Percentages, spans of time and amounts as a budget writes them, read exactly."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from atmos_cli.budget.dimensions import dimension_problem
from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.quantity import Quantity, parse

_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
# Above what any cluster has; an amount like 1e60 is a typing error, and a sum of such amounts means nothing.
MOST = parse("1E") * 1000


def _amount(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError('must be a quantity such as "4", 500m or 16Gi')  # noqa: TRY004 - pydantic's contract
    try:
        quantity = parse(value)
    except AtmosError as error:
        raise ValueError(error.diagnostics[0].message) from None
    if quantity < parse("0"):
        raise ValueError(f"`{value}` is negative; a budget is zero or more")
    if quantity > MOST:
        raise ValueError(f"`{value}` is more than any cluster has")
    return str(value)


def _increase(value: object) -> str:
    return _amount(value.removeprefix("+") if isinstance(value, str) else value)


def _dimension(name: str) -> str:
    if problem := dimension_problem(name):
        raise ValueError(problem)
    return name


Amount = Annotated[str, BeforeValidator(_amount)]
Increase = Annotated[str, BeforeValidator(_increase)]
Dimension = Annotated[str, AfterValidator(_dimension)]
Percent = Annotated[str, StringConstraints(pattern=r"^(100|[1-9]?[0-9])%$")]
IncreasePercent = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{1,4}%$")]
Span = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}[mhdw]$")]
OverBy = Annotated[str, StringConstraints(pattern=r"^(<=|>) ?[0-9]{1,4}%$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def percent(text: str) -> int:
    return int(text.strip("+%<=> "))


def seconds(span: str) -> int:
    """Return a span of time in seconds: `90m`, `12h`, `14d`, `2w`."""
    return int(span[:-1]) * _SECONDS[span[-1]]


def over_percent(text: str, *, over: Quantity, limit: Quantity) -> bool:
    """Return whether `over`, what is above `limit`, is within `<=20%` or `>20%` of it; endless if `limit` is 0."""
    within = over.nano * 100 <= percent(text) * limit.nano
    return within if re.match("<=", text) else not within
