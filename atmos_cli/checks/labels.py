"""Whether labels match a selector, as the API server decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.checks.shape import at, items, mapping, strings, text, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

SET_BY_CONTROLLERS = frozenset(
    (
        *("pod-template-hash", "controller-revision-hash", "pod-template-generation", "job-name", "controller-uid"),
        *("batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid", "apps.kubernetes.io/pod-index"),
        *("batch.kubernetes.io/job-completion-index", "statefulset.kubernetes.io/pod-name"),
    )
)
"""Labels that pods get at run time: a selector may use them although no template holds them."""


def matches(selector: Any, labels: Mapping[str, str]) -> bool:
    """`selector` is a LabelSelector; None matches nothing, an empty one everything, an unknown operator everything."""
    if not isinstance(selector, dict):
        return False
    return has_all(strings(selector, "matchLabels"), labels) and all(
        _expression(one, labels) for _, one in items(selector, "matchExpressions")
    )


def has_all(wanted: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in wanted.items() if key not in SET_BY_CONTROLLERS)


def is_empty(selector: Any) -> bool:
    return not mapping(selector, "matchLabels") and not at(selector, "matchExpressions")


def _expression(one: dict[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = text(one, "key"), {value for _, value in texts(one, "values")}
    if key in SET_BY_CONTROLLERS:
        return True
    operators = {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    return operators.get(text(one, "operator"), True)
