"""What a proof of `atmos verify` needs: a clock that runs fast, a metrics history with a turn in it, and sessions."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import yaml

from atmos_cli.adapters.prometheus import PrometheusClient
from atmos_cli.commands.verify import Run, verify
from atmos_cli.gitops.repository import open_repository
from atmos_cli.live.sessions import live_sessions
from tests.lab.processes import PATIENCE
from tests.lab.prometheus import start_prometheus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from atmos_cli.gitops.repository import Deployment
    from atmos_cli.live.session import Session
    from atmos_cli.ports import Answer, Metrics
    from atmos_cli.verify.model import Verdict
    from tests.lab.prometheus import Prometheus
    from tests.lab.proofs.engines_world import World

BEFORE, AFTER, SCRAPE = 4200, 4200, 15


# A wait of a rushing clock: shorter than the step between two looks at the metrics, so none of them is left out.
STRIDE = 15.0


class FastClock:
    """Real time until `rush` is set, so that engines get the time they need; then every wait is over at once."""

    def __init__(self, *, pause: float = 0.5, stride: float = STRIDE) -> None:
        """`pause`: the longest real wait; `stride`: the shortest wait of a rushing clock."""
        self.ahead = 0.0
        self.rush = False
        self._pause, self._stride = pause, stride

    def now(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        if self.rush:
            self.ahead += max(seconds, self._stride)
        else:
            time.sleep(min(seconds, self._pause))


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests per second and the share that fails, before and after the deploy; `slow` is the share above 500 ms."""

    rps: float = 50.0
    bad: float = 0.002
    slow: float = 0.01
    then_rps: float | None = None
    then_bad: float | None = None
    then_slow: float | None = None


def history(
    traffic: Traffic, *, namespace: str, service: str, turn: float, sibling: str = "", every: int = SCRAPE
) -> str:
    """OpenMetrics text: what ingress-nginx counted an hour before `turn`, and will have counted an hour after.

    `every`: seconds between two scrapes. A `sibling` behind the same controller has the same traffic, and is as well after as before.
    """
    requests, buckets = _counted(traffic, namespace, service, turn, every)
    if sibling:
        others = Traffic(traffic.rps, traffic.bad, traffic.slow)
        requests, buckets = (
            mine + theirs
            for mine, theirs in zip((requests, buckets), _counted(others, namespace, sibling, turn, every), strict=True)
        )
    return "\n".join([*requests, *buckets, "# EOF", ""])


def _counted(traffic: Traffic, namespace: str, service: str, turn: float, every: int) -> tuple[list[str], list[str]]:
    counts = {"200": 0.0, "500": 0.0}
    below = {"0.1": 0.0, "0.5": 0.0, "+Inf": 0.0}
    requests, buckets = [], []
    at = turn - BEFORE
    number = 0
    while at < turn + AFTER:
        after = at >= turn
        rps = traffic.then_rps if after and traffic.then_rps is not None else traffic.rps
        bad = traffic.then_bad if after and traffic.then_bad is not None else traffic.bad
        slow = traffic.then_slow if after and traffic.then_slow is not None else traffic.slow
        # A little unevenness, the same in every run: a perfectly even history would look like none that exists.
        total = rps * every * (1 + 0.1 * ((number * 7919) % 21 - 10) / 10)
        counts["500"] += total * bad
        counts["200"] += total * (1 - bad)
        below["0.1"] += total * (1 - slow) * 0.97
        below["0.5"] += total * (1 - slow)
        below["+Inf"] += total
        where = f'namespace="{namespace}",ingress="{service}",service="{service}"'
        requests += [
            f'nginx_ingress_controller_requests{{{where},status="{status}"}} {int(count)} {at:.0f}'
            for status, count in counts.items()
        ]
        buckets += [
            f'nginx_ingress_controller_request_duration_seconds_bucket{{{where},status="200",le="{le}"}} '
            f"{int(count)} {at:.0f}"
            for le, count in below.items()
        ]
        at += every
        number += 1
    return requests, buckets


class OnDemand:
    """`ports.Metrics` of a real server that is begun at the first question, which `atmos verify` asks of the deploy's time.

    So its history turns when the new pods came, however long the engine took.
    """

    def __init__(self, begin: Callable[[float], PrometheusClient]) -> None:
        self._begin = begin
        self._client: PrometheusClient | None = None

    def query(self, promql: str, *, at: float) -> Answer:
        return self._at(at).query(promql, at=at)

    def query_range(self, promql: str, *, start: float, end: float, step: float) -> Answer:
        return self._at(start).query_range(promql, start=start, end=end, step=step)

    def _at(self, turn: float) -> PrometheusClient:
        if self._client is None:
            self._client = self._begin(turn)
        return self._client


@dataclass
class Watched:
    """A world whose services are verified; `directory` belongs to one test alone."""

    world: World
    directory: Path
    servers: list[Prometheus] = field(default_factory=list)
    clients: list[PrometheusClient] = field(default_factory=list)

    def kubeconfig(self) -> Path:
        """One context per cluster of atmos-cli.yaml."""
        merged: dict[str, object] = {"apiVersion": "v1", "kind": "Config", "clusters": [], "contexts": [], "users": []}
        config = yaml.safe_load(self.world.repo.read("atmos-cli.yaml"))
        for environment, settings in config["environments"].items():
            own = yaml.safe_load(self.world.planes[environment].kubeconfig.read_text())
            name = settings["cluster"]
            for part in ("clusters", "users"):
                merged[part] += [{**own[part][0], "name": name}]  # type: ignore[operator]
            merged["contexts"] += [{"name": name, "context": {"cluster": name, "user": name}}]  # type: ignore[operator]
        path = self.directory / "verify.kubeconfig"
        path.write_text(yaml.safe_dump(merged))
        return path

    def prometheus(self, text: str) -> PrometheusClient:
        """A client of a new server that knows this history; both end with `end`."""
        number = len(self.servers)
        server = start_prometheus(self.directory / f"prometheus-{number}", history=text)
        self.servers.append(server)
        self.clients.append(PrometheusClient(server.url))
        return self.clients[-1]

    def end(self) -> None:
        for client in self.clients:
            client.close()
        for server in self.servers:
            server.end()


def watch(
    session: Session,
    clock: FastClock,
    *,
    on: Callable[[Run], None] = lambda _: None,
    still: Callable[[Run], bool] = lambda _: False,
) -> Verdict:
    """Verifies by the session's clock, which is `clock` or a record of it; time runs once the pods are good, or when `still` says that nothing more will happen."""
    run = Run(session)
    began = time.monotonic()

    def keep(run: Run) -> None:
        phase = run.progress.phase.value
        clock.rush = phase in ("settle", "observe") or (phase == "rollout" and still(run))
        on(run)
        assert time.monotonic() - began < PATIENCE, f"no verdict yet: {run.progress} {run.now}"

    return verify([run], clock=session.clock, keep=keep)[0]


@contextmanager
def session_of(
    watched: Watched, deployment: Deployment, commit: str, metrics: Metrics | None, clock: FastClock
) -> Iterator[Session]:
    """As `atmos verify` opens it; the metrics and the clock are those of the test. KUBECONFIG must name `watched.kubeconfig()`."""
    repository = open_repository(watched.world.repo.root)
    with live_sessions(repository, (deployment,), commit=commit) as (session,):
        yield replace(session, clock=clock, connection=replace(session.connection, metrics=metrics))
