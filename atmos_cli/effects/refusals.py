"""What of a change will be refused, or must not happen by accident, as findings with a place and the way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code, Diagnostic, Severity
from atmos_cli.effects.data import losses_of
from atmos_cli.kube.engine_annotations import STAYS
from atmos_cli.kube.immutable import refused
from atmos_cli.kube.kept import delete_command, made_anew
from atmos_cli.kube.resource import identity
from atmos_cli.kustomize.locate import locate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.blueprint.composed import DeclaredRename
    from atmos_cli.effects.data import Loss
    from atmos_cli.kube.immutable_rules import Refused
    from atmos_cli.kube.resource import Identity
    from atmos_cli.kustomize.model import Built
    from atmos_cli.ports import FileTree

    BuiltObjects = Mapping[Identity, Built]

ALLOW = "`--allow-replace`"
_ROLLING = {"Deployment": "{maxSurge: 25%, maxUnavailable: 25%}", "StatefulSet": "{partition: 0}"}


def refusals(
    before: BuiltObjects,
    after: BuiltObjects,
    *,
    tree: FileTree,
    environment: str,
    allow_replace: bool = False,
    takes_back: bool = False,
) -> Iterator[Diagnostic]:
    """Yield each change of a field that will be refused, located in `tree`, the files after the change.

    `allow_replace`: what a person can get by deleting the object is a warning with the command. `takes_back`: so is
    what was refused in the first place, when the change that is taken back came; the object has it as it was, then.
    """
    for who, built in after.items():
        if who not in before or made_anew(built.resource):
            continue
        there = {each.field.path for each in refused(built.resource, before[who].resource)} if takes_back else set()
        for each in refused(before[who].resource, built.resource):
            warns = allow_replace and each.why == "is immutable"
            never = each.field.path in there
            yield Diagnostic(
                Code.FIELD_IMMUTABLE,
                _said(who, each),
                Severity.WARNING if warns or never else Severity.ERROR,
                where=locate(tree, built, each.field.path),
                hint=f"{_NEVER if never else ''}{_way(who, each, allowed=warns or never)}",
                environment=environment,
            )


_NEVER = "what is taken back was refused, too, so nothing is to be done; where the object was made anew since, "


def _said(who: Identity, each: Refused) -> str:
    if each.why == "keeps the defaults of a rolling update":
        return f"{each.by} refuses `{each.field}` of {who}: it still holds the defaults of a rolling update"
    changed = each.field.shown if who.kind == "Secret" else str(each.field)
    return f"{each.by} will refuse this change of {who}: {changed}, which {each.why}"


def _way(who: Identity, each: Refused, *, allowed: bool) -> str:
    """Return the way round: first what keeps everything, then what replaces the object."""
    kind = who.kind
    if each.why == "keeps the defaults of a rolling update":
        field = each.field.shown.removesuffix(".type")
        first = f"write `{field}.rollingUpdate: {_ROLLING[kind]}` and land that"
        return f"{first}, then change the type and leave `rollingUpdate` out"
    if each.why != "is immutable" or kind == "PersistentVolumeClaim":
        way = "make a new one under another name, copy the data, switch over, and remove this one last"
        return way if allowed else f"leave the field as it was, or {way}"
    step = "after the merge, " if allowed else f"leave the field as it was, or give it a new name, or use {ALLOW} and "
    orphan = kind == "StatefulSet" and each.field.path[:2] != ("spec", "selector")
    command = f"`{delete_command(who, *(['--cascade=orphan'] if orphan else []))}`"
    return f"{step}run {command}: the engine makes it anew, {_MEANWHILE.get(kind, 'and it is gone meanwhile')}"


_PODS_STOP = "and its pods stop meanwhile"
_MEANWHILE = {
    "Deployment": _PODS_STOP,
    "ReplicaSet": _PODS_STOP,
    "DaemonSet": _PODS_STOP,
    "StatefulSet": "its claims stay, and so do its pods where their labels still fit",
    "Job": "and it runs again",
    "Service": "with another address, and clients cannot connect meanwhile",
    "RoleBinding": "and its permissions are gone meanwhile",
    "ClusterRoleBinding": "and its permissions are gone meanwhile",
    "StorageClass": "and volumes that are there stay as they are",
}


def replacements(
    before: BuiltObjects,
    after: BuiltObjects,
    *,
    tree: FileTree,
    environment: str,
    allow_replace: bool = False,
    renamed: tuple[DeclaredRename, ...] = (),
) -> Iterator[Diagnostic]:
    """Yield each loss of data or identity that a person has to allow, located in `tree`, the files before it."""
    then = {who: each.resource for who, each in before.items()}
    now = {who: each.resource for who, each in after.items()}
    for loss in losses_of(then, now, renamed):
        severity = Severity.WARNING if allow_replace else Severity.ERROR
        where = locate(tree, before[loss.resource], ("metadata", "name"))
        message, hint = _loss(loss, allowed=allow_replace)
        yield Diagnostic(Code.DATA_REPLACED, message, severity, where=where, hint=hint, environment=environment)


def _loss(loss: Loss, *, allowed: bool) -> tuple[str, str]:
    who, command = loss.resource, delete_command(loss.resource)
    if loss.how == "shrunk":
        message = f"the volume of {who} would shrink ({loss.by}), which loses data or is refused"
        return message, f"leave its size as it was, or make a smaller one beside it; {ALLOW} writes the change"
    if loss.how == "replaced":
        empty = "clients of the old name lose it" if who.kind == "Service" else "which starts without its data"
        after = f"afterwards `{command}` deletes the old one" if loss.stays else "the engine then deletes the old one"
        keep = "keep its name, or make the new one in a change of its own and move over before the old one goes"
        return f"{who} would be replaced by {loss.by}: {empty}", after if allowed else f"{keep}; with {ALLOW} {after}"
    annotations = ", ".join(f"`{key}: {value}`" for key, value in STAYS.items())
    steps = f"annotate it with {annotations} and land that, then remove it; `{command}` deletes it in the end"
    return f"{who} would be deleted with its data", "" if allowed else f"in two steps: {steps}; {ALLOW} deletes it now"


def by_identity(objects: tuple[Built, ...]) -> dict[Identity, Built]:
    """Return built objects by their identity."""
    return {identity(each.resource): each for each in objects}
