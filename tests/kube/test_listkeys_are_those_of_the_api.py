"""The table of keyed lists is the one of the API, and its callers can ask by path or by field."""

import json

import pytest

from atmos_cli.kube.listkeys import keyed_lists, merge_keys, merge_keys_of
from atmos_cli.kustomize.build import build
from atmos_cli.kustomize.kinds import BUILT_IN
from atmos_cli.ports import MemoryTree
from tests.kustomize.oracle import exactly, real_builds

KNOWN = sorted(BUILT_IN)
EVERY_PATH = sorted({path for version, kind in KNOWN for path in keyed_lists(version.rpartition("/")[0], kind)})
UNKNOWN = [("example.com/v1", "Widget"), ("autoscaling/v2", "HorizontalPodAutoscaler"), ("apps/v1beta1", "Deployment")]


def test_paths_of_workloads():
    assert merge_keys("apps", "Deployment", ("spec", "template", "spec", "containers")) == ("name",)
    assert merge_keys("", "Pod", ["spec", "initContainers", "ports"]) == ("containerPort", "protocol")
    assert merge_keys("batch", "CronJob", ("spec", "jobTemplate", "spec", "template", "spec", "volumes")) == ("name",)
    assert merge_keys("", "Service", ("spec", "ports")) == ("port", "protocol")
    assert merge_keys("", "ConfigMap", ("metadata", "finalizers")) == ()


def test_other_lists_are_atomic():
    assert merge_keys("apps", "Deployment", ("spec", "template", "spec", "containers", "args")) is None
    assert merge_keys("networking.k8s.io", "Ingress", ("spec", "rules")) is None
    assert merge_keys("example.com", "Widget", ("spec", "containers")) is None


def test_by_field_the_items_decide():
    assert merge_keys_of("containers", [{"name": "a"}]) == ("name",)
    assert merge_keys_of("ports", [{"containerPort": 1}]) == ("containerPort", "protocol")
    assert merge_keys_of("ports", [{"port": 1}, {"port": 2}]) == ("port", "protocol")
    assert merge_keys_of("ports", [{"number": 1}]) is None
    assert merge_keys_of("volumes", ["a"]) is None
    assert merge_keys_of("rules", [{"name": "a"}]) is None


def item(letter):
    """Has every key there is, so that it can stand in any keyed list."""
    keys = ("name", "mountPath", "devicePath", "ip", "topologyKey", "whenUnsatisfiable", "uid", "type", "protocol")
    number = ord(letter)
    return {**dict.fromkeys(keys, letter), "containerPort": number, "port": number, "only": letter}


def nested(path, value, lists):
    """`value` at the path; a list on the way is one item of that list."""
    for length in range(len(path), 0, -1):
        if length < len(path) and lists.get(path[:length]):
            value = [{**item("k"), **value}]
        if length < len(path) and path[length - 1] == "volumeClaimTemplates":
            value = [value]  # a list of objects without keys: it is replaced, whatever is inside
        value = {path[length - 1]: value}
    return value


def merged(*values):
    result = {}
    for value in values:
        for key, entry in value.items():
            result[key] = merged(result[key], entry) if isinstance(result.get(key), dict) else entry
    return result


def trees(version, kind):
    """One object for each path of any kind: two items in the resource, a third one and a changed one in the patch."""
    lists = keyed_lists(version.rpartition("/")[0], kind) if (version, kind) in BUILT_IN else {}
    resources, patches = [], []
    for number, path in enumerate(EVERY_PATH):
        plain = path[-1] in ("finalizers", "podCIDRs")
        before = ["a", "b"] if plain else [item("a"), item("b")]
        after = ["c", "b"] if plain else [item("c"), {**item("b"), "only": "patched"}]
        head = {"apiVersion": version, "kind": kind, "metadata": {"name": f"n{number}"}}
        resources.append(merged(head, nested(path, before, lists)))
        patches.append(merged(head, nested(path, after, lists)))
    return {
        "kustomization.yaml": b"resources: [r.yaml]\npatches: [{path: p.yaml}]\n",
        "r.yaml": "\n---\n".join(json.dumps(each) for each in resources).encode(),
        "p.yaml": "\n---\n".join(json.dumps(each) for each in patches).encode(),
    }


@pytest.fixture(scope="module")
def merged_by_the_real_tool():
    """(version, kind) -> its tree and what the real tool builds of it; one run of it for all."""
    every = {each: trees(*each) for each in (*KNOWN, *UNKNOWN)}
    answers = real_builds((files, "") for files in every.values())
    return {each: (files, answer) for (each, files), answer in zip(every.items(), answers, strict=True)}


@pytest.mark.lab
@pytest.mark.parametrize(("version", "kind"), [*KNOWN, *UNKNOWN])
def test_the_real_tool_merges_exactly_the_lists_of_the_table(version, kind, merged_by_the_real_tool):
    files, (expected, said) = merged_by_the_real_tool[version, kind]
    assert expected is not None, said
    assert exactly([each.resource for each in build(MemoryTree(files), "")]) == exactly(expected)
