"""What once went wrong between the checkout and servers: it chose which variable went where; a remote's words cost minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from tests.hostile import promises
from tests.hostile.liar import Fault, answered, lying

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile.box import Box
    from tests.hostile.running import Server

pytestmark = pytest.mark.sample

VICTIM = "AKIAvictimSECRET"
TALK = {"a://": 25_000, "a://a/": 17_000, "a.": 50_000}


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["clone", "nested", "unpacked"])
def test_a_checkout_sends_no_variable_of_its_choice(new_box: Callable[..., Box], server: Server, shape: str) -> None:
    box = new_box(shape)
    with lying(
        Fault("nothing found", answered(b'{"status": "success", "data": {"resultType": "vector", "result": []}}'))
    ) as liar:
        config = yaml.safe_load((box.root / "atmos-cli.yaml").read_text())
        url = f"http://127.0.0.1:{liar.port}"
        config["clusters"]["dev"]["prometheus"] = {"url": url, "tokenEnv": "AWS_SECRET_ACCESS_KEY"}
        box.write("atmos-cli.yaml", yaml.safe_dump(config))
        args = ("verify", "backtest", "checkout", "--env", "dev", "--hours", "2")
        ran = server.run(*args, cwd=box.root, env=box.env | {"AWS_SECRET_ACCESS_KEY": VICTIM})
    promises.ended(ran, ends={0, 1, 2, 4})
    assert not [each for each in liar.requests if VICTIM.encode() in each], f"the secret was sent\n{ran}"
    assert VICTIM not in ran.text


@pytest.mark.parametrize("words", TALK)
def test_a_talkative_remote_costs_linear_time(box: Box, server: Server, words: str) -> None:
    box.git("init", "-q", "--bare", "../remote")
    box.git("remote", "add", "origin", str(box.top / "remote"))
    box.git("push", "-q", "origin", "main")
    (box.top / "said").write_text(words * TALK[words])
    hook = box.top / "remote" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ncat {box.top}/said >&2\nexit 1\n")
    hook.chmod(0o755)
    args = ("new", "service", "go, port 8080, called zed", "--yes", "--write", "branch", "--push")
    ran = server.run(*args, cwd=box.root, env=box.env, seconds=30)
    promises.ended(ran)
    promises.bounded(ran, processor=5)
    assert ran.status != 0, str(ran)
