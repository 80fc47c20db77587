"""The `images` transformer: a new name, tag or digest for every container image of that name."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.kustomize.fields import UnreachableError, visit_all
from atmos_cli.kustomize.fieldspecs import IMAGES
from atmos_cli.kustomize.model import Origin, WorkingResource, unsupported
from atmos_cli.kustomize.values import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.kustomize.kustomization import Kustomization

_PLAIN_NAME = re.compile(r"[A-Za-z0-9._/:@{}-]*")
_CONTAINERS = ("containers", "initContainers")


class ImageParts(NamedTuple):
    name: str
    tag: str
    digest: str


def split_image(image: str) -> ImageParts:
    """Split `host:5000/app:1@sha256:…` into name with registry, tag and digest; "" for a missing part."""
    slash = max(image.find("/"), 0)
    at, colon = image.find("@", slash), image.find(":", slash)
    if at >= 0 and (colon < 0 or at < colon):
        return ImageParts(image[:at], "", image[at + 1 :])
    if at >= 0:
        return ImageParts(image[:colon], image[colon + 1 : at], image[at + 1 :])
    if colon >= 0:
        return ImageParts(image[:colon], image[colon + 1 :], "")
    return ImageParts(image, "", "")


@lru_cache(maxsize=256)
def _pattern(name: str) -> re.Pattern[str]:
    """Return the pattern that an image name is to kustomize: a dot in it matches any character."""
    return re.compile(f"(?:{re.sub('[{}]', _escape, name)})(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?")


def _escape(match: re.Match[str]) -> str:
    return f"\\{match[0]}"


def concerns(entry: Mapping[str, Any], image: str) -> bool:
    """Return whether one entry of `images` is about `image`."""
    return _pattern(entry.get("name") or "").fullmatch(image) is not None


def replaced(image: str, entry: Mapping[str, Any]) -> str:
    """Return the image after one entry of `images`; unchanged if the entry is about another name."""
    if not concerns(entry, image):
        return image
    name, tag, digest = split_image(image)
    new_tag, new_digest = entry.get("newTag") or "", entry.get("digest") or ""
    if new_tag or new_digest:
        tag, digest = new_tag, new_digest
    name = entry.get("newName") or name
    return f"{name}{':' if tag else ''}{tag}{'@' if digest else ''}{digest}"


def set_images(items: list[WorkingResource], kustomization: Kustomization) -> None:
    """Apply the entries in their order to the containers of every kind, also of custom ones."""
    for number, entry in enumerate(kustomization.list("images")):
        pointer = ("images", number)
        if not _PLAIN_NAME.fullmatch((entry or {}).get("name") or ""):
            message = f"the image name `{entry['name']}` is used as a pattern"
            raise unsupported(message, where=kustomization.file.at((*pointer, "name")))
        for item in items:
            if item.kind == "CustomResourceDefinition":
                continue
            try:
                changed = _set_one(item, entry or {})
            except UnreachableError as error:
                message = f"`images` cannot be applied to {item.kind}/{item.name}: {error}"
                raise AtmosError(kustomization.file.problem(Code.KUSTOMIZE_INVALID, message, pointer)) from None
            if changed:
                item.sources.append(Origin(kustomization.file.path, 0, "images", pointer))


def _set_one(item: WorkingResource, entry: Mapping[str, Any]) -> bool:
    changed = False

    def visit(parent: dict[str, Any], key: str) -> None:
        nonlocal changed
        if isinstance(parent[key], dict | list):
            raise UnreachableError(f"`{key}` is not text")
        before = text(parent[key])
        after = replaced(before, entry)
        if after != before:
            parent[key] = after
            changed = True

    _visit_containers(item.resource, visit)
    visit_all(item.resource, item.gvk, IMAGES, visit)
    return changed


def _visit_containers(node: Any, visit: Any) -> None:
    """Visit every `image` of the items of a list named `containers` or `initContainers`, at any depth."""
    if isinstance(node, list):
        for item in node:
            _visit_containers(item, visit)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        _visit_containers(value, visit)
        if key in _CONTAINERS and isinstance(value, list):
            for container in value:
                if isinstance(container, dict) and container.get("image") is not None:
                    visit(container, "image")
                elif not isinstance(container, dict) and container is not None:
                    raise UnreachableError(f"an item of `{key}` is not a mapping")
