"""The golden cases and the lint of every bundled blueprint hold, and a golden case can fail."""

from __future__ import annotations

import pytest

from atmos_cli.blueprint.catalogue import Catalogue
from atmos_cli.blueprint.layer import Layer
from atmos_cli.commands.blueprint import lint, run_cases
from atmos_cli.diagnostics import Code
from atmos_cli.ports import MemoryTree
from tests.blueprint.bundle import bundle
from tests.blueprint.matrix import CATALOGUE, ROOT

SPEC = b"apiVersion: atmos-cli.dev/v1\nkind: Service\nname: cart\nlanguage: node\n"


@pytest.mark.parametrize("name", CATALOGUE.names())
def test_cases(name):
    results = run_cases(CATALOGUE, name)
    assert results, "every blueprint shows what it makes"
    assert [(r.case, d.message) for r in results for d in r.diagnostics] == []


@pytest.mark.sample
@pytest.mark.parametrize("name", CATALOGUE.names())
def test_lint(name):
    assert lint(CATALOGUE, name) == ()


def changed(old: bytes, new: bytes, path: str) -> Catalogue:
    files = {
        p.relative_to(ROOT / "blueprints").as_posix(): p.read_bytes() for p in (ROOT / "blueprints").rglob("*.yaml")
    }
    assert old in files[path]
    return Catalogue((Layer(MemoryTree({**files, path: files[path].replace(old, new)})),))


def test_a_change_is_seen():
    catalogue = changed(b"revisionHistoryLimit: 5", b"revisionHistoryLimit: 6", "web/resources/deployment.yaml")
    found = [d for r in run_cases(catalogue, "web") for d in r.diagnostics]
    assert {d.code for d in found} == {Code.BLUEPRINT_TEST_FAILED}
    assert len(found) == 9


def test_an_update_writes_what_is_made_now():
    catalogue = changed(b"revisionHistoryLimit: 5", b"revisionHistoryLimit: 6", "web/resources/deployment.yaml")
    results = run_cases(catalogue, "web", update=True)
    assert [d for r in results for d in r.diagnostics] == []
    assert all(b"revisionHistoryLimit: 6" in data for r in results for data in r.updated.values())


@pytest.mark.sample
@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        (b"svc.port.service", b"svc.prot.service", "web/resources/service.yaml", Code.BLUEPRINT_EXPRESSION),
        (b"${{ selector }}", b"${{ selektor }}", "web/resources/service.yaml", Code.BLUEPRINT_EXPRESSION),
        (b"runAsNonRoot: true", b"runAsNonRoot: false", "shared/pod.yaml", Code.POD_SECURITY),
        (b"enableServiceLinks:", b"enableServiceLink:", "shared/pod.yaml", Code.SCHEMA_UNKNOWN_FIELD),
        (b"revisionHistoryLimit: 5", b"revisionHistoryLimit: ${{ svc.replicas }}", "web/resources/deployment.yaml", Code.BLUEPRINT_OWNERSHIP),
        (b"{kind: Deployment}", b"{kind: Deploymend}", "postgres/blueprint.yaml", None),
    ],
)  # fmt: skip
def test_lint_sees_what_is_wrong(old, new, path, code):
    name = path.split("/")[0].replace("shared", "web")
    found = lint(changed(old, new, path), name)
    assert found
    if code is not None:
        assert code in {d.code for d in found}


def test_lint_of_a_broken_bundle_never_raises():
    assert lint(bundle(web__blueprint="a: [b"), "web")
    assert lint(bundle(), "nope")[0].code is Code.BLUEPRINT_UNKNOWN
