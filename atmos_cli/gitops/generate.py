"""One spec becomes the files of a service: overlays for every environment, engine pointers, spec and lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.blueprint.compose import Composition, compose
from atmos_cli.config import namespace
from atmos_cli.diagnostics import AtmosError
from atmos_cli.engines.registry import ENGINES
from atmos_cli.gitops.inputs import Inputs
from atmos_cli.kube.resource import identity
from atmos_cli.layout.kustomize import difference, lay_out
from atmos_cli.layout.lock import GeneratedFile, Lock, lock_text, stamp
from atmos_cli.layout.skeleton import SPEC_SCHEMA
from atmos_cli.spec.write import spec_text
from atmos_cli.yamlio.emit import emit, emit_all
from atmos_cli.yamlio.load import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.blueprint.composed import DeclaredRename
    from atmos_cli.config import Config
    from atmos_cli.kustomize.model import Built
    from atmos_cli.spec.model import ServiceSpec

MARKER = b'{"layout": "kustomize"}\n'


@dataclass(frozen=True, slots=True)
class Generated:
    """`files` by path from the root of the repo, with `service.yaml` and the lock; `compositions` by environment.

    `contents` are those that `update` merges: all but these two. `renamed`: what objects were called before.
    """

    files: dict[str, bytes]
    compositions: Mapping[str, Composition]
    contents: Mapping[str, GeneratedFile]
    lock: Lock
    renamed: tuple[DeclaredRename, ...] = ()


def generate(
    spec: ServiceSpec,
    *,
    team: str,
    environments: Sequence[str],
    config: Config,
    catalogue: Catalogue,
    spec_data: bytes | None = None,
) -> Generated:
    """Generate the files of a service; the same spec, config and blueprints give the same bytes.

    `spec_data` is the text of its `service.yaml` when there is one. Raises AtmosError with all refusals at once.
    """
    compositions = _compositions(spec, team=team, environments=environments, config=config, catalogue=catalogue)
    objects = lay_out(compositions, namespaces={name: namespace(team, name) for name in environments})
    root = f"apps/{team}/{spec.name}"
    if spec_data is None:
        spec_data = spec_text(spec, schema_ref=f"../../../{SPEC_SCHEMA}").encode()
    contents = {f"{root}/{path}": GeneratedFile(emit(value).encode(), (value,)) for path, value in objects.items()}
    for name in environments:
        contents[f"{root}/overlays/{name}/gitops.json"] = GeneratedFile(MARKER, (load(MARKER),))
    for engine in ENGINES.values():
        for path, documents in engine.service_files(config, team=team, service=spec.name).items():
            wanted = [d for d in documents if d["metadata"]["labels"]["env"] in environments]
            if wanted:
                contents[path] = GeneratedFile(emit_all(wanted).encode(), tuple(wanted))
    tags = next(iter(compositions.values())).blueprints
    inputs = Inputs(config, catalogue).of(tags, service=f"{team}/{spec.name}", environments=environments)
    spec_value = load(spec_data)
    lock = Lock(
        files={f"{root}/service.yaml": (spec_value,), **{path: each.content for path, each in contents.items()}},
        blueprints=tags,
        environments={name: name in environments for name in config.environments},
        inputs=inputs,
        stamps=(stamp(spec_value, inputs, environments),),
    )
    files = {path: each.data for path, each in contents.items()}
    files[f"{root}/service.yaml"] = spec_data
    files[f"{root}/service.lock"] = lock_text(lock, directory=root).encode()
    renamed = dict.fromkeys(each for composition in compositions.values() for each in composition.renamed)
    return Generated(files, compositions, contents, lock, tuple(renamed))


def _compositions(
    spec: ServiceSpec, *, team: str, environments: Sequence[str], config: Config, catalogue: Catalogue
) -> dict[str, Composition]:
    compositions: dict[str, Composition] = {}
    refused: list[AtmosError] = []
    for environment in environments:
        try:
            compositions[environment] = compose(
                spec, team=team, environment=environment, config=config, catalogue=catalogue
            )
        except AtmosError as error:
            refused.append(error)
    if refused:
        raise AtmosError(*dict.fromkeys(d for error in refused for d in error.diagnostics))
    return compositions


def unfaithful(composition: Composition, built: Sequence[Built]) -> str:
    """Return where building the overlay gives other objects than the composed ones; empty as it always must be."""
    wanted = {identity(item.resource): item.resource for item in composition.resources}
    found = {identity(each.resource): each.resource for each in built}
    for key in sorted(wanted.keys() | found.keys()):
        if key not in wanted or key not in found:
            return f"{key} is {'missing' if key in wanted else 'unexpected'}"
        if place := difference(wanted[key], found[key]):
            return f"{key}: {place}"
    return ""
