"""Objects occur once, in the namespace of their service, and nothing of a service is cluster-wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.checks.registry import check
from atmos_cli.diagnostics import Code, Severity
from atmos_cli.kube.schemas import is_namespaced
from atmos_cli.kube.shape import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.checks.subject import Finding, SubjectFacts
    from atmos_cli.kube.resource import Identity


@check("duplicates", Code.DUPLICATE_OBJECT, summary="no object stands twice in one set")
def duplicates(facts: SubjectFacts) -> Iterator[Finding]:
    seen: set[Identity] = set()
    for item in facts.items:
        if item.id in seen and item.id.name:
            message = f'{item.id.kind} "{item.id.name}" stands twice: the second one wins or the sync fails'
            hint = "remove one of them, or rename it"
            yield item.finding(Code.DUPLICATE_OBJECT, ("metadata", "name"), message, hint=hint)
        seen.add(item.id)


@check(
    "namespaces",
    Code.NAMESPACE_MISMATCH,
    summary="every object of a service is in the namespace of its team and environment",
)
def namespaces(facts: SubjectFacts) -> Iterator[Finding]:
    wanted = facts.subject.namespace
    for item in facts.items:
        given = text(item.resource, "metadata", "namespace")
        path = ("metadata", "namespace")
        if not is_namespaced(item.id.group, item.id.kind):
            message = f"{item.id} is cluster-wide: a service may only hold objects of its namespace {wanted}"
            hint = "ask the platform team to put it under infrastructure/"
            yield item.finding(Code.NAMESPACE_MISMATCH, ("kind",), message, hint=hint)
        elif given and given != wanted:
            message = f'{item.id} is in the namespace "{given}", but the service runs in {wanted}'
            yield item.finding(Code.NAMESPACE_MISMATCH, path, message, hint=f"remove it, or set namespace: {wanted}")
        elif not given:
            message = f"{item.id} has no namespace, so which one it gets depends on the engine"
            hint = f"set namespace: {wanted} in the overlay's kustomization.yaml"
            yield item.finding(Code.NAMESPACE_MISMATCH, path, message, hint=hint, severity=Severity.WARNING)
