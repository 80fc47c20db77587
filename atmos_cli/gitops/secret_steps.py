"""Who fills in the secrets of a service, and with what, in each environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from atmos_cli.config import namespace
from atmos_cli.foreign import shell
from atmos_cli.spec.names import env_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.config import Config, Secrets
    from atmos_cli.spec.model import ServiceSpec


def secret_steps(
    spec: ServiceSpec,
    *,
    team: str,
    environments: Sequence[str],
    config: Config,
    before: ServiceSpec | None = None,
) -> tuple[str, ...]:
    """Return one step for each Secret and environment: the place in its store, or the command that creates it.

    Of a service that was there `before` only what is new is said, and a Secret that it had already gets further keys.
    """
    held = _keys(before) if before else {}
    new = {name: keys - held.get(name, set()) for name, keys in _keys(spec).items()}
    return tuple(
        _step(
            secret,
            sorted(new[secret]),
            f"{team}/{name}/{spec.name}/{secret}",
            config.environments[name].secrets,
            secret_command(secret, team=team, environment=name, config=config, exists=secret in held),
        )
        for name in environments
        for secret in sorted(new)
        if new[secret]
    )


def _keys(spec: ServiceSpec) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in spec.secrets.values():
        found.setdefault(each.secret, set()).add(each.key)
    return found


def filled_by(environments: Sequence[str], config: Config) -> str:
    """Return in one clause from where the Secret of a service comes in each environment."""
    places: dict[str, list[str]] = {}
    for name in environments:
        secrets = config.environments[name].secrets
        where = f"from the store `{secrets.store}`" if secrets else "filled in by hand"
        places.setdefault(where, []).append(name)
    return "; ".join(f"{where} in {_listed(names)}" for where, names in places.items())


def _step(secret: str, keys: Sequence[str], key: str, held: Secrets | None, command: str) -> str:
    environment = key.split("/")[1]
    if held is not None:
        return (
            f"{environment}: whoever keeps the secret store `{held.store}` puts {_listed(keys)} under `{key}`;"
            f" External Secrets makes the Secret `{secret}` of it"
        )
    if " patch " in command:
        typed = json.dumps({"stringData": dict.fromkeys(keys, "…")}, ensure_ascii=False)
    else:
        typed = "a line " + _listed([f"{name}=…" for name in keys])
    return f"{environment}: before the sync, with {typed} typed into it, and Ctrl-D at the end: {command}"


def secret_command(secret: str, *, team: str, environment: str, config: Config, exists: bool = False) -> str:
    """Return the command that makes a Secret of what is typed: no value stands in a shell's history."""
    cluster = config.environments[environment].cluster
    context = config.clusters[cluster].context or cluster
    where = f"kubectl --context {shell(context)} -n {namespace(team, environment)}"
    if exists:
        return f"{where} patch secret {shell(secret)} --patch-file=/dev/stdin"
    return f"{where} create secret generic {shell(secret)} --from-env-file=/dev/stdin"


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def references(service: str, names: Sequence[str] | Mapping[str, object]) -> dict[str, dict[str, str]]:
    """Return `secrets` of a spec: one key of the service's Secret for each variable."""
    return {name: {"secret": env_secret(service), "key": name} for name in names}
