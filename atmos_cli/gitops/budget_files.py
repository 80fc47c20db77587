"""Checks that budget files name what the repo has: a limit on a name that does not exist limits nothing."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from atmos_cli.budget.model import DIRECTORY, PLATFORM, budget_path, read_budget
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, Severity
from atmos_cli.gitops.repository import deployments
from atmos_cli.yamlio.locate import locate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.config import Config
    from atmos_cli.ports import FileTree


def budget_files(tree: FileTree, config: Config) -> Iterator[Diagnostic]:
    """Yield ATM404 for each budget of an unknown environment, and a warning for each service that is not deployed."""
    for path in tree.files(DIRECTORY):
        name = path.removeprefix(f"{DIRECTORY}/").removesuffix(".yaml")
        if name not in config.environments:
            yield from _stray(tree, path, name)
    for environment in config.environments:
        yield from _services_not_deployed(tree, environment)


def _stray(tree: FileTree, path: str, name: str) -> Iterator[Diagnostic]:
    message = f"`{path}` is the budget of '{name}', which atmos-cli.yaml does not have"
    yield Diagnostic(Code.BUDGET_INVALID, message, where=Location(path, 1, 1), hint="remove it, or add the environment")
    try:
        read_budget(tree.read(path), environment=name)
    except AtmosError as error:
        yield from error.diagnostics


def _services_not_deployed(tree: FileTree, environment: str) -> Iterator[Diagnostic]:
    """Warn of limits on services not deployed: a limit may be set before its service exists, and may outlive it."""
    path = budget_path(environment)
    data = tree.read(path) or b""
    try:
        budget = read_budget(data, environment=environment)
    except AtmosError:
        return  # reported where budgets are read
    here = {(each.team, each.service) for each in deployments(tree) if each.environment == environment}
    known = sorted({name for team, service in here for name in (service, f"{team}/{service}")})
    for name in budget.services:
        if name not in known and not name.startswith(f"{PLATFORM}/"):
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean `{close[0]}`?" if close else "remove it, unless the service is still to come"
            where = Location(path, *locate(data, 0, ("services", name)), field=f"services.{name}")
            message = f"`{path}` limits the service `{name}`, which is not deployed in '{environment}'"
            yield Diagnostic(Code.BUDGET_INVALID, message, severity=Severity.WARNING, where=where, hint=hint)
