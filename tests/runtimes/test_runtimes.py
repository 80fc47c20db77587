"""Real runtimes in the pods that atmos writes for them: they start, answer the probes, do their work and end.

With a root that cannot be written, as a numeric user without capabilities, with the generated variables, mounts and memory.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from atmos_cli.blueprint.compose import compose
from atmos_cli.spec.model import ServiceSpec
from tests.blueprint.matrix import CATALOGUE, CONFIG, TEAM
from tests.runtimes.builder import is_made, missing_packages
from tests.runtimes.cases import CASES, Case, sampled
from tests.runtimes.container import Running, environment, running
from tests.runtimes.figures import keep
from tests.runtimes.probing import answers, started, status

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runtimes.conftest import Database

# The pod leaves load balancers for ten seconds first, of the 45 that it has.
TO_STOP = 35
POD = "10.244.1.17"
SAMPLE = sampled(os.environ.get("ATMOS_RUNTIMES_OF", ""))


@pytest.mark.runtimes
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in SAMPLE])
def test_a_runtime_lives_in_its_pod(case: Case, database: Database, tmp_path: Path) -> None:
    require(case)
    pod, secrets = generated(case, database)
    (container,) = pod["containers"]
    port = container["ports"][0]["containerPort"]
    with running(pod, case.image(), env=environment(container, secrets), at=tmp_path, name=case.name) as alive:
        seconds = started(container["startupProbe"], POD, port, alive=lambda: alive.process.poll() is None)
        assert seconds is not None, f"not started: {alive.said()}"
        assert answers(container["readinessProbe"], POD, port), alive.said()
        assert answers(container["livenessProbe"], POD, port), alive.said()
        code, body = status(POD, port, case.work, case.headers, timeout=20)
        assert code == 200, f"{body}{alive.said()}"
        if case.database:
            assert body.strip() == f"works as {database.username}", alive.said()
        code, body = status(POD, port, case.work, case.headers, timeout=20)
        assert code == 200, body
        memory = alive.memory()
        _, took = alive.stop(within=TO_STOP)
        assert took < TO_STOP, f"SIGTERM did not end it: {alive.said()}"
    keep(case, started=seconds, memory=memory, stopped=took, version=version(case))


def generated(case: Case, database: Database) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Return the pod that atmos composes for a service in an environment with a database, and the Secret of that."""
    row = CATALOGUE.frameworks[case.framework] if case.framework else None
    usual = row.usual_port if row and row.usual_port else CATALOGUE.languages.languages[case.language].usual_port
    addons: dict[str, Any] = {**({"postgres": {}} if case.database else {}), **({"http": {}} if case.host else {})}
    spec = ServiceSpec.model_validate(
        {
            "name": "shop",
            "language": case.language,
            "framework": case.framework,
            "size": case.size,
            "port": {"service": 80, "container": usual or 8080},
            "addons": addons,
            "hosts": [case.host] if case.host else [],
        }
    )
    made = compose(spec, team=TEAM, environment="test", config=CONFIG, catalogue=CATALOGUE)
    (deployment,) = (each.resource for each in made.resources if each.file == "deployment.yaml")
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return pod, {"shop-db-app": database.secret()}


def require(case: Case) -> None:
    """Fail, and never skip, where a runtime is not there: what is not run proves nothing."""
    if missing := missing_packages(case.packages):
        pytest.fail(f"missing: {', '.join(missing)}; `tests/runtimes/build --install-packages` installs them")
    if case.built and not is_made(case.built):
        pytest.fail(f"the application `{case.built}` is not made: run `tests/runtimes/build --only {case.name}`")


def version(case: Case) -> str:
    if not case.version:
        return ""
    done = subprocess.run(case.version, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()[0].strip()


def test_a_kubelet_replaces_only_what_stands_earlier() -> None:
    container = {
        "env": [
            {"name": "URL", "value": "$(HOST)"},
            {"name": "HOST", "valueFrom": {"secretKeyRef": {"name": "s", "key": "h"}}},
            {"name": "AFTER", "value": "http://$(HOST)/$(NEVER)"},
        ]
    }
    found = environment(container, {"s": {"h": "db"}})
    assert found == {"URL": "$(HOST)", "HOST": "db", "AFTER": "http://db/$(NEVER)"}
    assert Running.__slots__


def no_headers(pod: dict[str, Any]) -> None:
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        del pod["containers"][0][probe]["httpGet"]["httpHeaders"]


def loopback(pod: dict[str, Any]) -> None:
    container = pod["containers"][0]
    container["env"] = [each for each in container["env"] if not each["name"].endswith("_HOST")]


def on_disk(pod: dict[str, Any]) -> None:
    for volume in pod["volumes"]:
        volume["emptyDir"].pop("medium", None)


def not_written(pod: dict[str, Any]) -> None:
    pod["containers"][0]["volumeMounts"] = [
        each for each in pod["containers"][0]["volumeMounts"] if not each["mountPath"].endswith("/work")
    ]


WITHOUT = {
    "django": (no_headers, "start"),
    "fastapi": (loopback, "start"),
    "sinatra": (on_disk, "work"),
    "tomcat": (not_written, "start"),
    "express": (lambda pod: pod.pop("shareProcessNamespace"), "stop"),
}


@pytest.mark.runtimes
@pytest.mark.parametrize("name", sorted(WITHOUT.keys() & {case.name for case in SAMPLE}))
def test_without_what_its_row_says_it_does_not(name: str, database: Database, tmp_path: Path) -> None:
    """Else the runs above would prove nothing of the rows."""
    (case,) = (each for each in CASES if each.name == name)
    require(case)
    take, fails = WITHOUT[name]
    pod, secrets = generated(case, database)
    take(pod)
    (container,) = pod["containers"]
    port, probe = container["ports"][0]["containerPort"], container["startupProbe"]
    tries = 6 if fails == "start" else probe["failureThreshold"]
    with running(pod, case.image(), env=environment(container, secrets), at=tmp_path, name=f"not-{name}") as alive:
        came = started({**probe, "failureThreshold": tries}, POD, port, alive=lambda: alive.process.poll() is None)
        assert (came is None) == (fails == "start")
        if fails == "work":
            assert status(POD, port, case.work, case.headers, timeout=20)[0] == 500
        if fails == "stop":
            assert alive.stop(within=5)[1] >= 5
