"""A field-wise three-way merge of built objects, written apart from atmos's own, to judge that by."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

Resource = dict[str, Any]
Path = tuple[str, ...]
Key = tuple[str, str]
"""Kind and name of an object within one environment."""

GONE: Any = type("Gone", (), {"__repr__": lambda _: "nothing"})()

# The lists of the kinds at hand that the API merges by key; every other list is one value.
POD_LISTS: dict[str, Path] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "protocol"),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
KEYED: dict[str, dict[str, Path]] = {"Deployment": POD_LISTS, "Service": {"ports": ("port", "protocol")}}
OF_ATMOS = ("atmos-cli.dev/blueprint", "app.kubernetes.io/managed-by")


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that both changed, differently. `hard`: it must be reported; else it may be."""

    environment: str
    key: Key
    path: Path
    base: Any
    ours: Any
    theirs: Any
    hard: bool = True

    def __str__(self) -> str:
        kind, name = self.key
        return f"{self.environment} {kind}/{name} {'.'.join(self.path)}: {self.base!r} → ours {self.ours!r}, theirs {self.theirs!r}"


@dataclass(slots=True)
class Merger:
    """`winner` takes the fields that clash, with `restores` also those that a person deleted."""

    environment: str
    winner: str = "ours"
    restores: bool = False
    clashes: list[Clash] = field(default_factory=list)

    def objects(
        self, base: dict[Key, Resource], ours: dict[Key, Resource], theirs: dict[Key, Resource]
    ) -> dict[Key, Resource]:
        made: dict[Key, Resource] = {}
        for key in {**ours, **theirs, **base}:
            sides = (base.get(key, GONE), ours.get(key, GONE), theirs.get(key, GONE))
            value = self.of(key, (), *sides)
            if value is not GONE:
                made[key] = value
        return made

    def of(self, key: Key, path: Path, base: Any, ours: Any, theirs: Any) -> Any:
        if same(ours, theirs) or same(base, theirs):
            return ours
        if same(base, ours) or path[-1:] in {(each,) for each in OF_ATMOS}:
            return theirs
        if all(isinstance(each, dict) or each is GONE for each in (base, ours, theirs)):
            if ours is not GONE and theirs is not GONE:
                return self._mapping(key, path, {} if base is GONE else base, ours, theirs)
        elif (keys := KEYED.get(key[0], {}).get(path[-1])) and _keyed(keys, ours, theirs, [] if base is GONE else base):
            listed = [by_key(each, keys) if each is not GONE else {} for each in (base, ours, theirs)]
            return list(self._mapping(key, path, *listed).values())
        return self._clash(key, path, base, ours, theirs)

    def _mapping(
        self, key: Key, path: Path, base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]
    ) -> dict[str, Any]:
        made = {}
        for name in {**ours, **theirs, **base}:
            value = self.of(key, (*path, name), base.get(name, GONE), ours.get(name, GONE), theirs.get(name, GONE))
            if value is not GONE:
                made[name] = value
        return made

    def _clash(self, key: Key, path: Path, base: Any, ours: Any, theirs: Any) -> Any:
        # What people delete stays deleted, which atmos says; whether it asks first is its own choice.
        hard = ours is not GONE
        self.clashes.append(Clash(self.environment, key, path, base, ours, theirs, hard))
        return theirs if self.winner == "theirs" and (hard or self.restores) else ours


def same(one: Any, other: Any) -> bool:
    return one is other or (one is not GONE and other is not GONE and one == other and type(one) is type(other))


def _keyed(keys: Path, *lists: Any) -> bool:
    return all(
        isinstance(each, list) and all(isinstance(item, dict) and keys[0] in item for item in each) for each in lists
    )


def by_key(items: list[Any], keys: Path) -> dict[str, Any]:
    return {",".join(str(item[key]) for key in keys if key in item): item for item in items}


def index(resources: Iterable[Resource]) -> dict[Key, Resource]:
    return {(each["kind"], each["metadata"]["name"]): each for each in resources}


def canonical(value: Any, kind: str, name: str = "") -> Any:
    """Without the order that means nothing: of keys, and of lists that are merged by key."""
    if isinstance(value, dict):
        return {key: canonical(item, kind, key) for key, item in sorted(value.items())}
    if isinstance(value, list):
        keys = KEYED.get(kind, {}).get(name)
        items = [canonical(item, kind) for item in value]
        return (
            sorted(items, key=lambda item: str([item.get(key) for key in keys]))
            if keys and _keyed(keys, value)
            else items
        )
    return value


def differences(wanted: Any, found: Any, path: Path = ()) -> list[str]:
    """Where two values differ, deepest places only."""
    if same(wanted, found):
        return []
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = sorted({*wanted, *found}, key=str)
        return [
            line for key in keys for line in differences(wanted.get(key, GONE), found.get(key, GONE), (*path, str(key)))
        ]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(wanted, found, strict=True))
        return [line for at, (one, other) in pairs for line in differences(one, other, (*path, str(at)))]
    return [f"{'.'.join(path)}: want {_short(wanted)}, got {_short(found)}"]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 160 else f"{text[:150]} …"


def as_owned(base: dict[Key, Resource], ours: dict[Key, Resource], theirs: dict[Key, Resource]) -> dict[Key, Resource]:
    """What is generated now, but for what others own: running images, and the number of pods where something scales."""
    made = copy.deepcopy(theirs)
    for key, resource in made.items():
        if key[0] != "Deployment" or key not in base:
            continue
        old = {each["name"]: each for each in base[key]["spec"]["template"]["spec"]["containers"]}
        for container in resource["spec"]["template"]["spec"]["containers"]:
            if container["name"] in old:
                container["image"] = old[container["name"]]["image"]
        if ("HorizontalPodAutoscaler", key[1]) in base and ("HorizontalPodAutoscaler", key[1]) not in theirs:
            scaler = ours.get(("HorizontalPodAutoscaler", key[1]))
            if scaler and "replicas" in resource["spec"]:
                resource["spec"]["replicas"] = max(scaler["spec"]["minReplicas"], resource["spec"]["replicas"])
    return made


def scaled_elsewhere(
    base: dict[Key, Resource], ours: dict[Key, Resource], theirs: dict[Key, Resource]
) -> dict[Key, Resource]:
    """Ours without numbers of pods that an autoscaler decides from now on: those give way without a question."""
    made = copy.deepcopy(ours)
    for key, resource in made.items():
        new = theirs.get(key)
        if (
            key[0] == "Deployment"
            and new
            and key in base
            and "replicas" in base[key]["spec"]
            and "replicas" not in new["spec"]
        ):
            resource["spec"].pop("replicas", None)
    return made
