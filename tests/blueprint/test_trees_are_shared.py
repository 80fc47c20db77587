"""`$include` puts a file of `shared/` into a tree; what is wrong is said where it is to be mended."""

from __future__ import annotations

import pytest

from atmos_cli.commands.blueprint import lint
from atmos_cli.diagnostics import Code
from tests.blueprint.bundle import DEPLOYMENT, WEB, bundle, made, refused

CONTAINERS = """\
- not an object
"""
POD = """\
metadata: {labels: "${{ labels }}"}
spec:
  containers:
    - {name: main, image: "x:1", env: [{name: A, value: "${{ svc.name }}"}]}
"""
SHARING = DEPLOYMENT.split("  template:")[0] + "  template:\n    $include: shared/pod.yaml\n"


def sharing(pod: str = POD, deployment: str = SHARING, **files: str):
    return bundle(web__resources__deployment=deployment, shared__pod=pod, **files)


def test_a_part_of_a_tree_is_a_file_of_shared():
    template = made(sharing()).resources[0].resource["spec"]["template"]
    assert template["spec"]["containers"][0]["env"] == [{"name": "A", "value": "cart"}]


def test_a_whole_resource_is_a_file_of_shared_and_keeps_its_name_in_the_layout():
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: '${{ svc.name }}'}\n"
    catalogue = sharing(shared__account=account, web__blueprint=WEB + "  - file: shared/account.yaml\n")
    assert [item.file for item in made(catalogue).resources] == ["deployment.yaml", "account.yaml"]


def test_an_error_in_it_is_told_with_its_own_place():
    catalogue = sharing(POD.replace("svc.name", "svc.nam"))
    (found,) = refused(catalogue)
    assert (found.where.path, found.where.line) == ("shared/pod.yaml", 4)
    (unknown,) = lint(sharing(POD.replace("${{ labels }}", "${{ lables }}")), "web")
    assert (unknown.code, unknown.where.path, unknown.where.line) == (Code.BLUEPRINT_EXPRESSION, "shared/pod.yaml", 1)


@pytest.mark.parametrize(
    ("deployment", "pod", "said"),
    [
        (SHARING.replace("pod.yaml", "pot.yaml"), POD, "there is no `shared/pot.yaml` to include"),
        (SHARING.replace("shared/pod.yaml", "web/blueprint.yaml"), POD, "there is no `web/blueprint.yaml` to include"),
        (SHARING.replace("shared/pod.yaml", "shared/../pod.yaml"), POD, "there is no `shared/../pod.yaml` to include"),
        (SHARING.replace("shared/pod.yaml", "[5]"), POD, "there is no `[5]` to include"),
        (SHARING + "    metadata: {}\n", POD, "`$include` stands alone"),
        (SHARING, "spec: {$include: shared/pod.yaml}", "`shared/pod.yaml` includes itself"),
        (SHARING, CONTAINERS, "`shared/pod.yaml` must hold exactly one object"),
    ],
)
def test_what_cannot_be_included_is_an_error_of_the_blueprint(deployment, pod, said):
    (found,) = lint(sharing(pod, deployment), "web")
    assert found.code is Code.BLUEPRINT_INVALID
    assert said in found.message
    assert found.where.line > 0


def test_a_contribution_includes_nothing():
    manifest = WEB + "contributes: [{into: {kind: Deployment}, tree: {spec: {$include: shared/pod.yaml}}}]\n"
    (found,) = lint(sharing(web__blueprint=manifest), "web")
    assert "`$include` belongs into the trees of" in found.message
