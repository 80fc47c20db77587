"""What a commit changed, in the words of the fields, without noise and without secrets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atmos_cli.verify.changes import field_changes, migration_suspect, says
from atmos_cli.verify.model import Evidence
from atmos_cli.verify.seen import ClusterSnapshot, Log

from .causes import cases, deployment, merged

BASE = deployment()
TARGET = cases()[0].evidence.target


def box(**fields):
    return {"spec": {"template": {"spec": {"containers": [{"name": "web", **fields}]}}}}


def told(before, after):
    return [says(change) for change in field_changes([merged(BASE, before)], [merged(BASE, after)])]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"spec": {"replicas": 4}}, {"spec": {"replicas": 8}}, ["replicas 4 → 8"]),
        (box(image="r.io/a/web:1"), box(image="r.io/a/web:2"), ["image web:1 → web:2"]),
        (box(image="r.io/a/web:1"), box(image="q.io/web:1"), ["image r.io/a/web:1 → q.io/web:1"]),
        (box(image="web@sha256:" + "ab" * 32), box(image="web@sha256:" + "cd" * 32), ["image web@sha256:abababab → web@sha256:cdcdcdcd"]),
        (box(env=[{"name": "DB_POOL_SIZE", "value": "5"}]), {}, ["env DB_POOL_SIZE removed"]),
        ({}, box(env=[{"name": "A", "value": "5"}]), ["env A added"]),
        (box(env=[{"name": "A", "value": "5"}]), box(env=[{"name": "A", "value": "7"}]), ["env A 5 → 7"]),
        (box(env=[{"name": "API_TOKEN", "value": "x"}]), box(env=[{"name": "API_TOKEN", "value": "y"}]), ["env API_TOKEN changed"]),
        (box(resources={"limits": {"memory": "128Mi"}}), box(resources={"limits": {"memory": "64Mi"}}), ["memory limit 128Mi → 64Mi"]),
        ({}, box(resources={"limits": {"cpu": "200m"}}), ["cpu limit added (200m)"]),
        ({}, box(readinessProbe={"httpGet": {"path": "/ready"}}), ["readiness probe path /readyz → /ready"]),
        ({}, {"spec": {"strategy": {"rollingUpdate": {"maxSurge": "50%"}}}}, ["maxSurge 25% → 50%"]),
        ({}, box(command=["/app"]), ["command added"]),
        (box(securityContext={"readOnlyRootFilesystem": False}), {}, ["securityContext readOnlyRootFilesystem false → true"]),
    ],
)  # fmt: skip
def test_a_change_reads_as_a_person_would_say_it(before, after, said):
    assert told(before, after) == said


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"status": {"replicas": 1}}, {"status": {"replicas": 2}}),
        ({"metadata": {"resourceVersion": "1", "uid": "a"}}, {"metadata": {"resourceVersion": "2", "uid": "b"}}),
        ({}, {"metadata": {"labels": {"app.kubernetes.io/managed-by": "atmos-cli", "app.kubernetes.io/version": "2"}}}),
        ({"metadata": {"annotations": {"atmos-cli.dev/blueprint": "web@1"}}}, {"metadata": {"annotations": {"atmos-cli.dev/blueprint": "web@2"}}}),
        (box(resources={"requests": {"cpu": "1"}}), box(resources={"requests": {"cpu": "1000m"}})),
        (box(resources={"limits": {"memory": "1Gi"}}), box(resources={"limits": {"memory": "1024Mi"}})),
        ({"spec": {"template": {"spec": {"volumes": []}}}}, {}),
    ],
)  # fmt: skip
def test_noise_is_no_change(before, after):
    assert told(before, after) == []


def test_order_of_keyed_lists_is_no_change():
    one, two = {"name": "A", "value": "1"}, {"name": "B", "value": "2"}
    first, second = merged(BASE, {}), merged(BASE, {})
    first["spec"]["template"]["spec"]["containers"][0]["env"] = [one, two]
    second["spec"]["template"]["spec"]["containers"][0]["env"] = [two, one]
    assert field_changes([first], [second]) == ()


def test_objects_come_and_go():
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"A": "1"}}
    assert [says(c) for c in field_changes([config], [BASE])] == ["Deployment/web added", "ConfigMap/c removed"]


def test_a_generated_config_map_is_followed_through_its_new_name():
    def config(name, value):
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"MODE": value}}

    def user(name):
        return merged(BASE, box(envFrom=[{"configMapRef": {"name": name}}]))

    before = [config("web-config-5m9t7b8k2d", "slow"), user("web-config-5m9t7b8k2d")]
    after = [config("web-config-7h2k4c9m6f", "fast"), user("web-config-7h2k4c9m6f")]
    assert [says(c) for c in field_changes(before, after)] == ["ConfigMap/web-config-7h2k4c9m6f data MODE slow → fast"]


def test_no_secret_is_in_a_change():
    def secret(value):
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": value}}

    for before, after in (
        ([secret("hunter2")], [secret("hunter3")]),
        ([], [secret("hunter3")]),
        ([secret("hunter2")], []),
    ):
        changes = field_changes(before, after)
        assert changes
        assert "hunter" not in str(changes) + " ".join(map(says, changes))
    url = [merged(BASE, box(env=[{"name": "DB", "value": f"postgres://u:hunter{n}@h/d{n}"}])) for n in (2, 3)]
    assert "hunter" not in str(field_changes(url[:1], url[1:]))


@settings(deadline=None)
@given(st.sampled_from(cases()))
def test_an_object_does_not_differ_from_itself(case):
    objects = [o for o in case.evidence.snapshot.objects if isinstance(o, dict)]
    assert field_changes(objects, objects) == ()


def evidence(*, objects=(), logs=(), wanted=(), changes=()):
    return Evidence(TARGET, ClusterSnapshot(0.0, (), wanted, objects), logs=logs, changes=changes)


def job(name, command, *, started="2026-11-18T13:06:41Z"):
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": {"spec": {"containers": [{"name": "x", "image": "web:1", "command": command}]}}},
        "status": {"startTime": started, "conditions": [{"type": "Complete", "status": "True"}]},
    }


@pytest.mark.parametrize(
    "command",
    [
        ["alembic", "upgrade", "head"],
        ["flyway", "migrate"],
        ["npx", "prisma", "db", "push"],
        ["rails", "db:migrate"],
        ["liquibase", "update"],
    ],
)
def test_a_migration_that_ran_makes_a_rollback_suspect(command):
    found = migration_suspect((), evidence(objects=(job("before", command),)))
    assert found is not None
    assert found.code == "migration-suspect"
    assert "Job/before" in found.message
    assert found.hint


def test_a_changed_migration_or_database_makes_a_rollback_suspect():
    cluster = {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "db"},
        "spec": {"instances": 1},
    }
    bigger = merged(cluster, {"spec": {"instances": 3}})
    init = {
        "spec": {
            "template": {
                "spec": {"initContainers": [{"name": "m", "command": ["alembic", "upgrade"], "image": "web:1"}]}
            }
        }
    }
    for before, after in (([cluster], [bigger]), ([BASE], [merged(BASE, init)]), ([], [job("web-migrate", ["x"])])):
        changes = field_changes(before, after)
        assert migration_suspect(changes, evidence(changes=changes)) is not None


def test_an_init_container_migrates_with_each_new_image():
    init = {
        "spec": {
            "template": {
                "spec": {"initContainers": [{"name": "schema", "command": ["alembic", "upgrade"], "image": "web:1"}]}
            }
        }
    }
    before, after = merged(BASE, init), merged(merged(BASE, init), box(image="web:9"))
    changes = field_changes([before], [after])
    assert migration_suspect(changes, evidence(wanted=(after,), changes=changes)) is not None


def test_a_log_that_speaks_of_the_schema_makes_a_rollback_suspect():
    logs = (Log("web-1", "web", False, ('ERROR: relation "carts" does not exist (SQLSTATE 42P01)',)),)
    assert migration_suspect((), evidence(logs=logs)) is not None


def test_an_ordinary_deployment_is_not_suspect():
    changes = field_changes([BASE], [merged(BASE, box(image="web:9"))])
    assert (
        migration_suspect(
            changes, evidence(objects=(BASE, job("report", ["python", "report.py"])), wanted=(BASE,), changes=changes)
        )
        is None
    )
