"""What `init` makes lives on as services do: a changed configuration reaches it, and what people edited in it stays."""

from __future__ import annotations

import copy
import functools
import json
import random
from typing import TYPE_CHECKING

import pytest
import yaml

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.gitops.repository import config_of
from atmos_cli.gitops.service_update import UpdateOptions, chooser
from atmos_cli.gitops.skeleton_update import INIT_LOCK, SkeletonUpdate, update_skeleton
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.emit import emit
from tests.update.generator import fresh_seed
from tests.update.platform_edits import CONFIG, changed_config, edited_platform
from tests.update.reference import GONE, Merger, same
from tests.update.rivals import Git
from tests.update.text import text_problems

if TYPE_CHECKING:
    from tests.update.worlds import Files

SEED = fresh_seed()


def updated(files: Files, config: dict) -> tuple[Files, SkeletonUpdate]:
    """The files before and after, with this configuration."""
    ours = {**files, "atmos-cli.yaml": emit(config).encode()}
    tree = MemoryTree(ours)
    found = update_skeleton(
        tree, config_of(tree), catalogue(tree), choose=chooser(UpdateOptions(), None), teams=("core", "main")
    )
    made = {path: data for path, data in {**ours, **found.files}.items() if data is not None}
    return made, found


@functools.cache
def _made(config: str) -> tuple[tuple[str, bytes], ...]:
    return tuple(updated({}, json.loads(config))[0].items())


def made(config: dict) -> Files:
    return dict(_made(json.dumps(config)))


def documents(files: Files, path: str) -> dict:
    """The objects of a file, by kind and name; a text file is its lines."""
    data = files.get(path)
    if data is None:
        return {}
    if _is_text(path):
        return {("text", path): {line: True for line in data.decode().splitlines() if line.strip()}}
    values = [each for each in yaml.safe_load_all(data.decode()) if each]
    return {(each["kind"], each.get("metadata", {}).get("name", "")): _sets(each) for each in values}


def _is_text(path: str) -> bool:
    return not path.endswith(".yaml") or path.startswith(".")


def _sets(value: dict) -> dict:
    """A kustomization's resources as a set."""
    return (
        {**value, "resources": dict.fromkeys(value["resources"], True)}
        if value["kind"] == "Kustomization" and "resources" in value
        else value
    )


@pytest.mark.sample(4)
@pytest.mark.parametrize("number", range(48))
def test_a_changed_configuration_reaches_what_people_edited(number):
    rng = random.Random(f"{SEED}/platform/{number}")
    base = made(CONFIG)
    changes, config = changed_config(rng)
    theirs = made(config)
    names, hand = edited_platform(rng, base, tuple(CONFIG["environments"]))
    said = f"ATMOS_UPDATE_SEED={SEED} repeats this ({number}): {changes}; by hand {names}"
    ours = {**hand, "atmos-cli.yaml": theirs["atmos-cli.yaml"]}
    result, found = updated(hand, config)
    wrong, clashes = [], []
    conflicts = {each.file for each in found.merged.conflicts}
    for path in sorted({*base, *ours, *theirs} - {INIT_LOCK, "atmos-cli.yaml"}):
        if path.startswith("platform/") or path in conflicts:
            continue
        merger = Merger("")
        wanted = merger.objects(*(documents(each, path) for each in (base, ours, theirs)))
        clashes += [(path, each) for each in merger.clashes if each.hard and not isinstance(each.ours, list)]
        lists = [each for each in merger.clashes if isinstance(each.ours, list)]
        got = documents(result, path)
        if not lists and not _alike(wanted, got):
            wrong.append(f"{path}: want {wanted}, got {got}"[:900])
    false = [each for each in found.merged.conflicts if not _true(each.file, base, ours, theirs)]
    wrong += [f"false conflict: {each.file} {each.field}" for each in false]
    wrong += [f"hidden conflict: {path} {clash}" for path, clash in clashes]
    if not conflicts:
        wrong += text_problems(
            {p: d for p, d in ours.items() if p != INIT_LOCK}, _without_lock(result), base, theirs, of_all=True
        )
        again, _ = updated(result, config)
        wrong += [f"twice: {path}" for path in {*again, *result} if again.get(path) != result.get(path)]
    assert not wrong, said + "\n" + "\n".join(wrong)


def _without_lock(files: Files) -> Files:
    return {path: data for path, data in files.items() if path != INIT_LOCK and not path.startswith("platform/")}


def _alike(wanted: dict, got: dict) -> bool:
    return wanted == got and all(same(wanted.get(key, GONE), got.get(key, GONE)) for key in wanted)


def _true(path: str, base: Files, ours: Files, theirs: Files) -> bool:
    merger = Merger("")
    merger.objects(*(documents(each, path) for each in (base, ours, theirs)))
    # Text is merged by lines: neighbours are a conflict there, to Git as well.
    sides = (each.get(path, b"") for each in (base, ours, theirs))
    with Git() as git:
        return bool(merger.clashes) or (_is_text(path) and git.merge_lines(*sides) is None)


def test_nothing_is_written_where_nothing_changed():
    files = made(CONFIG)
    assert updated(files, CONFIG)[0] == files


def test_a_changed_group_reaches_projects_and_tenants_without_a_conflict():
    base = made(CONFIG)
    config = copy.deepcopy(CONFIG)
    config["teams"] = {"core": {"groups": ["acme:other"]}, "main": {"groups": ["acme:main"]}}
    result, found = updated(base, config)
    assert found.merged.conflicts == ()
    assert result == made(config) | {path: data for path, data in result.items() if path == INIT_LOCK}
    (project,) = documents(result, "argocd/projects/core.yaml").values()
    roles = {each["name"]: each["groups"] for each in project["spec"]["roles"]}
    assert roles == {"sync": ["acme:other"], "view": ["acme:main"]}
    (binding,) = documents(result, "tenants/prod/core/rolebinding-flux-sync.yaml").values()
    assert [each["name"] for each in binding["subjects"]] == ["acme:other"]
    changed = {path for path in result if result[path] != base.get(path)} - {INIT_LOCK, "atmos-cli.yaml"}
    assert changed == {
        *(f"argocd/projects/{team}.yaml" for team in ("core", "main")),
        *(
            f"tenants/prod/{team}/rolebinding-{name}.yaml"
            for team in ("core", "main")
            for name in ("flux-view", "view")
        ),
        *(f"tenants/prod/{team}/rolebinding-flux-sync.yaml" for team in ("core", "main")),
        "tenants/prod/main/kustomization.yaml",
    }


def test_a_subject_that_a_person_added_stays_until_the_groups_change():
    base = made(CONFIG)
    path = "tenants/prod/core/rolebinding-view.yaml"
    hand = {**base, path: base[path] + b"- apiGroup: rbac.authorization.k8s.io\n  kind: Group\n  name: auditors\n"}
    result, found = updated(hand, CONFIG)
    assert (result[path], found.merged.conflicts) == (hand[path], ())
    config = copy.deepcopy(CONFIG)
    config["teams"]["core"]["groups"] = ["acme:other"]
    result, found = updated(hand, config)
    assert [each.file for each in found.merged.conflicts] == [path]
    assert result[path] == hand[path]
