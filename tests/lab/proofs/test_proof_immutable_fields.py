"""What atmos says an update may not change is what a real API server refuses: for every pair, in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from atmos_cli.kube.immutable import FIXED, refused
from atmos_cli.kube.immutable_rules import RULES
from atmos_cli.kube.operators import OPERATED
from atmos_cli.kube.resource import group_version
from tests.lab.components import MAIN
from tests.lab.kube import ApiError
from tests.lab.oracle import Oracle
from tests.lab.proofs.immutable_pairs import SUBJECTS, pairs
from tests.lab.proofs.support import few, install_operators

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.kube import Kube, Object
    from tests.lab.proofs.immutable_pairs import Pair

pytestmark = pytest.mark.lab

NAMESPACE = "immutable-fields"
ENGINE = "engine"
CLASSES = tuple(
    {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "csi.test",
        "allowVolumeExpansion": True,
    }
    for name in ("grows", "other", "fast")
)


@pytest.fixture(scope="module")
def server(oracle_for: Callable[[str], Oracle]) -> Oracle:
    kube = oracle_for(MAIN).kube
    kube.namespace(NAMESPACE)
    install_operators(kube, [each.resource for each in SUBJECTS])
    kube.apply(*CLASSES)
    return Oracle(kube)


def test_every_kind_of_the_table_has_its_pairs() -> None:
    asked = {(group_version(each.resource)[0], str(each.resource["kind"])) for each in SUBJECTS}
    missing = {*FIXED, *RULES} - asked
    assert missing <= {("apiextensions.k8s.io", "CustomResourceDefinition")}
    assert len({kind for kind, row in OPERATED.items() if row.fixed} & asked) >= 4


def test_the_server_refuses_what_is_foretold_and_takes_the_rest(
    server: Oracle, record_property: Callable[[str, int], None]
) -> None:
    """An object that would not be accepted as a new one, either, says nothing about updates and does not count.

    What webhooks of operators refuse is left out: they do not run here.
    """
    wrong: list[str] = []
    counts = {True: 0, False: 0}
    invalid: list[str] = []
    for pair in pairs(NAMESPACE):
        if problem := settle_before(server.kube, pair.before):
            invalid.append(f"{pair.case}: {problem}")
            continue
        verdict = server.apply(pair.after, manager=ENGINE)
        if not verdict.accepted and (problem := in_itself_invalid(server, pair)):
            invalid.append(f"{pair.case}: {problem}")
        else:
            found = [each for each in refused(pair.before, pair.after) if each.by == "the API server"]
            counts[verdict.accepted] += 1
            if bool(found) is verdict.accepted:
                said = "; ".join(f"{each.field} {each.why}" for each in found) or "nothing"
                wrong.append(f"{pair.case}: foretold {said}, the server says {verdict.message or 'yes'}")
        remove(server.kube, pair.before)
    record_property("cases", counts[True] + counts[False])
    assert not wrong, few(wrong, most=40)
    assert counts[True] >= 200
    assert counts[False] >= 200
    assert len(invalid) <= 60, few(invalid)


def settle_before(kube: Kube, resource: Object) -> str:
    """Apply an object as an engine does, or say why not. A claim is played to be bound, as those in use are."""
    try:
        kube.apply(resource, manager=ENGINE)
    except ApiError as error:
        return error.message
    if resource["kind"] == "PersistentVolumeClaim":
        kube.patch(resource, {"spec": {"volumeName": "volume"}})
        kube.patch_status(resource, {"phase": "Bound", "capacity": resource["spec"]["resources"]["requests"]})
    return ""


def in_itself_invalid(server: Oracle, pair: Pair) -> str:
    """Return why `after` is no good object even without a `before`; empty when it is one."""
    alone = {**pair.after, "metadata": {**pair.after["metadata"], "name": f"{pair.after['metadata']['name']}-alone"}}
    return server.create(alone).message


def remove(kube: Kube, resource: Object) -> None:
    kube.patch(resource, {"metadata": {"finalizers": None}})
    parameters = {"gracePeriodSeconds": "0", "propagationPolicy": "Background"}
    kube.request("DELETE", kube.path_of(resource), params=parameters)
