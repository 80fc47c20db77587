"""Hand edits of kustomizations, of where things stand and of how they are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from tests.update.worlds import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.update.hand import Hand, State

CONFIGMAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  key: value\n"


def _contains(environment: str, kind: str, name: str) -> Callable[[State], bool]:
    return lambda state: any(
        each["kind"] == kind and name in each["metadata"]["name"] for each in state.built(environment)
    )


def resource_added(hand: Hand) -> bool:
    name = hand.rng.choice(["extra", "aaa", "feature-flags"])
    if f"{hand.overlay}/{name}.yaml" in hand.files:
        return False
    hand.files[f"{hand.overlay}/{name}.yaml"] = CONFIGMAP.format(name=name).encode()
    return hand.lists(f"{name}.yaml") and hand.still(_contains(hand.environment, "ConfigMap", name))


def resource_added_first(hand: Hand) -> bool:
    if f"{hand.overlay}/first.yaml" in hand.files:
        return False
    hand.files[f"{hand.overlay}/first.yaml"] = CONFIGMAP.format(name="first").encode()
    done = hand.sub(hand.kustomization, r"^( *)- \.\./\.\./base\n", r"\g<0>\1- first.yaml" "\n")
    return done and hand.still(_contains(hand.environment, "ConfigMap", "first"))


def resource_added_to_base(hand: Hand) -> bool:
    if f"{hand.base}/shared.yaml" in hand.files:
        return False
    hand.files[f"{hand.base}/shared.yaml"] = CONFIGMAP.format(name="shared").encode()
    return hand.lists("shared.yaml", f"{hand.base}/kustomization.yaml") and hand.still(
        _contains(hand.environment, "ConfigMap", "shared")
    )


def component_added(hand: Hand) -> bool:
    place = f"{ROOT}/components/debug"
    hand.files[f"{place}/kustomization.yaml"] = (
        b"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources:\n- debug.yaml\n"
    )
    hand.files[f"{place}/debug.yaml"] = CONFIGMAP.format(name="debug").encode()
    text = hand.text(hand.kustomization)
    if re.search(r"^components:", text, re.MULTILINE):
        return False
    done = hand.sub(hand.kustomization, r"^(?=images:|replicas:|patches:)", "components:\n- ../../components/debug\n")
    return done and hand.still(_contains(hand.environment, "ConfigMap", "debug"))


def _deleted(hand: Hand, file: str, kind: str) -> bool:
    if f"{hand.overlay}/{file}" not in hand.files or not hand.unlists(file):
        return False
    path = f"{hand.overlay}/{file}"
    if hand.rng.random() < 0.8:
        del hand.files[path]
    environment, name = hand.environment, re.search(r"name: (\S+)", hand.text(path)) if path in hand.files else None
    wanted = name[1] if name else ""
    return hand.still(
        lambda state: (
            not any(each["kind"] == kind and each["metadata"]["name"] == wanted for each in state.built(environment))
            if wanted
            else path not in state.files
        )
    )


def pdb_deleted(hand: Hand) -> bool:
    return _deleted(hand, "poddisruptionbudget.yaml", "PodDisruptionBudget")


def policy_deleted(hand: Hand) -> bool:
    file = hand.rng.choice(["http-networkpolicy.yaml", "postgres-networkpolicy.yaml", "redis-networkpolicy.yaml"])
    return _deleted(hand, file, "NetworkPolicy")


PATCHED = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\n"
PATCHES = (
    ("spec:\n  template:\n    spec:\n      priorityClassName: high\n", "priorityClassName", "high"),
    (
        "spec:\n  template:\n    spec:\n      hostAliases:\n      - ip: 10.0.0.9\n        hostnames: [db.local]\n",
        "hostAliases",
        None,
    ),
    ("spec:\n  template:\n    spec:\n      nodeSelector:\n        disk: ssd\n", "nodeSelector", {"disk": "ssd"}),
    ("spec:\n  template:\n    spec:\n      terminationGracePeriodSeconds: 120\n", "terminationGracePeriodSeconds", 120),
)
# What a patch of a person sets although the generated one sets it, too: the later one wins.
OVERRIDES = (
    (
        "spec:\n  template:\n    spec:\n      containers:\n      - name: shop\n        resources:\n          limits:\n            memory: 1100Mi\n",
        "1100Mi",
    ),
    ("spec:\n  minReadySeconds: 17\n", "17"),
    ("spec:\n  revisionHistoryLimit: 2\n", "2"),
)


def _has_patches(hand: Hand) -> re.Match[str] | None:
    return re.search(r"^patches:\n( *)- ", hand.text(hand.kustomization), re.MULTILINE)


def _inline(indent: str, body: str, *, target: str = "") -> str:
    lines = "".join(f"{indent}    {line}\n" for line in body.splitlines())
    return f"{indent}- {target}patch: |\n{lines}"


def _patch_list_end(text: str) -> int:
    """Where the list of patches ends: at the next key of the file."""
    begin = re.search(r"^patches:\n", text, re.MULTILINE)
    assert begin
    after = re.search(r"^[A-Za-z]", text[begin.end() :], re.MULTILINE)
    return begin.end() + after.start() if after else len(text)


def _add_patch(hand: Hand, new: str, *, first: bool = False) -> bool:
    found, text = _has_patches(hand), hand.text(hand.kustomization)
    if not found:
        return False
    at = found.start() + len("patches:\n") if first else _patch_list_end(text)
    gap = "" if text[:at].endswith("\n") else "\n"
    return hand.put(hand.kustomization, text[:at] + gap + new + text[at:])


def patch_added(hand: Hand) -> bool:
    found = _has_patches(hand)
    if not found:
        return False
    body, name, value = hand.rng.choice(PATCHES)
    environment = hand.environment
    first = hand.rng.random() < 0.25
    return _add_patch(hand, _inline(found[1], PATCHED + body), first=first) and hand.still(
        lambda state: name in state.pod(environment) and value in (None, state.pod(environment)[name])
    )


def patch_added_as_file(hand: Hand) -> bool:
    found = _has_patches(hand)
    if not found:
        return False
    body, name, _ = hand.rng.choice(PATCHES)
    environment = hand.environment
    hand.files[f"{hand.overlay}/own.patch.yaml"] = (PATCHED + body).encode()
    return _add_patch(hand, f"{found[1]}- path: own.patch.yaml\n") and hand.still(
        lambda state: name in state.pod(environment)
    )


def patch_overrides(hand: Hand) -> bool:
    found = _has_patches(hand)
    if not found:
        return False
    body, text = hand.rng.choice(OVERRIDES)
    environment = hand.environment
    return _add_patch(hand, _inline(found[1], PATCHED + body)) and hand.still(
        lambda state: text in str(state.find(environment, "Deployment"))
    )


def json_patch(hand: Hand) -> bool:
    found = _has_patches(hand)
    if not found:
        return False
    environment = hand.environment
    body = "- op: replace\n  path: /spec/template/spec/enableServiceLinks\n  value: true\n"
    target = f"target:\n{found[1]}    kind: Deployment\n{found[1]}    name: shop\n{found[1]}  "
    return _add_patch(hand, _inline(found[1], body, target=target)) and hand.still(
        lambda state: state.pod(environment).get("enableServiceLinks") is True
    )


def patch_of_all_policies(hand: Hand) -> bool:
    """A transformer in effect: it touches objects that are not there yet."""
    found = _has_patches(hand)
    if not found:
        return False
    environment = hand.environment
    body = "- op: add\n  path: /metadata/labels/acme.example~1reviewed\n  value: 'yes'\n"
    target = f"target:\n{found[1]}    kind: NetworkPolicy\n{found[1]}  "
    hand.layers.append((environment, {"patches": [{"target": {"kind": "NetworkPolicy"}, "patch": body}]}))
    return _add_patch(hand, _inline(found[1], body, target=target)) and hand.still(
        lambda state: all(
            each["metadata"]["labels"].get("acme.example/reviewed") == "yes"
            for each in state.built(environment)
            if each["kind"] == "NetworkPolicy"
        )
    )


INLINE = r"^(?P<i> *)- target:\n(?P<t>(?:(?P=i)    [^\n]*\n)+)(?P=i)  patch: \|\n(?P<body>(?:(?P=i)    [^\n]*\n?|\n)+)"


def patch_moved(hand: Hand) -> bool:
    found = re.search(INLINE, hand.text(hand.kustomization), re.MULTILINE)
    if not found or "kind: Deployment\n" not in found["body"]:
        return False
    cut = len(found["i"]) + 4
    hand.files[f"{hand.overlay}/deployment.patch.yaml"] = "".join(
        f"{line[cut:]}\n" for line in found["body"].splitlines()
    ).encode()
    target = hand.rng.random() < 0.5
    new = (
        f"{found['i']}- target:\n{found['t']}{found['i']}  path: deployment.patch.yaml\n"
        if target
        else f"{found['i']}- path: deployment.patch.yaml\n"
    )
    text = hand.text(hand.kustomization)
    return hand.put(hand.kustomization, text[: found.start()] + new + text[found.end() :])


def patch_split(hand: Hand) -> bool:
    """The requests into a patch of their own; what is built stays the same."""
    found = re.search(INLINE, hand.text(hand.kustomization), re.MULTILINE)
    sized = re.search(r"^( *)resources:\n(?:\1  [^\n]*\n?)+", found["body"], re.MULTILINE) if found else None
    if not found or not sized:
        return False
    cut = len(sized[1])
    own = "".join(f"        {line[cut:]}\n" for line in sized[0].splitlines())
    body = PATCHED + "spec:\n  template:\n    spec:\n      containers:\n      - name: shop\n" + own
    text = hand.text(hand.kustomization)
    rest = found["body"].replace(sized[0], "")
    hand.put(hand.kustomization, text[: found.start("body")] + rest + text[found.end("body") :])
    return _add_patch(hand, _inline(found["i"], body))


def _kustomizations(hand: Hand) -> list[str]:
    return [f"{ROOT}/overlays/{each}/kustomization.yaml" for each in hand.environments]


def sizes_moved_to_base(hand: Hand) -> bool:
    """The requests of one environment, and of all that have the same, into the base."""
    found = re.search(INLINE, hand.text(hand.kustomization), re.MULTILINE)
    sized = re.search(r"^( *)resources:\n(?:\1  [^\n]*\n?)+", found["body"], re.MULTILINE) if found else None
    file = hand.where(r"^ *image: shop$", hand.base)
    if not sized or not file or re.search(r"^ *resources:", hand.text(file), re.MULTILINE):
        return False
    indent = re.search(r"^( *)image: shop$", hand.text(file), re.MULTILINE)
    assert indent
    lines = "".join(f"{indent[1]}{line[len(sized[1]) :]}\n" for line in sized[0].splitlines())
    for path in _kustomizations(hand):
        hand.put(path, hand.text(path).replace(sized[0], ""))
    return hand.sub(file, r"^ *image: shop\n", lambda line: line[0] + lines)


def field_moved_to_overlays(hand: Hand) -> bool:
    """A field of the base into every overlay, where each may have its own later."""
    field, value = hand.rng.choice([("revisionHistoryLimit", "5"), ("progressDeadlineSeconds", "[0-9]+")])
    file = hand.where(r"^ *image: shop$", hand.base)
    line = re.search(rf"^  {field}: ({value})\n", hand.text(file), re.MULTILINE) if file else None
    patched = [re.search(INLINE, hand.text(path), re.MULTILINE) for path in _kustomizations(hand)]
    if not file or not line or not all(each and "kind: Deployment\n" in each["body"] for each in patched):
        return False
    if any(field in each["body"] for each in patched if each):
        return False
    for path in _kustomizations(hand):
        hand.sub(path, r"^( *)spec:\n", rf"\g<0>\1  {field}: {line[1]}" "\n")
    return hand.put(file, hand.text(file).replace(line[0], ""))


def generator(hand: Hand) -> bool:
    if re.search(r"^configMapGenerator:", hand.text(hand.kustomization), re.MULTILINE):
        return False
    new = "configMapGenerator:\n- name: settings\n  literals:\n  - A=1\n"
    return hand.put(hand.kustomization, hand.text(hand.kustomization).rstrip("\n") + "\n" + new) and hand.still(
        _contains(hand.environment, "ConfigMap", "settings-")
    )


def _transformer(hand: Hand, key: str, text: str, value: object, check: Callable[[State], bool]) -> bool:
    if re.search(rf"^{key}:", hand.text(hand.kustomization), re.MULTILINE):
        return False
    hand.layers.append((hand.environment, {key: value}))
    done = hand.sub(hand.kustomization, r"^resources:\n", f"{text}resources:\n")
    return done and hand.still(check)


def labels(hand: Hand) -> bool:
    environment = hand.environment
    return _transformer(
        hand,
        "labels",
        "labels:\n- pairs:\n    acme.example/cost: web\n",
        [{"pairs": {"acme.example/cost": "web"}}],
        lambda state: all(
            each["metadata"]["labels"].get("acme.example/cost") == "web" for each in state.built(environment)
        ),
    )


def annotations(hand: Hand) -> bool:
    environment = hand.environment
    return _transformer(
        hand,
        "commonAnnotations",
        "commonAnnotations:\n  acme.example/oncall: blue\n",
        {"acme.example/oncall": "blue"},
        lambda state: all(
            each["metadata"]["annotations"]["acme.example/oncall"] == "blue" for each in state.built(environment)
        ),
    )


def prefix(hand: Hand) -> bool:
    environment = hand.environment
    return _transformer(
        hand,
        "namePrefix",
        "namePrefix: blue-\n",
        "blue-",
        lambda state: all(each["metadata"]["name"].startswith("blue-") for each in state.built(environment)),
    )


def comment_above(hand: Hand) -> bool:
    path, number = hand.any_file(), hand.rng.randrange(10_000)
    lines = hand.text(path).split("\n")
    places = [at for at, line in enumerate(lines) if line.strip() and not line.strip().startswith("#")]
    if not places:
        return False
    at = hand.rng.choice(places)
    indent = re.match(r" *", lines[at])[0]
    gap = [""] if hand.rng.random() < 0.2 else []
    lines[at:at] = [*gap, f"{indent}# because of #{number}: leave it"]
    return hand.put(path, "\n".join(lines))


def comment_beside(hand: Hand) -> bool:
    path, number = hand.any_file(), hand.rng.randrange(10_000)
    lines = hand.text(path).split("\n")
    places = [
        at
        for at, line in enumerate(lines)
        if re.search(r"[:\-] ?[^|#]*$", line) and line.strip() and "#" not in line and "|" not in line
    ]
    if not places:
        return False
    lines[hand.rng.choice(places)] += f" # see #{number}"
    return hand.put(path, "\n".join(lines))


def comment_at_end(hand: Hand) -> bool:
    path = hand.any_file()
    text = hand.text(path)
    return hand.put(path, f"{text.rstrip(chr(10))}\n# the end, says {hand.rng.randrange(1000)}\n")


def comment_on_top(hand: Hand) -> bool:
    path = hand.any_file()
    return hand.put(path, f"# owner: team blue\n# {hand.rng.randrange(1000)}\n{hand.text(path)}")


def resource_commented_out(hand: Hand) -> bool:
    return hand.lists("later.yaml") and hand.sub(hand.kustomization, r"^( *)- later\.yaml\n", r"\1# - later.yaml" "\n")


def _indented(text: str) -> str:
    """Every list one level deeper than its key, as most people write it; text of block scalars moves along."""
    lines, made, shifts = text.split("\n"), [], []
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        if line.strip():
            while shifts and (
                indent < shifts[-1]
                or (indent == shifts[-1] and not line.lstrip().startswith(("- ", "#")) and line.strip() != "-")
            ):
                shifts.pop()
            previous = next((each for each in reversed(made) if each.strip() and not each.strip().startswith("#")), "")
            opens = previous.split(" #")[0].rstrip().endswith(":")
            if line.lstrip().startswith("- ") and opens and (not shifts or shifts[-1] != indent):
                shifts.append(indent)
        made.append(" " * (2 * len(shifts)) + line if line.strip() else line)
    return "\n".join(made)


def dashes_indented(hand: Hand) -> bool:
    path = hand.any_file()
    text = hand.text(path)
    new = _indented(text)
    try:
        before, after = list(yaml.safe_load_all(text)), list(yaml.safe_load_all(new))
    except yaml.YAMLError:
        return False
    return _same_patches(before) == _same_patches(after) and hand.put(path, new)


def _same_patches(documents: list[object]) -> object:
    return [_opened(each) for each in documents]


def _opened(value: object) -> object:
    if isinstance(value, dict):
        return {key: yaml.safe_load(item) if key == "patch" else _opened(item) for key, item in value.items()}
    return [_opened(item) for item in value] if isinstance(value, list) else value


def crlf(hand: Hand) -> bool:
    path = hand.any_file()
    hand.files[path] = hand.text(path).replace("\n", "\r\n").encode()
    return True


def quotes(hand: Hand) -> bool:
    path = hand.any_file()
    old, new = hand.rng.choice(
        [(r': "([^"\n\\]*)"$', r": '\1'"), (r"^( *(?:- )?[a-zA-Z]+): ([a-z][a-z/.\-]+)$", r'\1: "\2"')]
    )
    return hand.sub(path, old, new, count=hand.rng.choice([1, 0]))


def document_start(hand: Hand) -> bool:
    path = hand.any_file()
    return not hand.text(path).startswith("---") and hand.put(path, f"---\n{hand.text(path)}")


def no_last_newline(hand: Hand) -> bool:
    path = hand.any_file()
    return hand.put(path, hand.text(path).rstrip("\n"))


def blank_lines(hand: Hand) -> bool:
    path = hand.any_file()
    return hand.sub(path, r"^(spec|metadata|resources|images|patches|data|replicas):", "\n" r"\1:", count=0)


def trailing_spaces(hand: Hand) -> bool:
    path = hand.any_file()
    return hand.sub(path, r"(: [a-z0-9]+)$", r"\1  ", count=2)


def flow_style(hand: Hand) -> bool:
    path = hand.where(r"^ *policyTypes:\n") or hand.where(r"^ *policyTypes:\n", hand.base)
    words = lambda text: ", ".join(line.strip(" -") for line in text.splitlines())  # noqa: E731
    change = lambda found: f"{found[1]}policyTypes: [{words(found[2])}]\n"  # noqa: E731
    return path is not None and hand.sub(path, r"^( *)policyTypes:\n((?:\1 *- \w+\n)+)", change)


def labels_in_flow(hand: Hand) -> bool:
    path = hand.any_file()
    change = lambda found: f"{found[1]}matchLabels: {{{', '.join(each.strip() for each in found[2].splitlines())}}}\n"  # noqa: E731
    return hand.sub(path, r"^( *)matchLabels:\n((?:\1  [^\n#]*\n)+)", change)


def resources_reordered(hand: Hand) -> bool:
    found = re.search(r"^resources:\n((?: *- .*\n)+)", hand.text(hand.kustomization), re.MULTILINE)
    if not found:
        return False
    lines = found[1].splitlines(keepends=True)
    hand.rng.shuffle(lines)
    text = hand.text(hand.kustomization)
    return hand.put(hand.kustomization, text[: found.start(1)] + "".join(lines) + text[found.end(1) :])


def _movable(hand: Hand) -> tuple[str, str] | None:
    """A file that the kustomization at hand lists: (path, entry)."""
    entries = re.findall(r"^ *- ([a-z0-9-]+\.yaml)", hand.text(hand.kustomization), re.MULTILINE)
    known = [each for each in entries if f"{hand.overlay}/{each}" in hand.files and "patch" not in each]
    if not known:
        return None
    entry = hand.rng.choice(known)
    return f"{hand.overlay}/{entry}", entry


def _relisted(hand: Hand, entry: str, new: str) -> bool:
    return hand.sub(hand.kustomization, rf"^( *- ){re.escape(entry)}", rf"\g<1>{new}")


def file_renamed(hand: Hand) -> bool:
    if not (found := _movable(hand)):
        return False
    path, entry = found
    hand.files[f"{hand.overlay}/my-{entry}"] = hand.files.pop(path)
    return _relisted(hand, entry, f"my-{entry}")


def file_moved(hand: Hand) -> bool:
    if not (found := _movable(hand)):
        return False
    path, entry = found
    hand.files[f"{hand.overlay}/net/{entry}"] = hand.files.pop(path)
    return _relisted(hand, entry, hand.rng.choice(["net/", "./net/"]) + entry)


def files_joined(hand: Hand) -> bool:
    if not (found := _movable(hand)) or not (other := _movable(hand)) or other == found:
        return False
    first, second = hand.text(found[0]), hand.text(other[0])
    hand.put(found[0], f"{first.rstrip(chr(10))}\n---\n{second.removeprefix('---' + chr(10))}")
    del hand.files[other[0]]
    return hand.unlists(other[1])


def base_file_renamed(hand: Hand) -> bool:
    if f"{hand.base}/deployment.yaml" not in hand.files:
        return False
    hand.files[f"{hand.base}/workload.yaml"] = hand.files.pop(f"{hand.base}/deployment.yaml")
    return hand.sub(f"{hand.base}/kustomization.yaml", r"^( *- )deployment\.yaml", r"\1workload.yaml")


def kustomize_edit(hand: Hand) -> bool:
    """What `kustomize edit` leaves: trailing comments gone, keys of items sorted, quotes as it likes."""
    try:
        value = yaml.safe_load(hand.text(hand.kustomization))
    except yaml.YAMLError:
        return False
    items = {
        key: [dict(sorted(each.items())) for each in value[key]]
        for key in ("images", "replicas", "patches")
        if key in value
    }
    made = yaml.dump({**value, **items}, sort_keys=False, Dumper=_Literal)
    return hand.put(hand.kustomization, made)


class _Literal(yaml.SafeDumper):
    """Texts of several lines stay block scalars."""


_Literal.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def anchor(hand: Hand) -> bool:
    path = hand.any_file()
    return hand.sub(path, r"^( *)matchLabels:$", r"\1matchLabels: &own")


FILE_EDITS: tuple[tuple[Callable[[Hand], bool], float], ...] = (
    (resource_added, 7), (resource_added_first, 2.5), (resource_added_to_base, 3), (component_added, 1), (pdb_deleted, 2),
    (policy_deleted, 2), (patch_added, 4), (patch_added_as_file, 2), (patch_overrides, 1.5), (json_patch, 1),
    (patch_of_all_policies, 1), (patch_moved, 2), (patch_split, 0.5), (sizes_moved_to_base, 0.7),
    (field_moved_to_overlays, 0.5), (generator, 2), (labels, 1), (annotations, 0.7),
    (prefix, 0.4), (comment_above, 5), (comment_beside, 4), (comment_at_end, 1), (comment_on_top, 1.2),
    (resource_commented_out, 1), (dashes_indented, 3), (crlf, 0.5), (quotes, 1.2), (document_start, 1.5),
    (no_last_newline, 0.5), (blank_lines, 1), (trailing_spaces, 0.4), (flow_style, 1), (labels_in_flow, 1),
    (resources_reordered, 1), (file_renamed, 2.5), (file_moved, 1.5), (files_joined, 1.2), (base_file_renamed, 1),
    (kustomize_edit, 1), (anchor, 0.2),
)  # fmt: skip
