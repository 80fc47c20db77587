"""Which objects hold data, and what engines do with an object that leaves Git or cannot be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.foreign import shell
from atmos_cli.kube.engine_annotations import HOOKS, RECREATE, STAYS
from atmos_cli.kube.operators import OPERATED
from atmos_cli.kube.shape import mappings, strings, text

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Identity, Resource

# (group, kind): Kubernetes' own, then operators' whose objects own volumes or databases.
STATEFUL_SET = ("apps", "StatefulSet")
DATA_KINDS = frozenset(
    {
        ("", "PersistentVolumeClaim"),
        ("", "PersistentVolume"),
        ("", "Namespace"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        *(kind for kind, row in OPERATED.items() if row.data),
    }
)


def holds_data(who: Identity, resource: Resource) -> bool:
    """Say whether data is lost with the object. Claims of a StatefulSet stay, unless it says otherwise."""
    if (who.group, who.kind) == ("apps", "StatefulSet"):
        policy = text(resource, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
        return policy == "Delete" and bool(mappings(resource, "spec", "volumeClaimTemplates"))
    return (who.group, who.kind) in DATA_KINDS


def stays(resource: Resource) -> bool:
    """Say whether every engine leaves the object alone when it vanishes from Git."""
    found = strings(resource, "metadata", "annotations")
    return all(value in found.get(key, "").split(",") for key, value in STAYS.items())


def made_anew(resource: Resource) -> bool:
    """Say whether its engine deletes the object where a change is refused: a hook, or one that asks for it."""
    found = strings(resource, "metadata", "annotations")
    asked = any(value in found.get(key, "").split(",") for key, value in RECREATE.items())
    return asked or any(key in found for key in HOOKS)


def delete_command(who: Identity, *options: str) -> str:
    """Return the command with which a person deletes the object."""
    own = "." not in who.group or who.group.endswith(".k8s.io")
    kind = who.kind.lower() if own else f"{who.kind.lower()}.{who.group}"
    where = ["-n", shell(who.namespace)] if who.namespace else []
    return " ".join(["kubectl", *where, "delete", shell(kind), shell(who.name), *options])
