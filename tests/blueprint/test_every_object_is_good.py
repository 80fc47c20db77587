"""Each case of the matrix: what is laid out builds back exactly, and the checks find nothing but what must be said."""

from __future__ import annotations

import pytest

from atmos_cli.budget.claim import claim
from atmos_cli.checks.registry import run
from atmos_cli.checks.subject import Subject
from atmos_cli.config import namespace
from atmos_cli.diagnostics import Code, Severity
from atmos_cli.gitops.generate import unfaithful
from atmos_cli.kube.quantity import ZERO
from atmos_cli.kustomize.build import build
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load
from tests.blueprint.matrix import CASES, HERE, TEAM, composed, laid_out

# What a fresh service is told, by the case that has it: the image is not built yet, secrets live elsewhere.
EXPECTED = {Code.IMAGE_PLACEHOLDER}
CALLS = {Code.SELECTOR_MISMATCH}  # only information: the policy that lets the caller in selects pods of the callee
ALSO = {
    "env-and-secrets": {Code.REFERENCE_EXTERNAL},
    "dependencies": CALLS,
    "dependencies-port": CALLS,
    "own-url": CALLS,
}


@pytest.mark.sample(10)
@pytest.mark.parametrize("case", CASES)
def test_case(case):
    compositions = composed(case)
    files = laid_out(compositions)
    tree = MemoryTree(files)
    spec, config = CASES[case]
    for path, data in files.items():
        assert emit(load(data, path=path)).encode() == data, path
    for environment, composition in compositions.items():
        built = build(tree, f"{HERE}/overlays/{environment}")
        assert unfaithful(composition, built) == "", environment
        settings = config.environments[environment]
        subject = Subject(
            service=spec.name,
            team=TEAM,
            environment=environment,
            namespace=namespace(TEAM, environment),
            kubernetes=config.clusters[settings.cluster].kubernetes,
            production=settings.production,
            resources=built,
            declared_secrets=frozenset(secret.secret for secret in spec.secrets.values()),
        )
        found = run(subject, tree)
        assert [d for d in found if d.severity is Severity.ERROR] == []
        assert {d.code for d in found} <= EXPECTED | ALSO.get(case, set()), found
        asked = claim([each.resource for each in built])
        assert [line.unknown or line.missing for line in asked.lines if line.unknown or line.missing] == []
        steady, rollout = asked.total("steady"), asked.total("rollout")
        assert all(rollout[name] >= amount >= ZERO for name, amount in steady.items())
        assert rollout["pods"].whole >= (0 if spec.replicas == 0 else 1)


@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("node") or "-" not in case])
def test_only_the_overlay_knows_its_environment(case):
    """Nothing in the base names an environment, so changing one environment never edits the base."""
    for path, data in laid_out(composed(case)).items():
        if "/base/" in path:
            assert not [name for name in CASES[case][1].environments if f"{TEAM}-{name}" in data.decode()]
