"""A repo from before clusters had settings gets what the base gave up in its overlays, and hand edits go along."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from atmos_cli.adapters.files import DiskTree
from atmos_cli.kustomize.build import build

BEFORE = Path(__file__).parents[1] / "update" / "written_before" / "clusters"
HERE = "apps/shop/checkout"
BASE = f"{HERE}/base/deployment.yaml"
OLD_STOP = '        lifecycle:\n          preStop:\n            exec:\n              command:\n              - sleep\n              - "10"\n'


@pytest.fixture
def old(tmp_path, git):
    root = tmp_path / "old"
    shutil.copytree(BEFORE, root)
    git("init", "-q", "-b", "main", cwd=root)
    git("add", "-A", cwd=root)
    git("commit", "-qm", "as it was", cwd=root)
    return root


def edit(root, path, before, after):
    text = (root / path).read_text()
    assert before in text
    (root / path).write_text(text.replace(before, after, 1))


def pod(root, environment):
    built = (each.resource for each in build(DiskTree(root), f"{HERE}/overlays/{environment}"))
    (found,) = [r for r in built if r["kind"] == "Deployment" and r["metadata"]["name"] == "checkout"]
    return found["spec"]["template"]["spec"]


def stop(root, environment):
    return pod(root, environment)["containers"][0]["lifecycle"]["preStop"]


def updated(atmos, root, code=0):
    done = atmos("update", "--repo", root, "--yes", "-o", "json")
    assert done.code == code, done.out
    return done.json


def test_nothing_is_asked_and_each_environment_gets_what_its_own_cluster_can(old, atmos):
    before = pod(old, "dev")
    updated(atmos, old)
    assert stop(old, "dev") == before["containers"][0]["lifecycle"]["preStop"]
    assert stop(old, "prod") == {"sleep": {"seconds": 10}}
    assert pod(old, "prod")["securityContext"] == before["securityContext"]
    assert "runAsUser" not in (old / BASE).read_text()
    # What is left is said of the repo's own choices: old Kubernetes, a retired controller, old names on the hub, what nobody filled in.
    assert set(atmos("validate", "--repo", old, "-o", "json").codes) <= {"ATM704", "ATM705", "ATM706", "ATM707"}
    again = atmos("update", "--repo", old, "--yes")
    assert "Everything is up to date" in again.out


def test_an_edit_of_the_base_goes_to_every_overlay(old, atmos, git):
    edit(old, BASE, "runAsUser: 1000", "runAsUser: 2000")
    edit(old, BASE, '- "10"', '- "33"')
    edit(old, BASE, "maxSkew: 1", "maxSkew: 3")
    edit(old, BASE, "  annotations:", "  annotations:\n    ours: kept")
    git("commit", "-qam", "ours", cwd=old)
    updated(atmos, old)
    for environment in ("dev", "prod"):
        found = pod(old, environment)
        assert found["securityContext"]["runAsUser"] == 2000
        assert stop(old, environment) == {"exec": {"command": ["sleep", "33"]}}
        assert [each["maxSkew"] for each in found["topologySpreadConstraints"]] == [3, 1]
    text = (old / BASE).read_text()
    assert not [word for word in ("runAsUser", "preStop", "maxSkew") if word in text]
    assert "ours: kept" in text
    assert "Everything is up to date" in atmos("update", "--repo", old, "--yes").out


def test_what_a_person_took_away_stays_away(old, atmos, git):
    edit(old, BASE, "        runAsUser: 1000\n", "")
    edit(old, BASE, OLD_STOP, "")
    git("commit", "-qam", "ours", cwd=old)
    updated(atmos, old)
    for environment in ("dev", "prod"):
        found = pod(old, environment)
        assert "runAsUser" not in found["securityContext"]
        assert "lifecycle" not in found["containers"][0]
        assert found["securityContext"]["runAsGroup"] == 1000


def test_what_an_overlay_said_already_still_counts(old, atmos, git):
    overlay = f"{HERE}/overlays/dev/kustomization.yaml"
    edit(
        old,
        overlay,
        "      template:\n        spec:\n",
        "      template:\n        spec:\n          securityContext:\n            runAsUser: 4711\n",
    )
    git("commit", "-qam", "ours", cwd=old)
    updated(atmos, old)
    assert pod(old, "dev")["securityContext"]["runAsUser"] == 4711
    assert pod(old, "prod")["securityContext"]["runAsUser"] == 1000
