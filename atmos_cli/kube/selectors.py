"""Whether labels match a selector, as the API server decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.kube.shape import at, mapping, mappings, strings, text, texts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SET_BY_CONTROLLERS = frozenset(
    (
        "pod-template-hash",
        "controller-revision-hash",
        "pod-template-generation",
        "job-name",
        "controller-uid",
        "batch.kubernetes.io/job-name",
        "batch.kubernetes.io/controller-uid",
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/job-completion-index",
        "statefulset.kubernetes.io/pod-name",
    )
)
"""Labels that pods get at run time: a selector may use them although no template holds them."""


def selects(selector: Any, labels: Mapping[str, str], *, open_keys: Collection[str] = ()) -> bool:
    """Return whether a LabelSelector selects an object with `labels`.

    None selects nothing, an empty one everything. An operator that Kubernetes does not have excludes nothing, nor does
    a condition on `open_keys`, whose values are not known yet.
    """
    if not isinstance(selector, dict):
        return False
    return has_all(strings(selector, "matchLabels"), labels, open_keys=open_keys) and all(
        text(row, "key") in open_keys or _holds(row, labels) for row in mappings(selector, "matchExpressions")
    )


def has_all(wanted: Mapping[str, str], labels: Mapping[str, str], *, open_keys: Collection[str] = ()) -> bool:
    """Return whether `labels` hold every entry of `wanted` whose key is not open."""
    return all(labels.get(key) == value for key, value in wanted.items() if key not in open_keys)


def is_empty(selector: Any) -> bool:
    """Return whether a LabelSelector asks for nothing, and so selects everything."""
    return not mapping(selector, "matchLabels") and not at(selector, "matchExpressions")


def _holds(row: dict[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = text(row, "key"), texts(row, "values")
    operators = {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    return operators.get(text(row, "operator"), True)
