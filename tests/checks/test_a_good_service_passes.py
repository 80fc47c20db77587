"""Nothing is said about a service that an expert would write, in any supported Kubernetes version."""

from __future__ import annotations

import pytest
from shop import found, good, said

from atmos_cli.checks.registry import Scope, checks
from atmos_cli.diagnostics import Code
from atmos_cli.engines.check import CHECK
from atmos_cli.kube.schemas import SUPPORTED


@pytest.mark.parametrize("kubernetes", SUPPORTED)
def test_a_good_service_passes_in_every_version(kubernetes: str) -> None:
    assert found(good(), kubernetes=kubernetes) == []


def test_every_code_of_a_check_is_explained() -> None:
    from pathlib import Path

    import atmos_cli

    headings = {
        line.split()[1]
        for line in (Path(atmos_cli.__file__).parent / "codes.md").read_text().splitlines()
        if line.startswith("## ")
    }
    for check in (*checks(Scope.SUBJECT), *checks(Scope.REPO), CHECK):
        assert check.summary
        assert {code.value for code in check.codes} <= headings, check.slug


def test_a_check_gives_only_the_codes_it_declares() -> None:
    declared = {code for check in (*checks(Scope.SUBJECT), *checks(Scope.REPO), CHECK) for code in check.codes}
    assert {Code.SCHEMA_INVALID, Code.POD_SECURITY, Code.ENGINE_UNREACHED} <= declared


def test_what_the_schema_refuses_is_said_once() -> None:
    resources = good()
    resources["Deployment"]["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] = "yes"
    assert said(resources) == {("SCHEMA_INVALID", "spec.template.spec.securityContext.runAsNonRoot")}
