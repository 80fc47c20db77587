"""Objects are split by ownership, not by difference: what an environment owns is in its overlay, the rest is shared."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.blueprint.compose import Composition
from atmos_cli.blueprint.composed import Composed
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.kustomize.build import build
from atmos_cli.layout.kustomize import difference, lay_out
from atmos_cli.layout.lock import Lock, lock_text
from atmos_cli.layout.ownership import cut, image_entry
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load
from tests.blueprint.matrix import composed, laid_out

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "cart", "namespace": "shop-dev"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"a": "b"}},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {
                "initContainers": [{"name": "migrate", "image": "r/cart:1", "env": [{"name": "A", "value": "on"}]}],
                "containers": [
                    {"name": "cart", "image": "r/cart:1", "resources": {"requests": {"cpu": "1"}}},
                    {"name": "proxy", "image": "r/proxy@sha256:" + "a" * 64},
                ],
            },
        },
    },
}


def composition(*resources, environment="dev", owner="base"):
    items = []
    for resource in resources:
        each = copy.deepcopy(resource)
        each["metadata"]["namespace"] = f"shop-{environment}"
        items.append(Composed(each, f"{each['kind'].lower()}-{each['metadata']['name']}.yaml", owner, "t@1.0.0"))
    return Composition(environment, tuple(items), (), (), (), (), "port")


def files(**compositions):
    return lay_out(compositions, namespaces={name: f"shop-{name}" for name in compositions})


def built(objects, environment):
    tree = MemoryTree({f"x/{path}": emit(value).encode() for path, value in objects.items()})
    return [each.resource for each in build(tree, f"x/overlays/{environment}")]


def changed(path, value):
    found = copy.deepcopy(DEPLOYMENT)
    node = found
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return found


MAIN = ("spec", "template", "spec", "containers", 0)
OWNED = {
    "image": (("spec", "template", "spec", "containers", 1, "image"), "r/proxy:2"),
    "replicas": (("spec", "replicas"), 7),
    "resources": ((*MAIN, "resources"), {"requests": {"cpu": "2"}, "limits": {"memory": "1Gi"}}),
    "env": (
        (*MAIN, "env"),
        [{"name": "B", "value": "0123"}, {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
    ),
    "lifecycle": ((*MAIN, "lifecycle"), {"preStop": {"sleep": {"seconds": 10}}}),
    "users of the pod": (
        ("spec", "template", "spec", "securityContext"),
        {"runAsUser": 1, "runAsGroup": 1, "fsGroup": 1},
    ),
    "user of a container": ((*MAIN, "securityContext"), {"runAsUser": 1}),
    "spread": (
        ("spec", "template", "spec", "topologySpreadConstraints"),
        [{"topologyKey": "kubernetes.io/hostname", "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"}],
    ),
    "init env": (("spec", "template", "spec", "initContainers", 0, "env"), [{"name": "A", "value": "off"}]),
}


@pytest.mark.parametrize("field", OWNED)
def test_an_environment_may_differ_in(field):
    """And changing it there changes one file, that overlay's kustomization."""
    other = changed(*OWNED[field])
    before = files(dev=composition(DEPLOYMENT), prod=composition(DEPLOYMENT, environment="prod"))
    after = files(dev=composition(DEPLOYMENT), prod=composition(other, environment="prod"))
    assert [path for path in after if after[path] != before.get(path)] == ["overlays/prod/kustomization.yaml"]
    wanted = changed(*OWNED[field])
    wanted["metadata"]["namespace"] = "shop-prod"
    (found,) = built(after, "prod")
    assert difference(found, wanted) == ""


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("spec", "template", "spec", "hostNetwork"), True, "spec.template.spec.hostNetwork"),
        (("metadata", "labels"), {"x": "y"}, "metadata.labels"),
        ((*MAIN, "command"), ["x"], "spec.template.spec.containers[0].command"),
        (("spec", "selector"), {"matchLabels": {"a": "c"}}, "spec.selector.matchLabels.a"),
    ],
)
def test_everything_else_is_shared(path, value, field):
    with pytest.raises(AtmosError) as raised:
        files(dev=composition(DEPLOYMENT), prod=composition(changed(path, value), environment="prod"))
    (found,) = raised.value.diagnostics
    assert found.code is Code.BLUEPRINT_OWNERSHIP
    assert found.message == f"Deployment/cart: `{field}` differs between 'dev' and 'prod', but belongs to the base"


def test_every_breach_is_told():
    other = copy.deepcopy(DEPLOYMENT)
    other["metadata"]["name"] = "other"
    varied = changed(("metadata", "labels"), {"x": "y"})
    with pytest.raises(AtmosError) as raised:
        files(
            dev=composition(DEPLOYMENT, other),
            prod=composition(varied, environment="prod"),
            test=composition(varied, other, environment="test"),
        )
    messages = [d.message for d in raised.value.diagnostics]
    assert len(messages) == 3
    assert "`deployment-other.yaml` belongs to the base, but is missing in 'prod'" in messages


def test_an_object_of_the_environment_may_be_missing_or_differ():
    extra = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "on"}}
    dev = composition(DEPLOYMENT)
    prod = composition(DEPLOYMENT, environment="prod")
    more = composition(extra, environment="prod", owner="environment")
    both = Composition("prod", (*prod.resources, *more.resources), (), (), (), (), "port")
    found = files(dev=dev, prod=both)
    assert "overlays/prod/configmap-c.yaml" in found
    assert len(built(found, "prod")) == 2
    assert len(built(found, "dev")) == 1


def test_containers_with_one_image_move_together():
    kustomization = files(dev=composition(DEPLOYMENT))["overlays/dev/kustomization.yaml"]
    assert kustomization["images"] == [
        {"name": "cart-migrate", "newName": "r/cart", "newTag": "1"},
        {"name": "cart-proxy", "newName": "r/proxy", "digest": "sha256:" + "a" * 64},
    ]
    assert kustomization["replicas"] == [{"name": "cart", "count": 2}]


def test_two_objects_never_share_a_name_for_different_images():
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "cart"}, "spec": {"template": {"spec": {}}}}
    job["spec"]["template"]["spec"]["containers"] = [{"name": "proxy", "image": "other:2"}]
    with pytest.raises(AtmosError) as raised:
        files(dev=composition(DEPLOYMENT, job))
    assert raised.value.diagnostics[0].code is Code.BLUEPRINT_OWNERSHIP


def test_cutting_changes_nothing():
    before = copy.deepcopy(DEPLOYMENT)
    cut(DEPLOYMENT)
    assert before == DEPLOYMENT


HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "image",
    [
        "nginx", "nginx:1.25", "r.io/a/b:1", "localhost:5000/app", "localhost:5000/app:1", f"a/b@sha256:{HEX}",
        f"a/b:1@sha256:{HEX}", f"localhost:5000/a@sha256:{HEX}", "a:1.10", "a:0123", "a:1e3", "a:on",
    ],
)  # fmt: skip
def test_an_image_comes_back_as_it_was(image):
    (found,) = built(files(dev=composition(changed((*MAIN, "image"), image))), "dev")
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == image


@given(
    st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z]{2,4}(:[0-9]{2,4})?/[a-z]{1,5})?(/[a-z0-9]{1,6}){0,2}", fullmatch=True),
    st.from_regex(r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,10})?", fullmatch=True),
    st.sampled_from(["", f"@sha256:{HEX}"]),
)
def test_an_image_entry_says_the_same(name, tag, digest):
    entry = image_entry("x", f"{name}{tag}{digest}")
    rest = (f":{entry['newTag']}" if "newTag" in entry else "") + (f"@{entry['digest']}" if "digest" in entry else "")
    assert entry["newName"] + rest == f"{name}{tag}{digest}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["on", "1", "", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_difference_is_exact(left, right):
    """Also where Python would say equal: 1 and True."""
    same = emit({"x": left}) == emit({"x": right}) or (
        load(emit({"x": left}).encode()) == right and repr(left) == repr(right)
    )
    if repr(sorted_deep(left)) == repr(sorted_deep(right)):
        assert difference(left, right) == ""
    else:
        assert difference(left, right) != ""
    assert not same or difference(left, right) == "" or repr(sorted_deep(left)) != repr(sorted_deep(right))


def sorted_deep(value):
    if isinstance(value, dict):
        return {key: sorted_deep(value[key]) for key in sorted(value)}
    return [sorted_deep(item) for item in value] if isinstance(value, list) else value


def test_a_new_service_edits_no_file_of_another():
    mine = set(laid_out(composed("node-everything")))
    assert all(path.startswith("apps/shop/checkout/") for path in mine)


def test_the_lock_is_one_field_a_line_in_the_order_of_the_file():
    lock = Lock({"d/b.yaml": ({"x": {"~/": [1, "on"]}, "e": {}},), "a.yaml": ({"z": None},)}, ("web@1.0.0",))
    lines = [line.rpartition(" #")[0] or line for line in lock_text(lock, directory="d").splitlines()]
    assert lines == [
        "atmos-lock 2",
        "blueprint web:",
        "  1.0.0",
        "blueprint web.",
        "/a.yaml .:",
        "/a.yaml /z = null",
        "/a.yaml.",
        "b.yaml .:",
        "b.yaml /x:",
        'b.yaml /x/~0~1 = [1,"on"]',
        "b.yaml /e = {}",
        "b.yaml.",
    ]


def test_an_object_whose_version_differs_is_a_file_of_each_overlay():
    """No patch can change an apiVersion, and one old cluster must not decide it for the others."""
    old = {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "cart"}, "spec": {}}
    new = {**old, "apiVersion": "policy/v1"}
    found = files(dev=composition(DEPLOYMENT, old), prod=composition(DEPLOYMENT, new, environment="prod"))
    name = "poddisruptionbudget-cart.yaml"
    assert f"base/{name}" not in found
    assert found["base/kustomization.yaml"]["resources"] == ["deployment-cart.yaml"]
    assert [found[f"overlays/{each}/{name}"]["apiVersion"] for each in ("dev", "prod")] == [
        "policy/v1beta1",
        "policy/v1",
    ]
    assert [each["kind"] for each in built(found, "prod")] == ["Deployment", "PodDisruptionBudget"]


def test_what_a_cloud_knows_pods_by_and_what_images_are_pulled_with_is_the_environments():
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "cart"}}
    known = copy.deepcopy(account)
    known["metadata"]["annotations"] = {"eks.amazonaws.com/role-arn": "arn", "ours": "stays"}
    plain = {**account, "metadata": {"name": "cart", "annotations": {"ours": "stays"}}}
    known["imagePullSecrets"] = [{"name": "registry"}]
    found = files(dev=composition(plain), prod=composition(known, environment="prod"))
    assert found["base/serviceaccount-cart.yaml"] == plain
    (account,) = built(found, "prod")
    assert account["metadata"]["annotations"] == known["metadata"]["annotations"]
    assert account["imagePullSecrets"] == [{"name": "registry"}]
