"""The in-process build gives what `kustomize build` gives: for what atmos writes, and for overlays made at random."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kustomize.build import build
from atmos_cli.kustomize.model import Unsupported
from atmos_cli.ports import MemoryTree
from tests.kustomize.kustomizations import random_tree
from tests.kustomize.oracle import real_builds
from tests.lab.proofs.golden import TEAM, config_of, generated, repo_files
from tests.lab.proofs.support import few

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.lab

HOW_MANY = int(os.environ.get("ATMOS_LAB_KUSTOMIZATIONS", "1500"))
# Other ones than those of tests/kustomize.
FIRST = 1_000_000

Overlay = tuple[str, dict[str, bytes], str]
"""Where it is from, the files that its build may read, and its directory."""


def test_random_overlays_build_like_kustomize(record_property: Callable[[str, int], None]) -> None:
    """Equal, or refused by both, or honestly unsupported: never different. A failure names the seed."""
    overlays = [(f"seed {seed}", random_tree(seed), "overlay") for seed in range(FIRST, FIRST + HOW_MANY)]
    outcomes, wrong = compared(overlays)
    record_property("cases", len(overlays))
    assert not wrong, few(wrong, 5)
    assert outcomes["same"] > HOW_MANY * 0.6
    assert outcomes["unsupported"] <= HOW_MANY * 0.05 + 1


def test_generated_overlays_build_like_kustomize(record_property: Callable[[str, int], None]) -> None:
    """Every overlay of the golden matrix, and every kustomization that `atmos init` writes; nothing unsupported here."""
    overlays = [*generated_overlays(), *those_of_init()]
    outcomes, wrong = compared(overlays)
    record_property("cases", len(overlays))
    assert not wrong, few(wrong, 5)
    assert outcomes == {"same": len(overlays)}
    assert len(overlays) > 500


def generated_overlays() -> list[Overlay]:
    """Each content once: many cases have an environment in common."""
    found: dict[Any, Overlay] = {}
    for case, made in generated():
        root = f"apps/{TEAM}/{case.spec.name}"
        for environment in case.config.environments:
            directory = f"{root}/overlays/{environment}"
            wanted = {p: d for p, d in made.files.items() if p.startswith((f"{root}/base/", f"{directory}/"))}
            found.setdefault((directory, *wanted.items()), (f"{case.name}, {environment}", wanted, directory))
    return list(found.values())


def those_of_init() -> list[Overlay]:
    files = repo_files(config_of("as-init-says"), teams=(TEAM,))
    directories = [path.rpartition("/")[0] for path in files if path.endswith("/kustomization.yaml")]
    return [("atmos init", below(files, directory), directory) for directory in directories]


def below(files: dict[str, bytes], directory: str) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if path.startswith(f"{directory}/")}


def compared(overlays: list[Overlay]) -> tuple[Counter[str], list[str]]:
    """How often each outcome, and what differs."""
    outcomes: Counter[str] = Counter()
    wrong = []
    real = real_builds((files, directory) for _, files, directory in overlays)
    for overlay, (expected, said) in zip(overlays, real, strict=True):
        outcome = _outcome(overlay, expected, said)
        if outcome in ("same", "refused", "unsupported"):
            outcomes[outcome] += 1
        else:
            wrong.append(f"{overlay[0]}: {outcome}")
    return outcomes, wrong


def _outcome(overlay: Overlay, expected: list[Any] | None, said: str) -> str:
    try:
        built = [each.resource for each in build(MemoryTree(overlay[1]), overlay[2])]
    except Unsupported:
        return "unsupported"
    except AtmosError as error:
        return "refused" if expected is None else f"kustomize builds it, atmos says {error}"
    if expected is None:
        return f"atmos builds it, kustomize says {' '.join(said.split())[-300:]}"
    if built == expected:
        return "same"
    pairs = zip(expected, built, strict=False)
    return next(
        (f"expected {one}, built {other}" for one, other in pairs if one != other),
        f"{len(expected)} objects expected, {len(built)} built",
    )
