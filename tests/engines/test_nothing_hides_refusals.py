"""`validate` knows the trap of Argo CD 3.6 for Applications of others: what the API server refuses is shown as Synced."""

import pytest

from atmos_cli.diagnostics import Severity
from atmos_cli.engines.check import check_repo
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.emit import emit

OPTION = "argocd.argoproj.io/compare-options"
SPEC = {
    "project": "default",
    "source": {"repoURL": "https://git.example.org/others.git", "path": "x"},
    "destination": {"name": "in-cluster", "namespace": "x"},
}


def application(sync, annotations):
    options = {"syncPolicy": {"syncOptions": sync}} if sync is not None else {}
    return {"metadata": {"name": "own", "annotations": annotations}, "spec": SPEC | options}


def found(value):
    tree = MemoryTree({"infrastructure/configs/eu/own/app.yaml": emit(value).encode()})
    return [each for each in check_repo(tree) if each.code.value == "ATM713"]


CASES = [
    (["ServerSideApply=true"], {}, "from Argo CD 3.6 on"),
    (["CreateNamespace=true", "ServerSideApply=true"], {OPTION: "IgnoreExtraneous"}, "from Argo CD 3.6 on"),
    (["ServerSideApply=true"], {OPTION: "IgnoreExtraneous,ServerSideDiff=false"}, ""),
    (["ServerSideApply=false"], {}, ""),
    (None, {}, ""),
    ([], {OPTION: "ServerSideDiff=true"}, "says ServerSideDiff=true"),
    (["ServerSideApply=true"], {OPTION: "ServerSideDiff=true,IncludeMutationWebhook=true"}, "says ServerSideDiff=true"),
]


@pytest.mark.parametrize(("sync", "annotations", "says"), CASES)
def test_an_application(sync, annotations, says):
    value = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"} | application(sync, annotations)
    got = found(value)
    assert [each.severity for each in got] == [Severity.WARNING] * bool(says)
    assert all(says in each.message and f"{OPTION}: ServerSideDiff=false" in each.hint for each in got)


@pytest.mark.parametrize(("sync", "annotations", "says"), CASES)
def test_the_template_of_a_set(sync, annotations, says):
    value = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "own"},
        "spec": {"generators": [{"list": {"elements": []}}], "template": application(sync, annotations)},
    }
    assert len(found(value)) == bool(says)
    value["spec"]["templatePatch"] = f"metadata: {{annotations: {{{OPTION}: ServerSideDiff=false}}}}"
    assert found(value) == [], "what the patch says cannot be known here"


def test_objects_of_any_shape():
    for broken in (
        {"metadata": []},
        {"metadata": {"annotations": {OPTION: 1}}},
        {"spec": {"syncPolicy": "x"}},
        {"spec": None},
    ):
        found({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"} | broken)
