"""The table of operated kinds: each row can be read by everybody who asks, and says the same to all of them."""

import pytest

from atmos_cli.budget.claim import claim
from atmos_cli.checks.references import _secrets
from atmos_cli.checks.subject import Subject, facts_of
from atmos_cli.kube import operators
from atmos_cli.kube.operators import GAUGES, OPERATED, OperatedKind, Runs, StatusField, tenant_kinds
from atmos_cli.kube.secret_makers import secrets_made_by, secrets_taken_by
from atmos_cli.kustomize.model import Built
from atmos_cli.layout.tenants import ALL, RULES
from atmos_cli.verify.rollback_loss import losses

QUEUES = OperatedKind(
    "queues.example.test",
    "Queue",
    plural="queues",
    data="messages",
    makes=operators.named("-user"),
    takes=(("spec", "tls", "secretName"),),
    runs=Runs(
        container="queue",
        instances=("spec", "replicas"),
        resources=("spec", "resources"),
        volumes=(("spec", "disks", "*"),),
        sizes=(("storage",),),
        classes=(("class",),),
    ),
    status=StatusField(
        ("status", "state"), ("status", "why"), "Ready", ("Broken",), ("status", "up"), ("spec", "replicas"), ()
    ),
)
QUEUE = {
    "apiVersion": "queues.example.test/v1",
    "kind": "Queue",
    "metadata": {"name": "jobs", "namespace": "shop"},
    "spec": {
        "replicas": 3,
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
        "tls": {"secretName": "jobs-tls"},
        "disks": [{"storage": "1Gi", "class": "fast"}, {"storage": "2Gi"}],
    },
}


@pytest.fixture
def queues(monkeypatch):
    monkeypatch.setitem(OPERATED, ("queues.example.test", "Queue"), QUEUES)


@pytest.mark.parametrize("row", operators.ROWS, ids=lambda row: f"{row.group}/{row.kind}")
def test_every_row_reads_an_empty_and_a_damaged_object(row):
    for spec in (None, {}, [], "x", {"instances": "x", "plugins": "x", "storage": 1, "bootstrap": []}):
        resource = {"apiVersion": f"{row.group}/v1", "kind": row.kind, "metadata": {"name": "x"}, "spec": spec}
        assert all(isinstance(name, str) for name, _ in secrets_made_by(resource))
        assert not secrets_taken_by(resource)
        claim([resource])


def test_another_operator_is_one_row(queues):
    """Secrets, pods, volumes and data of a kind that no other code has heard of."""
    facts = facts_of(Subject("shop", "main", "dev", "shop", "1.31", (Built(QUEUE, ()),)))
    assert _secrets(facts) == {"jobs-user": None, "jobs-tls": None}
    steady = {name: str(amount) for name, amount in claim([QUEUE]).total("steady").items()}
    assert steady["pods"] == "3"
    assert steady["requests.cpu"] == "300m"
    assert steady["requests.storage"] == "9Gi"
    assert steady["persistentvolumeclaims"] == "6"


def test_what_holds_data_is_a_loss():
    from atmos_cli.kube.resource import identity

    for (group, kind), row in OPERATED.items():
        resource = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "x", "namespace": "n"}}
        assert bool(losses({identity(resource): resource}, {})) is bool(row.data), (group, kind)


def test_tenants_may_write_what_blueprints_make():
    for group, plurals in tenant_kinds().items():
        assert (group, plurals, ALL) in RULES


def test_gauges_name_only_the_namespace():
    assert set(GAUGES) == {"pg-connections", "pg-max-connections"}
    assert all("$ns" in template for template in GAUGES.values())
