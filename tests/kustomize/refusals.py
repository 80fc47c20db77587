"""Small kustomizations that the real tool refuses, and how atmos says so."""

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


def kustomization_with(kustomization, **files):
    named = {name.replace("_", "."): content for name, content in files.items()}
    return {
        "k/kustomization.yaml": kustomization,
        "k/a.yaml": CONFIG_MAP,
        "k/d.yaml": DEPLOYMENT,
        **{f"k/{n}": c for n, c in named.items()},
    }


def patch(text, target=""):
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return kustomization_with(f"resources: [a.yaml, d.yaml]\npatches:\n- {target}patch: |-\n{lines}")


def merge(body):
    return patch(f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\n{body}")


JSON = "target: {kind: Deployment}\n  "

# Name: the files, the code, the place of the first finding (of `syntax` its file alone), and what the message must say.
REFUSED = {
    "missing file": (
        kustomization_with("resources:\n- a.yaml\n- b.yaml\n"),
        "ATM503",
        "k/kustomization.yaml:3:3",
        "`b.yaml` does not exist",
    ),
    "missing directory": (
        kustomization_with("resources: [../base]\n"),
        "ATM503",
        "k/kustomization.yaml:1:13",
        "`../base` does not exist",
    ),
    "directory without kustomization": (
        {**kustomization_with("resources: [../base]\n"), "base/x.yaml": CONFIG_MAP},
        "ATM503",
        "base",
        "base has no kustomization.yaml",
    ),
    "file outside": (
        {**kustomization_with("resources: [../x.yaml]\n"), "x.yaml": CONFIG_MAP},
        "ATM503",
        "k/kustomization.yaml:1:13",
        "outside",
    ),
    "patch file outside": (
        {**kustomization_with("resources: [d.yaml]\npatches:\n- path: ../p.yaml\n"), "p.yaml": DEPLOYMENT},
        "ATM503",
        "k/kustomization.yaml:3:3",
        "the patch `../p.yaml` is outside",
    ),
    "itself": (kustomization_with("resources: [.]\n"), "ATM503", "k/kustomization.yaml:1:13", "leads back to k"),
    "its parent": (
        {**kustomization_with("resources: [..]\n"), "kustomization.yaml": "resources: [k]\n"},
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
        kustomization_with("resources: [a.yaml]\n", Kustomization="resources: [a.yaml]\n"),
        "ATM501",
        "k/kustomization.yaml",
        "more than one",
    ),
    "empty kustomization": (kustomization_with("kind: Kustomization\n"), "ATM501", "k/kustomization.yaml:1:1", "empty"),
    "no mapping": (kustomization_with("- a.yaml\n"), "ATM501", "k/kustomization.yaml:1:1", "is a mapping"),
    "unknown field": (
        kustomization_with("resources: [a.yaml]\nimage: x\n"),
        "ATM501",
        "k/kustomization.yaml:2:1",
        "no field `image`",
    ),
    "unknown field below": (
        kustomization_with("images:\n- name: x\n  tag: y\n"),
        "ATM501",
        "k/kustomization.yaml:3:3",
        "no field `images[0].tag`",
    ),
    "number for text": (
        kustomization_with("images:\n- name: x\n  newTag: 1.0\n"),
        "ATM501",
        "k/kustomization.yaml:3:3",
        "`images[0].newTag` must be text",
    ),
    "text for number": (
        kustomization_with('replicas:\n- {name: web, count: "3"}\n'),
        "ATM501",
        "k/kustomization.yaml:2:15",
        "must be a whole number",
    ),
    "list for text": (
        kustomization_with("namespace: [a]\n"),
        "ATM501",
        "k/kustomization.yaml:1:1",
        "`namespace` must be text",
    ),
    "text for list": (
        kustomization_with("resources: a.yaml\n"),
        "ATM501",
        "k/kustomization.yaml:1:1",
        "must be a list",
    ),
    "wrong kind": (
        kustomization_with("kind: Kustomisation\nresources: [a.yaml]\n"),
        "ATM501",
        "k/kustomization.yaml:1:1",
        "kind is Kustomisation",
    ),
    "wrong version": (
        kustomization_with("apiVersion: v1\nresources: [a.yaml]\n"),
        "ATM501",
        "k/kustomization.yaml:1:1",
        "apiVersion of a Kustomization",
    ),
    "component as resource": (
        {**kustomization_with("resources: [../c]\n"), "c/kustomization.yaml": "kind: Component\nnamespace: x\n"},
        "ATM501",
        "k/kustomization.yaml:1:13",
        "is a Component",
    ),
    "resource as component": (
        {**kustomization_with("components: [../c]\n"), "c/kustomization.yaml": "namespace: x\n"},
        "ATM501",
        "k/kustomization.yaml:1:14",
        "is not a Component",
    ),
    "duplicate": (
        kustomization_with("resources: [a.yaml, b.yaml]\n", b_yaml=CONFIG_MAP),
        "ATM501",
        "k/kustomization.yaml:1:21",
        "there twice: from k/a.yaml and from k/b.yaml",
    ),
    "duplicate in one file": (
        kustomization_with("resources: [b.yaml]\n", b_yaml=f"{CONFIG_MAP}---\n{CONFIG_MAP}"),
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
        kustomization_with(
            "namespace: x\nresources: [b.yaml]\n", b_yaml=f"{CONFIG_MAP}---\n{CONFIG_MAP}  namespace: other\n"
        ),
        "ATM501",
        "k/kustomization.yaml:1:1",
        "makes two resources one",
    ),
    "a patch makes two into one": (
        kustomization_with(
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
        kustomization_with("resources: [b.yaml]\n", b_yaml="apiVersion: v1\nmetadata: {name: x}\n"),
        "ATM501",
        "k/b.yaml:1:1",
        "no kind",
    ),
    "no name": (
        kustomization_with("resources: [b.yaml]\n", b_yaml=f"{CONFIG_MAP}---\nkind: Pod\n"),
        "ATM501",
        "k/b.yaml:6:1",
        "the Pod has no metadata.name",
    ),
    "a list of things": (
        kustomization_with("resources: [b.yaml]\n", b_yaml="- a\n- b\n"),
        "ATM501",
        "k/b.yaml:1:1",
        "must be a mapping",
    ),
    "keys that are numbers": (
        kustomization_with("resources: [b.yaml]\n", b_yaml=f"{CONFIG_MAP}data:\n  80: x\n"),
        "ATM501",
        "k/b.yaml:6:3",
        "the key `80`",
    ),
    "syntax": (kustomization_with("resources: [b.yaml]\n", b_yaml="a: [\n"), "ATM301", "k/b.yaml", ""),
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
        kustomization_with("resources: [a.yaml]\npatches:\n- target: {kind: ConfigMap}\n"),
        "ATM501",
        "k/kustomization.yaml:3:3",
        "needs `patch` or `path`",
    ),
    "patch and path": (
        kustomization_with("resources: [a.yaml]\npatches:\n- {path: a.yaml, patch: x}\n"),
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
        kustomization_with("resources: [d.yaml]\nreplicas:\n- {name: other, count: 2}\n"),
        "ATM504",
        "k/kustomization.yaml:3:3",
        "`replicas` names `other`",
    ),
    "generator without a name": (
        kustomization_with("configMapGenerator:\n- literals: [a=b]\n"),
        "ATM501",
        "k/kustomization.yaml:2:3",
        "no name",
    ),
    "generator literal": (
        kustomization_with("configMapGenerator:\n- name: x\n  literals: [a]\n"),
        "ATM501",
        "k/kustomization.yaml:3:14",
        "`a` is not key=value",
    ),
    "generator file": (
        kustomization_with("configMapGenerator:\n- name: x\n  files: [no.txt]\n"),
        "ATM503",
        "k/kustomization.yaml:3:11",
        "`no.txt` does not exist",
    ),
    "generator key twice": (
        kustomization_with("configMapGenerator:\n- name: x\n  literals: [a=1, a=2]\n"),
        "ATM501",
        "k/kustomization.yaml:3:19",
        "the key `a` twice",
    ),
    "generator of what is there": (
        kustomization_with("resources: [a.yaml]\nconfigMapGenerator:\n- name: a\n"),
        "ATM501",
        "k/kustomization.yaml:3:3",
        "a ConfigMap a already",
    ),
    "merge into nothing": (
        kustomization_with("configMapGenerator:\n- {name: x, behavior: merge}\n"),
        "ATM501",
        "k/kustomization.yaml:2:3",
        "no ConfigMap x to merge",
    ),
    "key that is a number": (
        kustomization_with("configMapGenerator:\n- {name: x, literals: [80=a]}\n"),
        "ATM501",
        "k/kustomization.yaml:2:24",
        "the key `80`",
    ),
    "labels on a list": (
        kustomization_with("resources: [b.yaml]\nlabels: [{pairs: {a: b}}]\n", b_yaml=f"{CONFIG_MAP}  labels: [x]\n"),
        "ATM501",
        "k/kustomization.yaml:2:10",
        "`labels` cannot be applied to ConfigMap/a",
    ),
    "sort order": (
        kustomization_with("resources: [a.yaml]\nsortOptions: {order: alphabet}\n"),
        "ATM501",
        "k/kustomization.yaml:2:1",
        "sortOptions.order",
    ),
    "an infinite number": (
        kustomization_with("resources: [b.yaml]\n", b_yaml=f"{CONFIG_MAP}x: .inf\n"),
        "ATM303",
        "k/b.yaml:5:4",
        "",
    ),
}
