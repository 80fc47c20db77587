"""Kustomizations that reach out of the repo, start programs, call the network, or never end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.hostile.trees import places

if TYPE_CHECKING:
    import random

    from tests.hostile.box import Box

API = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
FUNCTION = "config.kubernetes.io/function"


def plugin(box: Box, name: str) -> str:
    """An object that kustomize takes for a program to run, with the program."""
    box.program(box.clear("plugin.sh"), name)
    return json.dumps(
        {
            "apiVersion": "evil/v1",
            "kind": "Run",
            "metadata": {"name": "x", "annotations": {FUNCTION: f"exec:\n  path: {box.root}/plugin.sh\n"}},
        }
    )


def bodies(box: Box) -> list[dict[str, Any]]:
    out = "../" * 12 + str(box.victim).lstrip("/")
    return [
        {"resources": [f"{out}/a.yaml", str(box.victim / "a.yaml"), "/etc/passwd", "file:///etc/passwd"]},
        {"resources": ["https://127.0.0.1:9/x.yaml", "git::https://127.0.0.1:9/x?ref=a", "git@127.0.0.1:x/y"]},
        {"resources": ["ssh://-oProxyCommand=touch/x", "ext::sh -c touch", "github.com/a/b//c?ref=v1", "s3::x"]},
        {"components": [out, "https://127.0.0.1:9/c"], "bases": [out], "crds": [f"{out}/a.yaml"]},
        {
            "helmCharts": [{"name": "x", "repo": "https://127.0.0.1:9", "version": "1"}],
            "helmGlobals": {"chartHome": out},
        },
        {"generators": ["run.yaml"], "transformers": ["run.yaml"], "validators": ["run.yaml"]},
        {"configMapGenerator": [{"name": "x", "files": [f"{out}/a.yaml", "k=/etc/passwd"], "envs": [f"{out}/a.yaml"]}]},
        {"secretGenerator": [{"name": "x", "literals": ["A=b"], "files": [f"{out}/a.yaml"]}]},
        {"patches": [{"path": f"{out}/a.yaml"}], "patchesStrategicMerge": [f"{out}/a.yaml"]},
        {"patchesJson6902": [{"target": {"kind": "."}, "path": f"{out}/a.yaml"}], "openapi": {"path": f"{out}/a.yaml"}},
        {
            "patches": [
                {
                    "target": {"kind": "(a+)+$", "name": "(.*)*" * 20},
                    "patch": '[{"op": "add", "path": "/x", "value": 1}]',
                }
            ]
        },
        {
            "patches": [
                {"patch": "[" * 3000},
                {"patch": json.dumps([{"op": "copy", "from": "/", "path": "/a/-"}] * 200)},
            ]
        },
        {"replacements": [{"source": {"kind": "x"}, "targets": []}], "vars": [{"name": "X", "objref": {}}]},
        {"namePrefix": "x" * 300, "nameSuffix": "\n", "namespace": "../..", "commonLabels": {"a": ["b"]}},
        {"images": [{"name": "(a+)+$", "newTag": {"a": 1}}], "replicas": [{"name": "x", "count": 10**30}]},
        {"replicas": [{"name": "checkout", "count": -1}], "resources": {"not": "a list"}, "labels": "x"},
        {"resources": [1, None, True, [], {}, "", " ", ".", "..", "./.", "a" * 5000]},
        {
            "resources": ["."] * 3,
            "sortOptions": {"order": 7},
            "buildMetadata": ["x"],
            "configurations": [f"{out}/a.yaml"],
        },
    ]


def kustomization_with_hostile_fields(box: Box, rng: random.Random) -> None:
    at = rng.choice(places.KUSTOMIZATIONS)
    chosen = rng.sample(bodies(box), k=rng.randint(1, 3))
    box.write(at, json.dumps(API | {key: value for body in chosen for key, value in body.items()}))
    box.write(at.rpartition("/")[0] + "/run.yaml", plugin(box, "kustomize-plugin"))


def kustomizations_in_a_circle(box: Box, rng: random.Random) -> None:
    places.list_resource(
        box, f"{places.CHECKOUT}/base/kustomization.yaml", rng.choice(("../overlays/dev", ".", "../base"))
    )


def kustomizations_in_a_chain(box: Box, rng: random.Random) -> None:
    for number in range(120):
        box.write(f"{places.CHECKOUT}/c{number}/kustomization.yaml", f"resources: [../c{number + 1}]\n")
    box.write(f"{places.CHECKOUT}/c120/kustomization.yaml", "namePrefix: x\n")
    places.list_resource(box, f"{places.CHECKOUT}/overlays/dev/kustomization.yaml", "../../c0")


def kustomizations_that_double(box: Box, rng: random.Random) -> None:
    """2^24 builds of the same base for who builds each time it is named."""
    for number in range(24):
        twice = {"resources": [f"../d{number + 1}/a", f"../d{number + 1}/b"]}
        body = {"resources": [f"../../d{number + 1}/a", f"../../d{number + 1}/b"]}
        for side in ("a", "b"):
            box.write(f"{places.CHECKOUT}/d{number}/{side}/kustomization.yaml", json.dumps(body))
        box.write(f"{places.CHECKOUT}/d{number}/kustomization.yaml", json.dumps(twice))
    for side in ("a", "b"):
        box.write(f"{places.CHECKOUT}/d24/{side}/kustomization.yaml", "configMapGenerator: [{name: x}]\n")
    places.list_resource(box, f"{places.CHECKOUT}/overlays/dev/kustomization.yaml", "../../d0/a")


def kustomization_by_three_names(box: Box, rng: random.Random) -> None:
    folder = rng.choice(places.KUSTOMIZATIONS).rpartition("/")[0]
    box.write(f"{folder}/kustomization.yml", "resources: []\n")
    box.write(f"{folder}/Kustomization", "resources: []\n")


def many_patches(box: Box, rng: random.Random) -> None:
    patch = [{"op": "add", "path": "/metadata/annotations/x", "value": "y" * 100}]
    body = {
        "resources": ["../../base"],
        "patches": [{"target": {"kind": "Deployment"}, "patch": json.dumps(patch * 50)}] * 100,
    }
    box.write(f"{places.CHECKOUT}/overlays/dev/kustomization.yaml", json.dumps(API | body))


FEATURES = (
    kustomization_with_hostile_fields,
    kustomization_with_hostile_fields,
    kustomizations_in_a_circle,
    kustomizations_in_a_chain,
    kustomizations_that_double,
    kustomization_by_three_names,
    many_patches,
)
