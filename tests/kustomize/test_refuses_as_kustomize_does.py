"""What the real tool rejects is rejected, with a code, a file, a line and a sentence that names the thing."""

import re

import pytest

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kustomize.build import build
from atmos_cli.kustomize.model import Unsupported
from atmos_cli.ports import MemoryTree
from tests.kustomize.oracle import real_build, real_builds, tree_of

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: app
        image: app
"""


def one(kustomization, **files):
    named = {name.replace("_", "."): content for name, content in files.items()}
    return {
        "k/kustomization.yaml": kustomization,
        "k/a.yaml": CONFIG_MAP,
        "k/d.yaml": DEPLOYMENT,
        **{f"k/{n}": c for n, c in named.items()},
    }


def patch(text, target=""):
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return one(f"resources: [a.yaml, d.yaml]\npatches:\n- {target}patch: |-\n{lines}")


def merge(body):
    return patch(f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\n{body}")


JSON = "target: {kind: Deployment}\n  "

REFUSED = {
    "missing file": (
        one("resources:\n- a.yaml\n- b.yaml\n"),
        "ATM503",
        "k/kustomization.yaml:3:3",
        "`b.yaml` does not exist",
    ),
    "missing directory": (
        one("resources: [../base]\n"),
        "ATM503",
        "k/kustomization.yaml:1:13",
        "`../base` does not exist",
    ),
    "directory without kustomization": (
        {**one("resources: [../base]\n"), "base/x.yaml": CONFIG_MAP},
        "ATM503",
        "base",
        "base has no kustomization.yaml",
    ),
    "file outside": (
        {**one("resources: [../x.yaml]\n"), "x.yaml": CONFIG_MAP},
        "ATM503",
        "k/kustomization.yaml:1:13",
        "outside",
    ),
    "patch file outside": (
        {**one("resources: [d.yaml]\npatches:\n- path: ../p.yaml\n"), "p.yaml": DEPLOYMENT},
        "ATM503",
        "k/kustomization.yaml:3:3",
        "the patch `../p.yaml` is outside",
    ),
    "itself": (one("resources: [.]\n"), "ATM503", "k/kustomization.yaml:1:13", "leads back to k"),
    "its parent": (
        {**one("resources: [..]\n"), "kustomization.yaml": "resources: [k]\n"},
        "ATM503",
        "k/kustomization.yaml:1:13",
        "leads back",
    ),
    "cycle": (
        {"k/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../k]\n"},
        "ATM503",
        "b/kustomization.yaml:1:13",
        "leads back to k",
    ),
    "two kustomizations": (
        one("resources: [a.yaml]\n", Kustomization="resources: [a.yaml]\n"),
        "ATM501",
        "k/kustomization.yaml",
        "more than one",
    ),
    "empty kustomization": (one("kind: Kustomization\n"), "ATM501", "k/kustomization.yaml:1:1", "empty"),
    "no mapping": (one("- a.yaml\n"), "ATM501", "k/kustomization.yaml:1:1", "is a mapping"),
    "unknown field": (one("resources: [a.yaml]\nimage: x\n"), "ATM501", "k/kustomization.yaml:2:1", "no field `image`"),
    "unknown field below": (
        one("images:\n- name: x\n  tag: y\n"),
        "ATM501",
        "k/kustomization.yaml:3:3",
        "no field `images[0].tag`",
    ),
    "number for text": (
        one("images:\n- name: x\n  newTag: 1.0\n"),
        "ATM501",
        "k/kustomization.yaml:3:3",
        "`images[0].newTag` must be text",
    ),
    "text for number": (
        one('replicas:\n- {name: web, count: "3"}\n'),
        "ATM501",
        "k/kustomization.yaml:2:15",
        "must be a whole number",
    ),
    "list for text": (one("namespace: [a]\n"), "ATM501", "k/kustomization.yaml:1:1", "`namespace` must be text"),
    "text for list": (one("resources: a.yaml\n"), "ATM501", "k/kustomization.yaml:1:1", "must be a list"),
    "wrong kind": (
        one("kind: Kustomisation\nresources: [a.yaml]\n"),
        "ATM501",
        "k/kustomization.yaml:1:1",
        "kind is Kustomisation",
    ),
    "wrong version": (
        one("apiVersion: v1\nresources: [a.yaml]\n"),
        "ATM501",
        "k/kustomization.yaml:1:1",
        "apiVersion of a Kustomization",
    ),
    "component as resource": (
        {**one("resources: [../c]\n"), "c/kustomization.yaml": "kind: Component\nnamespace: x\n"},
        "ATM501",
        "k/kustomization.yaml:1:13",
        "is a Component",
    ),
    "resource as component": (
        {**one("components: [../c]\n"), "c/kustomization.yaml": "namespace: x\n"},
        "ATM501",
        "k/kustomization.yaml:1:14",
        "is not a Component",
    ),
    "duplicate": (
        one("resources: [a.yaml, b.yaml]\n", b_yaml=CONFIG_MAP),
        "ATM501",
        "k/kustomization.yaml:1:21",
        "there twice: from k/a.yaml and from k/b.yaml",
    ),
    "duplicate in one file": (
        one("resources: [b.yaml]\n", b_yaml=f"{CONFIG_MAP}---\n{CONFIG_MAP}"),
        "ATM501",
        "k/kustomization.yaml:1:13",
        "there twice",
    ),
    "duplicate base": (
        {
            "k/kustomization.yaml": "resources: [../b, ../c]\n",
            "b/kustomization.yaml": "resources: [a.yaml]\n",
            "b/a.yaml": CONFIG_MAP,
            "c/kustomization.yaml": "resources: [../b]\n",
        },
        "ATM501",
        "k/kustomization.yaml:1:19",
        "there twice",
    ),
    "namespace makes one": (
        one("namespace: x\nresources: [b.yaml]\n", b_yaml=f"{CONFIG_MAP}---\n{CONFIG_MAP}  namespace: other\n"),
        "ATM501",
        "k/kustomization.yaml:1:1",
        "makes two resources one",
    ),
    "a patch makes two into one": (
        one(
            "resources: [b.yaml]\npatches:\n- target: {name: other}\n  patch: '[{op: replace, path: /metadata/name, value: a}]'\n".replace(
                "{op: replace, path: /metadata/name, value: a}",
                '{"op": "replace", "path": "/metadata/name", "value": "a"}',
            ),
            b_yaml=f"{CONFIG_MAP}---\n{CONFIG_MAP.replace('name: a', 'name: other')}",
        ),
        "ATM501",
        "k/kustomization.yaml",
        "two resources end as v1 ConfigMap a",
    ),
    "no kind": (
        one("resources: [b.yaml]\n", b_yaml="apiVersion: v1\nmetadata: {name: x}\n"),
        "ATM501",
        "k/b.yaml:1:1",
        "no kind",
    ),
    "no name": (
        one("resources: [b.yaml]\n", b_yaml=f"{CONFIG_MAP}---\nkind: Pod\n"),
        "ATM501",
        "k/b.yaml:6:1",
        "the Pod has no metadata.name",
    ),
    "a list of things": (
        one("resources: [b.yaml]\n", b_yaml="- a\n- b\n"),
        "ATM501",
        "k/b.yaml:1:1",
        "must be a mapping",
    ),
    "keys that are numbers": (
        one("resources: [b.yaml]\n", b_yaml=f"{CONFIG_MAP}data:\n  80: x\n"),
        "ATM501",
        "k/b.yaml:6:3",
        "the key `80`",
    ),
    "syntax": (one("resources: [b.yaml]\n", b_yaml="a: [\n"), "ATM301", "k/b.yaml", ""),
    "patch without a target that is there": (
        patch("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: other\n"),
        "ATM504",
        "k/kustomization.yaml:4",
        "Deployment/other matches no resource",
    ),
    "patch in another namespace": (
        patch("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: other}\n"),
        "ATM504",
        "k/kustomization.yaml:4",
        "matches no resource",
    ),
    "patch of nothing": (
        one("resources: [a.yaml]\npatches:\n- target: {kind: ConfigMap}\n"),
        "ATM501",
        "k/kustomization.yaml:3:3",
        "needs `patch` or `path`",
    ),
    "patch and path": (
        one("resources: [a.yaml]\npatches:\n- {path: a.yaml, patch: x}\n"),
        "ATM501",
        "k/kustomization.yaml:3:3",
        "one of them is enough",
    ),
    "patch that is text": (patch("hello"), "ATM501", "k/kustomization.yaml:4", "must be a mapping"),
    "patch without a kind": (patch("metadata: {name: web}"), "ATM501", "k/kustomization.yaml:4", "no kind"),
    "map onto list": (
        merge("spec:\n  template:\n    spec:\n      containers:\n        app: {}"),
        "ATM504",
        "k/kustomization.yaml:10",
        "a list in the resource and a mapping",
    ),
    "text onto map": (
        merge("spec: x"),
        "ATM504",
        "k/kustomization.yaml:7",
        "`spec` is a mapping in the resource and a plain value",
    ),
    "bad directive": (
        merge("spec:\n  $patch: remove"),
        "ATM504",
        "k/kustomization.yaml:8",
        "`$patch: remove` is not a directive",
    ),
    "several documents for a target": (
        patch(f"{CONFIG_MAP}---\n{CONFIG_MAP}", "target: {kind: ConfigMap}\n  "),
        "ATM504",
        "k/kustomization.yaml:3:3",
        "one document",
    ),
    "JSON without target": (
        patch("- {op: remove, path: /spec}"),
        "ATM504",
        "k/kustomization.yaml:3:3",
        "needs a `target`",
    ),
    "JSON path missing": (
        patch("- op: remove\n  path: /spec/no", JSON),
        "ATM504",
        "k/kustomization.yaml:5",
        "there is no `no`",
    ),
    "JSON parent missing": (
        patch("- op: add\n  path: /no/no\n  value: 1", JSON),
        "ATM504",
        "k/kustomization.yaml:5",
        "there is no `no`",
    ),
    "JSON index": (
        patch("- op: add\n  path: /spec/template/spec/containers/7\n  value: {}", JSON),
        "ATM504",
        "k/kustomization.yaml:5",
        "no index 7",
    ),
    "JSON test": (
        patch("- op: test\n  path: /kind\n  value: Pod", JSON),
        "ATM504",
        "k/kustomization.yaml:5",
        "another one",
    ),
    "JSON operation": (
        patch("- op: append\n  path: /kind", JSON),
        "ATM504",
        "k/kustomization.yaml:5",
        "`append` is not an operation",
    ),
    "JSON syntax": (patch("[{op: add}]", JSON), "ATM504", "k/kustomization.yaml:5", "not JSON"),
    "bad selector": (patch("- {op: remove, path: /spec}", "target: {labelSelector: 'a=='}\n  ").copy(), "", "", ""),
    "bad label selector": (
        patch("- {op: remove, path: /spec}", "target: {labelSelector: 'a in b'}\n  "),
        "ATM504",
        "k/kustomization.yaml:3:3",
        "not a label selector",
    ),
    "bad pattern": (
        patch("- {op: remove, path: /spec}", "target: {name: '[a-'}\n  "),
        "ATM502",
        "k/kustomization.yaml:3:3",
        "pattern",
    ),
    "replicas of nobody": (
        one("resources: [d.yaml]\nreplicas:\n- {name: other, count: 2}\n"),
        "ATM504",
        "k/kustomization.yaml:3:3",
        "`replicas` names `other`",
    ),
    "generator without a name": (
        one("configMapGenerator:\n- literals: [a=b]\n"),
        "ATM501",
        "k/kustomization.yaml:2:3",
        "no name",
    ),
    "generator literal": (
        one("configMapGenerator:\n- name: x\n  literals: [a]\n"),
        "ATM501",
        "k/kustomization.yaml:3:14",
        "`a` is not key=value",
    ),
    "generator file": (
        one("configMapGenerator:\n- name: x\n  files: [no.txt]\n"),
        "ATM503",
        "k/kustomization.yaml:3:11",
        "`no.txt` does not exist",
    ),
    "generator key twice": (
        one("configMapGenerator:\n- name: x\n  literals: [a=1, a=2]\n"),
        "ATM501",
        "k/kustomization.yaml:3:19",
        "the key `a` twice",
    ),
    "generator of what is there": (
        one("resources: [a.yaml]\nconfigMapGenerator:\n- name: a\n"),
        "ATM501",
        "k/kustomization.yaml:3:3",
        "a ConfigMap a already",
    ),
    "merge into nothing": (
        one("configMapGenerator:\n- {name: x, behavior: merge}\n"),
        "ATM501",
        "k/kustomization.yaml:2:3",
        "no ConfigMap x to merge",
    ),
    "key that is a number": (
        one("configMapGenerator:\n- {name: x, literals: [80=a]}\n"),
        "ATM501",
        "k/kustomization.yaml:2:24",
        "the key `80`",
    ),
    "labels on a list": (
        one("resources: [b.yaml]\nlabels: [{pairs: {a: b}}]\n", b_yaml=f"{CONFIG_MAP}  labels: [x]\n"),
        "ATM501",
        "k/kustomization.yaml:2:10",
        "`labels` cannot be applied to ConfigMap/a",
    ),
    "sort order": (
        one("resources: [a.yaml]\nsortOptions: {order: alphabet}\n"),
        "ATM501",
        "k/kustomization.yaml:2:1",
        "sortOptions.order",
    ),
    "an infinite number": (one("resources: [b.yaml]\n", b_yaml=f"{CONFIG_MAP}x: .inf\n"), "ATM303", "k/b.yaml:5:4", ""),
}
del REFUSED["bad selector"]


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
    files = one("resources:\n- a.yaml\n- b.yaml\n- c.yaml\n- ../d\n")
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
        build(MemoryTree(tree_of(one(text))), "k")
    assert [d.where.line for d in caught.value.diagnostics] == [4, 12]
    assert all("there is v1 ConfigMap a" in d.hint for d in caught.value.diagnostics)


def test_every_wrong_field_is_told_at_once():
    files = one("resources: [a.yaml]\nnamespace: 5\nimage: x\nimages: [{name: 1}]\n")
    with pytest.raises(AtmosError) as caught:
        build(MemoryTree(tree_of(files)), "k")
    assert [d.where.line for d in caught.value.diagnostics] == [2, 3, 4]


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
    files = one(f"resources: [a.yaml]\n{OUTSIDE[field]}\n")
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
            build(MemoryTree(tree_of(one(f"{field}: ['{url}']\n"))), "k")
        assert not caught.value.delegable
        assert url in caught.value.diagnostics[0].message


def test_empty_lists_of_unsupported_fields_do_not_matter():
    files = one(
        "resources: [a.yaml]\nvars: []\ncrds:\nreplacements: []\npatches: [{path: p.yaml, options: {allowNameChange: false}}]\n",
        p_yaml=CONFIG_MAP,
    )
    assert len(build(MemoryTree(tree_of(files)), "k")) == 1
