"""What is outside of the subset goes to kustomize or kubectl, with what it needs and nothing else."""

import stat
import sys

import pytest

from atmos_cli.adapters import kustomize as adapter
from atmos_cli.diagnostics import AtmosError
from atmos_cli.kustomize.model import Unsupported
from atmos_cli.ports import MemoryTree
from tests.kustomize.oracle import tree_of
from tests.lab.components import binary

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n"
FILES = tree_of(
    {
        "base/kustomization.yaml": "resources: [a.yaml]\nsecretGenerator:\n- {name: s, files: [k=secret.txt]}\n",
        "base/a.yaml": f"{CONFIG_MAP}---\n{CONFIG_MAP.replace('name: a', 'name: b')}",
        "base/secret.txt": "x",
        "o/kustomization.yaml": "resources: [../base]\nnamePrefix: p-\nreplacements:\n- path: r.yaml\ntransformers: [t.yaml]\n",
        "o/r.yaml": "source: {kind: ConfigMap, name: a, fieldPath: data.k}\ntargets:\n- {select: {kind: ConfigMap, name: b}, fieldPaths: [data.k]}\n",
        "o/t.yaml": "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: l}\nlabels: {a: b}\nfieldSpecs: [{path: metadata/labels, create: true}]\n",
        "elsewhere/big.yaml": "x" * 1000,
    }
)


def a_tool(directory, name, script):
    path = directory / name
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def test_without_any_tool_it_says_what_is_outside(on_path):
    with pytest.raises(Unsupported) as caught:
        adapter.build(MemoryTree(FILES), "o")
    assert [(d.code, d.where.path, d.where.line) for d in caught.value.diagnostics] == [
        ("ATM502", "o/kustomization.yaml", 3),
        ("ATM502", "o/kustomization.yaml", 5),
    ]


def test_the_subset_needs_no_tool(on_path):
    a_tool(on_path, "kustomize", "raise SystemExit('must not run')")
    files = tree_of({"k/kustomization.yaml": "resources: [a.yaml]\n", "k/a.yaml": CONFIG_MAP})
    (built,) = adapter.build(MemoryTree(files), "k")
    assert built.resource["metadata"]["name"] == "a"


def test_mistakes_are_not_given_to_the_tool(on_path):
    a_tool(on_path, "kustomize", "print('kind: Wrong')")
    files = tree_of({"k/kustomization.yaml": "resources: [gone.yaml]\n"})
    with pytest.raises(AtmosError) as caught:
        adapter.build(MemoryTree(files), "k")
    assert caught.value.diagnostics[0].code == "ATM503"


REPORT = """
import json, os, sys
from pathlib import Path
root = Path(sys.argv[2]).parent
seen = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
print(json.dumps({"kind": "Seen", "apiVersion": "v1", "metadata": {"name": "x"}, "files": seen, "verb": sys.argv[1],
                  "environment": sorted(os.environ), "git": os.environ.get("GIT_ALLOW_PROTOCOL")}))
"""


@pytest.mark.parametrize(("name", "verb"), [("kustomize", "build"), ("kubectl", "kustomize")])
def test_the_tool_sees_the_closure_and_no_secrets_of_the_environment(on_path, monkeypatch, name, verb):
    monkeypatch.setenv("MY_TOKEN", "hidden")
    a_tool(on_path, name, REPORT)
    (built,) = adapter.build(MemoryTree(FILES), "o")
    assert built.resource["files"] == sorted(set(FILES) - {"elsewhere/big.yaml"})
    assert built.resource["verb"] == verb
    assert "MY_TOKEN" not in built.resource["environment"]
    assert built.resource["git"] == "none"
    assert [source.kind for source in built.sources] == ["tool"]


def test_kustomize_comes_before_kubectl(on_path):
    a_tool(on_path, "kubectl", "raise SystemExit('not me')")
    a_tool(on_path, "kustomize", REPORT)
    assert adapter.build(MemoryTree(FILES), "o")[0].resource["verb"] == "build"


def test_what_the_tool_refuses_is_told_in_its_words(on_path):
    a_tool(
        on_path,
        "kustomize",
        "import sys\nsys.exit('# Warning: old\\nError: something\\n  is wrong in ' + sys.argv[2] + '/a.yaml')",
    )
    with pytest.raises(AtmosError) as caught:
        adapter.build(MemoryTree(FILES), "o")
    (found,) = caught.value.diagnostics
    assert found.code == "ATM501"
    assert found.message == "kustomize refuses it: something is wrong in o/a.yaml"
    assert found.where.path == "o/kustomization.yaml"
    assert found.hint == "run: kustomize build o"


def test_a_tool_that_hangs_is_ended(on_path, monkeypatch):
    monkeypatch.setattr(adapter, "TIMEOUT", 0.3)
    a_tool(on_path, "kustomize", "import time\ntime.sleep(60)")
    with pytest.raises(AtmosError, match="took longer"):
        adapter.build(MemoryTree(FILES), "o")


@pytest.mark.parametrize(
    "line",
    [
        "resources: ['https://example.com/x.yaml']",
        "transformers: ['https://example.com/t.yaml']",
        "helmCharts: [{name: c, repo: x}]",
    ],
)
def test_the_network_and_charts_are_refused_before_any_tool_runs(on_path, line):
    a_tool(on_path, "kustomize", "raise SystemExit('must not run')")
    files = tree_of({"k/kustomization.yaml": f"vars: [{{name: X}}]\n{line}\n"})
    with pytest.raises(Unsupported) as caught:
        adapter.build(MemoryTree(files), "k")
    assert not caught.value.delegable


@pytest.mark.lab
def test_the_real_tool_builds_what_is_outside(monkeypatch):
    monkeypatch.setenv("PATH", str(binary("kustomize").parent))
    built = {each.resource["metadata"]["name"].split("-k")[0]: each for each in adapter.build(MemoryTree(FILES), "o")}
    names = sorted(name[:5] for name in built)
    assert [name[:3] for name in names] == ["p-a", "p-b", "p-s"]
    assert built["p-b"].resource == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "p-b", "labels": {"a": "b"}},
        "data": {"k": "v"},
    }
    assert [(s.path, s.index) for s in built["p-b"].sources] == [("base/a.yaml", 1)]


@pytest.mark.lab
def test_the_real_tool_says_why(monkeypatch):
    monkeypatch.setenv("PATH", str(binary("kustomize").parent))
    files = tree_of({"k/kustomization.yaml": "resources: []\nvars: [{name: X}]\nconfigurations: [gone.yaml]\n"})
    with pytest.raises(AtmosError, match="kustomize refuses it"):
        adapter.build(MemoryTree(files), "k")
