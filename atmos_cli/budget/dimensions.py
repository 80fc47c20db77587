"""The names that a budget can limit: those of ResourceQuota, storage by class in short form, and money."""

from __future__ import annotations

import re
from typing import Final

from atmos_cli.kube.quantity import Quantity

MONEY: Final = "money"
PLAIN: Final[tuple[str, ...]] = (
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "requests.storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "persistentvolumeclaims",
    "services.loadbalancers",
    "services.nodeports",
    MONEY,
)
# The headroom is for unplanned growth: these are the dimensions that autoscalers and rollouts move.
WITH_HEADROOM: Final[tuple[str, ...]] = ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "pods")

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DOMAIN = rf"{_LABEL}(\.{_LABEL})+"
_CLASS = re.compile(rf"requests\.storage/{_LABEL}(\.{_LABEL})*")
_EXTENDED = re.compile(rf"requests\.({_DOMAIN}/[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?|hugepages-[0-9]+[KMGT]i)")
_QUOTA_CLASS = ".storageclass.storage.k8s.io/requests.storage"


def dimension_problem(name: str) -> str:
    """Return why `name` is nothing that a budget can limit; empty when it is."""
    if len(name) <= 300 and (name in PLAIN or _CLASS.fullmatch(name) or _EXTENDED.fullmatch(name)):
        return ""
    import difflib

    close = difflib.get_close_matches(name, [*PLAIN, "requests.gpu"], n=1)
    known = f"did you mean `{close[0]}`?" if close and close[0] in PLAIN else f"use one of {', '.join(PLAIN)}"
    more = "`requests.storage/CLASS`, or `requests.DOMAIN/NAME` for an extended resource such as a GPU"
    return f"`{name[:80]}` is no dimension: {known}, {more}"


def storage_dimension(storage_class: str) -> str:
    return f"requests.storage/{storage_class}"


def quota_name(dimension: str) -> str | None:
    """Return the key of ResourceQuota's `hard` for a dimension; None for what no quota can count (money)."""
    if dimension == MONEY:
        return None
    if dimension.startswith("requests.storage/"):
        return dimension.removeprefix("requests.storage/") + _QUOTA_CLASS
    return dimension


def in_family(dimension: str, nano: int) -> Quantity:
    """Return `nano` billionths as a quantity that prints as people write it: bytes in Ki, Mi, Gi, else decimals."""
    in_bytes = any(word in dimension for word in ("memory", "storage", "hugepages"))
    return Quantity(nano, "Ki" if in_bytes else "k")


def amount_text(dimension: str, amount: Quantity, *, currency: str = "") -> str:
    """Write an amount for people: `37.4`, `16.5Gi`, `USD 291.42`; rounded up past three decimals, money to cents."""
    if dimension == MONEY:
        cents = (abs(amount.nano) + 5 * 10**6) // 10**7 * (-1 if amount.nano < 0 else 1)
        sign = "-" if cents < 0 else ""
        return f"{currency} {sign}{abs(cents) // 100}.{abs(cents) % 100:02d}".strip()
    if "cpu" in dimension:
        return _decimal(-(-amount.nano // 10**6), 3)
    if in_family(dimension, 0).suffix == "Ki":
        return _bytes(amount)
    return str(amount)


def _bytes(amount: Quantity) -> str:
    whole = amount.whole
    for power, name in ((40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")):
        if abs(whole) >= 1 << power:
            return _decimal(-(-whole * 1000 // (1 << power)), 3) + name
    return str(whole)


def _decimal(number: int, places: int) -> str:
    sign, digits = ("-" if number < 0 else ""), f"{abs(number):0{places + 1}d}"
    fraction = digits[-places:].rstrip("0")
    return f"{sign}{digits[:-places]}{'.' + fraction if fraction else ''}"
