"""The order in which kustomize puts out resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code

if TYPE_CHECKING:
    from atmos_cli.kustomize.kustomization import Kustomization
    from atmos_cli.kustomize.model import WorkingResource

_FIRST = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
]
_LAST = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]


def _ranks(first: list[str], last: list[str]) -> dict[str, int]:
    return {
        **{kind: number - len(first) for number, kind in enumerate(first)},
        **{kind: 1 + number for number, kind in enumerate(last)},
    }


_RANKS = _ranks(_FIRST, _LAST)


def gvk_key(group: str, version: str, kind: str, ranks: dict[str, int] = _RANKS) -> tuple[int, str]:
    """Return the sort key of a kind: kinds that others need first, webhooks last, the rest by group, version, kind."""
    return ranks.get(kind, 0), "_".join((group or "~G", version or "~V", kind or "~K"))


def sort_items(items: list[WorkingResource], kustomization: Kustomization) -> list[WorkingResource]:
    """Sort by `sortOptions` of the built kustomization, else as `kustomize build` does. Raises AtmosError."""
    options: dict[str, Any] | None = kustomization.fields.get("sortOptions")
    ranks = _RANKS
    if options is not None:
        order, legacy = options.get("order") or "", options.get("legacySortOptions")
        if order not in ("fifo", "legacy") or (order == "fifo" and legacy is not None):
            message = "`sortOptions.order` must be legacy, or fifo without legacySortOptions"
            raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_INVALID, message, ("sortOptions",)))
        if order == "fifo":
            return items
        if legacy is not None:
            ranks = _ranks(legacy.get("orderFirst") or [], legacy.get("orderLast") or [])

    def key(item: WorkingResource) -> tuple[tuple[int, str], str]:
        group, version, kind = item.gvk
        written = (kind or "[noKind]", version or "[noVer]", group or "[noGrp]")
        return gvk_key(group, version, kind, ranks), f"{'.'.join(written)}|{item.namespace or '~X'}|{item.name or '~N'}"

    return sorted(items, key=key)
