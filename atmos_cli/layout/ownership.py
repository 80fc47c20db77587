"""Which fields of an object belong to the environment. By ownership, not by difference: one table, no cleverness.

Everything not named here stands in the base and must be the same in all environments, so that changing one environment
never edits the base, and a promotion is one file.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.resource import pod_template

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource

CONTAINER_FIELDS = ("env", "resources")
# How long a pod must be good before the next one follows: long where users could be hurt, short where nobody waits.
WORKLOAD_FIELDS = ("minReadySeconds",)
CONTAINER_LISTS = ("initContainers", "containers")
# The kinds of which kustomize's `replicas` field knows where the number stands.
SCALABLE = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")


@dataclass(frozen=True, slots=True)
class Owned:
    """An object of the base, cut in two: what stays, and what the overlay of one environment says about it."""

    base: Resource
    patch: Resource | None
    replicas: int | None
    images: dict[str, str]


def cut(resource: Resource) -> Owned:
    """Split one complete object. `images` maps the name in the base to the image of the environment."""
    base = copy.deepcopy(resource)
    base["metadata"].pop("namespace", None)
    found = pod_template(base)
    if found is None:
        return Owned(base, None, None, {})
    path, template = found
    scalable = base["kind"] in SCALABLE
    replicas = base["spec"].pop("replicas", None) if scalable else None
    pace = {field: base["spec"].pop(field) for field in WORKLOAD_FIELDS if scalable and field in base["spec"]}
    images: dict[str, str] = {}
    patches: dict[str, list[dict[str, Any]]] = {}
    for kind in CONTAINER_LISTS:
        for container in template["spec"].get(kind, ()):
            _take_image(container, images, of=base["metadata"]["name"])
            taken = {field: container.pop(field) for field in CONTAINER_FIELDS if field in container}
            if taken:
                patches.setdefault(kind, []).append({"name": container["name"], **taken})
    patch = _at(base, path, {"spec": patches}) if patches else None
    if pace:
        patch = patch or _at(base, (), {})
        patch["spec"] = {**pace, **patch.get("spec", {})}
    return Owned(base, patch, replicas, images)


def _take_image(container: dict[str, Any], images: dict[str, str], *, of: str) -> None:
    """Containers with the same image share one name, so that one line of the overlay moves them together."""
    image = container["image"]
    own = of if container["name"] == of else f"{of}-{container['name']}"
    name = next((known for known, value in images.items() if value == image), own)
    images[name] = image
    container["image"] = name


def _at(base: Resource, path: tuple[str, ...], inner: dict[str, Any]) -> Resource:
    for key in reversed(path):
        inner = {key: inner}
    return {
        "apiVersion": base["apiVersion"],
        "kind": base["kind"],
        "metadata": {"name": base["metadata"]["name"]},
        **inner,
    }


def image_entry(name: str, image: str) -> dict[str, str]:
    """Return the entry of kustomize's `images` that puts `image` where the base says `name`."""
    rest, _, digest = image.partition("@")
    repository, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = rest, ""
    entry = {"name": name, "newName": repository}
    if tag:
        entry["newTag"] = tag
    if digest:
        entry["digest"] = digest
    return entry
