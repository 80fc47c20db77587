"""Why Argo CD does not apply a commit, in its own words, and what kind of reason that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, mappings, text
from atmos_cli.verify.delivery.proof import DETERMINISTIC
from atmos_cli.verify.fields import conditions, said
from atmos_cli.verify.seen import Arrival, Delivery

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.seen import ClusterSnapshot

_INVALID_SPEC = (
    ("which does not exist", "project-missing"),
    ("allowed destinations", "destination-refused"),
    ("is not permitted in project", "repository-refused"),
    ("no clusters with this name", "cluster-unknown"),
    ("permitted in project", "refused-by-project"),
)
# A project that a platform repo changes together with its Applications may come a little later than they do.
_SETTLES = 60.0


def application_missing(snapshot: ClusterSnapshot) -> Delivery:
    """Report a missing Application, with the reason that its ApplicationSet says, if that was seen."""
    for resource in snapshot.delivery:
        for found in conditions(resource) if text(resource, "kind") == "ApplicationSet" else ():
            if found.type == "ErrorOccurred" and found.true:
                name = said(text(resource, "metadata", "name"))
                words = f"no Application exists for it: ApplicationSet {name} fails: {found.message}"
                return Delivery(Arrival.FAILED, "applicationset-failed", words, refresh="normal")
    return Delivery(Arrival.PENDING, "application-missing", "no Application exists for it yet", refresh="normal")


def failed_condition(app: Resource, snapshot: ClusterSnapshot, kind: str, *, revision: str) -> Delivery | None:
    """Return the first condition whose type ends with `kind`, as a failure."""
    found = next((item for item in conditions(app) if item.type.endswith(kind)), None)
    if found is None:
        return None
    if found.type == "InvalidSpecError":
        code = next((code for words, code in _INVALID_SPEC if words in found.message), "spec-invalid")
        final = code != "project-missing" and snapshot.at - found.since >= _SETTLES
        words = f"Argo CD refuses the Application: {found.message}"
        return Delivery(Arrival.FAILED, code, words, revision=revision, final=final)
    code = {"ComparisonError": "comparison-failed", "SyncError": "sync-failed"}.get(found.type, "argocd-error")
    final = bool(DETERMINISTIC.search(found.message))
    words = f"Argo CD cannot compare the commit with the cluster: {found.message}"
    if found.type != "ComparisonError":
        words = f"Argo CD reports {said(found.type)}: {found.message}"
    return Delivery(Arrival.FAILED, code, words, revision=revision, final=final, refresh="" if final else "normal")


def sync_failure(app: Resource) -> str:
    """Return what the objects of the last sync say, which says more than the operation's own message.

    Empty while the next attempt runs: that message names no failure, and those of the objects are gone.
    """
    result = at(app, "status", "operationState", "syncResult")
    failures = [
        f"{text(item, 'kind')}/{text(item, 'name')}: {text(item, 'message')}"
        for item in mappings(result, "resources")
        if text(item, "status") == "SyncFailed" or text(item, "hookPhase") in {"Failed", "Error"}
    ]
    message = text(app, "status", "operationState", "message").partition(" Retrying attempt")[0]
    return said("; ".join(failures[:3]) or ("" if message.startswith("Retrying operation") else message))
