"""`atmos blueprint list | show | lint | test`: for authors of blueprints."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.bundle import bundled, bundled_place, from_directory, own_place
from atmos_cli.adapters.bundle import catalogue as catalogue_of
from atmos_cli.adapters.files import DiskTree, find_root
from atmos_cli.adapters.transaction import apply
from atmos_cli.blueprint.catalogue import Catalogue
from atmos_cli.blueprint.compose import compose
from atmos_cli.blueprint.scope import ENVIRONMENT_NAMES, NAMES
from atmos_cli.blueprint.tree import FOR, Template, undeclared
from atmos_cli.checks.registry import run
from atmos_cli.checks.subject import Subject
from atmos_cli.commands.init import InitOptions, new_config
from atmos_cli.config import Config, namespace, read_config
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, errors, in_order
from atmos_cli.engines.registry import ENGINES
from atmos_cli.foreign import shell
from atmos_cli.gitops.repository import config_of
from atmos_cli.kustomize.model import Built, Origin
from atmos_cli.layout.kustomize import lay_out
from atmos_cli.ports import MemoryTree
from atmos_cli.result import ChangeSet
from atmos_cli.spec.model import ServiceSpec, read_spec
from atmos_cli.yamlio.emit import emit, emit_all
from atmos_cli.yamlio.load import load_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from atmos_cli.blueprint.catalogue import Blueprint
    from atmos_cli.blueprint.compose import Composition

TEAM = "main"
SPEC, CONFIG, EXPECTED = "service.yaml", "atmos-cli.yaml", "expected"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One golden case; `updated` are the expected files that were rewritten."""

    blueprint: str
    case: str
    diagnostics: tuple[Diagnostic, ...]
    updated: dict[str, bytes]


def opened(start: Path, source: Path | None) -> tuple[Catalogue, Config]:
    """Return the blueprints of `source`, else of the repo around `start`, else the bundled ones; and their config."""
    if source is not None:
        found = Catalogue((bundled(), from_directory(source)))
        return found, new_config(InitOptions(), catalogue=found)
    root = find_root(start)
    if root is None:
        return catalogue_of(), new_config(InitOptions(), catalogue=catalogue_of())
    tree = DiskTree(root)
    return catalogue_of(tree), config_of(tree)


def shown(catalogue: Catalogue, name: str, *, addons: tuple[str, ...], environment: str, config: Config) -> str:
    """Return the objects of an example service of a blueprint, as YAML."""
    part = catalogue.get(name)
    workload = name if part.manifest.kind == "workload" else "web"
    wanted = {*addons, *(() if part.manifest.kind == "workload" else (name,))}
    spec = example(workload, tuple(sorted(wanted)))
    composition = compose(spec, team=TEAM, environment=environment, config=config, catalogue=catalogue)
    return emit_all(item.resource for item in composition.resources)


def example(workload: str, addons: tuple[str, ...], *, language: str = "node") -> ServiceSpec:
    return ServiceSpec.model_validate(
        {"name": "example", "type": workload, "language": language, "addons": {name: {} for name in addons}}
    )


def lint(catalogue: Catalogue, name: str) -> tuple[Diagnostic, ...]:
    """Find undefined names, examples that do not compose or pass the checks, and fields that break ownership."""
    try:
        part = catalogue.get(name)
        _ = catalogue.frameworks  # a file beside the blueprints that is broken would end every `new`
    except AtmosError as error:
        return error.diagnostics
    found = [d for error in _undeclared(part) for d in error.diagnostics]
    found += _misnamed(part)
    if not found:
        found += _examples(catalogue, part)
    return in_order(found)


def _misnamed(part: Blueprint) -> Iterator[Diagnostic]:
    """Report a name that environments use themselves: `environments.<env>.replicas` cannot be an add-on's settings.

    But the `http` of an environment is what the add-on of that name reads, in the place of settings.
    """
    manifest = part.manifest
    if manifest.name in ENVIRONMENT_NAMES and (manifest.name != "http" or manifest.settings):
        message = f"`{manifest.name}` is a key of the environments in atmos-cli.yaml, so its settings have no place"
        yield from part.source.error(
            message, ("name",), code=Code.BLUEPRINT_INVALID, hint="give the blueprint another name"
        ).diagnostics


def _undeclared(part: Blueprint) -> Iterator[AtmosError]:
    for entry in part.manifest.resources:
        yield from undeclared(part.templates[entry.file], _known(entry.repeat))
    for index, connection in enumerate(part.manifest.connections):
        yield from undeclared(part.source.part("connections", index), _known(connection.repeat))
    source = part.source
    for section in ("inputs", "values", "contributes", "renames", "refuse", "requires", "notes"):
        if section in source.value:
            yield from undeclared(source.part(section), NAMES)
    for section in ("resources", "contributes", "refuse", "connections", "requires", "notes"):
        for index, item in enumerate(getattr(part.manifest, section)):
            text = "${{ " + item.when + " }}"
            yield from undeclared(
                Template(value=text, path=source.path, data=source.data, index=0, at=(section, index, "when")), NAMES
            )


def _known(repeat: str | None) -> frozenset[str]:
    """Return the names that can be read where something is repeated: everybody's, and that of the loop."""
    loop = FOR.fullmatch(repeat) if repeat else None
    return NAMES | ({loop.group(1)} if loop else frozenset())


def _examples(catalogue: Catalogue, part: Blueprint) -> list[Diagnostic]:
    """Check every language in the default environments, alone and with each add-on."""
    config = new_config(InitOptions(), catalogue=catalogue)
    workload = part.manifest.name if part.manifest.kind == "workload" else "web"
    own = () if part.manifest.kind == "workload" else (part.manifest.name,)
    found: list[Diagnostic] = []
    for language, monitored in itertools.product(sorted(catalogue.languages.languages), (False, True)):
        spec = example(workload, own, language=language)
        where = _with_everything(config) if monitored else config
        try:
            compositions = {
                name: compose(spec, team=TEAM, environment=name, config=where, catalogue=catalogue)
                for name in where.environments
            }
            lay_out(compositions, namespaces={name: namespace(TEAM, name) for name in compositions})
        except AtmosError as error:
            found += error.diagnostics
            continue
        for composition in compositions.values():
            found += errors(_checked(composition, where))
    return found


def _with_everything(config: Config) -> Config:
    environments = {
        name: {**environment.model_dump(), "monitoring": {}, "secrets": {"store": "vault"}}
        for name, environment in config.environments.items()
    }
    return Config.model_validate({**config.model_dump(), "environments": environments})


def _checked(composition: Composition, config: Config) -> tuple[Diagnostic, ...]:
    environment = config.environments[composition.environment]
    files = {f"{composition.environment}/{item.file}": emit(item.resource).encode() for item in composition.resources}
    built = tuple(
        Built(item.resource, (Origin(f"{composition.environment}/{item.file}", 0, "resource"),))
        for item in composition.resources
    )
    subject = Subject(
        service="example",
        team=TEAM,
        environment=composition.environment,
        namespace=namespace(TEAM, composition.environment),
        kubernetes=config.clusters[environment.cluster].kubernetes,
        production=environment.production,
        resources=built,
    )
    return run(subject, MemoryTree(files))


def run_cases(catalogue: Catalogue, name: str, *, update: bool = False) -> tuple[CaseResult, ...]:
    """Run the golden cases `tests/<case>/{service.yaml,expected/<environment>.yaml}` of a blueprint."""
    tree, files = catalogue.files(name)
    cases = sorted({path.split("/")[2] for path in files if path.startswith(f"{name}/tests/") and path.count("/") > 2})
    results = []
    for case in cases:
        root = f"{name}/tests/{case}"
        read = {path.removeprefix(f"{root}/"): tree.read(path) or b"" for path in files if path.startswith(f"{root}/")}
        results.append(_case(catalogue, name, case, root, read, update=update))
    return tuple(results)


def _case(catalogue: Catalogue, name: str, case: str, root: str, read: dict[str, bytes], *, update: bool) -> CaseResult:
    try:
        spec = read_spec(read.get(SPEC, b""), path=f"{root}/{SPEC}")
        given = read.get(CONFIG)
        config = (
            read_config(given, catalogue, engines=ENGINES) if given else new_config(InitOptions(), catalogue=catalogue)
        )
        actual = {
            f"{EXPECTED}/{environment}.yaml": compose(
                spec, team=TEAM, environment=environment, config=config, catalogue=catalogue
            )
            for environment in config.environments
        }
    except AtmosError as error:
        return CaseResult(name, case, error.diagnostics, {})
    found: list[Diagnostic] = []
    updated: dict[str, bytes] = {}
    for path, composition in actual.items():
        objects = [item.resource for item in composition.resources]
        if path not in read or [d.value for d in load_all(read[path], path=path)] != objects:
            text = emit_all(objects).encode()
            updated[f"{root}/{path}"] = text
            if not update:
                message = f"the case `{case}` of `{name}` does not give what `{path}` expects"
                hint = f"look at it with `atmos blueprint show {shell(name)}`, then accept it with `--update`"
                where = Location(f"{root}/{path}", 1, 1)
                found.append(Diagnostic(Code.BLUEPRINT_TEST_FAILED, message, where=where, hint=hint))
        found += errors(_checked(composition, config))
    return CaseResult(name, case, tuple(found), updated)


def accept(results: Sequence[CaseResult], catalogue: Catalogue, start: Path, source: Path | None) -> None:
    """Write what one's own golden cases produce now, all or nothing."""
    root, prefix = own_place(source, start) or bundled_place()
    own = (each for each in results if catalogue.layers[-1].has(each.blueprint))
    files: dict[str, bytes | None] = {f"{prefix}{path}": data for each in own for path, data in each.updated.items()}
    before = {path: (root / path).read_bytes() if (root / path).is_file() else None for path in files}
    apply(root, ChangeSet(files, before))
