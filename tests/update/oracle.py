"""Judges what `atmos update` made of a case, by what it builds to, by the text, and by what it asks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import yaml

from atmos_cli.diagnostics import AtmosError
from atmos_cli.gitops.service_update import UpdateOptions
from atmos_cli.kustomize.build import build
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.emit import emit_all
from atmos_cli.yamlio.load import load_all
from tests.update.hand import State, holds
from tests.update.reference import Clash, Merger, as_owned, canonical, differences, index, scaled_elsewhere
from tests.update.text import text_problems
from tests.update.worlds import ROOT, Files, after, made, update, with_inputs

if TYPE_CHECKING:
    from atmos_cli.merge.model import Conflict, KeptEdit
    from tests.update.generator import Case
    from tests.update.reference import Key, Resource
    from tests.update.worlds import Inputs


@dataclass(slots=True)
class Judged:
    """`problems` are (promise, what is wrong); the rest are counts."""

    case: Case
    problems: list[tuple[str, str]] = field(default_factory=list)
    clashes: int = 0
    conflicts: int = 0
    refused: bool = False
    written: Files = field(default_factory=dict)

    def wrong(self, promise: str, what: str) -> None:
        self.problems.append((promise, what))


class Known:
    """States of generated files, which many cases share."""

    def __init__(self) -> None:
        self._known: dict[str, State] = {}

    def of(self, inputs: Inputs) -> State:
        name = json.dumps([inputs.spec, inputs.config, inputs.bundle])
        if name not in self._known:
            if len(self._known) > 64:
                self._known.clear()
            self._known[name] = State(made(inputs))
        return self._known[name]


KNOWN = Known()


@dataclass(frozen=True, slots=True)
class Expected:
    objects: dict[str, dict[Key, Resource]]
    clashes: tuple[Clash, ...]


def expected(case: Case, *, winner: str, owned: bool = True, restores: bool = False) -> Expected:
    """Merge, field by field, what each environment builds to: generated before, with hand edits, generated now.

    Without `owned`, images and numbers of pods are fields as all others are.
    """
    base, ours, theirs = KNOWN.of(case.before), case.hand.plain, KNOWN.of(case.after)
    objects, clashes = {}, []
    for environment in case.after.environments:
        merger = Merger(environment, winner, restores)
        if environment in case.before.environments:
            old, own = index(base.built(environment)), index(ours.built(environment))
        else:
            old, own = (_in_new_overlay(case, each.files, environment) for each in (base, ours))
            _give_what_overlays_have(case, old, own)
            theirs = State({**theirs.files, **_new_overlay(case, environment)})
        new = index(theirs.built(environment))
        if owned:
            own, new = scaled_elsewhere(old, own, new), as_owned(old, own, new)
        found = merger.objects(old, own, new)
        objects[environment] = _layered(found, [layer for env, layer in case.hand.layers if env == environment])
        clashes += merger.clashes
    return Expected(objects, tuple(clashes))


def _in_new_overlay(case: Case, base: Files, environment: str) -> dict[Key, Resource]:
    """What an environment that is new builds to with the base of `base`: hand edits of the base hold there, too."""
    shared = {path: data for path, data in base.items() if path.startswith(f"{ROOT}/base/")}
    return index(State({**shared, **_new_overlay(case, environment)}).built(environment))


def _give_what_overlays_have(case: Case, old: dict[Key, Resource], own: dict[Key, Resource]) -> None:
    """What a person moved out of the base into every overlay belongs into a new one, too."""
    there = [index(case.hand.plain.built(each)) for each in case.before.environments]
    for key, resource in own.items():
        if key[0] == "Deployment" and key in old:
            for field, value in old[key]["spec"].items():
                if field not in resource["spec"] and all(field in each.get(key, {}).get("spec", {}) for each in there):
                    resource["spec"][field] = value


def _new_overlay(case: Case, environment: str) -> Files:
    """A new overlay as it is generated, with the images of the nearest environment where something was deployed."""
    new = {path: data for path, data in KNOWN.of(case.after).files.items() if f"/overlays/{environment}/" in path}
    order = list(case.after.environments)
    at = order.index(environment)
    for source in (*reversed(order[:at]), *order[at + 1 :]):
        data = case.hand.files.get(f"{ROOT}/overlays/{source}/kustomization.yaml", b"")
        entries = {each["name"]: each for each in (yaml.safe_load(data) or {}).get("images") or ()}
        if entries and not any("registry.example.com/" in str(each) for each in entries.values()):
            path = f"{ROOT}/overlays/{environment}/kustomization.yaml"
            made = yaml.safe_load(new[path])
            made["images"] = [entries.get(each["name"], each) for each in made["images"]]
            return {**new, path: yaml.safe_dump(made).encode()}
    return new


def _layered(objects: dict[Key, Resource], layers: list[dict[str, Any]]) -> dict[Key, Resource]:
    """The objects, with the transformers that people added on top."""
    if not layers:
        return objects
    files = {"all.yaml": emit_all(list(objects.values())).encode()}
    for number, layer in enumerate(layers):
        below = f"../{number - 1}" if number else "../all.yaml"
        if number == 0:
            files["0/all.yaml"], below = files.pop("all.yaml"), "all.yaml"
        value = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [below],
            **layer,
        }
        files[f"{number}/kustomization.yaml"] = emit_all([value]).encode()
    return index([each.resource for each in build(MemoryTree(files), str(len(layers) - 1))])


def judge(case: Case, *, twice: bool = True, untouched: bool = True) -> Judged:
    """Update the case and name every promise that does not hold."""
    judged = Judged(case)
    files = with_inputs(case.hand.files, case.after)
    if untouched:
        _nothing_changed(case, judged)
    try:
        found = update(files)
    except AtmosError as error:
        judged.refused = True
        if "anchor" not in case.hand.names:
            judged.wrong("not refused", "; ".join(f"{each.code.name}: {each.message}" for each in error.diagnostics))
        return judged
    conflicts = found.merged.conflicts
    judged.conflicts = len(conflicts)
    try:
        wanted = expected(case, winner="ours")
    except AtmosError as error:
        judged.wrong("oracle", str(error.diagnostics))
        return judged
    judged.clashes = sum(each.hard for each in wanted.clashes)
    _conflicts_are_true(case, judged, conflicts, _unsaid(wanted.clashes, found.merged.kept, files), files)
    if conflicts:
        _resolved(case, judged, files, wanted)
    else:
        result = after(files, found)
        judged.written = result
        _result(case, judged, files, result, wanted, "merged")
        if twice:
            _twice(judged, result)
    return judged


def _nothing_changed(case: Case, judged: Judged) -> None:
    files = with_inputs(case.hand.files, case.before)
    try:
        found = update(files)
    except AtmosError as error:
        judged.wrong("nothing changed: nothing written", f"refused: {error.diagnostics[0].message}")
        return
    changed = [path for path, data in found.files.items() if data != files.get(path)]
    if changed or found.merged.conflicts:
        said = [f"{each.field} {each.base!r}/{each.ours!r}/{each.theirs!r}" for each in found.merged.conflicts]
        judged.wrong("nothing changed: nothing written", f"{changed or ''}{'; '.join(said)}")


def _twice(judged: Judged, result: Files) -> None:
    try:
        again = update(result)
    except AtmosError as error:
        judged.wrong("twice is once", f"refused: {error.diagnostics[0].message}")
        return
    changed = [path for path, data in again.files.items() if data != result.get(path)]
    if changed or again.merged.conflicts:
        fields = [f"{each.field}: {each.before!r} → {each.after!r}" for each in again.merged.changed]
        judged.wrong("twice is once", f"{changed} {fields} {[each.field for each in again.merged.conflicts]}")


def _resolved(case: Case, judged: Judged, files: Files, wanted: Expected) -> None:
    """Conflicts do not stop the rest: with each side's choice, everything else must be as it should."""
    for winner in ("ours", "theirs"):
        try:
            found = update(files, options=UpdateOptions(**{winner: (".",)}))
        except AtmosError as error:
            judged.wrong(f"--{winner}", f"refused: {error.diagnostics[0].message}")
            continue
        if found.merged.conflicts:
            judged.wrong(f"--{winner}", f"still in conflict: {[each.field for each in found.merged.conflicts]}")
            continue
        wanteds = (
            [wanted] if winner == "ours" else [expected(case, winner="theirs", restores=each) for each in (False, True)]
        )
        tried = []
        for each in wanteds:
            tried.append(Judged(case))
            _result(case, tried[-1], files, after(files, found), each, f"--{winner}")
        judged.problems += min((each.problems for each in tried), key=len)


def _result(case: Case, judged: Judged, files: Files, result: Files, wanted: Expected, how: str) -> None:
    state = State(result)
    for environment in case.after.environments:
        try:
            found = index(state.built(environment))
        except AtmosError as error:
            judged.wrong("it builds", f"{how} {environment}: {error.diagnostics[0].message}")
            continue
        for line in unlike(wanted.objects[environment], found):
            judged.wrong("effective manifests", f"{how} {environment} {line}")
        if line := out_of_order(state, KNOWN.of(case.after), environment):
            judged.wrong("order of env", f"{how} {environment} {line}")
    if how != "--theirs":
        for name, check in case.hand.stands:
            if not holds(check, state) and not _moot(case, name):
                judged.wrong("hand edits stand", f"{how} {name}")
    # What `theirs` takes out of the text is what was asked for.
    for line in (
        []
        if how == "--theirs"
        else text_problems(
            files,
            result,
            KNOWN.of(case.before).files,
            KNOWN.of(case.after).files,
            moved="sizes_moved_to_base" in case.hand.names,
        )
    ):
        judged.wrong("text", f"{how} {line}")


def out_of_order(state: State, theirs: State, environment: str) -> str:
    """Variables may use those before them, so what is generated must keep its order."""
    names, wanted = ([each["name"] for each in one.container(environment).get("env", [])] for one in (state, theirs))
    found, known = [each for each in names if each in wanted], [each for each in wanted if each in names]
    return "" if found == known else f"want {known}, got {found}"


def _moot(case: Case, name: str) -> bool:
    """The environment that was edited is gone, or what is deleted by hand is no longer generated."""
    return {*case.before.environments} - {*case.after.environments} != set() or (
        name == "replicas" and "autoscaling" in case.changes
    )


def unlike(wanted: dict[Key, Resource], found: dict[Key, Resource]) -> list[str]:
    lines = [f"{'/'.join(key)} is missing" for key in sorted(wanted.keys() - found.keys())]
    lines += [f"{'/'.join(key)} is there" for key in sorted(found.keys() - wanted.keys())]
    for key in sorted(wanted.keys() & found.keys()):
        one, other = (canonical(each[key], key[0]) for each in (wanted, found))
        if key[0] == "Deployment" and ("HorizontalPodAutoscaler", key[1]) in found:
            for each in (one, other):
                each["spec"].pop("replicas", None)
        lines += [f"{'/'.join(key)} {line}" for line in differences(one, other)]
    return lines


def _conflicts_are_true(
    case: Case, judged: Judged, conflicts: tuple[Conflict, ...], clashes: tuple[Clash, ...], files: Files
) -> None:
    matched: set[int] = set()
    for conflict in conflicts:
        pairs = [at for at, clash in enumerate(clashes) if _about(conflict, clash, files)]
        matched.update(pairs)
        if not pairs and not _other_truth(case, conflict, files):
            place = f"{conflict.file.removeprefix(ROOT)} {conflict.field}"
            values = f"{conflict.base!r} → ours {conflict.ours!r}, theirs {conflict.theirs!r}"
            judged.wrong("false conflict", f"{place}: {values}"[:400])
    for at, clash in enumerate(clashes):
        if at not in matched and clash.hard:
            judged.wrong("hidden conflict", str(clash)[:400])


def _unsaid(clashes: tuple[Clash, ...], kept: tuple[KeptEdit, ...], files: Files) -> tuple[Clash, ...]:
    """What need not be asked: that a person's own patch still decides, which the plan says."""
    said = [each for clash in clashes for each in [any(_about(edit, clash, files) for edit in kept)]]
    return tuple(replace(clash, hard=clash.hard and not each) for clash, each in zip(clashes, said, strict=True))


def _other_truth(case: Case, conflict: Conflict, files: Files) -> bool:
    """Conflicts outside of what overlays build to: an edited overlay that is to go, or a pointer of the engine."""
    environment = _environment(conflict)
    if environment and environment not in case.after.environments:
        base = KNOWN.of(case.before).files
        return any(
            data != base.get(path) for path, data in case.hand.files.items() if f"/overlays/{environment}/" in path
        ) or any(f"/overlays/{environment}/" in path and path not in case.hand.files for path in base)
    if conflict.file.startswith("delivery/"):
        return True
    return "anchor" in case.hand.names


def _environment(conflict: Conflict | KeptEdit) -> str:
    found = re.match(rf"{ROOT}/overlays/([^/]+)/", conflict.file)
    return found[1] if found else ""


def _about(conflict: Conflict | KeptEdit, clash: Clash, files: Files) -> bool:
    """Whether the conflict names the field that clashes, or something around it."""
    if _environment(conflict) not in ("", clash.environment):
        return False
    steps = _steps(conflict.field)
    kind = ""
    if steps[:1] == ["images"]:
        return clash.path[-1:] == ("image",)
    if steps[:1] == ["replicas"]:
        return clash.path == ("spec", "replicas")
    if steps[:1] == ["resources"] and conflict.file.endswith("kustomization.yaml"):
        return clash.path == () and clash.key[0].lower() in conflict.field.replace("-", "")
    if steps[:1] == ["patches"] and len(steps) > 1:
        kind, steps = steps[1].partition("/")[0], steps[2:]
    elif not conflict.file.endswith("kustomization.yaml"):
        kind = _kind(files.get(conflict.file, b""), getattr(conflict, "document", 0))
    if kind and kind != clash.key[0]:
        return False
    shorter = min(len(steps), len(clash.path))
    return steps[:shorter] == list(clash.path[:shorter])


def _kind(data: bytes, document: int) -> str:
    found = [each.value for each in load_all(data)] if data else []
    value = found[document] if document < len(found) else {}
    return value.get("kind", "") if isinstance(value, dict) else ""


def _steps(text: str) -> list[str]:
    """`a.b[c].d` as its names; what stands in brackets is one name."""
    return [inside or name for inside, name in re.findall(r"\[([^\]]*)\]|([^.\[\]]+)", text)]


def duplicate_keys(files: Files) -> list[str]:
    """Mappings of the result that say one key twice, inline patches included; atmos's own reader is not asked."""
    found = []
    for path, data in files.items():
        if path.startswith(f"{ROOT}/") and path.endswith(".yaml"):
            for node in yaml.compose_all(data.decode(), Loader=yaml.SafeLoader):
                found += [f"{path}: {key}" for key in _twins(node)]
    return found


def _twins(node: Any) -> list[str]:
    if isinstance(node, yaml.SequenceNode):
        return [each for item in node.value for each in _twins(item)]
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value]
        own = [name for name in set(names) if names.count(name) > 1]
        inner = [value for _, value in node.value]
        texts = [value for key, value in node.value if key.value == "patch" and isinstance(value, yaml.ScalarNode)]
        opened = [yaml.compose(each.value, Loader=yaml.SafeLoader) for each in texts]
        return own + [each for item in (*inner, *opened) for each in _twins(item)]
    return []
