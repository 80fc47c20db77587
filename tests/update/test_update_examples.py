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


def test_an_entry_that_a_person_wrote_with_a_dot_goes_with_its_object():
    files = made(NODE)
    place = f"{ROOT}/overlays/dev"
    files[f"{place}/net/db.yaml"] = files.pop(f"{place}/postgres-cluster.yaml")
    files[KUSTOMIZATION] = files[KUSTOMIZATION].replace(b"- postgres-cluster.yaml", b"- ./net/db.yaml")
    ours = with_inputs(files, changed(NODE, addons={"http": {}}))
    found = update(ours)
    result = after(ours, found)
    assert not found.merged.conflicts
    assert f"{place}/net/db.yaml" not in result
    assert not State(result).find("dev", "Cluster")


def everywhere(files: Files, change: Callable[[str], str]) -> None:
    for environment in NODE.environments:
        path = f"{ROOT}/overlays/{environment}/kustomization.yaml"
        files[path] = change(files[path].decode()).encode()


SIZED = """\
            resources:
              requests:
                cpu: 100m
                memory: 256Mi
              limits:
                memory: 256Mi
"""
BASE = f"{ROOT}/base/deployment.yaml"


def with_sizes_in_the_base(environments: tuple[str, ...] = NODE.environments) -> Files:
    files = made(NODE)
    for environment in environments:
        path = f"{ROOT}/overlays/{environment}/kustomization.yaml"
        files[path] = files[path].replace(SIZED.encode(), b"")
    text = files[BASE].decode()
    at = text.index("        ports:\n")
    indented = textwrap.indent(textwrap.dedent(SIZED), "        ")
    files[BASE] = f"{text[:at]}{indented}{text[at:]}".encode()
    return files


def sizes(files: Files) -> list[str]:
    state = State(files)
    return [state.container(each)["resources"]["limits"]["memory"] for each in ("dev", "prod")]


def test_a_field_that_a_person_moved_to_the_base_is_changed_there():
    files = with_sizes_in_the_base()
    assert sizes(files) == ["256Mi", "256Mi"]
    ours = with_inputs(files, changed(NODE, size="m"))
    found = update(ours)
    result = after(ours, found)
    assert not found.merged.conflicts
    assert sizes(result) == ["512Mi", "512Mi"]
    assert result[BASE] == files[BASE].replace(b"256Mi", b"512Mi").replace(b"cpu: 100m", b"cpu: 250m")
    assert b"resources:\n              requests" not in result[KUSTOMIZATION]
    assert not update(result).pending


def test_a_field_in_the_base_that_one_environment_has_otherwise_now_goes_into_that_overlay():
    files = with_sizes_in_the_base()
    ours = with_inputs(files, changed(NODE, environments={"prod": {"size": "m"}}))
    found = update(ours)
    result = after(ours, found)
    assert not found.merged.conflicts
    assert sizes(result) == ["256Mi", "512Mi"]
    assert result[BASE] == files[BASE]
    again = with_inputs(result, changed(NODE, size="l", environments={"prod": {"size": "xl"}}))
    found = update(again)
    assert not found.merged.conflicts
    assert sizes(after(again, found)) == sizes(made(changed(NODE, size="l", environments={"prod": {"size": "xl"}})))


def test_another_value_in_the_base_is_a_conflict_with_that_value():
    files = with_sizes_in_the_base()
    files[BASE] = files[BASE].replace(b"256Mi", b"300Mi")
    same = with_inputs(files, changed(NODE, env={"ADDED": "yes"}))
    found = update(same)
    assert not found.merged.conflicts
    assert sizes(after(same, found)) == ["300Mi", "300Mi"]
    found = update(with_inputs(files, changed(NODE, size="m")))
    assert {(each.file, each.ours) for each in found.merged.conflicts} == {(BASE, "300Mi")}


def test_a_field_that_one_overlay_alone_left_to_the_base_is_changed_for_both():
    files = with_sizes_in_the_base(("dev",))
    ours = with_inputs(files, changed(NODE, size="m"))
    found = update(ours)
    assert not found.merged.conflicts
    assert sizes(after(ours, found)) == ["512Mi", "512Mi"]


def test_a_variable_in_the_base_that_is_removed_goes_from_there():
    before = changed(NODE, env={"MODE": "fast"})
    files = made(before)
    item = "            - name: MODE\n              value: fast\n"
    everywhere(files, lambda text: text.replace(item, ""))
    text = files[BASE].decode()
    at = text.index("        ports:\n")
    files[BASE] = f"{text[:at]}        env:\n        - name: MODE\n          value: fast\n{text[at:]}".encode()
    assert State(files).variable("dev", "MODE")
    ours = with_inputs(files, NODE)
    found = update(ours)
    assert not found.merged.conflicts
    assert not State(after(ours, found)).variable("prod", "MODE")


def with_history_in_overlays(value: str = "5") -> Files:
    files = made(NODE)
    files[BASE] = files[BASE].replace(b"  revisionHistoryLimit: 5\n", b"")
    everywhere(files, lambda text: text.replace("    spec:\n", f"    spec:\n      revisionHistoryLimit: {value}\n", 1))
    return files


def with_shorter_history() -> Inputs:
    texts = bundled_texts("web", "shared")
    path = "web/resources/deployment.yaml"
    texts[path] = texts[path].replace("revisionHistoryLimit: 5", "revisionHistoryLimit: 3")
    return replace(NODE, bundle=tuple(sorted(texts.items())))


def histories(files: Files) -> list[int]:
    return [State(files).find(each, "Deployment")["spec"]["revisionHistoryLimit"] for each in ("dev", "prod")]


def test_a_field_that_a_person_moved_from_the_base_into_the_overlays_is_changed_there():
    files = with_history_in_overlays()
    ours = with_inputs(files, with_shorter_history())
    found = update(ours)
    result = after(ours, found)
    assert not found.merged.conflicts
    assert histories(result) == [3, 3]
    assert b"revisionHistoryLimit" not in result[BASE]
    assert not update(result).pending


def test_a_new_overlay_gets_what_a_person_moved_into_the_overlays():
    files = with_history_in_overlays()
    now = replace(NODE, config={**NODE.config, "environments": {**NODE.config["environments"], "staging": STAGING}})
    ours = with_inputs(files, now)
    found = update(ours)
    assert not found.merged.conflicts
    state = State(after(ours, found))
    assert state.find("staging", "Deployment")["spec"]["revisionHistoryLimit"] == 5


def test_another_value_in_the_overlays_is_a_conflict_with_that_value():
    files = with_history_in_overlays("9")
    found = update(with_inputs(files, changed(NODE, env={"ADDED": "yes"})))
    assert not found.merged.conflicts
    found = update(with_inputs(files, with_shorter_history()))
    assert {each.ours for each in found.merged.conflicts} == {9}
    assert {each.file.split("/")[4] for each in found.merged.conflicts} == {"dev", "prod"}
