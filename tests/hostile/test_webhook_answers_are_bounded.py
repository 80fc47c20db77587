"""A chat that answers without end, or never, delays nobody: the verdict stands, within a deadline and a size."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hostile import http_faults, promises, seeds
from tests.hostile.liar import Fault, lying

if TYPE_CHECKING:
    from tests.hostile.box import Box
    from tests.hostile.running import Server

pytestmark = pytest.mark.sample

RUNS = Path(__file__).parent.parent / "verify" / "recorded" / "runs"
SECRET_PATH = "hunter2-canary"
VERDICTS = {0, 1, 2, 4, 5}
MOST_SECONDS = 75  # one deadline of at most a minute
FAST = 24


def posted(box: Box, server: Server, fault: Fault) -> None:
    """A recorded verdict is replayed and told to a chat that answers with the fault."""
    recorded = min(RUNS.iterdir())
    with lying(fault) as liar:
        env = box.env | {"CHAT": f"http://127.0.0.1:{liar.port}/services/{SECRET_PATH}"}
        args = ("verify", "--replay", str(recorded), "--webhook", "CHAT")
        ran = server.run(*args, cwd=box.root, env=env, seconds=MOST_SECONDS)
    assert liar.requests, f"nothing was posted\n{ran}"
    assert ran.status != -signal.SIGALRM, f"{fault.name}: it did not end\n{ran}"
    promises.ended(ran, ends=VERDICTS)
    promises.bounded(ran, processor=70, megabytes=300)
    promises.printable(ran)
    assert SECRET_PATH not in ran.text, f"the URL of the chat is a secret\n{ran}"


@pytest.mark.parametrize("number", range(FAST))
def test_a_faulty_chat_is_said(box: Box, server: Server, number: int) -> None:
    rng = seeds.random_of("webhook", number)
    generator = http_faults.GENERATORS[number * 3 % len(http_faults.GENERATORS)]
    posted(box, server, generator(rng, b'{"ok": true}'))


@pytest.mark.slow
def test_a_slow_chat_ends_at_one_deadline(servers: list[Server], boxes: list[Box]) -> None:
    with ThreadPoolExecutor(len(servers)) as pool:
        tried = [pool.submit(posted, *each) for each in zip(boxes, servers, http_faults.SLOW, strict=True)]
    broken = [str(error) for each in tried if (error := each.exception())]
    assert not broken, f"{len(broken)} broken\n" + "\n".join(broken)
