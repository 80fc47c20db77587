"""One spec becomes the files of a service: overlays for every environment, engine pointers, spec and lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.blueprint.compose import Composition, compose
from atmos_cli.config import namespace
from atmos_cli.diagnostics import AtmosError
from atmos_cli.engines.registry import ENGINES
from atmos_cli.kube.resource import identity
from atmos_cli.layout.kustomize import difference, lay_out
from atmos_cli.layout.lock import lock_text
from atmos_cli.layout.skeleton import SPEC_SCHEMA
from atmos_cli.spec.write import spec_text
from atmos_cli.yamlio.emit import emit, emit_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.config import Config
    from atmos_cli.kustomize.model import Built
    from atmos_cli.spec.model import ServiceSpec

MARKER = b'{"layout": "kustomize"}\n'


@dataclass(frozen=True, slots=True)
class Generated:
    """`files` by path from the root of the repo; `compositions` are the complete objects by environment."""

    files: dict[str, bytes]
    compositions: Mapping[str, Composition]


def generate(
    spec: ServiceSpec, *, team: str, environments: Sequence[str], config: Config, catalogue: Catalogue
) -> Generated:
    """Make the files of a service; the same spec, config and blueprints give the same bytes.

    Raises AtmosError with all refusals at once.
    """
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
    objects = lay_out(compositions, namespaces={name: namespace(team, name) for name in environments})
    root = f"apps/{team}/{spec.name}"
    spec_data = spec_text(spec, schema_ref=f"../../../{SPEC_SCHEMA}").encode()
    files = {f"{root}/{path}": emit(value).encode() for path, value in objects.items()}
    files |= {f"{root}/overlays/{name}/gitops.json": MARKER for name in environments}
    files[f"{root}/service.yaml"] = spec_data
    blueprints = next(iter(compositions.values())).blueprints
    files[f"{root}/service.lock"] = lock_text(objects, blueprints=blueprints, spec=spec_data).encode()
    for engine in ENGINES.values():
        for path, documents in engine.service_files(config, team=team, service=spec.name).items():
            wanted = [d for d in documents if d["metadata"]["labels"]["env"] in environments]
            if wanted:
                files[path] = emit_all(wanted).encode()
    return Generated(files, compositions)


def unfaithful(composition: Composition, built: Sequence[Built]) -> str:
    """Return where the built overlay differs from the composed objects; empty when it does not, as must always be."""
    wanted = {identity(item.resource): item.resource for item in composition.resources}
    found = {identity(each.resource): each.resource for each in built}
    for key in sorted(wanted.keys() | found.keys()):
        if key not in wanted or key not in found:
            return f"{key} is {'missing' if key in wanted else 'unexpected'}"
        if place := difference(wanted[key], found[key]):
            return f"{key}: {place}"
    return ""
