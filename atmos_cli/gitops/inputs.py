"""What a service is generated from, as checksums: enough to see whether something may be newer without making it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from atmos_cli.budget.model import budget_path
from atmos_cli.config import FILE
from atmos_cli.layout.lock import FORMAT, Lock, checksum, parse_lock
from atmos_cli.layout.lock_history import read_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.budget.model import Budget
    from atmos_cli.config import Config

# Another number when the same inputs give other files, so that `atmos update --check` looks at them again.
GENERATION = 2
# What no file of `init` comes from, so that it is no reason for a change of one.
NOT_IN_SKELETON: dict[str, Any] = {
    "version": True,
    "registry": True,
    "git": {"write", "push"},
    "clusters": {
        "__all__": {
            "kubernetes",
            "context",
            "hub",
            "prometheus",
            "monitoring",
            "api",
            "zones",
            "users",
            "identity",
            "pull_secrets",
            "storage_class",
        }
    },
    "environments": {"__all__": {"http": {"domain"}}},
}
_FIRST_LINE = f"{FORMAT}\n".encode()
_STAMPS, _FIELD, _SPEC = b"\nstamp 00:", b" = ", b"\nservice.yaml "
_SERVICE = b"\ninput service:\n  "
_STAMP = re.compile(rb"\n  ([^\n]*)")


class Inputs:
    """What all services of one repo are generated from beside their specs; each checksum is made once."""

    def __init__(self, config: Config, catalogue: Catalogue) -> None:
        self.config = config
        self.catalogue = catalogue
        self._environments: dict[str, dict[str, str]] = {}
        self._shared = {
            "generation": checksum(GENERATION),
            "git": checksum(config.git.model_dump(mode="json", include={"url", "branch", "secret"})),
            "registry": checksum(config.registry),
        }

    def of(self, blueprints: Iterable[str], *, service: str, environments: Iterable[str]) -> dict[str, str]:
        """Return a checksum of each input: what of the config and the blueprints (by tag) a service is made from.

        `service` is the service as `team/name`. One each, so that Git merges two changes of different ones.
        """
        found = {**self._shared, "service": checksum(service)}
        for name in environments:
            found |= self._environment(name)
        found["languages"] = self.catalogue.content("")
        for tag in blueprints:
            name = tag.partition("@")[0]
            found[f"blueprints.{name}"] = self.catalogue.content(name)
        return found

    def stale(self, lock: Lock, service: str) -> tuple[str, ...]:
        """Return the names of the inputs that are not as they were when the lock was written.

        Empty for locks of the first format, which say nothing of them. An input that is gone is stale, too.
        """
        if not lock.inputs:
            return ()
        used = [name for name, there in (lock.environments or {}).items() if there and name in self.config.environments]
        offered = self.catalogue.names()
        known = [tag for tag in lock.blueprints if tag.partition("@")[0] in offered]
        now = self.of(known, service=service, environments=used)
        return tuple(name for name in sorted({*now, *lock.inputs}) if lock.inputs.get(name) != now.get(name))

    def _environment(self, name: str) -> dict[str, str]:
        if name not in self._environments:
            environment = self.config.environments[name]
            cluster = self.config.clusters[environment.cluster]
            self._environments[name] = {
                f"environments.{name}": checksum(environment.model_dump(mode="json")),
                f"clusters.{environment.cluster}": checksum(cluster.model_dump(mode="json")),
            }
        return self._environments[name]


def skeleton_inputs(config: Config, budgets: Mapping[str, Budget]) -> dict[str, str]:
    """Return a checksum of each key of the config, and of each budget, that what `init` makes may come from."""
    found: dict[str, str] = {}
    shown = config.model_dump(mode="json", exclude=NOT_IN_SKELETON)
    shown["environments"] = {name: [each["cluster"], each["http"]] for name, each in shown["environments"].items()}
    for name, value in shown.items():
        below = value.items() if isinstance(value, dict) else ()
        found |= {f"{name}.{key}": checksum(each) for key, each in below}
        found |= {} if isinstance(value, dict) else {name: checksum(value)}
    return found | {f"budgets.{name}": checksum(each.model_dump(mode="json")) for name, each in budgets.items()}


def changed_inputs(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """Yield the file and the key of each input that is not as it was; nothing where that is not known."""
    for each in sorted({*before, *now}) if before else ():
        if before.get(each) != now.get(each):
            kind, _, name = each.partition(".")
            yield budget_path(name) if kind == "budgets" else f"{FILE}: {each}"


def lock_head(data: bytes, *, path: str) -> Lock:
    """Read of a lock what it was made from alone: blueprints, environments, inputs, spec; raises as `read_lock`.

    The rest, which is nearly all of it, is not looked at: a repo with a thousand services has 100 MB of locks.
    """
    if not data.startswith(_FIRST_LINE) or b"\n<<<<<<<" in data or not data.endswith(b".\n"):
        return read_lock(data, path=path)[0]
    body = max(0, data.find(_FIELD))
    end = data.find(_STAMPS, 0, body)
    stamps = tuple(each.decode("utf-8", "replace") for each in _STAMP.findall(data, end, body)) if end > 0 else ()
    first, own, rest = data[: end if end > 0 else body].partition(_SERVICE)
    value, line_end, rest = rest.partition(b"\n")
    head = _head(first + line_end + rest)
    inputs = {**head.inputs, **({"service": value.decode("utf-8", "replace")} if own else {})}
    spec = _spec(data, body, path.rpartition("/")[0])
    return replace(head, files=spec.files, inputs=inputs, edited=head.edited + spec.edited, stamps=stamps)


@lru_cache(maxsize=256)
def _head(data: bytes) -> Lock:
    """Read the lines before the stamps but for the checksum of the service's name: in a repo many are the same."""
    return parse_lock(enumerate(data.decode("utf-8", "replace").split("\n"), 1))


def _spec(data: bytes, body: int, directory: str) -> Lock:
    first, last = data.find(_SPEC, body), data.rfind(_SPEC, body)
    lines = data[first + 1 : data.find(b"\n", last + 1)].decode("utf-8", "replace").split("\n") if last > 0 else []
    wanted = (line for line in lines if line.startswith("service.yaml "))
    return parse_lock(enumerate(wanted, 1), directory=directory)
