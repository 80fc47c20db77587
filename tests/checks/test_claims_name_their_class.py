"""Where a cluster has no default StorageClass, each claim names one: of a pod, a StatefulSet and of an operator."""

from __future__ import annotations

import pytest

from atmos_cli.checks.registry import findings
from atmos_cli.diagnostics import Code
from tests.checks.shop import subject

CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
CLASSES = "spec.volumeClaimTemplates.0.spec.storageClassName"


def named(**more):
    return {**CLAIM, "storageClassName": "gp3", **more}


def database(**storage):
    wal = {"walStorage": {"size": "1Gi", **storage}}
    spec = {"instances": 1, "storage": {"size": "1Gi", **storage}, **wal}
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "db"}, "spec": spec}


def claim(spec, **metadata):
    metadata = {"name": "data", **metadata}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def stateful(spec):
    claims = [{"metadata": {"name": "data"}, "spec": spec}]
    inner = {"serviceName": "s", "selector": {}, "template": {}, "volumeClaimTemplates": claims}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "s"}, "spec": inner}


def job(spec):
    volumes = [{"name": "x", "ephemeral": {"volumeClaimTemplate": {"spec": spec}}}]
    pod = {"containers": [{"name": "a", "image": "x:1"}], "volumes": volumes}
    inner = {"template": {"spec": pod}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": inner}


def found(resource, missing="EKS"):
    seen, bugs = findings(subject([resource], cluster="prod", no_default_storage=missing))
    assert not bugs
    return [".".join(map(str, each.path)) for each in seen if each.code is Code.STORAGE_CLASS_MISSING]


@pytest.mark.parametrize(
    ("resource", "places"),
    [
        (claim(CLAIM), ["spec.storageClassName"]),
        (claim(named()), []),
        (claim(named(storageClassName="")), []),
        (claim(CLAIM, annotations={"volume.beta.kubernetes.io/storage-class": "old"}), []),
        (stateful(CLAIM), [CLASSES]),
        (stateful(named()), []),
        (job(CLAIM), ["spec.template.spec.volumes.0.ephemeral.volumeClaimTemplate.spec.storageClassName"]),
        (database(), ["spec.storage.storageClass", "spec.walStorage.storageClass"]),
        (database(storageClass="gp3"), []),
    ],
)
def test_what_claims_a_volume(resource, places):
    assert found(resource) == places
    assert found(resource, missing="") == []
