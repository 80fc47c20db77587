"""Composed objects of every environment become a base and one overlay each, which any kustomize builds back exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.kube.fieldorder import ordered
from atmos_cli.kube.resource import identity
from atmos_cli.layout.ownership import Owned, cut, image_entry
from atmos_cli.yamlio.emit import emit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from atmos_cli.blueprint.compose import Composition
    from atmos_cli.blueprint.composed import Composed
    from atmos_cli.kube.resource import Resource

API = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}

Files = dict[str, dict[str, Any]]


def lay_out(compositions: Mapping[str, Composition], *, namespaces: Mapping[str, str]) -> Files:
    """Return one object per file, by path below the service's directory. Raises ATM206 when a base object varies.

    An object whose apiVersion differs between the clusters is a file of each overlay.
    """
    bases: dict[str, dict[str, Owned]] = {}
    files: Files = {}
    varying = _varying_versions(compositions.values())
    for environment, composition in compositions.items():
        shared = [item for item in composition.resources if item.owner == "base" and item.file not in varying]
        own = [item for item in composition.resources if item.owner == "environment" or item.file in varying]
        owned = {item.file: cut(item.resource) for item in shared}
        bases[environment] = owned
        files |= _overlay(environment, own, owned, namespace=namespaces[environment])
    base = _same_everywhere(bases)
    for name, resource in base.items():
        files[f"base/{name}"] = resource
    files["base/kustomization.yaml"] = {**API, "resources": sorted(base)}
    return files


def _varying_versions(compositions: Iterable[Composition]) -> frozenset[str]:
    """Return the files whose object has another apiVersion in some environment: no patch could change that."""
    known: dict[str, set[str]] = {}
    for item in (item for composition in compositions for item in composition.resources if item.owner == "base"):
        known.setdefault(item.file, set()).add(item.resource["apiVersion"])
    return frozenset(file for file, versions in known.items() if len(versions) > 1)


def _overlay(environment: str, own: Sequence[Composed], owned: Mapping[str, Owned], *, namespace: str) -> Files:
    files: Files = {}
    for item in own:
        resource = {**item.resource, "metadata": dict(item.resource["metadata"])}
        resource["metadata"].pop("namespace", None)
        files[f"overlays/{environment}/{item.file}"] = resource
    images = _images(owned)
    kustomization: dict[str, Any] = {
        **API,
        "namespace": namespace,
        "resources": ["../../base", *sorted(path.rsplit("/", 1)[1] for path in files)],
    }
    if images:
        kustomization["images"] = [image_entry(name, images[name]) for name in sorted(images)]
    replicas = [
        {"name": one.base["metadata"]["name"], "count": one.replicas}
        for one in owned.values()
        if one.replicas is not None
    ]
    if replicas:
        kustomization["replicas"] = sorted(replicas, key=lambda entry: str(entry["name"]))
    patches = [_patch(one.patch) for one in owned.values() if one.patch]
    if patches:
        kustomization["patches"] = patches
    files[f"overlays/{environment}/kustomization.yaml"] = kustomization
    return files


def _images(owned: Mapping[str, Owned]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in owned.values():
        for name, image in one.images.items():
            if found.setdefault(name, image) != image:
                message = f"{identity(one.base)} and another object call their images `{name}`, but they differ"
                raise fail(Code.BLUEPRINT_OWNERSHIP, message, hint="give one of the two objects another name")
    return found


def _patch(patch: Resource) -> dict[str, Any]:
    target = {"kind": patch["kind"], "name": patch["metadata"]["name"]}
    return {"target": target, "patch": emit(ordered(patch))}


def _same_everywhere(bases: Mapping[str, Mapping[str, Owned]]) -> dict[str, Resource]:
    first, *others = bases
    base = {name: one.base for name, one in bases[first].items()}
    found: list[Diagnostic] = []
    for environment in others:
        other = {name: one.base for name, one in bases[environment].items()}
        for name in sorted(set(base) | set(other)):
            if name not in base or name not in other:
                missing = environment if name in base else first
                message = f"`{name}` belongs to the base, but is missing in '{missing}'"
                hint = "give it `owner: environment` in its blueprint"
                found.append(Diagnostic(Code.BLUEPRINT_OWNERSHIP, message, hint=hint))
            elif base[name] != other[name]:
                field = difference(base[name], other[name])
                message = (
                    f"{identity(base[name])}: `{field}` differs between '{first}' and '{environment}', "
                    "but belongs to the base"
                )
                hint = "set it in the spec itself, or give the object `owner: environment` in its blueprint"
                found.append(Diagnostic(Code.BLUEPRINT_OWNERSHIP, message, hint=hint))
    if found:
        raise AtmosError(*found)
    return base


def difference(left: Any, right: Any, path: str = "") -> str:
    """Return the dotted path of the first place where two trees differ, or an empty text when they do not."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(set(left) | set(right)):
            at = f"{path}.{key}" if path else str(key)
            if key not in left or key not in right:
                return at
            if found := difference(left[key], right[key], at):
                return found
        return ""
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        pairs = enumerate(zip(left, right, strict=True))
        return next((found for index, (a, b) in pairs if (found := difference(a, b, f"{path}[{index}]"))), "")
    return "" if left == right and type(left) is type(right) else path or "."
