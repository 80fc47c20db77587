"""What `atmos verify` says of a deployment, of each kind that goes well or wrong, on real Argo CD and real Flux."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from atmos_cli.verify.seen import Status
from tests.lab.kube import condition
from tests.lab.processes import wait_until
from tests.lab.proofs.verify_stage import SERVICE, Stage
from tests.lab.proofs.verify_support import FastClock, OnDemand, Traffic, Watched, history, session_of, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from atmos_cli.adapters.prometheus import PrometheusClient
    from atmos_cli.commands.verify import Run
    from atmos_cli.verify.model import Verdict
    from tests.lab.kube import Object
    from tests.lab.proofs.worlds import Worlds

pytestmark = pytest.mark.lab

JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: cart-migrate-TAG}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: migrate
        image: registry.example.com/shop/cart-migrate:broken-exit
        args: [python, manage.py, migrate]
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 32Mi}}
"""


def never(_: Stage) -> bool:
    return False


def nothing(_: Stage) -> None:
    return None


def cannot_pull(stage: Stage) -> bool:
    """From here on the cluster stands still, and all further waiting is a debounce."""
    statuses = (status for pod in stage.pods() for status in pod["status"].get("containerStatuses", ()))
    return any((status["state"].get("waiting") or {}).get("reason") == "ImagePullBackOff" for status in statuses)


def finds_no_node(stage: Stage) -> bool:
    return any(condition(pod, "PodScheduled") == "False" for pod in stage.pods())


@dataclass(frozen=True)
class Scenario:
    """A deployment, and what must be said of it: the outcome, the first reason's code, the first cause's rule.

    `next` is in the command that is offered. `plays` is what the kubelet would do, after each look; `still` when there is nothing to wait for but a debounce.
    """

    outcome: str
    reason: str = ""
    rule: str = ""
    next: str = ""
    tag: str = "v"
    spec: Object | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    traffic: Traffic | None = None
    plays: Callable[[Stage], None] = nothing
    still: Callable[[Stage], bool] = never


def container(**more: object) -> Object:
    return {"template": {"spec": {"containers": [{"name": SERVICE, **more}]}}}


def fails_its_probe(stage: Stage) -> None:
    for pod in stage.pods():
        if not stage.told(pod, "Unhealthy"):
            stage.says(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404")


def lacks_its_secret(stage: Stage) -> None:
    for pod in stage.pods():
        if pod["status"].get("podIP") and not stage.told(pod, "Failed"):
            why = 'secret "cart-payments" not found'
            (status,) = pod["status"]["containerStatuses"]
            waiting = {"waiting": {"reason": "CreateContainerConfigError", "message": why}}
            changed = {**status, "started": False, "state": waiting}
            stage.kube.patch_status(pod, {"phase": "Pending", "containerStatuses": [changed]})
            stage.says(pod, "Failed", f"Error: {why}")


def finds_no_image(stage: Stage) -> None:
    for pod in stage.pods():
        if pod["status"].get("podIP") and not stage.told(pod, "Failed"):
            image = pod["spec"]["containers"][0]["image"]
            why = f'failed to resolve reference "{image}": {image}: not found'
            stage.says(pod, "Failed", f'Failed to pull image "{image}": rpc error: code = NotFound desc = {why}')


SECRET = {"name": "PAYMENTS_TOKEN", "valueFrom": {"secretKeyRef": {"name": "cart-payments", "key": "token"}}}
OTHER = {"matchLabels": {"track": "stable"}}

SCENARIOS = {
    "good deploy": Scenario("pass", traffic=Traffic()),
    "error spike": Scenario("fail", "errors-up", traffic=Traffic(then_bad=0.05)),
    "latency spike": Scenario("fail", "latency-up", traffic=Traffic(then_slow=0.3)),
    "traffic lost": Scenario("fail", "traffic-lost", "R38", traffic=Traffic(then_rps=0.5)),
    "crash loop": Scenario("fail", "crash-loop", "exit", tag="broken-crashloop"),
    "image pull failure": Scenario("fail", "image-missing", "R9", tag="broken-imagepull", plays=finds_no_image),
    "image pull without a word": Scenario("fail", "image-pull", "R9", tag="broken-imagepull", still=cannot_pull),
    "quota refusal": Scenario("fail", "quota", "R27", spec=container(resources={"requests": {"cpu": "5"}})),
    "unschedulable": Scenario(
        "fail",
        "unschedulable",
        "R25",
        spec={"template": {"spec": {"nodeSelector": {"disk": "nvme"}}}},
        still=finds_no_node,
    ),
    "bad probe": Scenario(
        "fail",
        "not-ready",
        "R21",
        tag="broken-notready",
        spec={"progressDeadlineSeconds": 8, **container(startupProbe=None, readinessProbe={"failureThreshold": 1})},
        plays=fails_its_probe,
    ),
    "missing secret": Scenario(
        "fail", "config-missing", "R13", tag="broken-notready", spec=container(env=[SECRET]), plays=lacks_its_secret
    ),
    "failed migration job": Scenario("fail", "job-failed", "R47", files={"migrate.yaml": JOB}),
    "sync error": Scenario(
        "fail",
        "sync-failing|apply-failed",
        "R48",
        spec={"selector": OTHER, "template": {"metadata": {"labels": OTHER["matchLabels"]}}},
    ),
    "no metrics": Scenario("inconclusive", "no-metrics", next="prometheus: {url: URL}"),
}


@pytest.fixture(scope="module", params=["argo", "flux"])
def watched(worlds: Worlds, request: pytest.FixtureRequest, lab_directory: Path) -> Iterator[Watched]:
    directory = lab_directory / f"verify-{request.param}"
    directory.mkdir()
    found = Watched(worlds[request.param], directory)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(found.kubeconfig()))
        yield found
    found.end()


@pytest.fixture(scope="module")
def stages(watched: Watched) -> Iterator[list[Stage]]:
    """Two of them: one comes back to a good state while the other is used."""
    found = [Stage(watched, environment) for environment in ("dev", "staging")]
    yield found
    for stage in found:
        stage.back_to_the_beginning()


@pytest.fixture
def stage(stages: list[Stage]) -> Iterator[Stage]:
    """In a good state; another each time."""
    stages.reverse()
    stages[0].ready()
    yield stages[0]
    if not stages[0].good:
        stages[0].restore()


def verdict_on(
    stage: Stage,
    commit: str,
    traffic: Traffic | None,
    *,
    on: Callable[[Run], None] = lambda _: None,
    still: Callable[[Stage], bool] = never,
    clock: FastClock | None = None,
) -> Verdict:
    def begin(turn: float) -> PrometheusClient:
        text = history(traffic or Traffic(), namespace=stage.namespace, service=SERVICE, turn=turn, sibling="orders")
        return stage.watched.prometheus(text)

    clock, metrics = clock or FastClock(), OnDemand(begin) if traffic else None
    with session_of(stage.watched, stage.deployment, commit, metrics, clock) as session:
        return watch(session, clock, on=on, still=lambda _: still(stage))


def shown(verdict: Verdict) -> str:
    """What a failed test prints."""
    causes = [(each.rule, each.title, each.confidence, each.blames) for each in verdict.causes]
    return f"{verdict.headline}\n{verdict.reasons}\n{causes}\n{verdict.delivery}\n{verdict.rollout and verdict.rollout.message}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_verdict_and_its_cause_are_right(
    stage: Stage, name: str, record_property: Callable[[str, object], None]
) -> None:
    scenario = SCENARIOS[name]
    began = time.monotonic()
    commit = stage.deploy(scenario.tag, spec=scenario.spec, files=dict(scenario.files))
    stage.good = scenario.reason in ("", "no-metrics") or bool(scenario.traffic)
    verdict = verdict_on(stage, commit, scenario.traffic, on=lambda _: scenario.plays(stage), still=scenario.still)
    record(record_property, name, verdict, began)
    assert verdict.outcome.value == scenario.outcome, shown(verdict)
    if scenario.reason:
        assert verdict.reasons[0].code in scenario.reason.split("|"), shown(verdict)
    if scenario.rule:
        assert verdict.causes, shown(verdict)
        assert verdict.causes[0].rule == scenario.rule, shown(verdict)
        assert verdict.causes[0].blames is not False, shown(verdict)
    assert scenario.next in verdict.next
    assert verdict.commit == commit


def record(record_property: Callable[[str, object], None], name: str, verdict: Verdict, began: float) -> None:
    """For the table of docs/verify.md: what was said, and the seconds that a user would have waited for it."""
    said = [verdict.outcome.value, *(each.code for each in verdict.reasons[:1]), *(c.rule for c in verdict.causes[:1])]
    record_property(f"seconds to the verdict on `{name}`: {' '.join(said)}", round(verdict.ended - verdict.started))
    record_property("seconds in the lab", round(time.monotonic() - began, 1))


def test_a_paused_engine_is_not_waited_for(stage: Stage, record_property: Callable[[str, object], None]) -> None:
    stage.pause(paused=True)
    try:
        began = time.monotonic()
        verdict = verdict_on(stage, stage.deploy("v"), Traffic())
    finally:
        stage.pause(paused=False)
    record(record_property, "suspended engine", verdict, began)
    assert (verdict.outcome.value, verdict.reasons[0].code) in (
        ("inconclusive", "automation-paused"),
        ("inconclusive", "suspended"),
    ), shown(verdict)
    assert verdict.next.startswith(("argocd app sync ", "flux resume kustomization "))
    assert f" {stage.engine_object()['metadata']['name']}" in verdict.next
    stage.good = True


def test_a_newer_commit_of_someone_else_supersedes(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    began = time.monotonic()
    mine, _ = stage.deploy("v"), stage.deploy("theirs")
    verdict = verdict_on(stage, mine, Traffic())
    record(record_property, "someone else's newer commit", verdict, began)
    assert verdict.outcome.value == "superseded", shown(verdict)
    assert mine[:7] in verdict.headline


def test_an_unrelated_later_commit_changes_nothing(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    began = time.monotonic()
    mine = stage.deploy("v")
    stage.watched.world.repo.push({"README.md": f"read me, {time.time()}"}, "words")
    verdict = verdict_on(stage, mine, Traffic())
    record(record_property, "an unrelated commit", verdict, began)
    assert verdict.outcome.value == "pass", shown(verdict)
    assert verdict.commit == mine


def test_metrics_that_end_in_the_middle_leave_the_rollout_standing(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    began = time.monotonic()

    def on(run: Run) -> None:
        if run.now and run.now.assessment and stage.watched.servers[-1].processes:
            stage.watched.servers[-1].end()

    verdict = verdict_on(stage, stage.deploy("v"), Traffic(), on=on)
    record(record_property, "metrics down in the middle", verdict, began)
    assert (verdict.outcome.value, verdict.reasons[0].code) == ("inconclusive", "metrics-unavailable"), shown(verdict)
    assert verdict.rollout is not None
    assert verdict.rollout.status is Status.CURRENT
    assert verdict.rollout.ready == verdict.rollout.wanted > 0


def test_an_api_server_that_restarts_is_waited_for(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    began, plane = time.monotonic(), stage.watched.world.planes[stage.environment]
    (server,) = [each for each in plane.processes if "apiserver" in each.name]
    looks: list[str] = []

    def on(run: Run) -> None:
        looks.append(run.progress.phase.value)
        if looks.count("settle") == 1:
            server.stop()
        elif looks.count("settle") == 2 and not server.alive:
            assert run.now is not None
            server.start()
            wait_until(plane._answers, "API server")

    verdict = verdict_on(stage, stage.deploy("v"), Traffic(), on=on)
    record(record_property, "API server restarted", verdict, began)
    assert looks.count("settle") > 2, looks
    assert verdict.outcome.value == "pass", shown(verdict)
