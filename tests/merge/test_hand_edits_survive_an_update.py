"""Three-way merge of the files of a service: what people did stays, what is generated comes, both at once is a conflict."""

import posixpath

import pytest

from atmos_cli.diagnostics import AtmosError
from atmos_cli.layout.items import opened
from atmos_cli.layout.lock import GeneratedFile
from atmos_cli.merge.files import merge_files
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load

ROOT = "apps/shop/cart"
DEPLOYMENT = f"{ROOT}/base/deployment.yaml"
BASE = f"{ROOT}/base/kustomization.yaml"
DEV = f"{ROOT}/overlays/dev/kustomization.yaml"


def deployment(**container):
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "cart", "labels": {"app": "cart"}},
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {"name": "cart", "image": "cart", "ports": [{"containerPort": 8080}], **container},
                    ]
                }
            }
        },
    }


def kustomization(*resources, **fields):
    head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    return {**head, "resources": list(resources), **fields}


def patch(env=(), memory="256Mi"):
    container = {"name": "cart", "env": [{"name": k, "value": v} for k, v in env], "resources": {"memory": memory}}
    value = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "cart"},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }
    return {"target": {"kind": "Deployment", "name": "cart"}, "patch": emit(value)}


def generated(**files):
    made = {
        DEPLOYMENT: deployment(),
        BASE: kustomization("deployment.yaml"),
        DEV: kustomization(
            "../../base",
            images=[{"name": "cart", "newName": "r/cart", "newTag": "0.1.0"}],
            replicas=[{"name": "cart", "count": 2}],
            patches=[patch([("LOG_LEVEL", "info")])],
        ),
    }
    return {path: value for path, value in {**made, **files}.items() if value is not None}


def texts(files):
    return {path: emit(value).encode() for path, value in files.items()}


def merged(before, ours, after, *, choose=lambda _: None, restore=False):
    """Merge; `before` and `after` are values by path, `ours` bytes by path."""
    tree = MemoryTree(dict(ours))
    theirs = {path: GeneratedFile(emit(value).encode(), (value,)) for path, value in after.items()}
    bases = [] if before is None else [{path: (opened(value),) for path, value in before.items()}]
    found = merge_files(tree, root=ROOT, bases=bases, theirs=theirs, choose=choose, restore=restore)
    result = {path: data for path, data in {**ours, **found.files}.items() if data is not None}
    return found, result


def edited(files, path, old, new):
    text = files[path].decode()
    assert old in text, text
    return {**files, path: text.replace(old, new).encode()}


def test_nothing_changed_writes_nothing():
    found, _ = merged(generated(), texts(generated()), generated())
    assert (found.files, found.changed, found.conflicts, found.kept) == ({}, (), (), ())


def test_what_nobody_edited_is_as_generated():
    after = generated(**{DEPLOYMENT: deployment(args=["x"])})
    found, result = merged(generated(), texts(generated()), after)
    assert result == texts(after)
    assert [each.field for each in found.changed] == ["spec.template.spec.containers[cart].args"]


def test_a_comment_and_another_field_stay_where_a_field_is_generated_anew():
    ours = edited(texts(generated()), DEV, "memory: 256Mi", "memory: 256Mi  # enough for now")
    ours = edited(ours, DEV, "value: info", "value: debug")
    after = generated()
    after[DEV]["patches"] = [patch([("LOG_LEVEL", "info"), ("REDIS_URL", "redis://x")], memory="1Gi")]
    found, result = merged(generated(), ours, after)
    assert not found.conflicts
    text = result[DEV].decode()
    assert "memory: 1Gi  # enough for now" in text
    assert "value: debug" in text
    inner = load(load(result[DEV])["patches"][0]["patch"].encode())
    assert [e["name"] for e in inner["spec"]["template"]["spec"]["containers"][0]["env"]] == ["LOG_LEVEL", "REDIS_URL"]


def test_a_field_that_both_changed_is_a_conflict_with_three_values_and_nothing_else_is_lost():
    ours = edited(texts(generated()), DEV, "memory: 256Mi", "memory: 300Mi")
    after = generated()
    after[DEV]["patches"] = [patch([("LOG_LEVEL", "warn")], memory="1Gi")]
    found, _ = merged(generated(), ours, after)
    (conflict,) = found.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs) == ("256Mi", "300Mi", "1Gi")
    assert conflict.field.endswith("containers[cart].resources.memory")


@pytest.mark.parametrize(("side", "memory"), [("ours", "300Mi"), ("theirs", "1Gi")])
def test_a_side_decides_a_conflict(side, memory):
    ours = edited(texts(generated()), DEV, "memory: 256Mi", "memory: 300Mi")
    after = generated()
    after[DEV]["patches"] = [patch([("LOG_LEVEL", "warn")], memory="1Gi")]
    found, result = merged(generated(), ours, after, choose=lambda _: side)
    assert not found.conflicts
    text = result[DEV].decode()
    assert f"memory: {memory}" in text
    assert "value: warn" in text


def test_both_changed_to_the_same_value_is_no_conflict():
    ours = edited(texts(generated()), DEV, "memory: 256Mi", "memory: 1Gi")
    after = generated()
    after[DEV]["patches"] = [patch([("LOG_LEVEL", "info")], memory="1Gi")]
    found, result = merged(generated(), ours, after)
    assert not found.conflicts
    assert result[DEV] == ours[DEV]


def test_what_a_person_deleted_stays_deleted_and_is_said_and_restore_brings_it_back():
    before = generated(**{f"{ROOT}/base/pdb.yaml": {"apiVersion": "v1", "kind": "X", "metadata": {"name": "pdb"}}})
    before[BASE] = kustomization("deployment.yaml", "pdb.yaml")
    ours = edited(texts(before), BASE, "- pdb.yaml\n", "")
    del ours[f"{ROOT}/base/pdb.yaml"]
    after = {**before, DEPLOYMENT: deployment(args=["x"])}
    found, result = merged(before, ours, after)
    assert f"{ROOT}/base/pdb.yaml" not in result
    assert {each.file for each in found.kept} == {f"{ROOT}/base/pdb.yaml", BASE}
    found, result = merged(before, ours, after, restore=True)
    assert result == texts(after)


def test_a_resource_that_a_person_added_stays_in_its_place():
    ours = edited(texts(generated()), BASE, "- deployment.yaml\n", "# ours\n- extra.yaml\n- deployment.yaml\n")
    after = generated(**{f"{ROOT}/base/redis.yaml": {"apiVersion": "v1", "kind": "X", "metadata": {"name": "redis"}}})
    after[BASE] = kustomization("deployment.yaml", "redis.yaml")
    found, result = merged(generated(), ours, after)
    assert not found.conflicts
    assert load(result[BASE])["resources"] == ["extra.yaml", "deployment.yaml", "redis.yaml"]
    assert b"# ours\n" in result[BASE]


def test_an_image_that_was_deployed_stays_whatever_the_spec_says_and_however_it_is_removed():
    ours = edited(texts(generated()), DEV, 'newTag: "0.1.0"', 'newTag: "2.0.0" # {"$imagepolicy": "x:y:tag"}')
    after = generated()
    after[DEV]["images"] = [{"name": "cart", "newName": "other/cart", "newTag": "0.2.0"}]
    found, result = merged(generated(), ours, after)
    assert not found.conflicts
    assert result[DEV] == ours[DEV]
    del after[DEV]["images"]
    found, result = merged(generated(), ours, after)
    assert not found.conflicts
    assert "images" not in load(result[DEV])


def test_an_autoscaler_takes_the_replicas_even_where_a_person_changed_them():
    ours = edited(texts(generated()), DEV, "count: 2", "count: 4")
    after = generated()
    del after[DEV]["replicas"]
    found, result = merged(generated(), ours, after)
    assert not found.conflicts
    assert "replicas" not in load(result[DEV])


def test_where_autoscaling_ends_as_many_pods_stay_as_it_kept_at_least():
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "cart"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "cart"}, "minReplicas": 5},
    }
    path = f"{ROOT}/overlays/dev/hpa.yaml"
    before = generated(**{path: scaler})
    del before[DEV]["replicas"]
    found, result = merged(before, texts(before), generated())
    assert not found.conflicts
    assert path not in result
    assert load(result[DEV])["replicas"] == [{"name": "cart", "count": 5}]
    after = generated()
    after[DEV]["replicas"] = [{"name": "cart", "count": 6}]
    _, result = merged(before, texts(before), after)
    assert load(result[DEV])["replicas"] == [{"name": "cart", "count": 6}], "more were asked for"


def test_a_patch_that_a_person_moved_to_a_file_is_edited_there():
    before = generated()
    text = before[DEV]["patches"][0]["patch"]
    moved = {**before[DEV], "patches": [{"target": {"kind": "Deployment", "name": "cart"}, "path": "cart.yaml"}]}
    ours = {**texts(before), DEV: emit(moved).encode(), f"{ROOT}/overlays/dev/cart.yaml": b"# mine\n" + text.encode()}
    after = generated()
    after[DEV]["patches"] = [patch([("LOG_LEVEL", "info")], memory="1Gi")]
    found, result = merged(before, ours, after)
    assert not found.conflicts
    assert result[DEV] == ours[DEV]
    assert result[f"{ROOT}/overlays/dev/cart.yaml"] == b"# mine\n" + text.encode().replace(b"256Mi", b"1Gi")


def test_a_file_that_a_person_renamed_or_joined_is_edited_where_it_is():
    before = generated()
    ours = texts(before)
    extra = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\n---\n"
    ours[f"{ROOT}/base/web/all.yaml"] = extra + ours.pop(DEPLOYMENT)
    ours = edited(ours, BASE, "deployment.yaml", "web/all.yaml")
    after = generated(**{DEPLOYMENT: deployment(args=["x"])})
    found, result = merged(before, ours, after)
    assert not found.conflicts
    assert DEPLOYMENT not in result
    assert result[BASE] == ours[BASE]
    assert result[f"{ROOT}/base/web/all.yaml"].startswith(extra)
    assert b"args:" in result[f"{ROOT}/base/web/all.yaml"]


def test_an_object_that_is_generated_no_more_goes_unless_a_person_edited_it():
    path = f"{ROOT}/base/pdb.yaml"
    before = generated(**{path: {"apiVersion": "v1", "kind": "X", "metadata": {"name": "pdb"}, "spec": {"a": 1}}})
    before[BASE] = kustomization("deployment.yaml", "pdb.yaml")
    found, result = merged(before, texts(before), generated())
    assert result == texts(generated())
    found, _ = merged(before, edited(texts(before), path, "a: 1", "a: 2"), generated())
    assert [(each.file, each.theirs is None) for each in found.conflicts] == [(path, False)]


def test_without_a_lock_equal_fields_are_adopted_and_others_are_asked_about():
    ours = edited(texts(generated()), DEV, "memory: 256Mi", "memory: 300Mi")
    found, _ = merged(None, ours, generated())
    assert [each.field.rpartition(".")[2] for each in found.conflicts] == ["memory"]
    found, result = merged(None, texts(generated()), generated())
    assert (found.conflicts, result) == ((), texts(generated()))


def test_a_field_that_its_annotation_keeps_is_left_alone():
    ours = edited(
        texts(generated()),
        DEPLOYMENT,
        "  name: cart\n  labels:",
        "  name: cart\n  annotations:\n    atmos-cli.dev/keep: spec.template.spec.containers[cart].ports\n  labels:",
    )
    after = generated(**{DEPLOYMENT: deployment(args=["x"], ports=[{"containerPort": 9090}])})
    found, result = merged(generated(), ours, after)
    assert not found.conflicts
    assert b"8080" in result[DEPLOYMENT]
    assert b"9090" not in result[DEPLOYMENT]
    assert b"args:" in result[DEPLOYMENT]


def test_other_dashes_quotes_and_line_ends_are_kept():
    ours = texts(generated())
    ours[DEV] = ours[DEV].replace(b"\n- name: cart\n  count", b"\n  - name: 'cart'\n    count").replace(b"\n", b"\r\n")
    after = generated()
    after[DEV]["replicas"] = [{"name": "cart", "count": 3}]
    found, result = merged(generated(), ours, after)
    assert not found.conflicts
    assert result[DEV] == ours[DEV].replace(b"count: 2", b"count: 3")


def test_update_twice_is_update_once():
    ours = edited(texts(generated()), DEV, "count: 2", "count: 4  # by hand")
    after = generated()
    after[DEV]["patches"] = [patch([("LOG_LEVEL", "debug")], memory="1Gi")]
    _, once = merged(generated(), ours, after)
    found, twice = merged(after, once, after)
    assert (twice, found.conflicts) == (once, ())


def service(port):
    ports = [{"name": "http", "port": port}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart"}, "spec": {"ports": ports}}


@pytest.mark.parametrize("path", ["base/net/service.yaml", "common/service.yaml", "base/net/gitops.json"])
def test_an_object_is_found_under_the_name_of_a_file_that_is_none(path):
    """A Service stands in a `service.yaml`, as the spec does."""
    there = f"{ROOT}/base/service.yaml"
    before = generated(**{there: service(80)})
    before[BASE] = kustomization("deployment.yaml", "service.yaml")
    ours = texts(before)
    ours[f"{ROOT}/{path}"] = ours.pop(there)
    ours = edited(ours, BASE, "service.yaml", posixpath.relpath(path, "base"))
    after = generated(**{there: service(8080), BASE: before[BASE]})
    found, result = merged(before, ours, after)
    assert not found.conflicts
    assert not found.kept
    assert b"port: 8080" in result[f"{ROOT}/{path}"]


@pytest.mark.parametrize("left", ["base/old/deployment.yaml", "base/deployment.yaml"])
def test_of_two_copies_that_is_edited_which_the_overlays_take_in(left):
    before = generated()
    ours = texts(before)
    copy = ours.pop(DEPLOYMENT)
    ours[f"{ROOT}/{left}"] = ours[f"{ROOT}/base/web.yaml"] = copy
    ours = edited(ours, BASE, "deployment.yaml", "web.yaml")
    found, result = merged(before, ours, generated(**{DEPLOYMENT: deployment(args=["x"])}))
    assert not found.conflicts
    assert not found.kept
    assert b"args:" in result[f"{ROOT}/base/web.yaml"]


def test_a_base_that_a_person_split_for_two_overlays_is_edited_in_both():
    before = generated()
    ours = texts(before)
    ours[f"{ROOT}/next/deployment.yaml"] = ours[DEPLOYMENT]
    ours[f"{ROOT}/next/kustomization.yaml"] = ours[BASE]
    ours[f"{ROOT}/overlays/qa/kustomization.yaml"] = emit(kustomization("../../next")).encode()
    found, result = merged(before, ours, generated(**{DEPLOYMENT: deployment(args=["x"])}))
    assert not found.conflicts
    assert all(b"args:" in result[path] for path in (DEPLOYMENT, f"{ROOT}/next/deployment.yaml"))


@pytest.mark.parametrize("name", ["kustomization.yml", "Kustomization"])
def test_a_kustomization_under_another_of_its_names_is_edited_there(name):
    before = generated()
    ours = texts(before)
    mine = DEV.replace("kustomization.yaml", name)
    ours[mine] = b"# mine\n" + ours.pop(DEV)
    after = generated()
    after[DEV]["patches"] = [patch([("LOG_LEVEL", "info")], memory="1Gi")]
    found, result = merged(before, ours, after)
    assert not found.conflicts
    assert DEV not in result
    assert result[mine] == ours[mine].replace(b"256Mi", b"1Gi")


@pytest.mark.parametrize("path", [DEPLOYMENT, DEV])
def test_what_cannot_be_edited_is_refused_with_its_file(path):
    before = generated(
        **{DEPLOYMENT: deployment(resources={"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}})}
    )
    ours = texts(before)
    if path == DEV:
        before[DEV]["patches"] = [patch([("A", "1"), ("B", "1")])]
        ours = texts(before)
        ours = edited(ours, path, 'name: A\n              value: "1"', 'name: A\n              value: &one "1"')
        ours = edited(ours, path, 'name: B\n              value: "1"', "name: B\n              value: *one")
        after = {**before, DEV: {**before[DEV], "patches": [patch([("A", "2"), ("B", "1")])]}}
    else:
        ours = edited(ours, path, "requests:\n            memory: 1Gi", "requests:\n            memory: &m 1Gi")
        ours = edited(ours, path, "limits:\n            memory: 1Gi", "limits:\n            memory: *m")
        after = {**before, path: deployment(resources={"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}})}
    with pytest.raises(AtmosError) as caught:
        merged(before, ours, after)
    assert {each.where.path for each in caught.value.diagnostics} == {path}
