"""A claim for a volume names its class where the cluster has no default: else it waits, and no object says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.checks.registry import check
from atmos_cli.diagnostics import Code
from atmos_cli.kube.operators import OPERATED
from atmos_cli.kube.shape import at, items, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.checks.subject import Finding, PlacedObject, SubjectFacts
    from atmos_cli.kube.operators import Runs
    from atmos_cli.kube.shape import Path

OLD_CLASS = ("metadata", "annotations", "volume.beta.kubernetes.io/storage-class")


@check("storage-classes", Code.STORAGE_CLASS_MISSING, summary="a claim names its class where none is the default")
def storage_classes(facts: SubjectFacts) -> Iterator[Finding]:
    missing = facts.subject.no_default_storage
    for item in facts.items if missing else ():
        for path in _unnamed(item, facts):
            message = f"this claims a volume of no StorageClass, and {missing} has no default one: it waits for ever"
            named = f"`clusters.{facts.subject.cluster}.storageClass`"
            hint = f"set {named} in atmos-cli.yaml to one that `kubectl get storageclass` lists"
            yield item.finding(Code.STORAGE_CLASS_MISSING, path, message, hint=hint)


def _unnamed(item: PlacedObject, facts: SubjectFacts) -> Iterator[Path]:
    """Yield the place of each claim of an object that names no class; of one that takes no class on purpose, none."""
    if (item.id.group, item.id.kind) == ("", "PersistentVolumeClaim"):
        if _is_unnamed(item.resource):
            yield ("spec", "storageClassName")
    elif (item.id.group, item.id.kind) == ("apps", "StatefulSet"):
        for index, claim in items(item.resource, "spec", "volumeClaimTemplates"):
            if _is_unnamed(claim):
                yield ("spec", "volumeClaimTemplates", index, "spec", "storageClassName")
    elif (row := OPERATED.get((item.id.group, item.id.kind))) and row.runs:
        yield from _of_operator(item, row.runs)
    for pod in facts.pods:
        for index, volume in items(pod.spec, "volumes") if pod.item is item else ():
            claim = mapping(volume, "ephemeral", "volumeClaimTemplate")
            if claim and _is_unnamed(claim):
                yield (*pod.path, "volumes", index, "ephemeral", "volumeClaimTemplate", "spec", "storageClassName")


def _is_unnamed(claim: Any) -> bool:
    return at(claim, "spec", "storageClassName") is None and at(claim, *OLD_CLASS) is None


def _of_operator(item: PlacedObject, runs: Runs) -> Iterator[Path]:
    for path in runs.volumes:
        for place in _places(item.resource, path):
            if not any(at(item.resource, *place, *each) for each in runs.classes):
                yield (*place, *runs.classes[0])


def _places(resource: Any, path: Path, done: Path = ()) -> Iterator[Path]:
    """Yield each place that `path` leads to; its step `*` goes through a list."""
    if not path:
        if mapping(resource, *done):
            yield done
    elif path[0] == "*":
        for index, _ in items(resource, *done):
            yield from _places(resource, path[1:], (*done, index))
    else:
        yield from _places(resource, path[1:], (*done, path[0]))
