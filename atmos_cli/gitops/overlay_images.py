"""The images of one deployment: what each container runs, which line of the overlay says so, and how to change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from atmos_cli.diagnostics import AtmosError, Code, Location, fail
from atmos_cli.foreign import shell
from atmos_cli.gitops.units import app_unit, manifests
from atmos_cli.kube.resource import pod_template
from atmos_cli.kube.shape import mappings, text
from atmos_cli.kustomize.files import NAMES
from atmos_cli.kustomize.images import split_image
from atmos_cli.layout.image_entries import added_entry, changed_entry, deciding
from atmos_cli.layout.ownership import CONTAINER_LISTS
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.edit import edit
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import in_file, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from atmos_cli.gitops.repository import Deployment
    from atmos_cli.kube.image_reference import ImageReference
    from atmos_cli.kustomize.model import Built
    from atmos_cli.ports import FileTree
    from atmos_cli.yamlio.edits import Edit


class ContainerKey(NamedTuple):
    """One container of a deployment, in whichever environment."""

    kind: str
    workload: str
    field: str
    container: str


@dataclass(frozen=True, slots=True)
class ContainerImage:
    """`image` is what runs, `declared` what stands below the overlay, `entry` the one of `images` that decides."""

    key: ContainerKey
    image: str
    declared: str
    entry: int | None

    @property
    def line(self) -> int | str:
        """Return what decides: containers of which this is the same are moved together."""
        return self.entry if self.entry is not None else split_image(self.declared).name


@dataclass(frozen=True, slots=True)
class OverlayImages:
    """What the kustomization at `path` (`data`) says of images; `entries` is None where it has no `images` at all."""

    path: str
    data: bytes
    entries: tuple[Mapping[str, Any], ...] | None
    containers: tuple[ContainerImage, ...]

    def called(self, container: ContainerImage) -> str:
        """Return what `images` calls the line that decides about a container."""
        if container.entry is None or self.entries is None:
            return split_image(container.declared).name
        return str(self.entries[container.entry].get("name"))

    def together(self, container: ContainerImage) -> tuple[ContainerImage, ...]:
        return tuple(each for each in self.containers if each.line == container.line)

    def with_images(self, wanted: Mapping[ContainerImage, ImageReference], *, also: Sequence[Edit] = ()) -> bytes:
        """Return the file in which each of `wanted` runs its image, and with what `also` changes; all else as it is.

        Raises ATM513 where images are decided elsewhere, and what `edit` raises for a file that it cannot change.
        """
        edits: dict[int | str, list[Edit]] = {}
        for container, image in wanted.items():
            if container.line not in edits and container.image != str(image):
                edits[container.line] = list(self._edits(container, image))
        ordered = sorted(edits.items(), key=lambda each: isinstance(each[0], str))
        found = [*also, *(each for _, some in ordered for each in some)]
        try:
            return edit(self.data, found) if found else self.data
        except AtmosError as error:
            raise in_file(error, self.path) from error

    def _edits(self, container: ContainerImage, image: ImageReference) -> Iterator[Edit]:
        if self.entries is None:
            raise self._elsewhere(container)
        if container.entry is None:
            yield added_entry(container.declared, image)
        else:
            yield from changed_entry(self.entries, container.entry, image)

    def _elsewhere(self, container: ContainerImage) -> AtmosError:
        name = split_image(container.declared).name
        message = f"{self.path} has no `images`, so the image of `{container.key.container}` is decided elsewhere"
        hint = f"change it there, or add `images: [{{name: {name}, newTag: …}}]` to the overlay once, by hand"
        return fail(Code.IMAGES_ELSEWHERE, message, hint=hint, where=Location(self.path, 1, 1))


def images_of(tree: FileTree, deployment: Deployment) -> OverlayImages:
    """Return the images of a deployment. Raises AtmosError when its overlay cannot be read or built."""
    path, data = _kustomization(tree, deployment)
    value = load(data, path=path)
    running = containers_of(manifests(tree, app_unit(*deployment)))
    entries = _entries(value)
    declared = containers_of(_below(tree, deployment, path, value)) if entries else {}
    containers = [
        ContainerImage(key, image, before := declared.get(key, image), deciding(entries or (), before))
        for key, image in running.items()
    ]
    return OverlayImages(path, data, entries, tuple(containers))


def containers_of(built: Iterable[Built]) -> dict[ContainerKey, str]:
    """Return the image of every container of these objects."""
    return dict(_containers(built))


def require_moved(
    images: OverlayImages, wanted: Mapping[ContainerImage, ImageReference], after: Mapping[ContainerKey, str]
) -> None:
    """Raise ATM513 unless `after` is what was running but for `wanted`: something else has a say in it."""
    lines = {container.line: str(image) for container, image in wanted.items()}
    for each in images.containers:
        expected = lines.get(each.line, each.image)
        if after.get(each.key) != expected:
            message = f"`{each.key.container}` would run {after.get(each.key, 'nothing')}, and not {expected}"
            hint = f"something else in {images.path} has a say in it: see `atmos render`, and change it by hand"
            raise fail(Code.IMAGES_ELSEWHERE, message, hint=hint, where=Location(images.path, 1, 1))


def container_meant(images: OverlayImages, name: str, *, service: str) -> ContainerImage:
    """Return a container that is meant: `name` is one, or an entry of `images`; "": the service's own.

    Raises ATM512, with all that there are, when there is none or several lines could be meant.
    """
    wanted = name or service
    by_container = [each for each in images.containers if each.key.container == wanted]
    found = by_container or [each for each in images.containers if images.called(each) == wanted]
    if not found and not name:
        found = list(images.containers)
    if len({each.line for each in found}) > 1:
        found = [each for each in found if images.called(each) == wanted] or found
    if len({each.line for each in found}) == 1:
        return found[0]
    raise _unknown(images, name, several=bool(found))


def _unknown(images: OverlayImages, name: str, *, several: bool) -> AtmosError:
    choices = {each.key.container for each in images.containers}
    if several and name:
        message = f"several containers are called `{name}`"
        choices = {images.called(each) for each in images.containers if each.key.container == name}
    elif several:
        message = f"{images.path} has several images, and none is the service's own"
    else:
        message = f"there is no container `{name}` in {images.path}" if name else f"{images.path} runs no container"
    names = sorted(choices)
    hint = f"use one of: {', '.join(f'`--image {shell(each)}=NAME:TAG`' for each in names)}" if names else ""
    return fail(Code.CONTAINER_UNKNOWN, message, hint=hint)


def _kustomization(tree: FileTree, deployment: Deployment) -> tuple[str, bytes]:
    for name in NAMES:
        path = f"{deployment.directory}/{name}"
        data = tree.read(path)
        if data is not None:
            return path, data
    message = f"{deployment.directory} has no kustomization.yaml"
    raise fail(Code.KUSTOMIZE_REFERENCE, message, where=Location(deployment.directory))


def _entries(value: Any) -> tuple[Mapping[str, Any], ...] | None:
    """None where there is no `images`; the manifests were built, so it has the right shape."""
    if not isinstance(value, dict) or "images" not in value:
        return None
    return tuple(each or {} for each in value["images"] or ())


def _below(tree: FileTree, deployment: Deployment, path: str, value: Mapping[str, Any]) -> tuple[Built, ...]:
    """What the overlay builds to without its `images`."""
    rest = {key: item for key, item in value.items() if key != "images"}
    without = MemoryTree({path: emit(rest).encode()}, tree)
    return manifests(without, app_unit(*deployment))


def _containers(built: Iterable[Built]) -> Iterator[tuple[ContainerKey, str]]:
    for each in built:
        resource = each.resource
        found = pod_template(resource)
        name = text(resource, "metadata", "name")
        for field in CONTAINER_LISTS if found else ():
            for container in mappings(found[1] if found else {}, "spec", field):
                key = ContainerKey(text(resource, "kind"), name, field, text(container, "name"))
                yield key, text(container, "image")
