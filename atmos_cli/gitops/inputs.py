"""What a service is generated from, as checksums: enough to see whether something may be newer without making it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.layout.lock import FORMAT, Lock, checksum, parse_lock
from atmos_cli.layout.lock_history import read_lock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.config import Config

# Another number when the same inputs give other files, so that `atmos update --check` looks at them again.
GENERATION = 2


def inputs_of(
    blueprints: Iterable[str], *, service: str, environments: Iterable[str], config: Config, catalogue: Catalogue
) -> dict[str, str]:
    """Return a checksum of each input beside the spec: what of the config and the blueprints (by tag) it is made from.

    `service` is the service as `team/name`. One each, so that Git merges two changes of different ones.
    """
    found = {
        "generation": checksum(GENERATION),
        "git": checksum(config.git.model_dump(mode="json", include={"url", "branch", "secret"})),
        "registry": checksum(config.registry),
        "service": checksum(service),
    }
    for name in environments:
        environment = config.environments[name]
        found[f"environments.{name}"] = checksum(environment.model_dump(mode="json"))
        found[f"clusters.{environment.cluster}"] = checksum(
            config.clusters[environment.cluster].model_dump(mode="json")
        )
    found["languages"] = catalogue.content("")
    for tag in blueprints:
        name = tag.partition("@")[0]
        found[f"blueprints.{name}"] = catalogue.content(name)
    return found


def stale_inputs(lock: Lock, service: str, config: Config, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the names of the inputs that are not as they were when the lock was written, without the spec.

    Empty for locks of the first format, which say nothing of them. An input that is gone is stale, too.
    """
    if not lock.inputs:
        return ()
    used = [name for name, there in (lock.environments or {}).items() if there and name in config.environments]
    known = [tag for tag in lock.blueprints if tag.partition("@")[0] in catalogue.names()]
    now = inputs_of(known, service=service, environments=used, config=config, catalogue=catalogue)
    return tuple(name for name in sorted({*now, *lock.inputs}) if lock.inputs.get(name) != now.get(name))


def lock_head(data: bytes, *, path: str) -> Lock:
    """Read of a lock what it was made from alone: blueprints, environments, inputs, spec; raises as `read_lock`."""
    text = data.decode("utf-8", "replace")
    if not text.startswith(f"{FORMAT}\n") or "\n<<<<<<<" in text:
        return read_lock(data, path=path)[0]
    lines = enumerate(text.split("\n"), start=1)
    wanted = [each for each in lines if " = " not in each[1] or each[1].startswith("service.yaml ")]
    return parse_lock(wanted, directory=path.rpartition("/")[0])
