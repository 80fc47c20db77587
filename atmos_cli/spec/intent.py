"""What an intent says, value by value, each with the words that said it. Plain values: no pydantic here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stated(Generic[T]):
    """A value of an intent: `words` are the user's own, from the `word`-th on; `note` says what was made of them."""

    value: T
    words: str
    note: str = ""
    word: int = 0


@dataclass(frozen=True, slots=True)
class PortPair:
    """Clients use `service`; the process listens on `container`."""

    service: int
    container: int


@dataclass(frozen=True, slots=True)
class ReplicaRange:
    min: int
    max: int


@dataclass(frozen=True, slots=True)
class Intent:
    """What an intent says; None or empty: not said. `addons` are sorted by name, so equal meanings give equal specs."""

    name: Stated[str] | None = None
    type: Stated[str] | None = None
    language: Stated[str] | None = None
    framework: Stated[str] | None = None
    port: Stated[PortPair] | None = None
    addons: tuple[Stated[str], ...] = ()
    without: tuple[Stated[str], ...] = ()
    hosts: tuple[Stated[str], ...] = ()
    scaling: Stated[ReplicaRange] | None = None
    size: Stated[str] | None = None
    replicas: Stated[int] | None = None
    image: Stated[str] | None = None

    def stated(self) -> tuple[tuple[str, Stated[Any]], ...]:
        """Return every value that was said, with its field of `service.yaml` (`without` for an unwanted add-on)."""
        single = ("name", "type", "language", "framework", "port", "scaling", "size", "replicas", "image")
        found = [(field, getattr(self, field)) for field in single if getattr(self, field) is not None]
        several = [(field, item) for field in ("hosts", "addons", "without") for item in getattr(self, field)]
        return (*found, *several)

    def fields(self) -> dict[str, Any]:
        """Return what was said, in the shape of `service.yaml`; what was not said is left out."""
        plain = {field: item.value for field, item in self.stated() if field not in {"hosts", "addons", "without"}}
        if self.port:
            plain["port"] = {"service": self.port.value.service, "container": self.port.value.container}
        if self.scaling:
            plain["scaling"] = {"min": self.scaling.value.min, "max": self.scaling.value.max}
        if self.hosts:
            plain["hosts"] = [host.value for host in self.hosts]
        if self.addons:
            plain["addons"] = {addon.value: {} for addon in self.addons}
        return plain
