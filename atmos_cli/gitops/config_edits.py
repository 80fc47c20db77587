"""Changes of `atmos-cli.yaml` and of budgets for an environment or cluster that comes or goes: comments stay."""

from __future__ import annotations

import copy
import ipaddress
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.config import FILE, Http
from atmos_cli.diagnostics import AtmosError
from atmos_cli.gitops.plan_rows import PlanRow
from atmos_cli.yamlio.edit import SetValue, edit
from atmos_cli.yamlio.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from atmos_cli.config import Config
    from atmos_cli.yamlio.edit import Edit, Path

# What is true of one cluster alone, and must not be copied to another one.
OF_ONE_CLUSTER = ("context", "prometheus")


@dataclass(frozen=True, slots=True)
class ConfigBlock:
    """The block of a new environment or cluster, where each of its values comes from, and what to look at again."""

    value: dict[str, Any]
    rows: tuple[PlanRow, ...]
    doubts: tuple[str, ...] = ()


def edited(data: bytes, edits: Sequence[Edit], *, path: str) -> bytes:
    """Return the file with edits applied. Raises AtmosError, located in `path`, where that cannot be done in place."""
    try:
        return edit(data, edits)
    except AtmosError as error:
        found = [
            each.at(replace(each.where, path=path)) if each.where and not each.where.path else each
            for each in error.diagnostics
        ]
        raise AtmosError(*found, exit_code=error.exit_code) from None


def environment_like(data: bytes, config: Config, name: str, *, like: str, cluster: str, domain: str) -> ConfigBlock:
    """Return the block of the environment `name`: that of `like`, with its own domain and maybe another cluster."""
    block = copy.deepcopy(load(data)["environments"][like])
    said = f"as in {like}"
    rows = [PlanRow(f"environments.{name}.{key}", _short(each), said) for key, each in block.items() if key != "http"]
    if cluster:
        block["cluster"] = cluster
        rows[0] = PlanRow(f"environments.{name}.cluster", cluster, "--cluster")
    known = config.environments[like].http.domain
    derived = domain or _renamed(known, like, name)
    http = block.get("http")
    block["http"] = {**(http if isinstance(http, dict) else {}), "domain": derived}
    source = "--domain" if domain else f"from {known}, the domain of {like}"
    rows.append(PlanRow(f"environments.{name}.http.domain", derived, source))
    doubts = tuple(_naming(block, like, ("environments", name)))
    return ConfigBlock(block, tuple(rows), doubts)


def environment_alone(config: Config, name: str, *, cluster: str, made: dict[str, Any], domain: str) -> ConfigBlock:
    """Return the block of an environment as `init` makes it (`made`), below the domain that the others share."""
    derived = domain or (base_domain(config) if made.get("production") else f"{name}.{base_domain(config)}")
    block = {"cluster": cluster, **{key: each for key, each in made.items() if key not in ("cluster", "http")}}
    block["http"] = {"domain": derived}
    rows = [
        PlanRow(
            f"environments.{name}.{key}",
            _short(each),
            "--cluster, or the one there is" if key == "cluster" else "as `init` has it",
        )
        for key, each in block.items()
        if key != "http"
    ]
    rows.append(PlanRow(f"environments.{name}.http.domain", derived, "--domain" if domain else "from the others"))
    return ConfigBlock(block, tuple(rows))


def cluster_like(
    data: bytes, name: str, *, like: str, given: dict[str, str], of_type: Mapping[str, Any] | None = None
) -> ConfigBlock:
    """Return the block of the cluster `name`: that of `like`, if there is one, without what is true of that alone.

    `of_type` is what its type has, which counts before what `like` says.
    """
    block = (copy.deepcopy(load(data)["clusters"][like]) or {}) if like else {}
    doubts = tuple(
        f"`clusters.{like}.{key}` is not copied: it is of {like} alone" for key in block if key in OF_ONE_CLUSTER
    )
    block = {key: each for key, each in block.items() if key not in OF_ONE_CLUSTER} | given
    doubts += tuple(
        f"look at `clusters.{name}.{key}` in {FILE}: it names networks of {like}"
        for key, each in block.items()
        if key not in (of_type or {}) and any(_private(each))
    )
    block |= of_type or {}
    rows = [
        PlanRow(
            f"clusters.{name}.{key}",
            _short(each),
            f"--{key}, or as most have it"
            if key in given
            else "of its type"
            if key in (of_type or {})
            else f"as in {like}",
        )
        for key, each in block.items()
    ]
    return ConfigBlock(block, tuple(rows), doubts)


def base_domain(config: Config) -> str:
    """Return the domain below which the environments have theirs."""
    for name, environment in config.environments.items():
        if environment.http.domain.startswith(f"{name}."):
            return environment.http.domain.removeprefix(f"{name}.")
    known = [each.http.domain for each in config.environments.values() if each.production]
    return known[0] if known else Http().domain


def set_block(data: bytes, path: Path, block: ConfigBlock, *, after: str) -> bytes:
    """Return `atmos-cli.yaml` with one block more, behind its sibling `after`."""
    return edited(data, [SetValue(path, block.value, after or None)], path=FILE)


def _renamed(domain: str, like: str, name: str) -> str:
    renamed, count = re.subn(rf"(?<![a-z0-9]){re.escape(like)}(?![a-z0-9])", name, domain, count=1)
    return renamed if count else f"{name}.{domain}"


def _naming(value: Any, like: str, path: tuple[str, ...]) -> Iterator[str]:
    """Say which copied values still name the environment that they come from."""
    if isinstance(value, dict):
        for key, each in value.items():
            if path[2:] or key != "cluster":
                yield from _naming(each, like, (*path, str(key)))
    elif isinstance(value, str) and re.search(rf"(?<![a-z0-9]){re.escape(like)}(?![a-z0-9])", value):
        yield f"look at `{'.'.join(path)}` in {FILE}: it says `{value}`, as in {like}"


def _private(value: Any) -> Iterator[str]:
    """Yield the private networks that a setting names: they are those of one cluster."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _private(each)
    elif isinstance(value, str) and "/" in value:
        with suppress(ValueError):  # any other text with a slash
            if ipaddress.ip_network(value, strict=False).is_private:
                yield value


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(each)}" for key, each in value.items())
    return str(value)
