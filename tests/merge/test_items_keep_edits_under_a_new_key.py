"""A port that changes is the same port: its comments and what a person added to it stay, and nobody is asked."""

import pytest

from tests.merge.test_hand_edits_survive_an_update import DEPLOYMENT, ROOT, deployment, edited, generated, merged, texts

SERVICE = f"{ROOT}/base/svc.yaml"


def ports(*numbers):
    return [{"name": f"http{at or ''}", "port": number} for at, number in enumerate(numbers)]


def service(*numbers):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart"}, "spec": {"ports": ports(*numbers)}}


def container(*mounts):
    return {DEPLOYMENT: deployment(volumeMounts=[{"name": name, "mountPath": path} for name, path in mounts])}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("port: 80\n", "port: 80 # ours\n"),
        ("port: 80\n", "port: 80\n    # the node's\n    nodePort: 30080\n"),
        ("  ports:\n", "  ports:\n  # what clients know\n"),
    ],
)
def test_what_stands_beside_it_stays(old, new):
    before = generated(**{SERVICE: service(80)})
    ours = edited(texts(before), SERVICE, old, new)
    found, result = merged(before, ours, generated(**{SERVICE: service(8080)}))
    assert not found.conflicts
    assert result[SERVICE].decode() == ours[SERVICE].decode().replace("port: 80\n", "port: 8080\n").replace(
        "port: 80 #", "port: 8080 #"
    )
    assert [(each.before, each.after) for each in found.changed] == [(80, 8080)]


def test_its_field_that_a_person_changed_is_still_a_conflict():
    before = generated(**{SERVICE: service(80)})
    ours = edited(texts(before), SERVICE, "port: 80", "port: 81")
    found, _ = merged(before, ours, generated(**{SERVICE: service(8080)}))
    (conflict,) = found.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs) == (80, 81, 8080)


def test_two_that_change_places_are_told_apart():
    before = generated(**{SERVICE: service(80, 90)})
    ours = edited(texts(before), SERVICE, "port: 90", "port: 90 # admin")
    _, result = merged(before, ours, generated(**{SERVICE: service(8080, 9090)}))
    assert b"port: 8080\n" in result[SERVICE]
    assert b"port: 9090 # admin\n" in result[SERVICE]


def test_one_volume_mounted_twice_is_two_mounts():
    before = generated(**container(("data", "/a"), ("data", "/b")))
    found, result = merged(before, texts(before), generated(**container(("data", "/a"), ("data", "/c"))))
    assert not found.conflicts
    assert result == texts(generated(**container(("data", "/a"), ("data", "/c"))))


def test_a_mount_that_moves_keeps_what_a_person_added():
    before = generated(**container(("data", "/a")))
    ours = edited(texts(before), DEPLOYMENT, "mountPath: /a\n", "mountPath: /a\n          readOnly: true\n")
    found, result = merged(before, ours, generated(**container(("data", "/b"))))
    assert not found.conflicts
    assert b"mountPath: /b\n          readOnly: true\n" in result[DEPLOYMENT]
