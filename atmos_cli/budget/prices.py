"""`platform/prices.yaml`: what a core, a GiB, a disk or a load balancer costs, with its unit; nothing is guessed."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from atmos_cli.budget.dimensions import MONEY
from atmos_cli.budget.terms import Currency, Percent, percent
from atmos_cli.diagnostics import Code, Location, fail
from atmos_cli.documents import Strict, read_model
from atmos_cli.kube.quantity import Quantity
from atmos_cli.yamlio.locate import locate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.budget.model import Budget

PATH: Final = "platform/prices.yaml"
HOURS: Final = 730  # of a month, as OpenCost and Infracost count
_BYTES: Final = {"GiB": 1 << 30, "GB": 10**9}
# Per hour; list prices of every large provider lie well within, a price per month taken for one per hour does not.
_USUAL: Final = {"cpu": (Fraction(1, 1000), Fraction(1, 2)), "memory": (Fraction(1, 10_000), Fraction(1, 10))}


def _decimal_text(value: object) -> object:
    """Require quotes: YAML makes a float of 0.0259, and money is never a float."""
    if isinstance(value, float):
        said = f'must stand in quotes, so that it stays exact: "{value}"'
        raise ValueError(said)  # noqa: TRY004
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Price = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,15})?$"), BeforeValidator(_decimal_text)]


class Item(Strict):
    price: Price
    unit: Literal["core", "GiB", "GB", "each"]


class PriceSheet(Strict):
    """Items: `cpu`, `memory`, `ephemeral-storage`, `storage`, `storage/CLASS`, `loadBalancer`, extended resources."""

    version: Literal[1] = 1
    name: Annotated[str, StringConstraints(pattern=r"^\S.{0,99}$")]
    currency: Currency
    as_of: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    source: str = ""
    per: Literal["hour", "month"]
    discount: Percent = "0%"
    unusual: bool = Field(default=False, description="prices far from what providers ask are meant as they are")
    items: dict[str, Item]

    @model_validator(mode="after")
    def _units_fit(self) -> PriceSheet:
        problems = [f"`items.{name}` is missing" for name in ("cpu", "memory") if name not in self.items]
        for name, item in self.items.items():
            wanted = _units(name)
            if item.unit not in wanted:
                problems.append(f"`items.{name}.unit` must be {' or '.join(wanted)}, not {item.unit}")
            elif name in _USUAL and not self.unusual:
                hourly, (low, high) = self.per_base(name, hours=1) * _base(name), _USUAL[name]
                if not low <= hourly <= high:
                    problems.append(_unusual(name, hourly, self.currency))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def per_base(self, name: str, *, hours: int = HOURS) -> Fraction:
        """Return the price of one core, byte or piece for so many hours, after the discount."""
        item = self.items[name]
        price = Fraction(item.price) / _BYTES.get(item.unit, 1) * (100 - percent(self.discount)) / 100
        return price * hours / (1 if self.per == "hour" else HOURS)

    @property
    def label(self) -> str:
        """Return what is shown beside every cost: the sheet's name and date."""
        return f"{self.name}, {self.as_of}"

    def cost(self, totals: Mapping[str, Quantity]) -> Quantity:
        """Return what `totals` cost in a month of 730 hours, exact to a billionth, rounded up."""
        found = Fraction(0)
        for name, nano in _priced(totals).items():
            item = name if name in self.items else "storage" if name.startswith("storage/") else ""
            if item in self.items:
                found += nano * self.per_base(item)
        return Quantity(-(-found.numerator // found.denominator))

    def unpriced(self, totals: Mapping[str, Quantity]) -> tuple[str, ...]:
        """Return the items without a price; local disks are part of a node, and cost nothing when not listed."""
        return tuple(
            sorted(
                name
                for name, nano in _priced(totals).items()
                if nano
                and name not in self.items
                and name != "ephemeral-storage"
                and not (name.startswith("storage/") and "storage" in self.items)
            )
        )


def _units(name: str) -> tuple[str, ...]:
    if name == "cpu":
        return ("core",)
    if name in ("memory", "ephemeral-storage", "storage") or name.startswith("storage/"):
        return ("GiB", "GB")
    return ("each",)


def _base(name: str) -> int:
    return 1 if name == "cpu" else _BYTES["GiB"]


def _unusual(name: str, hourly: Fraction, currency: str) -> str:
    what = "core" if name == "cpu" else "GiB of memory"
    micro = int(hourly * 10**6)
    cost = f"{currency} {micro // 10**6}.{micro % 10**6:06d}"
    return (
        f"`items.{name}` makes a {what} cost {cost} an hour, far from any list price: "
        "is `per` right? If it is, say `unusual: true`"
    )


def _priced(totals: Mapping[str, Quantity]) -> dict[str, int]:
    """Return billionths by the item that prices them; storage of a class no longer counts as `storage`."""
    found: dict[str, int] = {}
    for name, amount in totals.items():
        if name == "services.loadbalancers":
            found["loadBalancer"] = amount.nano
        elif name.startswith("requests.") and "hugepages" not in name:
            found[name.removeprefix("requests.")] = amount.nano
    classes = sum(nano for name, nano in found.items() if name.startswith("storage/"))
    if "storage" in found:
        found["storage"] -= classes
    return found


def read_prices(data: bytes | None) -> PriceSheet | None:
    """Read the price sheet; None without one: then no cost is shown. Raises ATM411, located, when it is unusable."""
    return None if data is None else read_model(PriceSheet, data, path=PATH, code=Code.PRICES_INVALID)


def require_prices(budget: Budget, sheet: PriceSheet | None, *, path: str, data: bytes) -> None:
    """Check that a sheet in its currency prices a budget with a money limit; raises ATM411 if none does."""
    if not budget.limits_money:
        return
    where = Location(path, *locate(data, 0, ("limits", MONEY)), field=MONEY)
    if sheet is None:
        message = f"`{path}` limits money, but there is no price sheet `{PATH}`"
        raise fail(Code.PRICES_INVALID, message, hint="write one: docs/budgets.md shows it", where=where)
    other = sorted(budget.currencies - {sheet.currency})
    if other:
        message = f"`{path}` is in {', '.join(other)}, but the prices of `{PATH}` are in {sheet.currency}"
        raise fail(Code.PRICES_INVALID, message, hint="use one currency: atmos never converts", where=where)


def with_cost(totals: Mapping[str, Quantity], sheet: PriceSheet | None) -> dict[str, Quantity]:
    """Return `totals` and, where there are prices, their `money` for a month."""
    return dict(totals) if sheet is None else {**totals, MONEY: sheet.cost(totals)}
