"""A spec and its blueprints become the complete objects of one service in one environment: pure, always the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.composed import Composed, DeclaredRename
from atmos_cli.blueprint.contribute import contribute
from atmos_cli.blueprint.inputs import addon_inputs
from atmos_cli.blueprint.scope import runtime_of, scope
from atmos_cli.blueprint.tree import holds, items_of, render
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.kube.fieldorder import ordered
from atmos_cli.kube.names import object_name
from atmos_cli.kube.resource import group_version, identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.blueprint.catalogue import Blueprint, Catalogue
    from atmos_cli.blueprint.manifest import ResourceFile, Serves
    from atmos_cli.blueprint.tree import Template
    from atmos_cli.config import Config
    from atmos_cli.kube.resource import Resource
    from atmos_cli.spec.model import ServiceSpec

MAX_OBJECTS = 500


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
    serves: Serves
    warnings: tuple[str, ...] = ()
    renamed: tuple[DeclaredRename, ...] = ()


@dataclass(frozen=True, slots=True)
class _BlueprintPart:
    """A blueprint and the names that its expressions see."""

    blueprint: Blueprint
    scope: Mapping[str, Any]


def compose(spec: ServiceSpec, *, team: str, environment: str, config: Config, catalogue: Catalogue) -> Composition:
    """Compose the objects of one service; raises AtmosError with all refusals at once, and located file errors."""
    names = scope(spec, team=team, environment=environment, config=config, catalogue=catalogue)
    runtime = runtime_of(spec, catalogue)
    parts = _parts(spec, environment=environment, names=names, catalogue=catalogue)
    _refuse(parts, runtime.refusals(names))
    resources = [item for part in parts for item in _resources(part, names["svc"]["namespace"])]
    _unique(resources)
    merged = contribute(resources, [(part.blueprint, part.scope) for part in parts])
    links = [link for part in parts for link in _links(part)]
    links += [Link(s["name"], s["secret"], s["key"], "from your spec") for s in names["svc"]["secrets"]]
    return Composition(
        environment=environment,
        resources=tuple(merged),
        links=tuple(links),
        needs=tuple(dict.fromkeys(need for part in parts for need in _needs(part))),
        blueprints=tuple(part.blueprint.tag for part in parts),
        notes=(*runtime.notes(names), *(note for part in parts for note in _notes(part))),
        warnings=tuple(runtime.warnings(names)),
        serves=names["svc"]["serves"],
        renamed=tuple(dict.fromkeys(each for part in parts for each in _renamed(part))),
    )


def _parts(
    spec: ServiceSpec, *, environment: str, names: Mapping[str, Any], catalogue: Catalogue
) -> tuple[_BlueprintPart, ...]:
    """Return the workload, then the add-ons by name. Raises what is wrong with any of them, all together."""
    found: list[_BlueprintPart] = []
    wrong: list[Diagnostic] = []
    for name, kind in [(spec.type, "workload"), *((name, "addon") for name in sorted(spec.addons))]:
        try:
            blueprint = catalogue.get(name, kind=kind)
            found.append(_BlueprintPart(blueprint, _scope(blueprint, spec, environment=environment, names=names)))
        except AtmosError as error:
            wrong += error.diagnostics
    if wrong:
        raise AtmosError(*wrong)
    return tuple(found)


def _scope(part: Blueprint, spec: ServiceSpec, *, environment: str, names: Mapping[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = {
        **names,
        "blueprint": {"name": part.manifest.name, "version": part.manifest.version},
        "values": {},
    }
    inner["inputs"] = addon_inputs(part, spec, environment=environment, names=inner)
    for name in part.manifest.values:
        inner["values"] = {**inner["values"], name: render(part.source.part("values", name), inner)}
    return inner


def _holds(part: _BlueprintPart, section: str, index: int) -> bool:
    """Return whether the `when` of an entry of the manifest is true; absent means always."""
    entry = part.blueprint.source.part(section, index)
    return "when" not in entry.value or holds(entry.part("when"), part.scope)


def _refuse(parts: tuple[_BlueprintPart, ...], of_runtime: Iterator[Diagnostic]) -> None:
    found = [
        *of_runtime,
        *(
            Diagnostic(
                Code.BLUEPRINT_REFUSED,
                str(render(part.blueprint.source.part("refuse", index, "message"), part.scope)),
                hint=str(render(part.blueprint.source.part("refuse", index, "hint"), part.scope))
                if refusal.hint
                else "",
                environment=part.scope["env"]["name"],
            )
            for part in parts
            for index, refusal in enumerate(part.blueprint.manifest.refuse)
            if _holds(part, "refuse", index)
        ),
    ]
    if found:
        raise AtmosError(*found)


def _resources(part: _BlueprintPart, namespace: str) -> Iterator[Composed]:
    blueprint = part.blueprint
    for index, entry in enumerate(blueprint.manifest.resources):
        if not _holds(part, "resources", index):
            continue
        template = blueprint.templates[entry.file]
        for each in _repeated(part, entry.repeat, "resources", index):
            resource = render(template, each)
            if resource is None:
                continue
            _check(template, resource)
            resource["metadata"]["namespace"] = namespace
            yield Composed(ordered(resource), _file(blueprint, entry, resource), entry.owner, blueprint.tag)


def _repeated(part: _BlueprintPart, repeat: str | None, section: str, index: int) -> list[Mapping[str, Any]]:
    """Return the scope of each thing that an entry of the manifest makes: one, or one for each item of its loop."""
    if repeat is None:
        return [part.scope]
    loop = part.blueprint.source.part(section, index, "for")
    items = items_of(loop, part.scope)
    if len(items) > MAX_OBJECTS:
        raise loop.error(f"this makes more than {MAX_OBJECTS} objects", code=Code.BLUEPRINT_INVALID)
    name = repeat.split()[0]
    return [{**part.scope, name: item} for item in items]


def _check(template: Template, resource: Any) -> None:
    """Check an object; raises a located ATM202 if it is none of Kubernetes, or its name could not be a file's."""
    metadata = resource.get("metadata") if isinstance(resource, dict) else None
    if not isinstance(metadata, dict) or not all(isinstance(resource.get(key), str) for key in ("apiVersion", "kind")):
        message = "this does not give an object with `apiVersion`, `kind` and `metadata`"
        raise template.error(message, code=Code.BLUEPRINT_INVALID)
    name = metadata.get("name")
    group = group_version(resource)[0]
    problem = object_name(group, resource["kind"], name) if isinstance(name, str) else "is not text"
    if problem:
        message = f"`{name}` is no name for a {resource['kind']}: it {problem}"
        raise template.error(message, ("metadata", "name"), code=Code.BLUEPRINT_INVALID)


def _file(part: Blueprint, entry: ResourceFile, resource: Resource) -> str:
    prefix = "" if part.manifest.kind == "workload" else f"{part.manifest.name}-"
    name = entry.file.removeprefix("shared/")
    stem = name.removesuffix(".yaml")
    return f"{prefix}{stem}-{resource['metadata']['name']}.yaml" if entry.repeat else f"{prefix}{name}"


def _links(part: _BlueprintPart) -> Iterator[Link]:
    for index, entry in enumerate(part.blueprint.manifest.connections):
        if not _holds(part, "connections", index):
            continue
        for each in _repeated(part, entry.repeat, "connections", index):
            source = part.blueprint.source.part("connections", index)
            values = {
                field: str(render(source.part(field), each))
                for field in ("variable", "secret", "key", "summary")
                if field in source.value
            }
            yield Link(values["variable"], values.get("secret", ""), values.get("key", ""), values.get("summary", ""))


def _needs(part: _BlueprintPart) -> Iterator[Needs]:
    for index, need in enumerate(part.blueprint.manifest.requires):
        if _holds(part, "requires", index):
            provider = str(render(part.blueprint.source.part("requires", index, "provider"), part.scope))
            yield Needs(need.group, need.kind, provider)


def _renamed(part: _BlueprintPart) -> Iterator[DeclaredRename]:
    """Yield what objects were called before; raises a located ATM202 for a pair that names no two of one kind."""
    for written in part.blueprint.manifest.renames:
        template = part.blueprint.source.part("renames", written)
        old, new = (str(render(replace(template, value=each), part.scope)) for each in (written, template.value))
        kind, _, name = old.partition("/")
        after, _, other = new.partition("/")
        if kind != after or not name or not other:
            message = f"`renames` says that `{old}` is now `{new}`: it wants `Kind/old: Kind/new`, of one kind"
            raise template.error(message, code=Code.BLUEPRINT_INVALID)
        if name != other:
            yield DeclaredRename(kind, name, other)


def _notes(part: _BlueprintPart) -> Iterator[str]:
    for index in range(len(part.blueprint.manifest.notes)):
        if _holds(part, "notes", index):
            yield str(render(part.blueprint.source.part("notes", index, "message"), part.scope))


def _unique(resources: list[Composed]) -> None:
    """Check that no two entries make the same object or file; raises ATM204."""
    seen: dict[Any, Composed] = {}
    for item in resources:
        who = identity(item.resource)
        for key, what in ((who, str(who)), (item.file, f"the file {item.file}")):
            if key in seen:
                makers = " and ".join(dict.fromkeys((seen[key].blueprint, item.blueprint)))
                message = f"{what} is made twice, by {makers}"
                raise fail(Code.BLUEPRINT_CONFLICT, message, hint="rename one of them in its blueprint")
            seen[key] = item
