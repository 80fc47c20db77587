"""Health of CustomResourceDefinitions, APIServices, certificates, and kinds that make Secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.verify.fields import condition
from atmos_cli.verify.health.generic import by_ready, current, failed, in_progress

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look
    from atmos_cli.verify.seen import Health

_SECRET_PATIENCE = 60.0


def definition(resource: Resource, _look: Look) -> Health:
    names, established = condition(resource, "NamesAccepted"), condition(resource, "Established")
    if names.false:
        return failed(names.message or names.reason, "names-refused")
    if established.true:
        return current()
    if established.false and established.reason != "Installing":
        return failed(established.message or established.reason, "not-established")
    return in_progress("not established yet")


def api_service(resource: Resource, _look: Look) -> Health:
    available = condition(resource, "Available")
    return current() if available.true else in_progress(available.message or "not available yet")


def certificate(resource: Resource, _look: Look) -> Health:
    issuing = condition(resource, "Issuing")
    if issuing.true:
        return in_progress(issuing.message or "being issued")
    return by_ready(resource, code="certificate")


def external_secret(resource: Resource, look: Look) -> Health:
    ready = condition(resource, "Ready")
    if ready.false and not ready.stale and look.now - ready.since < _SECRET_PATIENCE:
        return in_progress(ready.message or ready.reason, "secret-store")
    return by_ready(resource, code="secret-store")


def sealed_secret(resource: Resource, _look: Look) -> Health:
    synced = condition(resource, "Synced")
    if synced.false:
        return failed(synced.message or "it cannot be unsealed", "sealed-secret")
    return current() if synced.true else in_progress("not unsealed yet")


ROWS = {
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definition,
    ("apiregistration.k8s.io", "APIService"): api_service,
    ("cert-manager.io", "Certificate"): certificate,
    ("external-secrets.io", "ExternalSecret"): external_secret,
    ("external-secrets.io", "SecretStore"): external_secret,
    ("external-secrets.io", "ClusterSecretStore"): external_secret,
    ("bitnami.com", "SealedSecret"): sealed_secret,
}
