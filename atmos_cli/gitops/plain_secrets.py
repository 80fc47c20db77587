"""Refuses a secret that someone typed before it is written anywhere; no message repeats it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.checks.secret_values import held_secrets, remedy
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.kube.plain_values import secret_pair
from atmos_cli.kube.secret_shapes import shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.config import Config


def require_no_secret(text: str, what: str, *, hint: str) -> None:
    """Check `text`, which messages call `what`; raises ATM333 (exit 1) when it holds a secret in plain text."""
    found = shape(text) or ("a secret in plain text" if secret_pair(text) else "")
    if found:
        raise AtmosError(Diagnostic(Code.PLAIN_SECRET, f"{what} holds {found}", hint=hint), exit_code=1)


def require_no_secrets(values: Mapping[str, Any], *, config: Config) -> None:
    """Check a service's `values`; raises ATM333 (exit 1) for everything in them that is a secret in plain text."""
    stores = (each.secrets.store for each in config.environments.values() if each.secrets)
    service, store = str(values.get("name", "")), next(stores, "")
    found = [
        Diagnostic(Code.PLAIN_SECRET, held.said, hint=remedy(held.variable, service=service, store=store, spec=True))
        for held in held_secrets(values)
    ]
    if found:
        raise AtmosError(*found, exit_code=1)
