"""An object that a blueprint calls otherwise is the same object to a merge: what people edited in it stays."""

from atmos_cli.blueprint.composed import DeclaredRename
from atmos_cli.layout.items import opened
from atmos_cli.layout.lock import GeneratedFile
from atmos_cli.merge.files import merge_files
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load

RENAMED = (DeclaredRename("Deployment", "web", "shop-web"),)
ROOT = "apps/shop/web"
BASE = f"{ROOT}/base/kustomization.yaml"
OVERLAY = f"{ROOT}/overlays/dev/kustomization.yaml"


def deployment(name, **spec):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {"replicas": 1, **spec}}


def kustomization(**fields):
    return {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", **fields}


def overlay(name, cpu="100m"):
    patch = deployment(name)
    patch["spec"] = {"template": {"spec": {"containers": [{"name": "web", "resources": {"requests": {"cpu": cpu}}}]}}}
    return kustomization(
        resources=["../../base"],
        replicas=[{"name": name, "count": 2}],
        patches=[{"target": {"kind": "Deployment", "name": name}, "patch": emit(patch)}],
    )


def generated(name, file):
    return {
        BASE: kustomization(resources=[file]),
        f"{ROOT}/base/{file}": deployment(name, paused=False),
        OVERLAY: overlay(name),
    }


def merged(old, new, edits):
    """The files after a merge, where `edits` are texts to replace in the old files."""
    files = {path: emit(value) for path, value in old.items()}
    for path, before, after in edits:
        assert before in files[path]
        files[path] = files[path].replace(before, after)
    tree = MemoryTree({path: text.encode() for path, text in files.items()})
    theirs = {path: GeneratedFile(emit(value).encode(), (value,)) for path, value in new.items()}
    bases = [{path: (opened(value),) for path, value in old.items()}]
    found = merge_files(tree, root=ROOT, bases=bases, theirs=theirs, choose=lambda _: None, renamed=RENAMED)
    after = {**{path: text.encode() for path, text in files.items()}, **found.files}
    return found, {path: data.decode() for path, data in after.items() if data is not None}


def test_without_edits_the_result_is_what_is_generated():
    old, new = generated("web", "deployment.yaml"), generated("shop-web", "deployment.yaml")
    found, files = merged(old, new, [])
    assert not found.conflicts
    assert files == {path: emit(value) for path, value in new.items()}


def test_edits_of_the_object_its_patch_and_its_replicas_stay():
    old, new = generated("web", "deployment.yaml"), generated("shop-web", "deployment.yaml")
    file = f"{ROOT}/base/deployment.yaml"
    edits = [(file, "  paused: false", "  # by hand\n  paused: true"), (OVERLAY, "count: 2", "count: 7")]
    edits.append((OVERLAY, "cpu: 100m", "cpu: 900m"))
    found, files = merged(old, new, edits)
    assert not found.conflicts
    assert "  # by hand\n  paused: true" in files[file]
    assert load(files[file].encode())["metadata"]["name"] == "shop-web"
    after = load(files[OVERLAY].encode())
    assert after["replicas"] == [{"name": "shop-web", "count": 7}]
    assert after["patches"][0]["target"]["name"] == "shop-web"
    patch = load(after["patches"][0]["patch"].encode())
    assert patch["metadata"]["name"] == "shop-web"
    assert "cpu: 900m" in after["patches"][0]["patch"]


def test_an_object_whose_file_has_another_name_now_is_edited_where_it_is():
    old, new = generated("web", "web.yaml"), generated("shop-web", "shop-web.yaml")
    file = f"{ROOT}/base/web.yaml"
    found, files = merged(old, new, [(file, "paused: false", "paused: true")])
    assert not found.conflicts
    assert set(files) == set(old)
    assert load(files[file].encode()) == deployment("shop-web", paused=True)
    assert load(files[BASE].encode())["resources"] == ["web.yaml"]
    again, _ = merged(new, new, [])
    assert not again.files


def test_an_edited_object_that_no_blueprint_renames_is_a_conflict():
    old, new = generated("web", "deployment.yaml"), generated("other", "deployment.yaml")
    found, _ = merged(old, new, [(f"{ROOT}/base/deployment.yaml", "paused: false", "paused: true")])
    assert found.conflicts
