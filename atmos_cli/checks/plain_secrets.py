"""No secret value is in plain text in what will be deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.checks.registry import check
from atmos_cli.checks.secret_values import held_secrets, remedy
from atmos_cli.diagnostics import Code
from atmos_cli.kube.plain_values import is_literal
from atmos_cli.kube.secret_words import ends_in_secret_word
from atmos_cli.kube.shape import items, mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.checks.subject import Finding, PlacedObject, SubjectFacts

HINT = "keep the value in a secret store and name it in an ExternalSecret, or encrypt it with SealedSecrets or SOPS"


@check("plain-secrets", Code.PLAIN_SECRET, summary="no Secret in plain text, and no secret in any other object")
def plain_secrets(facts: SubjectFacts) -> Iterator[Finding]:
    for item in facts.of("", "Secret"):
        if plain := plain_field(item.resource):
            message = f'Secret "{item.id.name}" holds its values in plain text (base64 is no protection)'
            yield item.finding(Code.PLAIN_SECRET, (plain,), message, hint=HINT)
    seen: set[tuple[int, tuple[Any, ...]]] = set()
    for item in facts.items:
        for path, said, variable in held_secrets(item.resource):
            seen.add((id(item), path))
            of = f' of {item.id.kind} "{item.id.name}"' if item.id.kind == "ConfigMap" else ""
            yield item.finding(Code.PLAIN_SECRET, path, f"{said}{of}", hint=_hint(facts, variable))
    for item, key, variable in _given_by_config_maps(facts):
        if (id(item), ("data", key)) not in seen:
            seen.add((id(item), ("data", key)))
            message = f'the key "{key}" of ConfigMap "{item.id.name}" gives the secret "{variable}" a plain value'
            yield item.finding(Code.PLAIN_SECRET, ("data", key), message, hint=_hint(facts, variable))


def plain_field(resource: dict[str, Any]) -> str:
    """Return the first field in which a Secret holds plain values; empty for none, or if SOPS encrypted them."""
    if is_encrypted(resource):
        return ""
    return next((field for field in ("data", "stringData") if mapping(resource, field)), "")


def is_encrypted(resource: dict[str, Any]) -> bool:
    """Return whether SOPS encrypted every value of the Secret."""
    values = [value for field in ("data", "stringData") for value in mapping(resource, field).values()]
    return bool(text(resource, "sops", "mac")) and all(is_ciphertext(value) for value in values)


def is_ciphertext(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("ENC[") and value.endswith("]")


def _given_by_config_maps(facts: SubjectFacts) -> Iterator[tuple[PlacedObject, str, str]]:
    """Yield (ConfigMap, key, variable) where a secret's variable takes a literal from a ConfigMap."""
    for pod in facts.pods:
        for _, container in pod.containers():
            for _, env in items(container, "env"):
                name, key = text(env, "name"), text(env, "valueFrom", "configMapKeyRef", "key")
                item = facts.named("", "ConfigMap", text(env, "valueFrom", "configMapKeyRef", "name")) if key else None
                if item and ends_in_secret_word(name) and is_literal(text(item.resource, "data", key)):
                    yield item, key, name


def _hint(facts: SubjectFacts, variable: str) -> str:
    return remedy(variable, service=facts.subject.service, store=facts.subject.secret_store)
