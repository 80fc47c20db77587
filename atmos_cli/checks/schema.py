"""Every object against the strict schema of its kind, for the Kubernetes version of its cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.checks.plain_secrets import is_ciphertext
from atmos_cli.checks.registry import check
from atmos_cli.checks.subject import Finding, SubjectFacts
from atmos_cli.diagnostics import Code, Severity
from atmos_cli.kube.resource import group_version
from atmos_cli.kube.schemas import Found, lookup, schema_errors
from atmos_cli.kube.shape import at, mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kustomize.model import Built


@check(
    "schema",
    Code.SCHEMA_INVALID,
    Code.SCHEMA_UNKNOWN_FIELD,
    Code.SCHEMA_UNKNOWN_KIND,
    Code.SCHEMA_REMOVED_API,
    summary="every object fits the schema of its kind in the cluster's Kubernetes version",
)
def schema(facts: SubjectFacts) -> Iterator[Finding]:
    for built in facts.subject.resources:
        yield from _known(built, facts.subject.kubernetes) or _errors(built, facts.subject.kubernetes)


def _known(built: Built, kubernetes: str) -> tuple[Finding, ...]:
    """Return one finding when the kind has no schema to check against, else none."""
    resource = built.resource
    for key in ("apiVersion", "kind"):
        if not text(resource, key):
            message = f'missing required field "{key}"'
            return (Finding(Code.SCHEMA_INVALID, built, (key,), message, hint="every object has apiVersion and kind"),)
    kind, (group, version) = text(resource, "kind"), group_version(resource)
    answer = lookup(group, version, kind, kubernetes)
    if answer.status is Found.FOUND:
        return ()
    named = f"{kind} of {resource['apiVersion']}"
    hint = f"write apiVersion: {answer.replacement}" if answer.replacement else ""
    if answer.status is Found.REMOVED and answer.built_in:
        message = f"{named} was removed in Kubernetes {answer.version}; the cluster runs {kubernetes}"
        return (Finding(Code.SCHEMA_REMOVED_API, built, ("apiVersion",), message, hint=hint),)
    if answer.status is Found.REMOVED:
        message = f"{named} is no longer served by current releases of its operator; skipped: no schema for it"
        return (
            Finding(Code.SCHEMA_REMOVED_API, built, ("apiVersion",), message, hint=hint, severity=Severity.WARNING),
        )
    if answer.status is Found.NOT_YET:
        message = f"{named} exists from Kubernetes {answer.version} on; the cluster runs {kubernetes}"
        return (Finding(Code.SCHEMA_UNKNOWN_KIND, built, ("apiVersion",), message, hint=hint),)
    if answer.built_in:
        similar = f'did you mean "{answer.similar}"?' if answer.similar else ""
        wrong = "apiVersion" if answer.replacement else "kind"
        message = f"Kubernetes {kubernetes} has no {named}"
        return (Finding(Code.SCHEMA_UNKNOWN_KIND, built, (wrong,), message, hint=hint or similar),)
    message = f"skipped: no schema for {named}"
    hint = "nothing is known about this kind, so its fields were not checked"
    return (Finding(Code.SCHEMA_UNKNOWN_KIND, built, ("kind",), message, hint=hint, severity=Severity.WARNING),)


def _errors(built: Built, kubernetes: str) -> Iterator[Finding]:
    sops = isinstance(built.resource.get("sops"), dict)
    for error in schema_errors(built.resource, kubernetes=kubernetes):
        if sops and (error.path[:1] == ("sops",) or is_ciphertext(at(built.resource, *error.path))):
            continue
        code = Code.SCHEMA_UNKNOWN_FIELD if error.kind == "unknown-field" else Code.SCHEMA_INVALID
        yield Finding(code, built, error.path, error.message, hint=error.hint)
    metadata = mapping(built.resource, "metadata")
    if not metadata.get("name"):
        hint = "use a fixed name: generateName works with `kubectl create` only" if metadata.get("generateName") else ""
        message = 'missing required field "metadata.name"'
        yield Finding(Code.SCHEMA_INVALID, built, ("metadata", "name"), message, hint=hint)
