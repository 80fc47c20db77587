"""What each environment used on the last commits of the base branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.windows import latest
from atmos_cli.commands.budget import states_of
from atmos_cli.diagnostics import AtmosError
from atmos_cli.gitops.usage import use_of

if TYPE_CHECKING:
    from atmos_cli.budget.evaluate import Totals
    from atmos_cli.gitops.repository import Repository

COMMITS = 30


@dataclass(frozen=True, slots=True)
class Moment:
    """What an environment used at one commit; `when` is in seconds since 1970."""

    environment: str
    commit: str
    when: int
    total: Totals


def history(repository: Repository, environments: tuple[str, ...]) -> tuple[Moment, ...]:
    """Return the last 30 commits of the base branch, oldest first, by today's budget, without those it cannot count."""
    states = states_of(repository)
    if states.repo is None or states.base is None:
        return ()
    found = []
    for commit, when in reversed(latest(states.repo, states.base, count=COMMITS)):
        effective = states.at(commit)
        for environment in repository.config.named(environments):
            try:
                count = states.policy.budget(environment).count
                total = use_of(effective, environment).sums(count, states.policy.sheet).environment
            except AtmosError:
                continue
            found.append(Moment(environment, commit, when, total))
    return tuple(found)
