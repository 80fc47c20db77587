"""Where in a GitOps repo something hostile may lie: what an engine reads, what atmos reads, and beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from tests.hostile.box import Box

CHECKOUT = "apps/main/checkout"
MANIFESTS = (
    f"{CHECKOUT}/base/deployment.yaml",
    f"{CHECKOUT}/base/service.yaml",
    f"{CHECKOUT}/overlays/dev/postgres-cluster.yaml",
    "tenants/dev/main/namespace.yaml",
    "tenants/prod/main/resourcequota.yaml",
    "infrastructure/controllers/dev/tenancy/clusterrole.yaml",
    "argocd/projects/main.yaml",
    "argocd/bootstrap/root.yaml",
)
KUSTOMIZATIONS = (
    f"{CHECKOUT}/base/kustomization.yaml",
    f"{CHECKOUT}/overlays/dev/kustomization.yaml",
    f"{CHECKOUT}/overlays/prod/kustomization.yaml",
    "tenants/dev/main/kustomization.yaml",
    "infrastructure/controllers/dev/tenancy/kustomization.yaml",
)
OWN = (  # what atmos itself reads
    "atmos-cli.yaml",
    "atmos-cli.lock",
    f"{CHECKOUT}/service.yaml",
    f"{CHECKOUT}/service.lock",
    "platform/budgets/dev.yaml",
    "platform/prices.yaml",
    "platform/approvers.yaml",
    "platform/approvals/dev/checkout/3f9c1a2b4c5d6e7f.yaml",
    "platform/blueprints/evil/blueprint.yaml",
    "platform/blueprints/evil/resources/thing.yaml",
    "platform/schemas/service.json",
)
DIRECTORIES = (
    "",
    "apps",
    "apps/main",
    CHECKOUT,
    f"{CHECKOUT}/base",
    f"{CHECKOUT}/overlays",
    f"{CHECKOUT}/overlays/dev",
    "tenants/dev/main",
    "platform",
    "platform/budgets",
    "platform/blueprints",
    "platform/approvals/dev/checkout",
    "infrastructure/configs/dev/extra",
    "infrastructure/controllers/dev",
    "argocd/applicationsets",
    "clusters/dev",
    "delivery/dev/main",
)


def any_file(rng: random.Random) -> str:
    return rng.choice(rng.choice((MANIFESTS, KUSTOMIZATIONS, OWN)))


def any_place(rng: random.Random, name: str) -> str:
    """A path for a new file of that name, somewhere in the repo."""
    return f"{rng.choice(DIRECTORIES)}/{name}".lstrip("/")


def list_resource(box: Box, kustomization: str, entry: str) -> None:
    """Name `entry` among the resources of a kustomization."""
    at = box.root / kustomization
    text = at.read_text(errors="replace") if at.is_file() and not at.is_symlink() else "resources:\n"
    line = f"resources:\n- {entry}\n"
    box.write(kustomization, text.replace("resources:\n", line, 1) if "resources:\n" in text else text + line)
