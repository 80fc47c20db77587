"""Names that the API server takes once: of containers, volumes, ports and mount paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.checks.registry import check
from atmos_cli.diagnostics import Code
from atmos_cli.kube.shape import Path, items, text
from atmos_cli.yamlio.locate import field_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from atmos_cli.checks.subject import Finding, PlacedObject, PodTemplate, SubjectFacts


@check("repeated", Code.NAME_INVALID, summary="containers, volumes, ports and mount paths have names of their own")
def repeated(facts: SubjectFacts) -> Iterator[Finding]:
    for item in facts.of("", "Service"):
        yield from _service(item)
    for pod in facts.pods:
        yield from _pod(pod)


def _service(item: PlacedObject) -> Iterator[Finding]:
    ports = items(item.resource, "spec", "ports")
    named = [(("spec", "ports", index, "name"), text(port, "name")) for index, port in ports]
    yield from _twice(item, named)
    for path, name in named if len(named) > 1 else ():
        if not name:
            message = f"{field_of(path[:-1])}: a port beside others needs a name"
            yield item.finding(Code.NAME_INVALID, path[:-1], message, hint="give each port a `name`")


def _pod(pod: PodTemplate) -> Iterator[Finding]:
    containers = [*pod.containers()]
    yield from _twice(pod.item, (((*path, "name"), text(each, "name")) for path, each in containers))
    volumes = items(pod.spec, "volumes")
    yield from _twice(pod.item, (((*pod.path, "volumes", at, "name"), text(each, "name")) for at, each in volumes))
    for path, container in containers:
        for field, key in (("ports", "name"), ("volumeMounts", "mountPath")):
            found = items(container, field)
            yield from _twice(pod.item, (((*path, field, at, key), text(each, key)) for at, each in found))


def _twice(item: PlacedObject, named: Iterable[tuple[Path, str]]) -> Iterator[Finding]:
    first: dict[str, Path] = {}
    for path, name in named:
        if name and name in first:
            message = f'{field_of(path)}: "{name[:80]}" stands in {field_of(first[name])} already'
            yield item.finding(Code.NAME_INVALID, path, message, hint="keep one of the two, or give it another name")
        first.setdefault(name, path)
