"""Whatever the files say, the answer is objects or an AtmosError with a place, soon."""

import random
import time

import pytest
import yaml

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kustomize import files as limits
from atmos_cli.kustomize.build import build
from atmos_cli.kustomize.locate import locate
from atmos_cli.ports import MemoryTree
from tests.kustomize.kustomizations import random_tree
from tests.kustomize.oracle import tree_of
from tests.kustomize.random_resources import dump

ODD = (None, 5, 1.5, True, "", "x", [], {}, [None], [[1]], {"a": None}, ["x"], {"name": 5}, "on", -1, 10**30, "\u0000é")


def damaged(seed):
    """A random tree with a few values replaced by something that does not belong there."""
    r = random.Random(seed)
    files = random_tree(seed % 400)
    for path in r.sample(sorted(files), min(2, len(files))):
        if not path.endswith(".yaml"):
            continue
        documents = list(yaml.safe_load_all(files[path]))
        places = [place for document in documents for place in containers(document)]
        for _ in range(r.randint(1, 3)):
            if places:
                place = r.choice(places)
                key = r.choice(list(place)) if isinstance(place, dict) else r.randrange(len(place))
                place[key] = r.choice(ODD)
        files[path] = "---\n".join(dump(each) for each in documents).encode()
    return files


def containers(value):
    if isinstance(value, dict | list) and value:
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


def outcome(tree):
    """The built objects, or the diagnostics of the one exception that is allowed."""
    try:
        return build(tree, "overlay"), ()
    except AtmosError as error:
        return (), error.diagnostics


@pytest.mark.sample
@pytest.mark.parametrize("start", range(0, 600, 150))
def test_damaged_files_never_crash_it(start):
    for seed in range(start, start + 150):
        tree = MemoryTree(damaged(seed))
        built, found = outcome(tree)
        assert all(each.where and each.where.path for each in found), seed
        for each in built:
            locate(tree, each, ("spec", "template", "spec", "containers", 0, "image"))


def chain(length):
    files = {f"k{n}/kustomization.yaml": f"resources: [../k{n + 1}]\n".encode() for n in range(length)}
    return files | {f"k{length}/kustomization.yaml": b"configMapGenerator: [{name: x}]\n"}


def test_bases_may_be_nested_but_not_endlessly():
    assert len(build(MemoryTree(chain(limits.MAX_DEPTH - 1)), "k0")) == 1
    with pytest.raises(AtmosError, match="levels deep"):
        build(MemoryTree(chain(limits.MAX_DEPTH + 1)), "k0")


def test_the_number_of_files_is_bounded(monkeypatch):
    monkeypatch.setattr(limits, "MAX_FILES", 20)
    names = [f"f{n}.yaml" for n in range(30)]
    files = {name: f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\n" for n, name in enumerate(names)}
    with pytest.raises(AtmosError, match="may read 20 files"):
        build(MemoryTree(tree_of({"kustomization.yaml": f"resources: {names}\n", **files})), "")


def test_the_number_of_bytes_is_bounded(monkeypatch):
    monkeypatch.setattr(limits, "MAX_BYTES", 1 << 20)
    files = tree_of({"kustomization.yaml": "configMapGenerator: [{name: x, files: [big]}]\n", "big": "x" * (1 << 20)})
    with pytest.raises(AtmosError, match="1 MiB"):
        build(MemoryTree(files), "")


def test_the_number_of_resources_is_bounded(monkeypatch):
    monkeypatch.setattr(limits, "MAX_RESOURCES", 10)
    many = "---\n".join(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\n" for n in range(11))
    with pytest.raises(AtmosError, match="10 resources"):
        build(MemoryTree(tree_of({"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": many})), "")


def test_bases_that_multiply_end_soon():
    """Each level names the one below ten times: a name twice is refused before the second one is built any further."""
    files = {f"k{n}/kustomization.yaml": f"resources: [{', '.join([f'../k{n + 1}'] * 10)}]\n" for n in range(12)}
    files["k12/kustomization.yaml"] = "configMapGenerator: [{name: x}]\n"
    started = time.monotonic()
    with pytest.raises(AtmosError):
        build(MemoryTree(tree_of(files)), "k0")
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "a{1000}{1000}", "(?=a)", "(?P<x>a)", "a" * 400, ".*.*.*.*.*.*.*.*x", "a**"]
)
def test_no_pattern_takes_long(pattern):
    files = tree_of(
        {
            "kustomization.yaml": "resources: [a.yaml]\npatches:\n- target: {name: '"
            + pattern
            + '\'}\n  patch: \'[{"op":"remove","path":"/data"}]\'\n',
            "a.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {'a' * 250}}}\n",
        }
    )
    started = time.monotonic()
    with pytest.raises(AtmosError, match="portable subset"):
        build(MemoryTree(files), "")
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("directory", ["..", "/etc", "a/../..", "no/where", "file"])
def test_only_directories_of_the_tree_are_built(directory):
    with pytest.raises(AtmosError):
        build(MemoryTree({"file": b"x", "kustomization.yaml": b"namespace: x\n"}), directory)
