"""The commands that next steps give for a secret: kubectl makes the Secret on a real API server, and adds to it."""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from atmos_cli.config import Config, namespace
from atmos_cli.gitops.secret_steps import secret_command
from tests.lab.components import binary

if TYPE_CHECKING:
    from tests.lab.control_plane import ControlPlane

pytestmark = pytest.mark.lab


def typed(command: str, text: str, plane: ControlPlane) -> None:
    environment = {**os.environ, "KUBECONFIG": str(plane.kubeconfig)}
    program, *arguments = shlex.split(command)
    assert program == "kubectl"
    subprocess.run(
        [binary("kubectl"), *arguments], input=text, env=environment, text=True, check=True, capture_output=True
    )


def test_what_is_typed_becomes_the_secret_and_a_further_one_is_added(control_plane: ControlPlane) -> None:
    config = Config.model_validate(
        {
            "version": 1,
            "clusters": {"dev": {"context": control_plane.name}},
            "environments": {"dev": {"cluster": "dev"}},
        }
    )
    where = namespace("secretive", "dev")
    control_plane.kube.namespace(where)
    for exists, text in (
        (False, "STRIPE_KEY=sk=1 2\nMAIL_URL=x\n"),
        (True, json.dumps({"stringData": {"SENTRY_DSN": "y"}})),
    ):
        command = secret_command("checkout-env", team="secretive", environment="dev", config=config, exists=exists)
        typed(command, text, control_plane)
    found = control_plane.kube.find("v1", "Secret", "checkout-env", where)
    assert found is not None
    values = {name: base64.b64decode(each).decode() for name, each in found["data"].items()}
    assert values == {"STRIPE_KEY": "sk=1 2", "MAIL_URL": "x", "SENTRY_DSN": "y"}
