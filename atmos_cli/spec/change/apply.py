"""Applies what a change asks for to a spec: the edits of `service.yaml`, and each value before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError
from atmos_cli.spec.change import addons, amounts, lists
from atmos_cli.spec.change.draft import SpecDraft
from atmos_cli.spec.change.work import SpecChange, SpecWork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from atmos_cli.spec.change.items import ChangeItem
    from atmos_cli.spec.model import ServiceSpec


def change_spec(
    value: dict[str, Any], spec: ServiceSpec, items: Sequence[ChangeItem], *, domain: Callable[[str], str]
) -> SpecChange:
    """Return what `items` make of the spec that was read from `value`. Raises AtmosError with all contradictions.

    `domain` is the domain of an environment, which gives the host where none is said.
    """
    work = SpecWork(SpecDraft(value), spec, domain)
    everywhere_first = sorted(items, key=lambda item: (_ORDER.index(item.kind), bool(item.environment)))
    for item in everywhere_first:
        _APPLY[item.kind](work, item, everywhere_first)
    _only_one_decides(work, items)
    if work.problems:
        raise AtmosError(*dict.fromkeys(work.problems))
    return SpecChange(work.draft.edits(), tuple(work.values), tuple(work.already), tuple(work.stays))


def _only_one_decides(work: SpecWork, items: Iterable[ChangeItem]) -> None:
    """Refuse a fixed number of replicas beside an autoscaler."""
    if not work.draft.has(("addons", "autoscaling")):
        return
    for item in items:
        if item.kind == "replicas":
            number = max(item.value, 1)
            message = f"{item.said} fixes the number of replicas of {work.spec.name}, which autoscaling leaves open"
            work.refuse(message, f"add `without autoscaling`, or write `{number} to {number * 2} replicas` instead")


_APPLY: dict[str, Callable[[SpecWork, ChangeItem, Sequence[ChangeItem]], None]] = {
    "without": addons.without,
    "addon": addons.addon,
    "needs": addons.needs,
    "size": amounts.size,
    "replicas": amounts.replicas,
    "min": amounts.bound,
    "max": amounts.bound,
    "service_port": amounts.port,
    "container_port": amounts.port,
    "setting": addons.setting,
    "no_variable": lists.no_variable,
    "variable": lists.variable,
    "secret": lists.secret,
    "no_host": lists.no_host,
    "host": lists.host,
}
# What comes and goes first, so that everything else knows what is there.
_ORDER = tuple(_APPLY)
