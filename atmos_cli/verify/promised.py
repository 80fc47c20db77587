"""Secrets and ConfigMaps that do not exist yet, but that a wanted object is or will make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.secret_makers import secrets_made_by
from atmos_cli.kube.shape import who

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look


def is_promised(kind: str, name: str, look: Look) -> bool:
    """Check whether a wanted object is, or makes, the Secret or ConfigMap of this name; `kind` in any case."""
    return any(name in _makes(wanted, kind.lower()) for wanted in look.snapshot.wanted)


def _makes(wanted: Resource, kind: str) -> tuple[str, ...]:
    identity = who(wanted)
    if identity.kind.lower() == kind:
        return (identity.name,)
    return tuple(name for name, _ in secrets_made_by(wanted)) if kind == "secret" else ()
