"""The in-process build gives the same objects in the same order as the real tool."""

import os

import pytest

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kustomize.build import build
from atmos_cli.kustomize.model import Unsupported
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.load import load_all
from tests.kustomize.kustomizations import random_tree
from tests.kustomize.oracle import CASES, exactly, files_of, real_build, real_builds

HOW_MANY = int(os.environ.get("ATMOS_LAB_KUSTOMIZATIONS", "300"))
FIRST = int(os.environ.get("ATMOS_LAB_KUSTOMIZATIONS_FROM", "0"))


def directory_of(case):
    return "overlay" if (case / "overlay").exists() else ""


def cases():
    found = sorted(path for path in CASES.iterdir() if path.is_dir())
    assert len(found) >= 20
    return [pytest.param(path, id=path.name) for path in found]


@pytest.mark.parametrize("case", cases())
def test_the_recorded_output(case):
    expected = [document.value for document in load_all((case / "expected.yaml").read_bytes())]
    built = build(MemoryTree(files_of(case)), directory_of(case))
    assert exactly([each.resource for each in built]) == exactly(expected)


@pytest.mark.parametrize("case", cases())
def test_every_resource_says_where_it_is_from(case):
    tree = MemoryTree(files_of(case))
    for each in build(tree, directory_of(case)):
        assert each.sources
        assert each.sources[0].kind in ("resource", "generator")
        assert all(tree.read(source.path) for source in each.sources)


@pytest.fixture(scope="module")
def built_with_many():
    """What the command says that builds many in one process, which the larger proofs ask."""
    found = [param.values[0] for param in cases()]
    trees = {case: (files_of(case), directory_of(case)) for case in found}
    return dict(zip(trees, real_builds(trees.values()), strict=True))


@pytest.mark.lab
@pytest.mark.parametrize("case", cases())
def test_the_recording_is_what_the_real_tool_says_today(case, tmp_path, built_with_many):
    recorded = [document.value for document in load_all((case / "expected.yaml").read_bytes())]
    said, error = real_build(files_of(case), directory_of(case), tmp_path)
    assert said is not None, error
    assert exactly(said) == exactly(recorded)
    again, error = built_with_many[case]
    assert exactly(again) == exactly(recorded), error


def test_the_same_files_build_the_same_twice_and_stay_as_they_are():
    files = random_tree(7)
    tree = MemoryTree(files)
    assert build(tree, "overlay") == build(tree, "overlay")
    assert files == random_tree(7)


@pytest.mark.lab
def test_random_overlays_build_like_the_real_tool():
    """Equal, or refused by both, or honestly Unsupported: never different. A failure names the seed."""
    seeds = range(FIRST, FIRST + HOW_MANY)
    real = real_builds((random_tree(seed), "overlay") for seed in seeds)
    outcomes = [_compare(seed, answer, said) for seed, (answer, said) in zip(seeds, real, strict=True)]
    wrong = [outcome for outcome in outcomes if outcome not in ("same", "refused", "unsupported")]
    assert not wrong, "\n".join(wrong[:5])
    assert outcomes.count("same") > HOW_MANY * 0.6
    assert outcomes.count("unsupported") < HOW_MANY * 0.05 + 1


def _compare(seed, expected, said):
    try:
        built = [each.resource for each in build(MemoryTree(random_tree(seed)), "overlay")]
    except Unsupported:
        return "unsupported"
    except AtmosError as error:
        if expected is None:
            return "refused"
        return f"seed {seed}: the real tool builds it, atmos says {error}"
    if expected is None:
        return f"seed {seed}: atmos builds it, the real tool says {' '.join(said.split())[-300:]}"
    return "same" if exactly(built) == exactly(expected) else f"seed {seed}: {_first_difference(expected, built)}"


def _first_difference(expected, built):
    if len(expected) != len(built):
        return f"{len(expected)} objects, not {len(built)}"
    return next(f"expected {one}, built {other}" for one, other in zip(expected, built, strict=True) if one != other)
