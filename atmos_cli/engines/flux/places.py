"""What Flux applies to a cluster besides services and tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.budget.model import PLATFORM
from atmos_cli.engines.engine import Place
from atmos_cli.kustomize.files import MANIFESTS, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.engines.engine import Listing


def places(listing: Listing, cluster: str) -> Iterator[Place]:
    for kind in ("controllers", "configs"):
        yield from _infrastructure(listing, f"infrastructure/{kind}/{cluster}", kind)
    root = f"clusters/{cluster}"
    for path, stamp in listing([root]).items():
        yield Place(PLATFORM, root, path, stamp, "tree")
    teams = [path for path in listing([f"delivery/{cluster}"]) if not path.endswith(MANIFESTS)]
    for path, stamp in listing(teams).items() if teams else ():
        name = path.rsplit("/", 1)[1].removesuffix(".yaml")
        yield Place(path.split("/")[2], name, path, stamp, "tree")


def _infrastructure(listing: Listing, root: str, kind: str) -> Iterator[Place]:
    below = listing([root])
    if any(f"{root}/{name}" in below for name in NAMES):
        yield Place(PLATFORM, kind, root, "", "overlay")
        return
    for path, stamp in below.items():
        yield Place(PLATFORM, f"{kind}/{path.rsplit('/', 1)[1]}", path, stamp, "tree")
