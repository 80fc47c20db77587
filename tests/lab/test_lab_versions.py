from __future__ import annotations

import os
import subprocess

import pytest

from tests.lab.components import GROUPS, PACKAGES, binary, group_of

pytestmark = pytest.mark.lab

ASKED = {
    "kustomize": ("version",),
    "kubeconform": ("-v",),
    "etcd": ("--version",),
    "kube-apiserver": ("--version",),
    "kube-controller-manager": ("--version",),
    "kube-scheduler": ("--version",),
    "kubectl": ("version", "--client"),
    "kwok": ("--version",),
    "helm": ("version", "--short"),
    "argocd": ("version", "--client", "--short"),
    "gitea": ("--version",),
    "kube-apiserver-1.25": ("--version",),
    "kube-apiserver-1.34": ("--version",),
}


@pytest.mark.parametrize("name", ASKED)
def test_the_component_is_of_the_pinned_version(name: str) -> None:
    environment = {**os.environ, "ARGOCD_BINARY_NAME": "argocd"}
    run = subprocess.run([binary(name), *ASKED[name]], capture_output=True, text=True, check=True, env=environment)
    assert group_of(name).version in run.stdout


def test_nothing_is_missing() -> None:
    names = [item.name for group in GROUPS for item in group.binaries] + [package.command for package in PACKAGES]
    assert all(binary(name).exists() for name in names)
