"""Which Secrets an object brings into its namespace, and the keys they will hold as far as that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.operators import OPERATED, Secrets
from atmos_cli.kube.shape import at, items, mapping, strings, text, who

if TYPE_CHECKING:
    from collections.abc import Callable

    from atmos_cli.kube.resource import Resource

TLS = frozenset(("tls.crt", "tls.key"))


def secrets_made_by(resource: Resource) -> Secrets:
    """Yield (name, keys) of each Secret that the object is, or makes; the keys are None when they are not known."""
    kind = who(resource)[:2]
    if kind in _MAKERS:
        yield from _MAKERS[kind](resource)
    elif (row := OPERATED.get(kind)) and row.makes:
        yield from row.makes(resource)


def secrets_taken_by(resource: Resource) -> tuple[str, ...]:
    """Return the names of Secrets that an operated kind takes from elsewhere."""
    row = OPERATED.get(who(resource)[:2])
    return tuple(filter(None, (text(resource, *path) for path in row.takes))) if row else ()


def _secret(resource: Resource) -> Secrets:
    keys = frozenset((*mapping(resource, "data"), *mapping(resource, "stringData")))
    filled_later = text(resource, "type") == "kubernetes.io/service-account-token"
    yield who(resource).name, None if filled_later else keys


def _sealed(resource: Resource) -> Secrets:
    template = mapping(resource, "spec", "template")
    name = text(template, "metadata", "name") or who(resource).name
    yield name, frozenset((*mapping(resource, "spec", "encryptedData"), *mapping(template, "data")))


def _external(resource: Resource) -> Secrets:
    spec = mapping(resource, "spec")
    if text(spec, "target", "creationPolicy") == "None":
        return
    keys = frozenset(text(one, "secretKey") for _, one in items(spec, "data"))
    known = not spec.get("dataFrom") and not at(spec, "target", "template")
    yield text(spec, "target", "name") or who(resource).name, keys if known else None


def _certificate(resource: Resource) -> Secrets:
    keystores = mapping(resource, "spec", "keystores") or at(resource, "spec", "additionalOutputFormats")
    yield text(resource, "spec", "secretName"), None if keystores else TLS | {"ca.crt"}


def _ingress(resource: Resource) -> Secrets:
    annotations = strings(resource, "metadata", "annotations")
    if any(f"cert-manager.io/{one}" in annotations for one in ("issuer", "cluster-issuer")) or (
        annotations.get("kubernetes.io/tls-acme") == "true"
    ):
        for _, tls in items(resource, "spec", "tls"):
            yield text(tls, "secretName"), TLS | {"ca.crt"}


_MAKERS: dict[tuple[str, str], Callable[[Resource], Secrets]] = {
    ("", "Secret"): _secret,
    ("bitnami.com", "SealedSecret"): _sealed,
    ("external-secrets.io", "ExternalSecret"): _external,
    ("cert-manager.io", "Certificate"): _certificate,
    ("networking.k8s.io", "Ingress"): _ingress,
}
