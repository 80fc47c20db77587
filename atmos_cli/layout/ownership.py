"""Which fields of an object belong to the environment. By ownership, not by difference: one table, no cleverness.

Everything not named here stands in the base and must be the same in all environments, so that changing one environment
never edits the base, and a promotion is one file.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.resource import pod_template
from atmos_cli.kube.shape import mapping, mappings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Resource

# What depends on the cluster is among them: its version decides `lifecycle`, its rules for users the ids, its nodes the
# spread. Else one old or odd cluster would take something from all the others.
IDS = ("runAsUser", "runAsGroup", "fsGroup")
POD_FIELDS = ("topologySpreadConstraints",)
CONTAINER_FIELDS = ("env", "resources", "lifecycle")
# A host differs by environment, and a probe may have to ask for one.
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
ACCOUNT_FIELDS = ("imagePullSecrets",)
# Labels and annotations by which a cloud knows who pods are there, which differs by environment.
IDENTITY = (
    "azure.workload.identity/client-id",
    "azure.workload.identity/use",
    "eks.amazonaws.com/role-arn",
    "iam.gke.io/gcp-service-account",
)
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
        taken = _take_account(base) if base["kind"] == "ServiceAccount" else {}
        return Owned(base, _at(base, (), taken) if taken else None, None, {})
    path, template = found
    scalable = base["kind"] in SCALABLE
    replicas = base["spec"].pop("replicas", None) if scalable else None
    pace = {field: base["spec"].pop(field) for field in WORKLOAD_FIELDS if scalable and field in base["spec"]}
    images: dict[str, str] = {}
    inner = _take_pod(template, images, of=base["metadata"]["name"])
    patch = _at(base, path, inner) if inner else None
    if pace:
        patch = patch or _at(base, (), {})
        patch["spec"] = {**pace, **patch.get("spec", {})}
    return Owned(base, patch, replicas, images)


def _take_pod(template: dict[str, Any], images: dict[str, str], *, of: str) -> dict[str, Any]:
    """Take out of a pod template what the environment owns, and return it as a patch of the template."""
    pod = template["spec"]
    taken = {**_take_ids(pod), **_take(pod, POD_FIELDS)}
    for kind in CONTAINER_LISTS:
        patches = []
        for container in pod.get(kind, ()):
            _take_image(container, images, of=of)
            if own := {**_take_ids(container), **_take(container, CONTAINER_FIELDS), **_take_headers(container)}:
                patches.append({"name": container["name"], **own})
        if patches:
            taken[kind] = patches
    metadata = _take_identity(template.get("metadata", {}))
    return {**({"metadata": metadata} if metadata else {}), **({"spec": taken} if taken else {})}


def _take_account(account: Resource) -> dict[str, Any]:
    metadata = _take_identity(account["metadata"])
    return {**({"metadata": metadata} if metadata else {}), **_take(account, ACCOUNT_FIELDS)}


def _take_identity(metadata: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for field in ("labels", "annotations"):
        if isinstance(metadata.get(field), dict) and (taken := _take(metadata[field], IDENTITY)):
            found[field] = taken
            if not metadata[field]:
                del metadata[field]
    return found


def _take_ids(holder: dict[str, Any]) -> dict[str, Any]:
    context = holder.get("securityContext")
    taken = _take(context, IDS) if isinstance(context, dict) else {}
    if taken and not context:
        del holder["securityContext"]
    return {"securityContext": taken} if taken else {}


def _take_headers(container: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for probe in PROBES:
        asked = container.get(probe, {}).get("httpGet")
        if isinstance(asked, dict) and "httpHeaders" in asked:
            found[probe] = {"httpGet": {"httpHeaders": asked.pop("httpHeaders")}}
    return found


def _take(holder: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {field: holder.pop(field) for field in fields if field in holder}


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
        **inner,
        "metadata": {"name": base["metadata"]["name"], **inner.get("metadata", {})},
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


def owned_fields(resource: Resource) -> Iterator[tuple[str, ...]]:
    """Yield the place of each field of an object that `cut` would give to the overlay; a list item is its name."""
    found = pod_template(resource)
    pod = found[1].get("spec") if found else None
    if found is None or not isinstance(pod, dict):
        return
    path = (*found[0], "spec")
    yield from ((*path, field) for field in POD_FIELDS if field in pod)
    yield from ((*path, "securityContext", field) for field in IDS if field in mapping(pod, "securityContext"))
    for kind in CONTAINER_LISTS:
        for container in mappings(pod, kind):
            at = (*path, kind, str(container.get("name")))
            yield from ((*at, field) for field in CONTAINER_FIELDS if field in container)
            for probe in PROBES:
                if "httpHeaders" in mapping(mapping(container, probe), "httpGet"):
                    yield (*at, probe, "httpGet", "httpHeaders")
            context = mapping(container, "securityContext")
            yield from ((*at, "securityContext", field) for field in IDS if field in context)
