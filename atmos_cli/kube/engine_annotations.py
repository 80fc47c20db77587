"""What any object in Git may say to the engines that read it, and what engines write on live ones."""

from __future__ import annotations

# With these, no engine deletes an object that vanishes from Git, nor calls it OutOfSync for that.
KEEP = {
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}
# Of these, what keeps an engine from deleting it: each engine's own, as one of several values with commas between.
STAYS = {"argocd.argoproj.io/sync-options": "Prune=false", "kustomize.toolkit.fluxcd.io/prune": "disabled"}
# An object with one of these runs, and is removed, as the engine sees fit.
HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")
# With one of these, its engine deletes an object that cannot be changed, and makes it anew.
RECREATE = {"argocd.argoproj.io/sync-options": "Force=true", "kustomize.toolkit.fluxcd.io/force": "enabled"}
# By annotation, the values with which a live object may differ from Git.
LEFT_ALONE = {"kustomize.toolkit.fluxcd.io/ssa": frozenset({"Ignore", "IfNotPresent"})}
# Regular expressions of the keys in which engines keep their own records.
BOOKKEEPING = (
    r"argocd\.argoproj\.io/tracking-id",
    r"kustomize\.toolkit\.fluxcd\.io/",
    r"helm\.toolkit\.fluxcd\.io/(?:name|namespace)",
)
# In a comment of a file that no engine may take for a manifest.
NOT_A_MANIFEST = "+argocd:skip-file-rendering"
