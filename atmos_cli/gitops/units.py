"""Everything that an engine deploys into an environment: services, tenants, and what the platform runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from atmos_cli.adapters.kustomize import build
from atmos_cli.diagnostics import Code, Location, fail
from atmos_cli.engines.registry import ENGINES
from atmos_cli.kustomize.files import MANIFESTS, NAMES
from atmos_cli.kustomize.model import Built, Origin
from atmos_cli.kustomize.read import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.adapters.git.snapshots import Snapshot
    from atmos_cli.config import Config
    from atmos_cli.ports import FileTree

NOT_MANIFESTS = ("gitops.json",)


class Unit(NamedTuple):
    """Manifests that are applied together. `place` is the directory or file, `directory` is what it is cached by.

    `reads` says how: `overlay` as every engine reads it, `tree` with all that lies below.
    """

    team: str
    service: str
    environment: str
    place: str
    directory: str
    reads: Literal["overlay", "tree"] = "overlay"

    @property
    def name(self) -> str:
        return f"{self.team}/{self.service}"


def app_unit(team: str, service: str, environment: str) -> Unit:
    directory = f"apps/{team}/{service}"
    return Unit(
        team=team,
        service=service,
        environment=environment,
        place=f"{directory}/overlays/{environment}",
        directory=directory,
    )


def other_units(snapshot: Snapshot, config: Config, environment: str) -> list[tuple[Unit, str]]:
    """List all but services, each with the id of its content: tenants, and what the environment's cluster runs."""
    found = [
        (Unit(team=path.split("/")[2], service="(tenant)", environment=environment, place=path, directory=path), stamp)
        for path, stamp in snapshot.level([f"tenants/{environment}"]).items()
    ]
    cluster = config.environments[environment].cluster
    for each in ENGINES[config.engine(environment)].places(snapshot.level, cluster):
        unit = Unit(
            team=each.team,
            service=each.name,
            environment=environment,
            place=each.path,
            directory=each.path,
            reads=each.reads,
        )
        found.append((unit, each.stamp))
    return found


def manifests(tree: FileTree, unit: Unit) -> tuple[Built, ...]:
    """Return what the engine would apply. Raises AtmosError with positions when it cannot be read or built."""
    if unit.place.endswith(MANIFESTS):
        return tuple(_plain(tree, [unit.place]))
    if any(tree.read(f"{unit.place}/{name}") is not None for name in NAMES):
        return build(tree, unit.place)
    files = [path for path in tree.files(unit.place) if path.endswith(MANIFESTS)]
    if any(path == f"{unit.place}/Chart.yaml" for path in files):
        message = f"`{unit.place}` is a Helm chart, and what it runs is not known before it is rendered"
        raise fail(Code.CLAIM_INDETERMINATE, message, where=Location(f"{unit.place}/Chart.yaml", 1, 1))
    if unit.reads == "overlay":
        return tuple(_plain(tree, [path for path in files if "/" not in path.removeprefix(f"{unit.place}/")]))
    return tuple(_recursive(tree, files))


def _recursive(tree: FileTree, files: list[str]) -> Iterator[Built]:
    """Yield objects as a generated kustomization has them: directories with one are built, other files taken as is."""
    own = {path.rsplit("/", 1)[0] for path in files if path.rsplit("/", 1)[1] in NAMES}
    tops = sorted(each for each in own if not any(each.startswith(f"{other}/") for other in own))
    for directory in tops:
        yield from build(tree, directory)
    rest = [path for path in files if not any(path.startswith(f"{each}/") for each in tops)]
    yield from _plain(tree, rest)


def _plain(tree: FileTree, paths: list[str]) -> Iterator[Built]:
    for path in paths:
        data = tree.read(path)
        if data is not None and path.rsplit("/", 1)[1] not in NOT_MANIFESTS:
            for read in resources(data, path=path):
                yield Built(read.resource, (Origin(path, read.index, "resource", read.pointer),))
