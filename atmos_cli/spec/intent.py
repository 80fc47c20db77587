"""What an intent says, value by value, each with the words that said it. Plain values: no pydantic here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from atmos_cli.spec.calls import ServiceCall
    from atmos_cli.spec.volume_words import VolumeSaid

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
    """What an intent says; None or empty: not said. `addons` are sorted by name, so equal meanings give equal specs.

    `settings` are those of add-ons: (add-on, key, value); `env` has pairs. `health` is the path of all probes that
    nothing else is said of. `environments` and `team` are options of the command; `remarks` need no setting.
    """

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
    cpu: Stated[str] | None = None
    memory: Stated[str] | None = None
    settings: tuple[Stated[tuple[str, str, Any]], ...] = ()
    env: tuple[Stated[tuple[str, str]], ...] = ()
    secrets: tuple[Stated[str], ...] = ()
    volumes: tuple[Stated[VolumeSaid], ...] = ()
    calls: tuple[Stated[ServiceCall], ...] = ()
    health: Stated[str] | None = None
    live: Stated[str] | None = None
    ready: Stated[str] | None = None
    environments: Stated[tuple[str, ...]] | None = None
    team: Stated[str] | None = None
    remarks: tuple[Stated[str], ...] = ()

    def stated(self) -> tuple[tuple[str, Stated[Any]], ...]:
        """Return every value that was said, with its field of `service.yaml` or its own (`without`, `cpu`, `team`)."""
        found = [(field, getattr(self, field)) for field in _SINGLE if getattr(self, field) is not None]
        several = [(field, item) for field in _SEVERAL for item in getattr(self, field)]
        return (*found, *several)

    def fields(self) -> dict[str, Any]:
        """Return what was said, in the shape of `service.yaml`; what was not said is left out.

        Amounts are not among them: where only one of two is said, the language has the other.
        """
        plain = {field: getattr(self, field).value for field in _PLAIN if getattr(self, field) is not None}
        if self.port:
            plain["port"] = {"service": self.port.value.service, "container": self.port.value.container}
        if self.scaling:
            plain["scaling"] = {"min": self.scaling.value.min, "max": self.scaling.value.max}
        if self.hosts:
            plain["hosts"] = [host.value for host in self.hosts]
        if self.addons:
            plain["addons"] = {addon.value: {} for addon in self.addons}
        for setting in self.settings:
            addon, key, value = setting.value
            plain["addons"][addon][key] = value
        if self.env:
            plain["env"] = dict(each.value for each in self.env)
        if self.volumes:
            plain["volumes"] = {v.value.name: _volume(v.value) for v in self.volumes}
        if self.calls:
            plain["dependencies"] = [_dependency(each.value) for each in self.calls]
        if probes := self._probes():
            plain["probes"] = probes
        return plain

    def _probes(self) -> dict[str, Any]:
        live, ready = self.live or self.health, self.ready or self.health
        found = {"startup": {"path": live.value}, "liveness": {"path": live.value}} if live else {}
        return {**found, "readiness": {"path": ready.value}} if ready else found


_PLAIN = ("name", "type", "language", "framework", "size", "replicas", "image")
_SINGLE = (
    "name",
    "type",
    "language",
    "framework",
    "port",
    "scaling",
    "size",
    "replicas",
    "image",
    "cpu",
    "memory",
    "health",
    "live",
    "ready",
    "environments",
    "team",
)
_SEVERAL = ("hosts", "addons", "settings", "without", "env", "secrets", "volumes", "calls", "remarks")


def _volume(said: VolumeSaid) -> dict[str, str]:
    return {"path": said.path, "size": said.size, "kind": said.kind}


def _dependency(said: ServiceCall) -> dict[str, Any]:
    found: dict[str, Any] = {"service": said.service}
    if said.port:
        found["port"] = said.port
    return {**found, "team": said.team} if said.team else found
