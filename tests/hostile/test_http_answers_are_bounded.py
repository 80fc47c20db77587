"""Whatever a server answers: the command ends, in time and memory, says so in printable words, and gives no token away."""

from __future__ import annotations

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.hostile import http_faults, promises, seeds
from tests.hostile.liar import Fault, answers, lying

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.hostile.box import Box
    from tests.hostile.running import Ran, Server

pytestmark = pytest.mark.sample

TOKEN = "tok-canary-that-goes-nowhere-else-0815"
BATCHES, PER_BATCH = 11, 12
COMMANDS = {
    "rightsize": ("prometheus", ("budget", "rightsize", "checkout", "--env", "dev", "--prometheus", "URL")),
    "backtest": ("prometheus", ("verify", "backtest", "checkout", "--env", "dev", "--hours", "2")),
    "status": ("kubernetes", ("status", "checkout", "--env", "dev")),
}
ENDS = {0, 1, 2, 4}
CANNOT = {2, 4}
# One deadline for a whole answer, of at most a minute, and no second try after it has passed.
MOST_SECONDS = 100


def ask(
    box: Box, server: Server, command: str, fault: Fault, *, seconds: int = MOST_SECONDS
) -> tuple[Ran, list[bytes]]:
    """Run the command against a server with the fault; gives what the server was sent as well."""
    kind, args = COMMANDS[command]
    with lying(fault, json.dumps(answers(kind)).encode()) as liar:
        url = f"http://127.0.0.1:{liar.port}"
        _point_at(box, url)
        env = box.env | {"ATMOS_CLI_PROM_TOKEN": TOKEN}
        ran = server.run(*(url if each == "URL" else each for each in args), cwd=box.root, env=env, seconds=seconds)
    return ran, liar.requests


def _point_at(box: Box, url: str) -> None:
    """The base branch names the Prometheus, the user's kubeconfig the cluster."""
    config = yaml.safe_load((box.root / "atmos-cli.yaml").read_text())
    config["clusters"]["dev"]["prometheus"] = {"url": url, "tokenEnv": "ATMOS_CLI_PROM_TOKEN"}
    (box.root / "atmos-cli.yaml").write_text(yaml.safe_dump(config))
    box.git("commit", "-qam", "metrics", "--no-verify")
    kube = box.top / "home" / ".kube" / "config"
    kube.parent.mkdir(exist_ok=True)
    named = {"cluster": "dev", "user": "dev"}
    kube.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "dev",
                "clusters": [{"name": "dev", "cluster": {"server": url}}],
                "users": [{"name": "dev", "user": {"token": TOKEN}}],
                "contexts": [{"name": "dev", "context": named}],
            }
        )
    )


def judge(command: str, fault: Fault, ran: Ran) -> str:
    """Why the promise is broken, or nothing."""
    try:
        assert ran.status != -signal.SIGALRM, "it did not end"
        promises.ended(ran, ends=CANNOT if fault.broken and not fault.good else ENDS)
        promises.bounded(ran, processor=70, megabytes=400)
        promises.printable(ran)
        promises.clear(ran)
        promises.starts_only_known_programs(ran)
        assert TOKEN not in ran.text, "the token was printed"
    except AssertionError as error:
        return f"{command}, {fault.name}: {error}\n{ran}"
    return ""


def all_kept(
    servers: list[Server], boxes: list[Box], cases: Iterable[tuple[str, Fault]], *, seconds: int = MOST_SECONDS
) -> None:
    free = list(zip(servers, boxes, strict=True))

    def one(case: tuple[str, Fault]) -> str:
        server, box = free.pop()
        try:
            return judge(*case, ask(box, server, *case, seconds=seconds)[0])
        finally:
            free.append((server, box))

    with ThreadPoolExecutor(len(free)) as pool:
        broken = [each for each in pool.map(one, cases) if each]
    assert not broken, f"{len(broken)} broken\n" + "\n".join(broken)


def test_there_are_more_than_a_hundred_faults() -> None:
    assert BATCHES * PER_BATCH > 100
    assert 3 * len(http_faults.GENERATORS) < BATCHES * PER_BATCH


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_faulty_answer_is_bounded_and_said(servers: list[Server], boxes: list[Box], batch: int) -> None:
    cases = []
    for number in range(batch * PER_BATCH, (batch + 1) * PER_BATCH):
        rng = seeds.random_of("http", number)
        command = list(COMMANDS)[number % len(COMMANDS)]
        good = json.dumps(answers(COMMANDS[command][0])).encode()
        generator = http_faults.GENERATORS[number // len(COMMANDS) % len(http_faults.GENERATORS)]
        cases.append((command, replace(generator(rng, good), good=rng.choice((0, 0, 0, 1, 2)))))
    all_kept(servers, boxes, cases)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_slow_answer_ends_at_one_deadline(servers: list[Server], boxes: list[Box], command: str) -> None:
    all_kept(servers, boxes, [(command, fault) for fault in http_faults.SLOW])


@pytest.mark.slow
@pytest.mark.parametrize(
    "status", [b"301 Moved", b"302 Found", b"303 See", b"307 Moved", b"308 Moved"], ids=bytes.decode
)
def test_no_token_follows_a_redirect(servers: list[Server], boxes: list[Box], status: bytes) -> None:
    with lying(Fault("elsewhere", broken=False)) as elsewhere:
        for command in COMMANDS:
            for place in (
                f"http://localhost:{elsewhere.port}/",
                f"//127.0.0.1:{elsewhere.port}/",
                "/again",
                "file:///etc/passwd",
            ):
                fault = http_faults.redirect(place, status)
                ran, sent = ask(boxes[0], servers[0], command, fault)
                assert not judge(command, fault, ran)
                assert sent, f"nothing was asked\n{ran}"
    assert not any(TOKEN.encode() in each for each in elsewhere.requests)
