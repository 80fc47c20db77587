"""What a shell completes: services, environments, teams, add-ons and codes, as they are in the repo around it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer  # noqa: TC002 - Typer itself reads the annotations

from atmos_cli.diagnostics import AtmosError, Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from atmos_cli.gitops.repository import Repository


def services(context: typer.Context, incomplete: str) -> list[str]:
    """Return the services that begin so, by their names, or with their teams where a slash is typed."""
    found: list[str] = []
    for repository in _repository(context):
        from atmos_cli.gitops.services import services as all_services

        whole = all_services(repository.tree)
        found += [str(each) if "/" in incomplete else each.service for each in whole]
    return _begins(found, incomplete)


def environments(context: typer.Context, incomplete: str) -> list[str]:
    """Return the environments that begin so."""
    return _begins((name for each in _repository(context) for name in each.config.environments), incomplete)


def clusters(context: typer.Context, incomplete: str) -> list[str]:
    """Return the clusters that begin so."""
    return _begins((name for each in _repository(context) for name in each.config.clusters), incomplete)


def teams(context: typer.Context, incomplete: str) -> list[str]:
    """Return the teams that begin so."""
    found: list[str] = []
    for repository in _repository(context):
        from atmos_cli.gitops.repository import teams as all_teams

        found += all_teams(repository.tree)
    return _begins(found, incomplete)


def addons(context: typer.Context, incomplete: str) -> list[str]:
    """Return the add-ons that begin so, also those that a company has itself."""
    found = (b.manifest.name for each in _repository(context) for b in each.catalogue.of_kind("addon"))
    return _begins(found, incomplete)


def codes(incomplete: str) -> list[str]:
    """Return the codes that begin so."""
    return _begins(("all", *(code.value for code in Code)), incomplete)


def _begins(names: Iterable[str], incomplete: str) -> list[str]:
    try:
        return sorted({name for name in names if name.startswith(incomplete)})
    except AtmosError:
        return []  # a repo that cannot be read completes nothing; the command itself says why


def _repository(context: typer.Context) -> Iterator[Repository]:
    """Yield the repo that the command line means so far; nothing where there is none, or none that can be read."""
    from atmos_cli.gitops.repository import open_repository

    try:
        yield open_repository(Path(context.params.get("repo") or ".").resolve(), writes=False)
    except (AtmosError, OSError):
        return
