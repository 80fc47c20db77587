"""`atmos status --watch`: the same look again whenever something has changed, from watches and not by asking."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from atmos_cli.adapters.kubernetes.watch import Mirror
from atmos_cli.commands.status import FEW
from atmos_cli.engines.registry import ENGINES
from atmos_cli.live.mirroring import mirrored

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.commands.status import Overview, Watcher

# Health depends on time too, so there is a look now and then even when nothing changes.
QUIET_SECONDS = 30.0
POLL_SECONDS = 10.0
SHORTEST_SECONDS = 1.0
_TICK = 0.5


def follow(watcher: Watcher) -> Iterator[Overview]:
    """Yield an overview now, and another after each change, for as long as the caller goes on.

    Many changes in a short time lead to one look; no more than a third of the time is spent on looking.
    """
    with ExitStack() as stack:
        first = watcher.look()
        yield first
        mirrors = _mirrors(watcher, first, stack)
        while True:
            began = watcher.clock.now()
            found = watcher.look()
            took = max(0.0, watcher.clock.now() - began)
            yield found
            watcher.clock.sleep(max(SHORTEST_SECONDS, 2 * took))
            _await_change(watcher, mirrors)


def _mirrors(watcher: Watcher, first: Overview, stack: ExitStack) -> list[Mirror]:
    """Watch what the first look had to ask for; a cluster that could not be asked is tried again at each look."""
    found: list[Mirror] = []
    reached = {row.target.cluster: row.target.engine for row in first.rows if row.status is not None}
    kinds = watcher.kinds()
    for name, engine in reached.items():
        spaces = watcher.namespaces(name)
        everywhere = len(spaces) > FEW and name not in watcher.refused
        view = mirrored(
            watcher.connection(name),
            stack,
            engine=ENGINES[engine],
            kinds=kinds[name],
            namespaces=() if everywhere else spaces,
        )
        mirrors = {id(each): each for each in (view.cluster, view.hub) if isinstance(each, Mirror)}
        if mirrors:
            found += mirrors.values()
            watcher.views[name] = view
    return found


def _await_change(watcher: Watcher, mirrors: Sequence[Mirror]) -> None:
    if not mirrors:
        watcher.clock.sleep(POLL_SECONDS)
        return
    for _ in range(int(QUIET_SECONDS / _TICK)):
        if any(mirror.wait(_TICK / len(mirrors)) for mirror in mirrors):
            return
