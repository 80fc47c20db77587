"""What the real tool rejects is rejected, with a code, a file, a line and a sentence that names the thing."""

import re

import pytest

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kustomize.build import build
from atmos_cli.ports import MemoryTree
from tests.kustomize.oracle import real_build, real_builds, tree_of
from tests.kustomize.refusals import REFUSED, kustomization_with


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_code_and_place(name):
    files, code, where, message = REFUSED[name]
    with pytest.raises(AtmosError) as caught:
        build(MemoryTree(tree_of(files)), "k")
    first = caught.value.diagnostics[0]
    assert (first.code, str(first.where or "")[: len(where)] if name == "syntax" else str(first.where)) == (
        code,
        where,
    ), first
    assert message in first.message
    assert first.message[0] != first.message[0].upper() or not first.message[0].isalpha()
    assert not first.message.endswith(".")


@pytest.fixture(scope="module")
def said_of_many():
    """What the command says that builds many in one process, which the larger proofs ask."""
    return dict(zip(REFUSED, real_builds((tree_of(files), "k") for files, *_ in REFUSED.values()), strict=True))


@pytest.mark.lab
@pytest.mark.parametrize("name", REFUSED)
def test_the_real_tool_refuses_it_too(name, tmp_path, said_of_many):
    built, said = real_build(tree_of(REFUSED[name][0]), "k", tmp_path)
    assert built is None
    assert said
    built, again = said_of_many[name]
    assert built is None
    # Some messages print a pointer, and a panic its stack.
    alone, again = (" ".join(re.sub(r"0x[0-9a-f]+", "", text).split()) for text in (said, again))
    assert again
    assert alone.startswith(again)


def test_every_missing_reference_is_told_at_once():
    files = kustomization_with("resources:\n- a.yaml\n- b.yaml\n- c.yaml\n- ../d\n")
    with pytest.raises(AtmosError) as caught:
        build(MemoryTree(tree_of(files)), "k")
    assert [d.where.line for d in caught.value.diagnostics] == [3, 4, 5]


def test_every_patch_that_matches_nothing_is_told_at_once():
    entry = "- patch: |\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: NAME}\n"
    text = (
        "resources: [a.yaml]\npatches:\n"
        + entry.replace("NAME", "x")
        + entry.replace("NAME", "a")
        + entry.replace("NAME", "y")
    )
    with pytest.raises(AtmosError) as caught:
        build(MemoryTree(tree_of(kustomization_with(text))), "k")
    assert [d.where.line for d in caught.value.diagnostics] == [4, 12]
    assert all("there is v1 ConfigMap a" in d.hint for d in caught.value.diagnostics)


def test_every_wrong_field_is_told_at_once():
    files = kustomization_with("resources: [a.yaml]\nnamespace: 5\nimage: x\nimages: [{name: 1}]\n")
    with pytest.raises(AtmosError) as caught:
        build(MemoryTree(tree_of(files)), "k")
    assert [d.where.line for d in caught.value.diagnostics] == [2, 3, 4]
