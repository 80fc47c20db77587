"""Quota, defaults and admission policy come from the budget, let a full budget roll out, and are valid."""

import pytest

from atmos_cli.adapters.bundle import catalogue, versions
from atmos_cli.commands.init import InitOptions, new_config
from atmos_cli.kube.schemas import schema_errors
from atmos_cli.layout.skeleton import quota, skeleton
from atmos_cli.yamlio.load import load_all
from tests.budget.shapes import budget

LIMITS = {
    "requests.cpu": {"limit": "4"},
    "limits.cpu": {"limit": "8"},
    "pods": {"limit": 7},
    "requests.storage/fast": {"limit": "5Gi"},
    "requests.nvidia.com/gpu": {"limit": 0},
    "money": {"limit": "9", "currency": "EUR"},
}


def test_the_quota_has_the_names_of_kubernetes():
    assert quota(budget(limits=LIMITS), team="shop") == {
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        "requests.cpu": "4",
        "pods": "7",
        "fast.storageclass.storage.k8s.io/requests.storage": "5Gi",
        "requests.nvidia.com/gpu": "0",
    }
    own = budget(limits=LIMITS, teams={"shop": {"requests.cpu": {"limit": "3"}}})
    assert quota(own, team="shop")["requests.cpu"] == "3"
    assert quota(budget(limits=LIMITS, count="peak"), team="shop")["requests.cpu"] == "8", "room for the surge"


@pytest.mark.parametrize("engine", ["argocd", "flux"])
def test_everything_written_is_valid(engine):
    config = new_config(InitOptions(environments=("dev",), engine=engine), catalogue=catalogue())
    by = budget(
        limits=LIMITS,
        missingRequests={"cpu": "10m", "memory": "32Mi"},
        admission={"maxReplicas": 20, "maxContainerCpu": "4", "maxContainerMemory": "8Gi"},
    )
    kinds = catalogue().cluster_kinds
    files = skeleton(
        config, teams=["shop"], budgets={"dev": by}, configured=[], spec_schema={}, kinds=kinds, versions=versions()
    )
    policy = [path for path in files if "budget-policy" in path]
    assert len(policy) == 4
    for path in [*policy, "tenants/dev/shop/resourcequota.yaml", "tenants/dev/shop/limitrange.yaml"]:
        for document in load_all(files[path]):
            if document.value["kind"] != "Kustomization":
                assert schema_errors(document.value, kubernetes="1.34") == ()
    (limits,) = load_all(files["tenants/dev/shop/limitrange.yaml"])
    assert limits.value["spec"]["limits"][0] == {
        "type": "Container",
        "defaultRequest": {"cpu": "10m", "memory": "32Mi"},
    }
    if engine == "flux":
        assert b"infra-configs" in files["clusters/dev/infrastructure.yaml"]
