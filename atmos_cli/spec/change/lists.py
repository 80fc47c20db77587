"""Applies variables and hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.spec.change.draft import MISSING
from atmos_cli.spec.change.items import AlreadySo
from atmos_cli.spec.change.work import dotted, note_overrides
from atmos_cli.spec.names import env_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.spec.change.draft import Path
    from atmos_cli.spec.change.items import ChangeItem
    from atmos_cli.spec.change.work import SpecWork


def variable(work: SpecWork, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    if item.environment:
        held = work.draft.get(("env", item.key))
        work.set(item, ("environments", item.environment, "env", item.key), item.value, default=held)
        return
    work.set(item, ("env", item.key), item.value)
    note_overrides(work, item, ("env", item.key))


def secret(work: SpecWork, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    """Set a reference to the key of that name in the Secret of the service."""
    if work.draft.has(("secrets", item.key)):
        path = ("secrets", item.key)
        work.already.append(AlreadySo(dotted(path), "yes", item.source, item.note))
        return
    work.set(item, ("secrets", item.key), {"secret": env_secret(work.spec.name), "key": item.key})


def no_variable(work: SpecWork, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    place: Path = ("environments", item.environment) if item.environment else ()
    path = (*place, "env", item.key)
    if work.draft.has(path):
        work.remove(item, path)
    elif item.environment and work.draft.has(("env", item.key)):
        message = f"{item.said} cannot be done in {item.environment} alone: `env.{item.key}` is for every environment"
        work.refuse(message, f"give it another value there: `env {item.key}=… in {item.environment}`")
    else:
        note = _nearly(work, item.key)
        work.already.append(AlreadySo(dotted(path), "nothing", item.source, note))
    if not item.environment:
        note_overrides(work, item, ("env", item.key))


def _nearly(work: SpecWork, name: str) -> str:
    from difflib import get_close_matches

    if name in work.spec.secrets:
        return f"it comes from a Secret: remove it under `secrets`, then run `atmos update {work.spec.name}`"
    close = get_close_matches(name[:80], list(work.spec.env), n=1)
    return f"there is `{close[0]}`" if close else ""


def host(work: SpecWork, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    if not work.draft.has(("addons", "http")):
        return
    path, hosts = _hosts(work, item)
    if item.key in hosts:
        work.already.append(AlreadySo(dotted(path), item.key, item.source, item.note))
        return
    note = item.note
    if not hosts:
        usual = work.domain(item.environment)
        note = f"instead of {usual}, which is served as long as no host is said; add it, too, to keep it"
    work.set(item, path, [*hosts, item.key], default=list(hosts) or MISSING, note=note)
    if not item.environment:
        note_overrides(work, item, ("hosts",))


def no_host(work: SpecWork, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    path, hosts = _hosts(work, item)
    left = [host for host in hosts if host != item.key]
    if left == list(hosts):
        work.already.append(AlreadySo(dotted(path), f"not {item.key}", item.source, item.note))
    elif left:
        work.set(item, path, left, default=list(hosts))
    elif work.draft.has(path):
        work.remove(item, path)
    else:
        message = f"{item.said} leaves no host in {item.environment}, where those of every environment are served"
        work.refuse(message, f"say which one it has instead: `host NAME in {item.environment}`")
    if not item.environment:
        note_overrides(work, item, ("hosts",))


def _hosts(work: SpecWork, item: ChangeItem) -> tuple[Path, list[str]]:
    top = work.draft.get(("hosts",), [])
    if not item.environment:
        return ("hosts",), list(top)
    path = ("environments", item.environment, "hosts")
    return path, list(work.draft.get(path, top) or [])
