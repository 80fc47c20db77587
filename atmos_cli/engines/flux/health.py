"""Flux' own objects, as a tree shows them; whether a commit arrived is `delivery`'s to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.engines.flux.kinds import HELM, KINDS, KUSTOMIZE, OTHERS, SOURCES
from atmos_cli.verify.fields import condition
from atmos_cli.verify.health.generic import by_ready, failed, first_signs, generic, in_progress, unless_signs

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import HealthRules, Look
    from atmos_cli.verify.seen import Health


def kustomization(resource: Resource) -> Health:
    ready = condition(resource, "Ready")
    if ready.false and ready.reason == "DependencyNotReady":
        return in_progress(ready.message or "waits for what it depends on", "dependency-not-ready")
    return by_ready(resource, code="flux-error")


def release(resource: Resource) -> Health:
    ready, taken_back = condition(resource, "Ready"), condition(resource, "Remediated")
    if taken_back.true and ready.false:
        return failed(f"Helm took it back: {taken_back.message}", "remediated")
    return kustomization(resource)


def source(resource: Resource) -> Health:
    fetch = condition(resource, "FetchFailed")
    if fetch.true:
        return failed(fetch.message, "source-failed")
    return by_ready(resource, code="source-failed")


def _other(resource: Resource, look: Look) -> Health:
    return first_signs(resource, suspends=True) or generic(resource, look)


RULES: HealthRules = {
    (KUSTOMIZE, "Kustomization"): unless_signs(kustomization, suspends=True, observes=True),
    (HELM, "HelmRelease"): unless_signs(release, suspends=True, observes=True),
    **{(KINDS[kind], kind): unless_signs(source, suspends=True, observes=kind == "GitRepository") for kind in SOURCES},
    **dict.fromkeys(OTHERS, _other),
}
