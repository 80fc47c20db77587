"""What one person does to the files of a service: edits as text, each with how to tell later that it still stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kustomize.build import build
from atmos_cli.ports import MemoryTree
from tests.update.worlds import LOCK, ROOT, SPEC, Files

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Mapping

Resource = dict[str, Any]


class State:
    """Files, and what they build to."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self._built: dict[str, list[Resource]] = {}

    def built(self, environment: str) -> list[Resource]:
        """The objects of one overlay. Raises AtmosError when it does not build."""
        if environment not in self._built:
            there = self.files
            self._built[environment] = [
                each.resource for each in build(MemoryTree(there), f"{ROOT}/overlays/{environment}")
            ]
        return self._built[environment]

    def find(self, environment: str, kind: str, name: str = "") -> Resource | None:
        return next(
            (
                each
                for each in self.built(environment)
                if each["kind"] == kind and name in ("", each["metadata"]["name"])
            ),
            None,
        )

    def pod(self, environment: str) -> Resource:
        for each in self.built(environment):
            containers = each.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
            if each["kind"] == "Deployment" and any(container["name"] == "shop" for container in containers):
                return each["spec"]["template"]["spec"]
        return {"containers": [{"name": "shop"}]}

    def container(self, environment: str, name: str = "shop") -> Resource:
        pod = self.pod(environment)
        both = [*pod.get("containers", []), *pod.get("initContainers", [])]
        return next((each for each in both if each["name"] == name), {})

    def variable(self, environment: str, name: str) -> Resource | None:
        return next((each for each in self.container(environment).get("env", []) if each["name"] == name), None)


@dataclass
class Hand:
    """`files` while one edit is made; it notes what it did. `layers`: transformers by environment."""

    files: Files
    rng: random.Random
    environments: tuple[str, ...]
    stands: list[Callable[[State], bool]] = field(default_factory=list)
    layers: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.environment = self.rng.choice(self.environments)
        self.overlay = f"{ROOT}/overlays/{self.environment}"
        self.kustomization = f"{self.overlay}/kustomization.yaml"
        self.base = f"{ROOT}/base"

    def text(self, path: str) -> str:
        return self.files.get(path, b"").decode().replace("\r\n", "\n")

    def put(self, path: str, text: str) -> bool:
        """Write the file with the line ends that it has."""
        before = self.files.get(path, b"")
        if text == self.text(path):
            return False
        self.files[path] = text.replace("\n", "\r\n").encode() if b"\r\n" in before else text.encode()
        return True

    def sub(self, path: str, pattern: str, new: str | Callable[[re.Match[str]], str], *, count: int = 1) -> bool:
        return self.put(path, re.sub(pattern, new, self.text(path), count=count, flags=re.MULTILINE))

    def yaml_files(self, under: str = ROOT) -> list[str]:
        return sorted(
            path
            for path in self.files
            if path.startswith(f"{under}/") and path.endswith(".yaml") and path not in (SPEC, LOCK)
        )

    def where(self, pattern: str, under: str = "") -> str | None:
        """The first file with the pattern: in the overlay at hand, or below `under`."""
        found = (
            path for path in self.yaml_files(under or self.overlay) if re.search(pattern, self.text(path), re.MULTILINE)
        )
        return next(found, None)

    def any_file(self) -> str:
        return self.rng.choice(self.yaml_files())

    def still(self, check: Callable[[State], bool]) -> bool:
        self.stands.append(check)
        return True

    def lists(self, entry: str, path: str = "") -> bool:
        """Add an entry to `resources` of a kustomization, at the end."""
        path = path or self.kustomization
        found = re.search(r"^resources:\n((?: *- .*\n| *#.*\n)+)", self.text(path), re.MULTILINE)
        if not found:
            return False
        last = re.findall(r"^( *)- .*\n", found[1], re.MULTILINE)[-1]
        at = found.end()
        text = self.text(path)
        return self.put(path, f"{text[:at]}{last}- {entry}\n{text[at:]}")

    def unlists(self, entry: str, path: str = "") -> bool:
        return self.sub(path or self.kustomization, rf"^ *- (?:\./)?{re.escape(entry)}[^\n]*\n", "")


@dataclass(frozen=True, slots=True)
class Edited:
    """What hand edits made of files. `plain` is the same without transformers, which are `layers` by environment."""

    names: tuple[str, ...]
    files: Files
    plain: State
    layers: tuple[tuple[str, dict[str, Any]], ...]
    stands: tuple[tuple[str, Callable[[State], bool]], ...]


def apply(
    edits: Iterable[tuple[str, Callable[[Hand], bool], str]],
    files: Files,
    environments: tuple[str, ...],
    rng_of: Callable[[str], random.Random],
    *,
    most: int,
) -> Edited:
    """Do `most` of the edits, each with its own source of chance; those that do not apply are left out."""
    full, plain = dict(files), dict(files)
    names: list[str] = []
    layers: list[tuple[str, dict[str, Any]]] = []
    stands: list[tuple[str, Callable[[State], bool]]] = []
    for name, edit, seed in edits:
        if len(names) == most:
            break
        if name in names and not name.startswith("comment"):
            continue
        hand = Hand(dict(full), rng_of(seed), environments)
        if not edit(hand) or hand.files == full:
            continue
        full = hand.files
        names.append(name)
        layers += hand.layers
        stands += [(name, check) for check in hand.stands]
        if not hand.layers:
            same = Hand(dict(plain), rng_of(seed), environments)
            if edit(same):
                plain = same.files
    ours = State(full)
    base = ours if plain == full else State(plain)
    return Edited(tuple(names), full, base, tuple(layers), tuple(each for each in stands if holds(each[1], ours)))


def holds(check: Callable[[State], bool], state: State) -> bool:
    try:
        return check(state)
    except AtmosError:
        return False
