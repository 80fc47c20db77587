"""Single cases of `atmos update` that the generated ones found, as small as they get."""

from __future__ import annotations

import random
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from atmos_cli.gitops.service_update import UpdateOptions
from tests.update.hand import Hand, State
from tests.update.hand_files import patch_split
from tests.update.rivals import Git
from tests.update.specs import STAGING, bundled_texts
from tests.update.worlds import ROOT, WORLDS, Files, Inputs, after, made, update, with_inputs

if TYPE_CHECKING:
    from collections.abc import Callable

KUSTOMIZATION = f"{ROOT}/overlays/dev/kustomization.yaml"
NODE, AUTOSCALED = WORLDS["node with postgres"], WORLDS["autoscaled"]
OWN = """\
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
    spec:
      template:
        spec:
"""
PRIORITY = f"{OWN}          priorityClassName: high\n"
SELECTOR = f"{OWN}          nodeSelector: {{disk: ssd}}\n"


def changed(inputs: Inputs, **values: Any) -> Inputs:
    spec = {key: value for key, value in {**inputs.spec, **values}.items() if value is not None}
    return replace(inputs, spec=spec)


def updated(
    before: Inputs, now: Inputs, edit: Callable[[str], str], *, path: str = KUSTOMIZATION, **sides: Any
) -> tuple[Files, Files, list[str]]:
    """The files of a person, those after the update, and the fields in conflict."""
    files = made(before)
    files[path] = edit(files[path].decode()).encode()
    ours = with_inputs(files, now)
    found = update(ours, options=UpdateOptions(**sides))
    return ours, after(ours, found), [each.field for each in found.merged.conflicts]


def limit(state: State) -> str:
    return state.container("dev")["resources"]["limits"]["memory"]


def test_a_comment_in_an_inline_patch_stays():
    comment = lambda text: text.replace("            env:\n", "            env:\n            # why\n")  # noqa: E731
    ours, result, conflicts = updated(NODE, changed(NODE, probes={"liveness": {"timeout": 5}}), comment)
    assert not conflicts
    assert result[KUSTOMIZATION] == ours[KUSTOMIZATION]
    _, result, _ = updated(NODE, changed(NODE, size="m"), comment)
    assert b"            # why\n" in result[KUSTOMIZATION]
    assert limit(State(result)) == "512Mi"


def test_a_patch_of_a_person_before_the_generated_one_is_not_taken_for_it():
    _, result, conflicts = updated(
        NODE, changed(NODE, size="m"), lambda text: text.replace("patches:\n", f"patches:\n{PRIORITY}")
    )
    assert not conflicts
    assert (limit(State(result)), State(result).pod("dev")["priorityClassName"]) == ("512Mi", "high")


def test_two_patches_of_a_person_stay_beside_the_generated_one():
    edit = lambda text: text + PRIORITY + SELECTOR  # noqa: E731
    _, result, conflicts = updated(NODE, changed(NODE, size="m"), edit)
    assert not conflicts
    assert (limit(State(result)), State(result).pod("dev")["nodeSelector"]) == ("512Mi", {"disk": "ssd"})
    _, result, _ = updated(NODE, changed(NODE, size="m"), edit, theirs=(".",))
    assert State(result).pod("dev")["priorityClassName"] == "high"


def test_ours_keeps_an_edited_object_that_is_no_longer_generated():
    annotate = lambda text: text.replace("  annotations:\n", "  annotations:\n    a/b: c\n")  # noqa: E731
    now, path = changed(NODE, addons={"postgres": {}}), f"{ROOT}/overlays/dev/http-ingress.yaml"
    assert updated(NODE, now, annotate, path=path)[2]
    _, result, conflicts = updated(NODE, now, annotate, path=path, ours=(".",))
    assert not conflicts
    assert State(result).find("dev", "Ingress")
    _, result, _ = updated(NODE, now, annotate, path=path, theirs=(".",))
    assert not State(result).find("dev", "Ingress")


def test_without_autoscaling_as_many_pods_as_the_autoscaler_kept_at_least():
    now = changed(AUTOSCALED, addons={"http": {}, "redis": {}}, scaling=None)
    _, result, _ = updated(AUTOSCALED, now, lambda text: text)
    assert State(result).find("dev", "Deployment")["spec"]["replicas"] == 3


def named(found: Any) -> list[str]:
    """The fields that the plan speaks of."""
    return [each.field for each in (*found.merged.conflicts, *found.merged.kept)]


def test_what_a_later_patch_of_a_person_hides_is_said():
    files = made(NODE)
    limits = "          containers:\n          - name: shop\n            resources: {limits: {memory: 1100Mi}}\n"
    files[KUSTOMIZATION] += f"{OWN}{limits}".encode()
    found = update(with_inputs(files, changed(NODE, size="m")))
    assert any(field.endswith("limits.memory") for field in named(found))


def test_what_a_patch_of_a_person_hides_of_a_field_that_is_new_in_the_base_is_said():
    files = made(NODE)
    files[KUSTOMIZATION] += PRIORITY.encode()
    texts = bundled_texts("web", "shared")
    pod = texts["shared/pod.yaml"]
    texts["shared/pod.yaml"] = pod.replace(
        "enableServiceLinks: false", "enableServiceLinks: false\n  priorityClassName: acme"
    )
    found = update(with_inputs(files, replace(NODE, bundle=tuple(texts.items()))))
    assert any(field.endswith("priorityClassName") for field in named(found))


def test_a_patch_in_a_file_of_its_own_needs_no_target_to_be_the_same():
    files = made(NODE)
    text = files[KUSTOMIZATION].decode()
    head, _, body = text.partition("- target:\n    kind: Deployment\n    name: shop\n  patch: |\n")
    files[KUSTOMIZATION] = f"{head}- path: own.yaml\n".encode()
    files[f"{ROOT}/overlays/dev/own.yaml"] = textwrap.dedent(body).encode()
    ours = with_inputs(files, changed(NODE, size="m"))
    found = update(ours)
    assert not named(found)
    assert limit(State(after(ours, found))) == "512Mi"


def test_what_two_branches_left_out_comes_with_the_next_update():
    one = changed(NODE, env={"ADDED": "yes"})
    other = replace(NODE, config={**NODE.config, "environments": {**NODE.config["environments"], "staging": STAGING}})
    with Git() as git:
        merged, conflicts = git.merged(made(NODE), made(one), made(other))
    assert not conflicts
    assert State(after(merged, update(merged))).variable("staging", "ADDED")


def split_off(inputs: Inputs) -> Hand:
    hand = Hand(made(inputs), random.Random(1), ("dev",))
    assert patch_split(hand)
    return hand


def test_requests_split_off_into_a_patch_of_their_own():
    hand = split_off(NODE)
    ours = with_inputs(hand.files, changed(NODE, size="m", env={"ADDED": "yes"}))
    found = update(ours)
    assert not named(found)
    result = after(ours, found)
    assert limit(State(result)) == "512Mi"
    assert State(result).variable("dev", "ADDED")
    assert result[KUSTOMIZATION].count(b"resources:\n") == ours[KUSTOMIZATION].count(b"resources:\n")


def test_requests_split_off_into_a_file_of_their_own():
    hand = split_off(NODE)
    head, _, body = hand.text(KUSTOMIZATION).rpartition("- patch: |\n")
    hand.files[KUSTOMIZATION] = f"{head}- path: sizes.yaml\n".encode()
    hand.files[f"{ROOT}/overlays/dev/sizes.yaml"] = textwrap.dedent(body).encode()
    ours = with_inputs(hand.files, changed(NODE, size="m"))
    found = update(ours)
    assert not named(found)
    assert limit(State(after(ours, found))) == "512Mi"
    assert b"512Mi" in after(ours, found)[f"{ROOT}/overlays/dev/sizes.yaml"]


def test_a_number_changed_where_it_was_split_off_is_a_conflict_with_that_number():
    hand = split_off(NODE)
    hand.sub(KUSTOMIZATION, r"memory: 256Mi", "memory: 300Mi", count=0)
    found = update(with_inputs(hand.files, changed(NODE, size="m")))
    assert {each.ours for each in found.merged.conflicts} == {"300Mi"}


def test_what_was_split_off_and_then_deleted_stays_deleted():
    hand = split_off(NODE)
    hand.sub(KUSTOMIZATION, r"^ *limits:\n(?: *(?:cpu|memory): .*\n)+", "")
    ours = with_inputs(hand.files, changed(NODE, env={"ADDED": "yes"}))
    found = update(ours)
    assert [(each.what, each.field.rpartition(".")[2]) for each in found.merged.kept] == [("deleted", "limits")]
    assert not found.merged.conflicts
    assert "limits" not in State(after(ours, found)).container("dev")["resources"]
