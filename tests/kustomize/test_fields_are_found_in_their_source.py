"""A field of what will run leads back to the line that somebody wrote."""

import pytest

from atmos_cli.kustomize.build import build
from atmos_cli.kustomize.locate import locate
from atmos_cli.kustomize.model import Built, Origin
from atmos_cli.ports import MemoryTree
from tests.kustomize.oracle import tree_of

FILES = tree_of(
    {
        "base/kustomization.yaml": "resources: [all.yaml]\n",
        "base/all.yaml": """apiVersion: v1
kind: ConfigMap
metadata:
  name: other
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    spec:
      serviceAccountName: web
      containers:
      - name: app
        image: app:1
        args: [a, b]
        env:
        - name: A
          value: "1"
      - name: sidecar
        image: proxy
""",
        "o/kustomization.yaml": """namespace: shop
resources:
- ../base
labels:
- pairs:
    env: prod
images:
- name: app
  newTag: "2"
replicas:
- name: web
  count: 3
commonAnnotations:
  team: shop
configMapGenerator:
- name: cfg
  literals:
  - X=1
  - Y=2
patches:
- path: file.yaml
- target:
    kind: Deployment
  patch: |-

    - op: add
      path: /spec/template/spec/hostNetwork
      value: true
    - op: add
      path: /spec/strategy
      value:
        type: Recreate
- patch: |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: other}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web
    spec:
      template:
        spec:
          containers:
          - name: app
            securityContext:
              runAsUser: 0
""",
        "o/file.yaml": """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: new
        image: new:1
      - name: app
        env:
        - name: B
          value: "2"
        args:
        - c
""",
    }
)
TREE = MemoryTree(FILES)
BUILT = {
    str(each.resource["kind"]) + "/" + each.resource["metadata"]["name"].split("-")[0]: each
    for each in build(TREE, "o")
}
CONTAINERS = ("spec", "template", "spec", "containers")


@pytest.mark.parametrize(
    ("resource", "path", "where"),
    [
        ("Deployment/web", ("spec", "template", "spec", "serviceAccountName"), "base/all.yaml:14:7"),
        ("Deployment/web", (*CONTAINERS, 0, "name"), "o/kustomization.yaml:46"),
        ("Deployment/web", (*CONTAINERS, 2, "image"), "base/all.yaml:23:9"),
        ("Deployment/web", (*CONTAINERS, 1, "image"), "o/file.yaml:10:9"),
        ("Deployment/web", (*CONTAINERS, 0, "env", 0, "value"), "o/file.yaml:14:11"),
        ("Deployment/web", (*CONTAINERS, 0, "env", 1, "value"), "base/all.yaml:21:11"),
        ("Deployment/web", (*CONTAINERS, 0, "args", 0), "o/file.yaml:16:11"),
        ("Deployment/web", (*CONTAINERS, 0, "securityContext", "runAsUser"), "o/kustomization.yaml:48"),
        ("Deployment/web", (*CONTAINERS, 0, "image"), "o/kustomization.yaml:9:3"),
        ("Deployment/web", ("spec", "replicas"), "o/kustomization.yaml:12:3"),
        ("Deployment/web", ("metadata", "namespace"), "o/kustomization.yaml:1:1"),
        ("Deployment/web", ("metadata", "labels", "env"), "o/kustomization.yaml:6:5"),
        ("Deployment/web", ("metadata", "annotations", "team"), "o/kustomization.yaml:14:3"),
        ("Deployment/web", ("spec", "template", "spec", "hostNetwork"), "o/kustomization.yaml:28"),
        ("Deployment/web", ("spec", "strategy", "type"), "o/kustomization.yaml:32"),
        ("Deployment/web", (*CONTAINERS, 2, "resources", "requests"), "base/all.yaml:22:9"),
        ("Deployment/web", (), "base/all.yaml:6:1"),
        ("ConfigMap/cfg", ("data", "Y"), "o/kustomization.yaml:19:5"),
        ("ConfigMap/cfg", ("metadata", "name"), "o/kustomization.yaml:16:3"),
        ("ConfigMap/other", ("data",), "base/all.yaml:1:1"),
    ],
)
def test_the_last_who_sets_it_is_named(resource, path, where):
    found = locate(TREE, BUILT[resource], path)
    assert str(found) == where
    assert found.resource.startswith(resource)


def test_a_source_that_is_gone_gives_no_line_and_no_error():
    built = BUILT["Deployment/web"]
    found = locate(MemoryTree({}), built, ("spec", "replicas"))
    assert found.resource == "Deployment/web"
    assert found.path


def test_a_broken_source_gives_no_error():
    broken = dict.fromkeys(FILES, b"a: [")
    assert locate(MemoryTree(broken), BUILT["Deployment/web"], ("spec",)).path


def test_a_resource_without_sources_has_a_location():
    assert locate(TREE, Built({"kind": "Pod", "metadata": {"name": "x"}}, ()), ("spec",)).resource == "Pod/x"


def test_what_the_real_tool_built_leads_to_its_kustomization():
    built = Built({"kind": "Pod", "metadata": {"name": "x"}}, (Origin("o/kustomization.yaml", 0, "tool"),))
    assert str(locate(TREE, built, ("spec",))) == "o/kustomization.yaml:1:1"
