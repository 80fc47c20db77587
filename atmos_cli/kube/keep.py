"""Annotations with which neither engine deletes an object that vanishes from Git, nor calls it OutOfSync for that."""

from __future__ import annotations

KEEP = {
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}
