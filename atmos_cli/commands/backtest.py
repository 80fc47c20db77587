"""`atmos verify backtest`: how often a service would have alarmed without a deploy, before its verdicts are trusted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from atmos_cli.gitops.trusted import trust
from atmos_cli.gitops.write import git_repo
from atmos_cli.history.revisions import GitAnswers, limits_of, manifests
from atmos_cli.live.connect import metrics_of
from atmos_cli.live.observe_backtest import backtest
from atmos_cli.live.sessions import meant, target_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.gitops.repository import Repository
    from atmos_cli.live.observe_plan import Backtest
    from atmos_cli.verify.model import Target


def backtests(
    repository: Repository, service: str, *, team: str | None, environments: Sequence[str], hours: float
) -> tuple[tuple[Target, Backtest], ...]:
    """Replay past metrics for each environment of the service.

    Raises ATM813 without metrics, ATM812 when they cannot be asked, ATM817.
    """
    trusted, repo = trust(repository), git_repo(repository.root)
    config = trusted.config
    found = []
    for each in meant(repository, service, team=team, environments=environments, commit=""):
        git = GitAnswers(repo, config, each)
        commit = git("commit", "")
        target = target_of(config, each, manifests(git, commit) or ())
        prometheus = config.clusters[target.cluster].prometheus
        matchers = dict(prometheus.matchers) if prometheus else {}
        with metrics_of(trusted, target.cluster) as metrics:
            limits = limits_of(git, commit)
            done = backtest(metrics, target, limits, matchers=matchers, at=time.time(), hours=hours)
        found.append((target, done))
    return tuple(found)
