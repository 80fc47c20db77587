"""The names of environments, clusters and teams: possible ones, and no namespace that two would share."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from atmos_cli.config import namespace
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.engines.owned_names import owner_of_namespace
from atmos_cli.kube.names import dns_label, dns_subdomain

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_NAMESPACE = 63


def require_names(what: str, names: Sequence[str]) -> None:
    """Check that `names` can be names of `what`. Raises ATM901 for each that cannot."""
    found = [
        Diagnostic(Code.USAGE, f"{what} `{name}` cannot be a name: it {problem}", hint="use a-z, 0-9 and dashes")
        for name in names
        if (problem := dns_label(name))
    ]
    if found:
        raise AtmosError(*found)


def require_domains(domains: Sequence[tuple[str, str]], environments: Sequence[str]) -> None:
    """Check the domains of environments, as (environment, domain) with none for all. Raises ATM901 and ATM702."""
    for name, domain in domains:
        if name and name not in environments:
            hint = f"environments are: {', '.join(environments)}"
            raise fail(Code.ENVIRONMENT_UNKNOWN, f"there is no environment `{name[:80]}`", hint=hint)
        if problem := dns_subdomain(domain):
            message = f"`{domain[:80]}` cannot be a domain: it {problem}"
            raise fail(Code.USAGE, message, hint=f"write it as `--domain {f'{name}=' if name else ''}acme.test`")


def require_namespaces(teams: Sequence[str], environments: Sequence[str]) -> None:
    """Check that every namespace is short enough, and that no two teams share one.

    `a-b` in `c` and `a` in `b-c` would.
    """
    owners: dict[str, tuple[str, str]] = {}
    for team, environment in itertools.product(teams, environments):
        name = namespace(team, environment)
        if len(name) > MAX_NAMESPACE:
            message = f"the namespace `{name}` has {len(name)} characters, more than {MAX_NAMESPACE}"
            raise fail(Code.USAGE, message, hint="use a shorter name for the team or the environment")
        if owner := owner_of_namespace(name):
            message = f"team `{team}` in environment `{environment}` cannot have the namespace `{name}`: {owner}"
            raise fail(Code.NAME_OWNED, message, hint="rename the team or the environment")
        if name in owners:
            other = "/".join(owners[name])
            message = f"team and environment {team}/{environment} and {other} would share the namespace `{name}`"
            raise fail(Code.USAGE, message, hint="rename the team or the environment")
        owners[name] = (team, environment)
