"""Deploy, worse for users, taken back by a commit, applied by the engine, recovered: nobody touches the cluster."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from atmos_cli.commands.verify_act import act
from atmos_cli.gitops.repository import open_repository
from tests.lab.git_server import QUIET, git
from tests.lab.proofs.verify_stage import SERVICE, Stage
from tests.lab.proofs.verify_support import FastClock, OnDemand, Traffic, Watched, history, session_of, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from atmos_cli.commands.verify_act import Action
    from atmos_cli.live.session import Session
    from atmos_cli.verify.model import Verdict
    from tests.lab.proofs.worlds import Worlds

pytestmark = pytest.mark.lab


@pytest.fixture(params=["argo", "flux"])
def stage(
    worlds: Worlds, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    watched = Watched(worlds[request.param], tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(watched.kubeconfig()))
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    found = Stage(watched, "dev")
    found.ready()
    yield found
    watched.end()
    found.back_to_the_beginning()


def verified(stage: Stage, commit: str, traffic: Traffic, later: Traffic | None = None) -> tuple[Verdict, Action]:
    """One `atmos verify --on-fail rollback`; a rollback is watched with the traffic `later`."""

    def metrics(seen: Traffic) -> OnDemand:
        return OnDemand(
            lambda turn: stage.watched.prometheus(
                history(seen, namespace=stage.namespace, service=SERVICE, turn=turn, sibling="orders")
            )
        )

    def again(session: Session) -> Verdict:
        assert later is not None
        connection, clock = replace(session.connection, metrics=metrics(later)), FastClock()
        return watch(replace(session, connection=connection, clock=clock), clock)

    repository = open_repository(stage.watched.world.repo.root)
    clock = FastClock()
    with session_of(stage.watched, stage.deployment, commit, metrics(traffic), clock) as session:
        verdict = watch(session, clock)
        return verdict, act(repository, session, verdict, on_fail="rollback", watch=again)


def test_a_deployment_that_hurts_is_taken_back_and_users_recover(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    began = time.monotonic()
    sound = stage.deploy("sound")
    tag = stage.tag
    verdict, action = verified(stage, sound, Traffic())
    assert (verdict.outcome.value, action.commit, action.notes) == ("pass", "", ()), (verdict.headline, action)

    bad = stage.deploy("bad")
    verdict, action = verified(stage, bad, Traffic(then_bad=0.05), Traffic(bad=0.05, then_bad=0.002))
    record_property("seconds from the first deploy to recovered", round(time.monotonic() - began, 1))
    assert verdict.outcome.value == "fail", verdict.headline
    assert action.says == f"rolled back by {action.commit[:12]}, and recovered", action
    assert action.recovered is True
    assert action.recovery is not None
    assert action.recovery.commit == action.commit

    # One forward commit of the overlay alone, which says what it takes back; and the engine has applied that.
    root = stage.watched.world.repo.root
    assert (
        git("rev-parse", "HEAD", cwd=root) == action.commit == git("ls-remote", "origin", "main", cwd=root).split()[0]
    )
    assert git("rev-parse", "HEAD~1", cwd=root) == bad
    assert git("diff", "--name-only", "HEAD~1", cwd=root) == f"{stage.directory}/kustomization.yaml"
    assert git("diff", sound, "--stat", cwd=root) == ""
    assert bad[:10] in git("log", "-1", "--format=%B", cwd=root)
    (live,) = stage.kube.get("apps/v1", "Deployment", SERVICE, stage.namespace)["spec"]["template"]["spec"][
        "containers"
    ]
    assert live["image"].endswith(f":{tag}")
    stage.tag = tag
