"""The engines that atmos knows, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.engines.argocd.engine import ArgoCD
from atmos_cli.engines.flux.engine import Flux

if TYPE_CHECKING:
    from atmos_cli.engines.engine import Engine
    from atmos_cli.verify.look import HealthRules

ENGINES: dict[str, Engine] = {
    "argocd": ArgoCD(),
    "flux": Flux(),
}


def pointer_kinds() -> frozenset[str]:
    """Return the kinds of the objects with which any engine applies a service."""
    return frozenset(kind for engine in ENGINES.values() for kind in engine.pointers)


def health_rules() -> HealthRules:
    """Return how to judge the objects of every engine: a service may hold those of another."""
    return {kind: rule for engine in ENGINES.values() for kind, rule in engine.health.items()}
