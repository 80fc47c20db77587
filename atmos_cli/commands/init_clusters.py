"""What `init` and `new cluster` write of a cluster: what its type has, what it shows of itself."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.clusters.detect import detected
from atmos_cli.clusters.facts import NO_TYPE
from atmos_cli.clusters.presets import http_preset, preset
from atmos_cli.diagnostics import Code, fail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.clusters.detect import Detected
    from atmos_cli.clusters.facts import ClusterKinds


@dataclass(frozen=True, slots=True)
class SeenCluster:
    """What a live cluster showed of itself: `cluster` is empty where that is to be true of all."""

    cluster: str
    context: str
    found: Detected
    unseen: tuple[str, ...]


def look(contexts: Sequence[tuple[str, str]], *, versions: bool) -> Iterator[SeenCluster]:
    """Look at the live cluster of each (cluster, kubeconfig context), also for its version; only reads."""
    for cluster, context in contexts:
        from atmos_cli.live.cluster_sight import look_at

        sight = look_at(context)
        found = detected(sight)
        yield SeenCluster(cluster, context, found if versions else replace(found, kubernetes=""), sight.unseen)


def settings_of(
    clusters: Sequence[str], types: Sequence[tuple[str, str]], seen: Sequence[SeenCluster], kinds: ClusterKinds
) -> dict[str, dict[str, Any]]:
    """Return what a file says of each cluster: what it shows, else what its type has; of no type how traffic comes in.

    A type that a flag names counts before the one that a cluster shows. `types` are (cluster, type), with an empty
    cluster for all others. Raises ATM901 for one that is not there.
    """
    types = (*((each.cluster, each.found.type) for each in seen), *types)
    for cluster, name in types:
        require_type(name, kinds)
        if cluster and cluster not in clusters:
            raise fail(Code.USAGE, f"there is no cluster `{cluster}`", hint=f"clusters are: {', '.join(clusters)}")
    chosen = {cluster: name for cluster, name in types if cluster}
    others = dict(types).get("")
    found = {}
    for cluster in clusters:
        wanted = chosen.get(cluster, others)
        found[cluster] = (preset(wanted, kinds) if wanted else http_preset(NO_TYPE, kinds)).values
    for each in seen:
        for name in (each.cluster,) if each.cluster else clusters:
            shown = {key: value for key, value in each.found.values.items() if key in found[name]}
            version = {"kubernetes": each.found.kubernetes} if each.found.kubernetes else {}
            found[name] |= {**shown, **version, **({"context": each.context} if each.context != name else {})}
    return found


def require_type(name: str, kinds: ClusterKinds) -> None:
    """Check that there is such a type of cluster. Raises ATM901 when there is none."""
    if name not in kinds.types:
        close = difflib.get_close_matches(name[:80], kinds.types, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"types are: {', '.join(kinds.types)}"
        raise fail(Code.USAGE, f"there is no type of cluster `{name[:80]}`", hint=hint)
