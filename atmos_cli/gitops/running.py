"""What an overlay says that runs: images and replicas, read from its files where they say it, else built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.resource import identity, pod_template
from atmos_cli.kube.shape import at, mappings, text, texts, whole
from atmos_cli.yamlio.load import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.gitops.effective import Effective
    from atmos_cli.gitops.repository import Deployment
    from atmos_cli.kube.resource import Resource

AUTOSCALERS = {
    "HorizontalPodAutoscaler": ("minReplicas", "maxReplicas"),
    "ScaledObject": ("minReplicaCount", "maxReplicaCount"),
}


@dataclass(frozen=True, slots=True)
class Running:
    """What one deployment runs: `least` and `most` replicas are None where nothing says so, as for a CronJob.

    `problem` says why it cannot be built.
    """

    images: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    problem: str = ""


def running(effective: Effective, deployment: Deployment) -> Running:
    """Return what a deployment runs. Its overlay is built only where its files do not say it by themselves."""
    try:
        return _written(effective, deployment) or _built(effective, deployment)
    except AtmosError as error:
        return Running(problem=error.diagnostics[0].message)


def _written(effective: Effective, deployment: Deployment) -> Running | None:
    """Return what `images` and `replicas` of a kustomization say, as atmos writes it; None where it is not so."""
    tree, root = effective.tree, deployment.directory
    data = tree.read(f"{root}/kustomization.yaml")
    value = load(data) if data is not None else None
    images = tuple(_reference(each) for each in mappings(value, "images"))
    if not images or not all(images) or _patches_autoscaler(value):
        return None
    files = [name for name in texts(value, "resources") if "autoscal" in name or "scaledobject" in name]
    for name in files:
        scaler = tree.read(f"{root}/{name}")
        bounds = _bounds(load(scaler)) if scaler is not None else None
        if bounds is None:
            return None
        return Running(images, *bounds)
    for each in mappings(value, "replicas"):
        if each.get("name") == deployment.service and (count := whole(each, "count")) is not None:
            return Running(images, count, count)
    return None


def _patches_autoscaler(value: Any) -> bool:
    return any(text(each, "target", "kind") in AUTOSCALERS for each in mappings(value, "patches"))


def _reference(entry: dict[str, Any]) -> str:
    """Return the image of an entry; empty where a part of it stands elsewhere."""
    name, tag, digest = (text(entry, key) for key in ("newName", "newTag", "digest"))
    if not name or not (tag or digest):
        return ""
    return f"{name}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}"


def _built(effective: Effective, deployment: Deployment) -> Running:
    resources = [each.resource for each in effective.of(deployment)]
    images = tuple(dict.fromkeys(_images(resources)))
    for resource in resources:
        if (bounds := _bounds(resource)) is not None:
            return Running(images, *bounds)
    counts = [
        count for each in resources if pod_template(each) and (count := whole(each, "spec", "replicas")) is not None
    ]
    return Running(images, min(counts), max(counts)) if counts else Running(images)


def _bounds(resource: Resource) -> tuple[int | None, int | None] | None:
    kind = identity(resource).kind if isinstance(resource, dict) else ""
    if kind not in AUTOSCALERS:
        return None
    least, most = AUTOSCALERS[kind]
    return whole(resource, "spec", least), whole(resource, "spec", most)


def _images(resources: Iterable[Resource]) -> Iterable[str]:
    for resource in resources:
        _, template = pod_template(resource) or ((), {})
        yield from (
            image for each in mappings(template, "spec", "containers") if (image := str(at(each, "image") or ""))
        )
