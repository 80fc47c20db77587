"""No secret value stands in Git in plain text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from atmos_cli.checks.registry import check
from atmos_cli.checks.shape import items, mapping, text
from atmos_cli.diagnostics import Code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.checks.subject import Facts, Finding

_PASSWORD_IN_URL = re.compile(
    r"\b[a-z][a-z0-9+.-]{0,30}://[^/\s:@]{0,200}:(?!\$\(|\$\{|<)[^/\s@]{1,200}@", re.IGNORECASE
)
HINT = "keep the value in a secret store and name it in an ExternalSecret, or encrypt it with SealedSecrets or SOPS"


@check("plain-secrets", Code.PLAIN_SECRET, summary="no Secret in plain text, and no password inside a URL")
def plain_secrets(facts: Facts) -> Iterator[Finding]:
    for item in facts.of("", "Secret"):
        if is_encrypted(item.resource):
            continue
        for field in ("data", "stringData"):
            if mapping(item.resource, field):
                message = f'Secret "{item.id.name}" holds its values in plain text (base64 is no protection)'
                yield item.finding(Code.PLAIN_SECRET, (field,), message, hint=HINT)
                break
    for pod in facts.pods:
        for path, container in pod.containers():
            for index, env in items(container, "env"):
                if _PASSWORD_IN_URL.search(text(env, "value")[:5000]):
                    message = f'the environment variable "{text(env, "name")}" holds a URL with a password'
                    yield pod.item.finding(Code.PLAIN_SECRET, (*path, "env", index, "value"), message, hint=HINT)
    for item in facts.of("", "ConfigMap"):
        for key, value in mapping(item.resource, "data").items():
            if isinstance(value, str) and _PASSWORD_IN_URL.search(value[:100_000]):
                message = f'the key "{key}" of ConfigMap "{item.id.name}" holds a URL with a password'
                yield item.finding(Code.PLAIN_SECRET, ("data", key), message, hint=HINT)


def is_encrypted(resource: dict[str, Any]) -> bool:
    """Whether SOPS encrypted every value of the Secret."""
    values = [value for field in ("data", "stringData") for value in mapping(resource, field).values()]
    return bool(text(resource, "sops", "mac")) and all(is_ciphertext(value) for value in values)


def is_ciphertext(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("ENC[") and value.endswith("]")
