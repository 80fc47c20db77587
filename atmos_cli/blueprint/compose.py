"""A spec and its blueprints become the complete objects of one service in one environment. Pure, and always the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.contribute import contribute
from atmos_cli.blueprint.inputs import addon_inputs
from atmos_cli.blueprint.scope import scope
from atmos_cli.blueprint.tree import Template, render
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.kube.fieldorder import ordered
from atmos_cli.kube.resource import identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.blueprint.catalogue import Blueprint, Catalogue
    from atmos_cli.blueprint.manifest import Owner, ResourceFile
    from atmos_cli.config import Config
    from atmos_cli.kube.resource import Resource
    from atmos_cli.spec.model import ServiceSpec


@dataclass(frozen=True, slots=True)
class Composed:
    """One complete object, the file name it gets in the layout, and who owns it."""

    resource: Resource
    file: str
    owner: Owner
    blueprint: str


@dataclass(frozen=True, slots=True)
class Link:
    """An environment variable that the process reads, and the Secret and key behind it (empty: a plain value)."""

    variable: str
    secret: str
    key: str
    summary: str


@dataclass(frozen=True, slots=True)
class Needs:
    """A kind that the cluster must serve before the objects can be applied."""

    group: str
    kind: str
    provider: str


@dataclass(frozen=True, slots=True)
class Composition:
    environment: str
    resources: tuple[Composed, ...]
    links: tuple[Link, ...]
    needs: tuple[Needs, ...]
    blueprints: tuple[str, ...]
    notes: tuple[str, ...]


def compose(
    spec: ServiceSpec, *, team: str, environment: str, config: Config, catalogue: Catalogue
) -> Composition:
    """Raises AtmosError with every refusal of a blueprint at once, and located errors of blueprint files."""
    names = scope(spec, team=team, environment=environment, config=config, languages=catalogue.languages)
    workload = catalogue.get(spec.type)
    parts = [workload, *(_addon(catalogue, name) for name in sorted(spec.addons))]
    scopes = [_scope(part, spec, environment=environment, names=names) for part in parts]
    _refuse(parts, scopes)
    resources = [
        item for part, inner in zip(parts, scopes, strict=True) for item in _resources(part, inner, names)
    ]
    merged = contribute(resources, list(zip(parts, scopes, strict=True)))
    links = [link for part, inner in zip(parts, scopes, strict=True) for link in _links(part, inner)]
    links += [Link(s["name"], s["secret"], s["key"], "from your spec") for s in names["svc"]["secrets"]]
    needs = [need for part, inner in zip(parts, scopes, strict=True) for need in _needs(part, inner)]
    _unique(merged)
    return Composition(
        environment=environment,
        resources=tuple(merged),
        links=tuple(links),
        needs=tuple(dict.fromkeys(needs)),
        blueprints=tuple(part.tag for part in parts),
        notes=tuple(note for part, inner in zip(parts, scopes, strict=True) for note in _notes(part, inner)),
    )


def _addon(catalogue: Catalogue, name: str) -> Blueprint:
    found = catalogue.get(name)
    if found.manifest.kind != "addon":
        raise fail(Code.BLUEPRINT_UNKNOWN, f"`{name}` is a type of service, not an add-on")
    return found


def _scope(part: Blueprint, spec: ServiceSpec, *, environment: str, names: Mapping[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = {
        **names,
        "blueprint": {"name": part.manifest.name, "version": part.manifest.version},
        "values": {},
    }
    inner["inputs"] = addon_inputs(part, spec, environment=environment, names=inner)
    for name in part.manifest.values:
        template = _part(part, "values", name)
        inner["values"] = {**inner["values"], name: render(template, inner)}
    return inner


def _part(part: Blueprint, *path: str | int) -> Template:
    value = part.source.value
    for step in path:
        value = value[step]
    return Template(value, part.source.path, part.source.data, part.source.index, tuple(path))


def holds(part: Blueprint, scope_: Mapping[str, Any], *path: str | int) -> bool:
    """Whether the `when` at `path` of the manifest is true; absent means always."""
    node = part.source.value
    for step in path:
        node = node[step]
    when = node.get("when", True)
    if isinstance(when, bool):
        return when
    template = Template("${{ " + str(when) + " }}", part.source.path, part.source.data, 0, (*path, "when"))
    return bool(render(template, scope_))


def _refuse(parts: list[Blueprint], scopes: list[dict[str, Any]]) -> None:
    found = [
        Diagnostic(
            Code.BLUEPRINT_REFUSED,
            str(render(_part(part, "refuse", index, "message"), inner)),
            hint=str(render(_part(part, "refuse", index, "hint"), inner)) if refusal.hint else "",
            environment=inner["env"]["name"],
        )
        for part, inner in zip(parts, scopes, strict=True)
        for index, refusal in enumerate(part.manifest.refuse)
        if holds(part, inner, "refuse", index)
    ]
    if found:
        raise AtmosError(*found)


def _resources(part: Blueprint, inner: Mapping[str, Any], names: Mapping[str, Any]) -> Iterator[Composed]:
    for index, entry in enumerate(part.manifest.resources):
        if not holds(part, inner, "resources", index):
            continue
        template = part.templates[entry.file]
        for each in _repeated(part, entry, inner, index):
            resource = render(template, each)
            if resource is None:
                continue
            resource.setdefault("metadata", {})["namespace"] = names["svc"]["namespace"]
            yield Composed(ordered(resource), _file(part, entry, resource), entry.owner, part.tag)


def _repeated(part: Blueprint, entry: ResourceFile, inner: Mapping[str, Any], index: int) -> list[Mapping[str, Any]]:
    if entry.repeat is None:
        return [inner]
    path = ("resources", index, "for")
    name = entry.repeat.split()[0]
    items = [{"$for": entry.repeat, "$yield": "${{ " + name + " }}"}]
    template = Template(items, part.source.path, part.source.data, 0, path)
    return [{**inner, "item": item} for item in render(template, inner)]


def _file(part: Blueprint, entry: ResourceFile, resource: Resource) -> str:
    prefix = "" if part.manifest.kind == "workload" else f"{part.manifest.name}-"
    stem = entry.file.removesuffix(".yaml")
    return f"{prefix}{stem}-{resource['metadata']['name']}.yaml" if entry.repeat else f"{prefix}{entry.file}"


def _links(part: Blueprint, inner: Mapping[str, Any]) -> Iterator[Link]:
    for index in range(len(part.manifest.connections)):
        if holds(part, inner, "connections", index):
            values = render(_part(part, "connections", index), inner)
            yield Link(
                values["variable"], values.get("secret", ""), values.get("key", ""), values.get("summary", "")
            )


def _needs(part: Blueprint, inner: Mapping[str, Any]) -> Iterator[Needs]:
    for index, need in enumerate(part.manifest.requires):
        if holds(part, inner, "requires", index):
            yield Needs(need.group, need.kind, need.provider)


def _notes(part: Blueprint, inner: Mapping[str, Any]) -> Iterator[str]:
    for index in range(len(part.manifest.notes)):
        if holds(part, inner, "notes", index):
            yield str(render(_part(part, "notes", index, "message"), inner))


def _unique(resources: list[Composed]) -> None:
    seen: dict[Any, str] = {}
    for item in resources:
        key = identity(item.resource)
        if key in seen:
            message = f"{seen[key]} and {item.blueprint} both make {key}"
            raise fail(Code.BLUEPRINT_CONFLICT, message, hint="rename one of them in its blueprint")
        seen[key] = item.blueprint
