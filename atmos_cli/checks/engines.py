"""The engines will find what they are pointed at, and will come past every overlay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.checks import engine_argocd, engine_flux
from atmos_cli.checks.engine_facts import KUSTOMIZATION_FILES, EngineFacts, read
from atmos_cli.checks.registry import Scope, check
from atmos_cli.checks.subject import Document, Finding
from atmos_cli.diagnostics import Code, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.ports import FileTree


@check(
    "engines",
    *(Code.ENGINE_REFERENCE, Code.ENGINE_PATH_MISSING, Code.ENGINE_UNREACHED),
    summary="what Argo CD and Flux are pointed at exists, and every overlay is reached",
    scope=Scope.REPO,
)
def engines(tree: FileTree) -> Iterator[Finding]:
    facts = read(tree)
    yield from engine_argocd.findings(facts)
    yield from engine_flux.findings(facts)
    yield from _unreached(facts)


def _unreached(facts: EngineFacts) -> Iterator[Finding]:
    """Only when the repo points engines at services at all: the pointers may live in another repo."""
    if not any(facts.of("Application", "ApplicationSet", "Kustomization", "HelmRelease")) or not facts.own_urls:
        return
    found = {*engine_argocd.reached(facts), *engine_flux.reached(facts)}
    for overlay in facts.overlays:
        parts = overlay.split("/")
        if not any("/".join(parts[:size]) in found for size in range(len(parts) + 1)):
            file = next(
                (f"{overlay}/{name}" for name in KUSTOMIZATION_FILES if f"{overlay}/{name}" in facts.files),
                next(facts.below(overlay)),
            )
            message = f"no engine reads {overlay}: it will never be deployed"
            hint = "add gitops.json beside it for Argo CD, or a Kustomization in delivery/ for Flux; or remove it"
            yield Finding(Code.ENGINE_UNREACHED, Document(file, 0, None), (), message, hint, Severity.WARNING)
