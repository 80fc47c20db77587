"""Kubernetes quantities (`100m`, `1.5Gi`, `1e3`), exactly: integers of 10^-9, never floats."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn

from atmos_cli.diagnostics import Code, fail

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """`nano` counts billionths. `suffix` is the family it was written in, "Ki", "k" or "e"; equality ignores it."""

    nano: int = 0
    suffix: str = field(default="k", compare=False)

    def __add__(self, other: Quantity) -> Quantity:
        """Return the exact sum, in the family of the first that is not zero."""
        return Quantity(self.nano + other.nano, self.suffix if self.nano else other.suffix)

    def __sub__(self, other: Quantity) -> Quantity:
        """Return the exact difference, which may be negative, in the family of the first that is not zero."""
        return Quantity(self.nano - other.nano, self.suffix if self.nano else other.suffix)

    def __mul__(self, times: int) -> Quantity:
        return replace(self, nano=self.nano * times)

    def __str__(self) -> str:
        return canonical(self)

    def to_milli(self) -> Quantity:
        """Round away from zero to thousandths, as the API server stores every request and limit."""
        return replace(self, nano=_away(self.nano, _MILLI) * _MILLI)

    def to_whole(self) -> Quantity:
        """Round away from zero to whole units, as quota counts storage in bytes."""
        return replace(self, nano=_away(self.nano, _NANO) * _NANO)

    @property
    def milli(self) -> int:
        """Return thousandths, rounded away from zero: CPU in millicores."""
        return _away(self.nano, _MILLI)

    @property
    def whole(self) -> int:
        """Return whole units, rounded away from zero: memory in bytes."""
        return _away(self.nano, _NANO)


def parse(text: str | float) -> Quantity:
    """Parse the quantity of a string or of a plain YAML number. Raises AtmosError (ATM408) for anything else."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        _refuse(text, "a quantity is a text like 100m or 1Gi, or a number")
    if isinstance(text, int) and abs(text) >= 10**_LONGEST:
        _refuse("a number this long", f"a quantity has at most {_LONGEST} characters")
    written = text.strip() if isinstance(text, str) else repr(text)
    if len(written) > _LONGEST:
        _refuse(written, f"a quantity has at most {_LONGEST} characters")
    match = _GRAMMAR.fullmatch(written)
    if match is None:
        _refuse(written, _advice(written))
    sign, whole, fraction, unit = match["sign"], match["whole"] or "", match["fraction"] or "", match["unit"] or ""
    number = int(whole + fraction)
    if unit in _BINARY:
        nano = min(_scaled(number << _BINARY[unit], 9 - len(fraction)), _MOST_BINARY)
        suffix = "k" if 0 < nano < _NANO else "Ki"
    else:
        exponent = _DECIMAL[unit] if unit in _DECIMAL else int(unit[1:])
        if abs(exponent) > _LARGEST_EXPONENT:
            _refuse(written, f"an exponent is at most {_LARGEST_EXPONENT}")
        nano = _scaled(number, 9 - len(fraction) + exponent)
        suffix = "k" if unit in _DECIMAL else "e"
    return Quantity(-nano if sign == "-" else nano, suffix)


def canonical(quantity: Quantity) -> str:
    """Return the shortest exact text without a fraction, as Kubernetes writes it: `1500m`, `1536Mi`, `0`."""
    nano = quantity.nano
    if quantity.suffix == "Ki" and nano % _NANO == 0 and abs(nano) >= 1024 * _NANO:
        value, power = nano // _NANO, 0
        while value % 1024 == 0 and power < 60:
            value, power = value // 1024, power + 10
        return f"{value}{_BINARY_NAMES[power]}"
    value, exponent = nano, -9
    while value and value % 1000 == 0 and (exponent < 18 or quantity.suffix == "e"):
        value, exponent = value // 1000, exponent + 3
    if not value:
        return "0"
    if quantity.suffix == "e":
        return f"{value}e{exponent}" if exponent else str(value)
    return f"{value}{_DECIMAL_NAMES[exponent]}"


def total(quantities: Iterable[Quantity]) -> Quantity:
    """Return the exact sum; zero of none."""
    return sum(quantities, ZERO)


def _scaled(number: int, power: int) -> int:
    return number * 10**power if power >= 0 else _away(number, 10**-power)


def _away(number: int, unit: int) -> int:
    """Return `number / unit`, rounded away from zero."""
    return -(-number // unit) if number >= 0 else number // unit


def _advice(text: str) -> str:
    if re.fullmatch(r"[-+]?[0-9.]+\s*K", text):
        return "write k for thousands, Ki for 1024s"
    if re.fullmatch(r"[-+]?[0-9.]+\s*([kmgtpe]i?b?|[KMGTPE]i?[bB])", text):
        return "write the unit with a capital and without a B, as in 512Mi or 2Gi"
    return "write a number and one of n u m k M G T P E Ki Mi Gi Ti Pi Ei, as in 250m or 512Mi"


def _refuse(written: object, hint: str) -> NoReturn:
    shown = str(written) if len(str(written)) <= 40 else f"{str(written)[:40]}…"
    raise fail(Code.QUANTITY_INVALID, f"`{shown}` is not a quantity", hint=hint)


ZERO = Quantity()
_NANO = 10**9
_MILLI = 10**6
_MOST_BINARY = (2**63 - 1) * _NANO  # upstream caps only what is written with a binary suffix
_LONGEST = 64
_LARGEST_EXPONENT = 64
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_NAMES = {0: "", **{power: name for name, power in _BINARY.items()}}
_DECIMAL_NAMES = {power: name for name, power in _DECIMAL.items()}
_GRAMMAR = re.compile(
    r"(?P<sign>[-+]?)(?=\.?[0-9])(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?"
    r"(?P<unit>[KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+)?"
)
