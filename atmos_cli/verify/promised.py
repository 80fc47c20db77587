"""Secrets and ConfigMaps that do not exist yet, but that something wanted will make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import text, who

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look

_POSTGRES = ("app", "superuser", "ca", "server", "replication")


def is_promised(kind: str, name: str, look: Look) -> bool:
    """Whether a wanted object is, or makes, the Secret or ConfigMap of this name; `kind` in any case."""
    return any(name in _makes(wanted, kind.lower()) for wanted in look.scene.wanted)


def _makes(wanted: Resource, kind: str) -> tuple[str, ...]:
    identity = who(wanted)
    if identity.kind.lower() == kind:
        return (identity.name,)
    if kind != "secret":
        return ()
    if identity.kind == "ExternalSecret":
        return (text(wanted, "spec", "target", "name") or identity.name,)
    if identity.kind == "SealedSecret":
        return (text(wanted, "spec", "template", "metadata", "name") or identity.name,)
    if identity.kind == "Certificate":
        return (text(wanted, "spec", "secretName"),)
    if identity == ("postgresql.cnpg.io", "Cluster", identity.namespace, identity.name):
        return tuple(f"{identity.name}-{suffix}" for suffix in _POSTGRES)
    return ()
