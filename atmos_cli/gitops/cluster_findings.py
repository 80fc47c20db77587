"""What `atmos-cli.yaml` says of a cluster that works in part only, located there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.clusters.misfits import ranges_left_out
from atmos_cli.config import FILE
from atmos_cli.diagnostics import Code, Diagnostic, Severity
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.clusters.facts import ClusterKinds
    from atmos_cli.config import Config
    from atmos_cli.ports import FileTree


def cluster_findings(tree: FileTree, config: Config, kinds: ClusterKinds) -> Iterator[Diagnostic]:
    """Yield a warning for each `from` without a family of addresses that the cluster and its load balancers speak."""
    data = tree.read(FILE) or b""
    said: set[tuple[str, str]] = set()
    for name, environment in config.environments.items():
        cluster = config.clusters[environment.cluster]
        found = ranges_left_out(cluster, environment.http, kinds)
        place = ("environments", name) if environment.http.sources else ("clusters", environment.cluster)
        if found is None or place in said:
            continue
        said.add(place)
        title, number, missing = found
        message = f"`{'.'.join(place)}.http.from` has no ranges of IPv{number}, from which {title} connects, too"
        wanted = ", ".join(f'`{{cidr: "{each}"}}`' for each in missing)
        where = located(data, 0, (*place, "http", "from"), file=FILE)
        hint = f"add {wanted}, then run `atmos update`"
        yield Diagnostic(Code.FAMILY_LEFT_OUT, message, Severity.WARNING, where=where, hint=hint)
