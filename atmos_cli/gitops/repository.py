"""One GitOps repo as a value: its files, its configuration and what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.adapters.files import DiskTree, find_root
from atmos_cli.adapters.git.sparse import disk_tree
from atmos_cli.adapters.transaction import recover, require_settled
from atmos_cli.budget.model import budget_path, read_budget
from atmos_cli.config import FILE, read_config
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.engines.registry import ENGINES
from atmos_cli.gitops.services import ServiceName, meant_service
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.budget.model import Budget
    from atmos_cli.config import Config
    from atmos_cli.ports import FileTree


class Deployment(NamedTuple):
    """One service in one environment."""

    team: str
    service: str
    environment: str

    @property
    def directory(self) -> str:
        return f"apps/{self.team}/{self.service}/overlays/{self.environment}"


@dataclass(frozen=True, slots=True)
class Repository:
    """`root` is where the files are; `recovered` says what an earlier, killed run had left and what became of it."""

    root: Path
    tree: FileTree
    config: Config
    recovered: tuple[Diagnostic, ...] = ()

    @property
    def catalogue(self) -> Catalogue:
        return catalogue(self.tree)

    def budget(self, environment: str) -> Budget:
        return read_budget(self.tree.read(budget_path(environment)), environment=environment)


def open_repository(start: Path, *, writes: bool = False, faults: list[Diagnostic] | None = None) -> Repository:
    """Open the repo that `start` is in. Raises ATM601 when there is none at or above it.

    With `faults`, a file that cannot be read is noted there and does not end the run.

    With `writes`, what a killed run left is repaired first; without, it is only reported (ATM619).
    """
    root = find_root(start)
    if root is None:
        message = f"there is no GitOps repo here: no `{FILE}` in {start} or above"
        raise fail(Code.REPO_MISSING, message, hint="make one with `atmos init DIR`, or name one with `--repo DIR`")
    recovered = recover(root) if writes else ()
    require_settled(root)
    tree = disk_tree(root, faults=faults)
    return Repository(root, tree, config_of(DiskTree(root)), recovered)


def config_of(tree: FileTree) -> Config:
    data = tree.read(FILE)
    if data is None:
        raise fail(Code.REPO_MISSING, f"there is no `{FILE}`", hint="make a repo with `atmos init DIR`")
    config = read_config(data, catalogue(tree), engines=ENGINES)
    if found := tuple(_unknown_zones(config, data)):
        raise AtmosError(*found)
    return config


def _unknown_zones(config: Config, data: bytes) -> Iterator[Diagnostic]:
    for name, environment in config.environments.items():
        windows = environment.promotion.freeze if environment.promotion else ()
        for number, window in enumerate(windows):
            # Tables of time zones take time to load, and most repos name none.
            from atmos_cli.adapters.zones import zone_problem

            if hint := zone_problem(window.zone):
                where = located(data, 0, ("environments", name, "promotion", "freeze", number, "zone"), file=FILE)
                message = f"there is no time zone `{window.zone}`"
                yield Diagnostic(Code.CONFIG_INVALID, message, where=where, hint=hint)


def teams(tree: FileTree) -> tuple[str, ...]:
    """Return the teams that have a tenant in some environment."""
    found = {path.split("/")[2] for path in tree.files("tenants") if path.count("/") >= 3}
    return tuple(sorted(found))


def deployments(tree: FileTree) -> tuple[Deployment, ...]:
    """Return every overlay of every service, sorted."""
    return tuple(sorted({found for path in tree.files("apps") if (found := deployment_of(path))}))


def deployment_of(path: str) -> Deployment | None:
    """Return which deployment the kustomization at `path` is of; None for any other file."""
    steps = path.split("/")
    if len(steps) == 6 and steps[0] == "apps" and steps[3] == "overlays" and steps[5].startswith("kustomization."):
        return Deployment(steps[1], steps[2], steps[4])
    return None


def find_service(tree: FileTree, service: str, *, team: str | None = None) -> tuple[Deployment, ...]:
    """Return the deployments of `service`, given as `name` or `team/name`. Raises ATM511 when there is none."""
    everything = deployments(tree)
    name = meant_service((ServiceName(*each[:2]) for each in everything), service, team=team)
    return tuple(each for each in everything if each[:2] == name)
