"""Each rule of the Pod Security Standards is found at its field, in init containers too."""

from __future__ import annotations

from typing import Any

import pytest
from shop import CONTAINER, found, good, put, said

POD = ("spec", "template", "spec")
INIT = (*POD, "initContainers", 0)
SECURITY = "securityContext"


@pytest.mark.parametrize("container", [CONTAINER, INIT])
@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        ((SECURITY, "allowPrivilegeEscalation"), ..., (SECURITY, "allowPrivilegeEscalation")),
        ((SECURITY, "allowPrivilegeEscalation"), True, (SECURITY, "allowPrivilegeEscalation")),
        ((SECURITY, "privileged"), True, (SECURITY, "privileged")),
        ((SECURITY, "capabilities", "drop"), ["NET_RAW"], (SECURITY, "capabilities", "drop")),
        ((SECURITY, "capabilities", "add"), ["CHOWN"], (SECURITY, "capabilities", "add", 0)),
        ((SECURITY, "capabilities", "add"), ["SYS_ADMIN"], (SECURITY, "capabilities", "add", 0)),
        ((SECURITY, "runAsNonRoot"), False, (SECURITY, "runAsNonRoot")),
        ((SECURITY, "runAsUser"), 0, (SECURITY, "runAsUser")),
        ((SECURITY, "procMount"), "Unmasked", (SECURITY, "procMount")),
        ((SECURITY, "seccompProfile"), {"type": "Unconfined"}, (SECURITY, "seccompProfile", "type")),
        ((SECURITY, "appArmorProfile"), {"type": "Unconfined"}, (SECURITY, "appArmorProfile", "type")),
        ((SECURITY, "seLinuxOptions"), {"user": "root"}, (SECURITY, "seLinuxOptions", "user")),
        ((SECURITY, "windowsOptions"), {"hostProcess": True}, (SECURITY, "windowsOptions", "hostProcess")),
        (("ports",), [{"containerPort": 80, "hostPort": 80, "name": "http"}], ("ports", 0, "hostPort")),
    ],
)
def test_a_container_breaks_a_rule(
    container: tuple[Any, ...], path: tuple[Any, ...], value: Any, at: tuple[Any, ...]
) -> None:
    resources = good()
    put(resources["Deployment"], (*container, *path), value)
    problems = found(resources)
    assert [(one.code.name, one.path) for one in problems] == [("POD_SECURITY", (*container, *at))]
    assert problems[0].hint


@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        (("hostNetwork",), True, ("hostNetwork",)),
        (("hostPID",), True, ("hostPID",)),
        (("hostIPC",), True, ("hostIPC",)),
        ((SECURITY, "runAsNonRoot"), ..., (SECURITY, "runAsNonRoot")),
        ((SECURITY, "seccompProfile"), ..., (SECURITY, "seccompProfile", "type")),
        ((SECURITY, "sysctls", 0, "name"), "kernel.msgmax", (SECURITY, "sysctls", 0, "name")),
        (("volumes", 0), {"name": "tmp", "hostPath": {"path": "/tmp"}}, ("volumes", 0, "hostPath")),
        (("volumes", 0), {"name": "tmp", "nfs": {"server": "a", "path": "/"}}, ("volumes", 0, "nfs")),
    ],
)
def test_a_pod_breaks_a_rule(path: tuple[Any, ...], value: Any, at: tuple[Any, ...]) -> None:
    resources = good()
    put(resources["Deployment"], (*POD, *path), value)
    assert [(one.code.name, one.path) for one in found(resources)] == [("POD_SECURITY", (*POD, *at))]


def test_the_rules_follow_the_version_of_the_cluster() -> None:
    resources = good()
    put(resources["Deployment"], (*POD, SECURITY, "sysctls", 0, "name"), "net.ipv4.tcp_rmem")
    assert said(resources, kubernetes="1.31") == {
        ("POD_SECURITY", "spec.template.spec.securityContext.sysctls[0].name")
    }
    assert said(resources, kubernetes="1.32") == set()


def test_the_level_of_the_namespace_counts() -> None:
    resources = good()
    put(resources["Deployment"], (*CONTAINER, SECURITY), ...)
    assert said(resources)
    assert said(resources, pod_security="baseline") == set()
    put(resources["Deployment"], (*POD, "hostNetwork"), True)
    assert said(resources, pod_security="baseline") == {("POD_SECURITY", "spec.template.spec.hostNetwork")}
    assert said(resources, pod_security="privileged") == set()


@pytest.mark.parametrize("kind", ["CronJob", "Job", "StatefulSet", "DaemonSet"])
def test_every_kind_of_workload_is_looked_into(kind: str) -> None:
    template = good()["Deployment"]["spec"]["template"]
    template["spec"]["containers"][0]["securityContext"]["privileged"] = True
    template["spec"]["restartPolicy"] = "Never" if kind.endswith("Job") else "Always"
    spec: dict[str, Any] = {"template": template}
    if kind == "CronJob":
        spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}}
    workload = {
        "apiVersion": "batch/v1" if "Job" in kind else "apps/v1",
        "kind": kind,
        "metadata": {"name": "x"},
        "spec": spec,
    }
    assert any(one.code.name == "POD_SECURITY" and one.path[-1] == "privileged" for one in found([workload]))
