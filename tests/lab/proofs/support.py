"""Tenants as atmos generates them, put onto real control planes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.kube.resource import group_version
from atmos_cli.kustomize.build import build
from atmos_cli.ports import MemoryTree
from tests.lab.kube import ApiError
from tests.lab.processes import wait_until
from tests.lab.proofs.operators import crds_for, without_rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from atmos_cli.ports import FileTree
    from tests.lab.kube import Kube, Object
    from tests.lab.oracle import Verdict

QUOTA = "budget"


def tenant(tree: FileTree, team: str, environment: str) -> list[Object]:
    """The objects of `tenants/<environment>/<team>`, namespace first."""
    found = [built.resource for built in build(tree, f"tenants/{environment}/{team}")]
    return sorted(found, key=lambda resource: resource["kind"] != "Namespace")


def settle(kube: Kube, resources: Iterable[Object], *, controllers: bool) -> str:
    """Applies a tenant for real and waits until its quota counts; the namespace.

    Where no controllers run, this plays the two that matter: service accounts and quota.
    """
    resources = list(resources)
    kube.apply(*resources)
    name = str(next(each["metadata"]["name"] for each in resources if each["kind"] == "Namespace"))
    quota = next(each for each in resources if each["kind"] == "ResourceQuota")
    if not controllers:
        kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}})
        hard = quota["spec"]["hard"]
        kube.patch_status(quota, {"hard": hard, "used": dict.fromkeys(hard, "0")})
        # The admission plugin looks at a copy of its own, which comes to know the numbers a moment later.
        wait_until(lambda: _quota_counts(kube, name), f"quota of {name}")
    else:
        kube.wait("v1", "ServiceAccount", "default", name, until=bool)
    kube.wait("v1", "ResourceQuota", quota["metadata"]["name"], name, until=is_counted)
    return name


def is_counted(quota: Object) -> bool:
    status = quota.get("status") or {}
    return bool(status.get("hard") == quota["spec"]["hard"] and "used" in status)


def _quota_counts(kube: Kube, namespace: str) -> bool:
    try:
        kube.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "first", "namespace": namespace},
                "spec": {
                    "automountServiceAccountToken": False,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": 1,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [
                        {
                            "name": "first",
                            "image": "registry.test/first:1",
                            "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}},
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "capabilities": {"drop": ["ALL"]},
                            },
                        }
                    ],
                },
            },
            dryRun="All",
        )
    except ApiError as error:
        if "status unknown for quota" in error.message:
            return False
        raise
    return True


def install_operators(kube: Kube, resources: Iterable[Object]) -> None:
    """The CRDs of every custom resource among these. Rules that an old API server cannot read are left out there."""
    for crd in crds_for({(group_version(resource)[0], str(resource["kind"])) for resource in resources}):
        try:
            kube.install_crds(crd)
        except ApiError as error:
            if "x-kubernetes-validations" not in error.message:
                raise
            kube.install_crds(without_rules(crd))


def refusals(verdicts: Iterable[tuple[str, Object, Verdict]]) -> list[str]:
    """One line for each no, and for each yes with a warning: what is generated must give no reason for one."""
    lines = []
    for case, resource, verdict in verdicts:
        what = f"{resource['kind']}/{resource['metadata']['name']} ({case})"
        if not verdict.accepted:
            lines.append(f"{what}: {verdict.code} {verdict.message}")
        lines += [f"{what}: warning: {warning}" for warning in verdict.warnings]
    return lines


def of_kind(resources: Iterable[Object], *kinds: str) -> list[Object]:
    return [resource for resource in resources if resource["kind"] in kinds]


def in_memory(*files: dict[str, bytes]) -> MemoryTree:
    return MemoryTree({path: data for each in files for path, data in each.items()})


def few(lines: Collection[Any], most: int = 10) -> str:
    """A failure's message: how many, and the first ones."""
    return "\n".join([f"{len(lines)} in all", *(str(line) for line in list(lines)[:most])])
