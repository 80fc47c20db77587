"""What pods refer to exists: ServiceAccounts, ConfigMaps, Secrets, claims, volumes, and the keys in them."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from atmos_cli.checks.registry import check
from atmos_cli.diagnostics import Code, Severity
from atmos_cli.kube.secret_makers import secrets_made_by, secrets_taken_by
from atmos_cli.kube.shape import Path, items, mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from atmos_cli.checks.subject import Finding, PlacedObject, PodTemplate, SubjectFacts

IN_EVERY_NAMESPACE = frozenset(("kube-root-ca.crt",))


@dataclass(frozen=True, slots=True)
class PodReference:
    """A pod needs the object `name`, and of it the keys; `path` leads to the name."""

    kind: str
    path: Path
    name: str
    keys: tuple[tuple[Path, str], ...] = ()


@check(
    "references",
    Code.REFERENCE_MISSING,
    Code.REFERENCE_EXTERNAL,
    summary="what a pod refers to is made by the same set of objects, or is known to exist",
)
def references(facts: SubjectFacts) -> Iterator[Finding]:
    secrets = _secrets(facts)
    for pod in facts.pods:
        for use in uses(pod):
            if use.kind == "Secret":
                yield from _secret(pod.item, use, facts, secrets)
            else:
                yield from _object(pod.item, use, facts)
        yield from _mounts(pod)
    for item in facts.of("networking.k8s.io", "Ingress"):
        for index, tls in items(item.resource, "spec", "tls"):
            if name := text(tls, "secretName"):
                yield from _secret(
                    item, PodReference("Secret", ("spec", "tls", index, "secretName"), name), facts, secrets
                )


def uses(pod: PodTemplate) -> Iterator[PodReference]:
    """Yield what the pod needs to start; an optional reference is none."""
    for field in ("serviceAccountName", "serviceAccount"):
        if (name := text(pod.spec, field)) and name != "default":
            yield PodReference("ServiceAccount", (*pod.path, field), name)
            break
    for index, pull in items(pod.spec, "imagePullSecrets"):
        if name := text(pull, "name"):
            yield PodReference("Secret", (*pod.path, "imagePullSecrets", index, "name"), name)
    for path, container in pod.containers():
        yield from _environment(path, container)
    for index, volume in items(pod.spec, "volumes"):
        yield from _volume((*pod.path, "volumes", index), volume)


def _environment(path: Path, container: dict[str, Any]) -> Iterator[PodReference]:
    for index, env in items(container, "env"):
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            ref, where = mapping(env, "valueFrom", field), (*path, "env", index, "valueFrom", field)
            if text(ref, "name") and ref.get("optional") is not True:
                keys = (((*where, "key"), text(ref, "key")),) if text(ref, "key") else ()
                yield PodReference(kind, (*where, "name"), text(ref, "name"), keys)
    for index, source in items(container, "envFrom"):
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            ref = mapping(source, field)
            if text(ref, "name") and ref.get("optional") is not True:
                yield PodReference(kind, (*path, "envFrom", index, field, "name"), text(ref, "name"))


def _volume(path: Path, volume: dict[str, Any]) -> Iterator[PodReference]:
    claim = text(volume, "persistentVolumeClaim", "claimName")
    if claim:
        yield PodReference("PersistentVolumeClaim", (*path, "persistentVolumeClaim", "claimName"), claim)
    sources = [(path, volume, "secretName")]
    sources += [
        ((*path, "projected", "sources", index), source, "name")
        for index, source in items(volume, "projected", "sources")
    ]
    for where, source, secret_name in sources:
        for field, kind, name_field in (("configMap", "ConfigMap", "name"), ("secret", "Secret", secret_name)):
            ref = mapping(source, field)
            if text(ref, name_field) and ref.get("optional") is not True:
                keys = tuple(
                    ((*where, field, "items", index, "key"), text(one, "key"))
                    for index, one in items(ref, "items")
                    if text(one, "key")
                )
                yield PodReference(kind, (*where, field, name_field), text(ref, name_field), keys)


def _object(item: PlacedObject, use: PodReference, facts: SubjectFacts) -> Iterator[Finding]:
    target = facts.named("", use.kind, use.name)
    if target is None:
        if use.name not in IN_EVERY_NAMESPACE:
            message = f'{use.kind} "{use.name}" does not exist in this set of objects'
            hint = _did_you_mean(use.name, [one.id.name for one in facts.of("", use.kind)])
            yield item.finding(Code.REFERENCE_MISSING, use.path, message, hint=hint or f"add the {use.kind}")
    elif use.kind == "ConfigMap":
        have = {*mapping(target.resource, "data"), *mapping(target.resource, "binaryData")}
        yield from _keys(item, use, have)


def _secret(
    item: PlacedObject, use: PodReference, facts: SubjectFacts, secrets: dict[str, frozenset[str] | None]
) -> Iterator[Finding]:
    if use.name in secrets:
        known = secrets[use.name]
        if known is not None:
            yield from _keys(item, use, known)
    elif use.name not in facts.subject.declared_secrets:
        message = f'secret "{use.name}" is not made by this repo; it must exist in namespace {facts.subject.namespace}'
        hint = _did_you_mean(use.name, secrets) or "make it with an ExternalSecret, or create it before the first sync"
        yield item.finding(Code.REFERENCE_EXTERNAL, use.path, message, hint=hint, severity=Severity.WARNING)


def _keys(item: PlacedObject, use: PodReference, have: Iterable[str]) -> Iterator[Finding]:
    known = sorted(have)
    for path, key in use.keys:
        if key not in known:
            message = f'{use.kind} "{use.name}" has no key "{key}"'
            hint = _did_you_mean(key, known) or f"keys: {', '.join(known[:10]) or 'none'}"
            yield item.finding(Code.REFERENCE_MISSING, path, message, hint=hint)


def _mounts(pod: PodTemplate) -> Iterator[Finding]:
    names = {text(volume, "name") for _, volume in items(pod.spec, "volumes")}
    if pod.item.id.kind == "StatefulSet":
        claims = items(pod.item.resource, "spec", "volumeClaimTemplates")
        names |= {text(claim, "metadata", "name") for _, claim in claims}
    for path, container in pod.containers():
        for field in ("volumeMounts", "volumeDevices"):
            for index, mount in items(container, field):
                name = text(mount, "name")
                if name and name not in names:
                    message = f'container "{text(container, "name")}" mounts the volume "{name}", which does not exist'
                    hint = _did_you_mean(name, names) or "add it to volumes"
                    yield pod.item.finding(Code.REFERENCE_MISSING, (*path, field, index, "name"), message, hint=hint)


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name[:80], sorted(known), n=1, cutoff=0.75)
    return f'did you mean "{close[0]}"?' if close else ""


def _secrets(facts: SubjectFacts) -> dict[str, frozenset[str] | None]:
    """Return by name the keys of each Secret that will exist, None when they are not known here."""
    found: dict[str, frozenset[str] | None] = {}
    for item in facts.items:
        elsewhere = ((name, None) for name in secrets_taken_by(item.resource))
        for name, keys in (*secrets_made_by(item.resource), *elsewhere):
            found[name] = keys if found.get(name, keys) == keys else None
    return found
