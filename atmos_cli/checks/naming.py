"""Names, labels and keys have the syntax that the API server asks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.checks.registry import check
from atmos_cli.diagnostics import Code, Severity
from atmos_cli.kube.names import (
    config_key,
    dns_label,
    label_key,
    label_value,
    object_name,
    port_name,
)
from atmos_cli.kube.shape import Path, items, mapping, strings, text
from atmos_cli.yamlio.locate import field_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from atmos_cli.checks.subject import Finding, PlacedObject, PodTemplate, SubjectFacts

LONGEST_STATEFUL_SET = 52


@check(
    "names", Code.NAME_INVALID, summary="names, labels, annotations, ports and keys have the syntax Kubernetes asks for"
)
def names(facts: SubjectFacts) -> Iterator[Finding]:
    for item in facts.items:
        yield from _object(item)
        yield from _labels(item, ("metadata",), mapping(item.resource, "metadata"))
        if item.id.group == "" and item.id.kind in ("ConfigMap", "Secret"):
            for field in ("data", "stringData", "binaryData"):
                for key in mapping(item.resource, field):
                    yield from _bad(item, (field, key), str(key), config_key, "key")
        if (item.id.group, item.id.kind) == ("", "Service"):
            yield from _service(item)
    for pod in facts.pods:
        yield from _pod(pod)


def _object(item: PlacedObject) -> Iterator[Finding]:
    group, kind, _, name = item.id
    if name and (problem := object_name(group, kind, name)):
        message = f'{kind} name "{name}" {problem}'
        yield item.finding(Code.NAME_INVALID, ("metadata", "name"), message, hint="choose a name that fits")
    elif (group, kind) == ("apps", "StatefulSet") and len(name) > LONGEST_STATEFUL_SET:
        message = (
            f'StatefulSet name "{name}" is longer than {LONGEST_STATEFUL_SET} characters, so its pods cannot be created'
        )
        hint = "its pods carry a label of the name and 11 more characters, at most 63 together"
        yield item.finding(Code.NAME_INVALID, ("metadata", "name"), message, hint=hint, severity=Severity.WARNING)
    if namespace := text(item.resource, "metadata", "namespace"):
        yield from _bad(item, ("metadata", "namespace"), namespace, dns_label, "namespace")


def _labels(item: PlacedObject, path: Path, metadata: dict[str, object]) -> Iterator[Finding]:
    for key, value in strings(metadata, "labels").items():
        yield from _bad(item, (*path, "labels", key), key, label_key, "label key")
        yield from _bad(item, (*path, "labels", key), value, label_value, "label value")
    for key in mapping(metadata, "annotations"):
        yield from _bad(item, (*path, "annotations", key), str(key).lower(), label_key, "annotation key")


def _service(item: PlacedObject) -> Iterator[Finding]:
    for key, value in strings(item.resource, "spec", "selector").items():
        yield from _bad(item, ("spec", "selector", key), key, label_key, "label key")
        yield from _bad(item, ("spec", "selector", key), value, label_value, "label value")
    for index, port in items(item.resource, "spec", "ports"):
        path: Path = ("spec", "ports", index)
        if name := text(port, "name"):
            yield from _bad(item, (*path, "name"), name, dns_label, "port name")
        if target := text(port, "targetPort"):
            yield from _bad(item, (*path, "targetPort"), target, port_name, "port name")


def _pod(pod: PodTemplate) -> Iterator[Finding]:
    item = pod.item
    if len(pod.path) > 1:
        metadata = (*pod.path[:-1], "metadata")
        yield from _labels(item, metadata, {"labels": pod.labels, "annotations": pod.annotations})
    for index, volume in items(pod.spec, "volumes"):
        if name := text(volume, "name"):
            yield from _bad(item, (*pod.path, "volumes", index, "name"), name, dns_label, "volume name")
    for path, container in pod.containers():
        if name := text(container, "name"):
            yield from _bad(item, (*path, "name"), name, dns_label, "container name")
        for index, port in items(container, "ports"):
            if name := text(port, "name"):
                yield from _bad(item, (*path, "ports", index, "name"), name, port_name, "port name")


def _bad(item: PlacedObject, path: Path, value: str, rule: Callable[[str], str], what: str) -> Iterator[Finding]:
    if problem := rule(value):
        shown = value if len(value) <= 80 else value[:77] + "..."
        yield item.finding(Code.NAME_INVALID, path, f'{field_of(path[:-1])}: {what} "{shown}" {problem}')
