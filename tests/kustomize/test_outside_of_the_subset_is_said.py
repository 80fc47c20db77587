"""What kustomize does and our build does not is said with its field and place; what would fetch is refused for good."""

import pytest

from atmos_cli.kustomize.build import build
from atmos_cli.kustomize.model import Unsupported
from atmos_cli.ports import MemoryTree
from tests.kustomize.oracle import tree_of
from tests.kustomize.refusals import CONFIG_MAP, kustomization_with

OUTSIDE = {
    "secretGenerator": "secretGenerator: [{name: s, literals: [a=b]}]",
    "replacements": "replacements: [{source: {kind: ConfigMap}, targets: []}]",
    "vars": "vars: [{name: X, objref: {kind: ConfigMap, name: a, apiVersion: v1}}]",
    "generators": "generators: [a.yaml]",
    "transformers": "transformers: [a.yaml]",
    "validators": "validators: [a.yaml]",
    "configurations": "configurations: [a.yaml]",
    "crds": "crds: [a.yaml]",
    "openapi": "openapi: {version: v1.21.2}",
    "buildMetadata": "buildMetadata: [originAnnotations]",
    "patchesStrategicMerge": "patchesStrategicMerge: [a.yaml]",
    "patchesJson6902": "patchesJson6902: [{target: {kind: ConfigMap, name: a}, patch: '[]'}]",
    "images[0].tagSuffix": "images: [{name: x, tagSuffix: v1}]",
    "images[0].name": "images: [{name: 'a|b', newTag: v1}]",
    "patches[0].options": "patches: [{path: a.yaml, options: {allowNameChange: true}}]",
    "namePREFIX": "namePREFIX: a-",
    "patches[0].target": "patches: [{path: a.yaml, target: {name: '(a+)+'}}]",
    "helmCharts": "helmCharts: [{name: x, repo: https://example.com}]",
}


@pytest.mark.parametrize("field", OUTSIDE)
def test_outside_of_the_subset_is_said_with_field_and_place(field):
    files = kustomization_with(f"resources: [a.yaml]\n{OUTSIDE[field]}\n")
    with pytest.raises(Unsupported) as caught:
        build(MemoryTree(tree_of(files)), "k")
    (found,) = caught.value.diagnostics
    assert (found.code, found.where.path, found.where.line) == ("ATM502", "k/kustomization.yaml", 2)
    assert found.where.field == field
    assert "install kustomize or kubectl" in found.hint


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/x.yaml",
        "github.com/org/repo//base?ref=v1",
        "git@github.com:org/repo.git",
        "ssh://git@host/repo",
        "git::https://host/repo",
        "example.com/repo.git//x",
        "../base?ref=main",
    ],
)
def test_remote_bases_are_refused_and_never_delegated(url):
    for field in ("resources", "components"):
        with pytest.raises(Unsupported) as caught:
            build(MemoryTree(tree_of(kustomization_with(f"{field}: ['{url}']\n"))), "k")
        assert not caught.value.delegable
        assert url in caught.value.diagnostics[0].message


def test_empty_lists_of_unsupported_fields_do_not_matter():
    files = kustomization_with(
        "resources: [a.yaml]\nvars: []\ncrds:\nreplacements: []\npatches: [{path: p.yaml, options: {allowNameChange: false}}]\n",
        p_yaml=CONFIG_MAP,
    )
    assert len(build(MemoryTree(tree_of(files)), "k")) == 1
