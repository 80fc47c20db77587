"""Services as `atmos new` makes them, in memory: what is generated from a spec, a configuration and blueprints."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.bundle import bundled_place, catalogue
from atmos_cli.gitops import generate as generating
from atmos_cli.gitops import service_update
from atmos_cli.gitops.inputs import Inputs as GeneratedFrom
from atmos_cli.gitops.repository import config_of
from atmos_cli.gitops.service_update import ServiceUpdate, UpdateOptions, update_service
from atmos_cli.gitops.services import ServiceName
from atmos_cli.ports import MemoryTree
from atmos_cli.spec.model import read_spec
from atmos_cli.yamlio.emit import emit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Files = dict[str, bytes]
NAME = ServiceName("main", "shop")
ROOT = NAME.directory
SPEC = f"{ROOT}/service.yaml"
LOCK = f"{ROOT}/service.lock"
CONFIG = "atmos-cli.yaml"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What people declare, as plain values; `bundle` are the files of the company's own blueprints."""

    spec: dict[str, Any]
    config: dict[str, Any]
    bundle: tuple[tuple[str, str], ...] = ()

    def files(self) -> Files:
        own = {f"platform/blueprints/{path}": text.encode() for path, text in self.bundle}
        return {CONFIG: emit(self.config).encode(), SPEC: emit(self.spec).encode(), **own}

    @property
    def environments(self) -> tuple[str, ...]:
        return tuple(self.config["environments"])

    def laid_over(self, changed: Inputs, before: Inputs) -> Inputs:
        """What `before` became in `changed`, done to this, key by key."""
        return Inputs(
            _redone(self.spec, before.spec, changed.spec),
            _redone(self.config, before.config, changed.config),
            tuple(sorted({**dict(self.bundle), **dict(changed.bundle)}.items())),
        )


def _redone(value: Any, before: Any, after: Any) -> Any:
    if not all(isinstance(each, dict) for each in (value, before, after)):
        return after
    made = {key: item for key, item in value.items() if key in after or key not in before}
    for key, item in after.items():
        if key not in before or item != before[key]:
            made[key] = _redone(value[key], before.get(key), item) if key in value else item
    return made


CLUSTERS = {"dev": {"engine": "argocd"}, "prod": {"engine": "flux"}}
ENVIRONMENTS: dict[str, Any] = {
    "dev": {"cluster": "dev", "replicas": 1, "http": {"domain": "dev.example.com"}},
    "prod": {"cluster": "prod", "production": True, "replicas": 2, "postgres": {"instances": 3, "storage": "10Gi"}},
}
STAGING = {"cluster": "dev", "replicas": 2, "http": {"domain": "staging.example.com"}}


def config(*, staging: bool = False) -> dict[str, Any]:
    middle = {"staging": STAGING} if staging else {}
    environments = {"dev": ENVIRONMENTS["dev"], **middle, "prod": ENVIRONMENTS["prod"]}
    return {
        "version": 1,
        "git": {"url": "https://git.example.test/g.git"},
        "clusters": CLUSTERS,
        "environments": environments,
    }


def spec(**more: Any) -> dict[str, Any]:
    head = {"apiVersion": "atmos-cli.dev/v1", "kind": "Service", "name": "shop", "type": "web"}
    return {**head, "language": "node", "port": 80, "size": "s", **more}


WORLDS: dict[str, Inputs] = {
    "node with postgres": Inputs(spec(addons={"http": {}, "postgres": {}}), config()),
    "three environments": Inputs(
        spec(addons={"http": {}, "postgres": {}}, env={"LOG_LEVEL": "info"}), config(staging=True)
    ),
    "autoscaled": Inputs(
        spec(
            language="python",
            port=8080,
            addons={"autoscaling": {}, "http": {}, "redis": {}},
            scaling={"min": 3, "max": 6},
        ),
        config(),
    ),
    "with everything of its own": Inputs(
        spec(
            language="go",
            image="ghcr.io/acme/shop:1.4.2",
            env={"LOG_LEVEL": "info", "FEATURE_X": "off", "CACHE_SECONDS": "30"},
            secrets={"API_KEY": {"secret": "shop-keys", "key": "api"}},
            volumes={"scratch": {"path": "/var/scratch", "size": "1Gi"}},
            dependencies=[{"service": "pay"}],
            environments={"prod": {"size": "m", "replicas": 3}},
        ),
        config(),
    ),
    "with a disk": Inputs(
        spec(replicas=1, volumes={"data": {"path": "/data", "size": "5Gi", "kind": "persistent"}}, addons={"http": {}}),
        config(),
    ),
}


def bundled_texts(*names: str) -> dict[str, str]:
    """The bundled blueprints `names`, as the files that a company would copy."""
    root = Path(bundled_place()[0])
    found = (path for name in names for path in sorted((root / name).rglob("*.yaml")))
    return {path.relative_to(root).as_posix(): path.read_text() for path in found if "tests" not in path.parts}


def inputs_tree(files: Mapping[str, bytes]) -> MemoryTree:
    return MemoryTree({path: data for path, data in files.items() if path == CONFIG or path.startswith("platform/")})


@functools.lru_cache(maxsize=64)
def _generated(files: tuple[tuple[str, bytes], ...], environments: tuple[str, ...]) -> generating.Generated:
    known = dict(files)
    tree = inputs_tree(known)
    return generating.generate(
        read_spec(known[SPEC], path=SPEC),
        team=NAME.team,
        environments=environments,
        config=config_of(tree),
        catalogue=catalogue(tree),
        spec_data=known[SPEC],
    )


def generated(inputs: Inputs) -> generating.Generated:
    return _generated(tuple(inputs.files().items()), inputs.environments)


def made(inputs: Inputs) -> Files:
    """The repo with the service, as far as an update of the service reads it."""
    return {**inputs.files(), **generated(inputs).files}


_REAL = generating.generate


class Regenerating:
    """Remembers what was generated: many cases differ in their hand edits only, and composing takes longest."""

    def __init__(self) -> None:
        self.known: dict[tuple[Any, ...], generating.Generated] = {}
        self.key: tuple[tuple[str, bytes], ...] = ()

    def __call__(self, spec: Any, **named: Any) -> generating.Generated:
        key = (self.key, spec.model_dump_json(), tuple(named["environments"]), named.get("spec_data"))
        if key not in self.known:
            if len(self.known) > 64:
                self.known.clear()
            self.known[key] = _REAL(spec, **named)
        return self.known[key]


REGENERATING = Regenerating()


@dataclass(frozen=True, slots=True)
class Merged:
    """What Git knows of the branches that it merged."""

    branches: Sequence[Files]

    def locks(self, path: str, stamps: frozenset[str]) -> list[bytes]:
        del stamps
        return [each[path] for each in self.branches]

    def sides(self, path: str) -> tuple[bytes, bytes] | None:
        found = [each[path] for each in self.branches if path in each]
        return (found[0], found[1]) if len(found) == 2 else None


def update(
    files: Mapping[str, bytes], *, options: UpdateOptions | None = None, branches: Sequence[Files] = ()
) -> ServiceUpdate:
    """`atmos update main/shop` on these files, as far as it is pure; `branches`: what Git merged."""
    tree = MemoryTree(dict(files))
    REGENERATING.key = tuple(sorted((p, d) for p, d in files.items() if p == CONFIG or p.startswith("platform/")))
    service_update.generate, before = REGENERATING, service_update.generate  # type: ignore[attr-defined]
    try:
        inputs = GeneratedFrom(config_of(tree), catalogue(tree))
        return update_service(tree, NAME, options or UpdateOptions(), inputs=inputs, branches=Merged(branches))
    finally:
        service_update.generate = before  # type: ignore[attr-defined]


def after(files: Mapping[str, bytes], found: ServiceUpdate) -> Files:
    result = dict(files)
    for path, data in found.files.items():
        if data is None:
            result.pop(path, None)
        else:
            result[path] = data
    return result


def with_inputs(files: Mapping[str, bytes], inputs: Inputs) -> Files:
    """The files with the declared inputs put in place of those that were there."""
    return {**files, **inputs.files()}
