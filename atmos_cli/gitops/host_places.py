"""In which environments a host is served that is said once: the world knows it in production only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from atmos_cli.config import Config


def host_places(
    hosts: Iterable[str],
    *,
    environments: Sequence[str],
    config: Config,
    ask: Callable[[str, Sequence[str]], str] | None = None,
    form: str = "`--host {environment}={host}`",
) -> Mapping[str, tuple[str, ...]]:
    """Return the hosts of each environment that has one of its own; `ENV=HOST` says itself where it is served.

    A host is served in production. `ask` is called with a question and the environments to choose from where several
    of one cluster, which cannot share a host, come into question; raises ATM102 where nobody can be asked, with a hint
    that says it in the `form` of the command.
    """
    found: dict[str, list[str]] = {}
    for each in hosts:
        named, _, host = each.rpartition("=")
        if named:
            _require(named, environments, config)
        for environment in (named,) if named else _served(host, environments, config, ask, form):
            found.setdefault(environment, []).append(host)
    return {name: tuple(dict.fromkeys(found[name])) for name in environments if name in found}


def _require(named: str, environments: Sequence[str], config: Config) -> None:
    config.named((named,))
    if named not in environments:
        hint = f"it is in: {', '.join(environments)}"
        raise fail(Code.ENVIRONMENT_UNKNOWN, f"the service is not to be in the environment `{named}`", hint=hint)


def _served(
    host: str,
    environments: Sequence[str],
    config: Config,
    ask: Callable[[str, Sequence[str]], str] | None,
    form: str,
) -> tuple[str, ...]:
    """Return the environments that serve a host; of one cluster there can only be one."""
    productions = [name for name in environments if config.environments[name].production]
    candidates = productions or list(environments)
    clusters = {config.environments[name].cluster for name in candidates}
    if len(candidates) == 1 or (productions and len(clusters) == len(candidates)):
        return tuple(candidates)
    kind = "production environments on one cluster" if productions else "environments, none of them for production"
    question = f"in which environment is {host} served?"
    if ask is not None:
        return (ask(question, candidates),)
    listed = f"{', '.join(candidates[:-1])} and {candidates[-1]}"
    message = f"{host} can be served in one of {listed} only: they are {kind}"
    hint = f"say in which one: {' or '.join(form.format(environment=name, host=host) for name in candidates)}"
    raise AtmosError(Diagnostic(Code.INTENT_CONTRADICTION, message, hint=hint))
