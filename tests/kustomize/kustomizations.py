"""Random kustomizations for the differential test: every feature of the subset, mixed, with collisions and mistakes.

`random_tree(seed)` gives the files of a small repo whose directory `overlay` is to be built. The same seed gives the same files.
"""

from __future__ import annotations

from typing import Any

from tests.kustomize.random_patches import PatchMaker
from tests.kustomize.random_resources import IMAGES, KEYS, KINDS, NAMES, WORDS, dump


class KustomizationMaker(PatchMaker):
    def generators(self, directory: str, names: tuple[str, ...], behaviors: tuple[str, ...]) -> list[dict[str, Any]]:
        result = []
        for name in names:
            entry: dict[str, Any] = {"name": name}
            if self.chance(0.9):
                entry["literals"] = [
                    f"{k}={self.r.choice(('v', chr(34) + 'q' + chr(34), '<x>&', 'a=b', 'ü', ''))}"
                    for k in self.some(("A", "B", "C"))
                ]
            if self.chance(0.3):
                entry["files"] = self.some(("conf.ini", "bin=blob.bin", "renamed=conf.ini"), 2)
                self.files[f"{directory}/conf.ini"] = b"[a]\nb=1\n"
                self.files[f"{directory}/blob.bin"] = bytes([0xFF, 0, 1, 2]) * self.r.choice((3, 40))
            if self.chance(0.25):
                entry["envs"] = ["vars.env"]
                self.files[f"{directory}/vars.env"] = b'# c\n\nE=1\n F = 2 \nG\nH="q"\n'
            if behavior := self.r.choice(behaviors):
                entry["behavior"] = behavior
            if self.chance(0.3):
                options: dict[str, Any] = {}
                if self.chance(0.5):
                    options["disableNameSuffixHash"] = self.chance(0.7)
                if self.chance(0.4):
                    options["labels"] = self.labels()
                if self.chance(0.3):
                    options["annotations"] = {"n" if self.chance(0.03) else "note": "v"}
                if self.chance(0.3):
                    options["immutable"] = True
                entry["options"] = options
            if self.chance(0.1):
                entry["namespace"] = self.r.choice(("shop", "prod"))
            result.append(entry)
        return result

    def customise(self, k: dict[str, Any], among: list[dict[str, Any]], directory: str) -> None:
        r = self.r
        if among and self.chance(0.6):
            k["patches"] = self.patches(among, directory)
        if self.chance(0.4):
            k["namespace"] = r.choice(("shop", "prod", "default"))
        if self.chance(0.15):
            k["namePrefix"] = r.choice(("pre-", "x-"))
        if self.chance(0.1):
            k["nameSuffix"] = r.choice(("-suf", "-v2"))
        if self.chance(0.4):
            k["labels"] = [self.label() for _ in range(r.randint(1, 2))]
        if self.chance(0.05):
            k["commonLabels"] = {"common": "yes"}
        if self.chance(0.25):
            k["commonAnnotations"] = {"note": r.choice(WORDS), **({"app": "x"} if self.chance(0.3) else {})}
        if self.chance(0.5):
            k["images"] = [self.image_entry() for _ in range(r.randint(1, 3))]
        scaled = [x["metadata"]["name"] for x in among if x["kind"] in ("Deployment", "StatefulSet")]
        if scaled and self.chance(0.3):
            k["replicas"] = [{"name": n, "count": r.randint(0, 9)} for n in self.some(scaled, 2)]

    def label(self) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "pairs": {k: self.r.choice(("x", "5", "true")) for k in self.some((*KEYS, "extra"), 2)}
        }
        if self.chance(0.3):
            entry["includeSelectors"] = self.chance(0.8)
        if self.chance(0.4):
            entry["includeTemplates"] = True
        if self.chance(0.15):
            fields = (
                {"path": "spec/extra/labels", "create": True, "kind": "Widget"},
                {"path": "spec/template/metadata/labels", "create": False},
            )
            entry["fields"] = [self.r.choice(fields)]
        return entry

    def image_entry(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"name": self.r.choice((*IMAGES, "app", "registry.io/team/app"))}
        if self.chance(0.4):
            entry["newName"] = self.r.choice(("mirror/app", "app", "nginx"))
        if self.chance(0.6):
            entry["newTag"] = self.r.choice(("9", "v9", "1.2.3"))
        if self.chance(0.3):
            entry["digest"] = "sha256:0123"
        return entry

    def write(self, directory: str, k: dict[str, Any]) -> None:
        self.files[f"{directory}/kustomization.yaml"] = dump(k).encode()

    def base(self, directory: str, kinds: tuple[str, ...], count: int) -> list[dict[str, Any]]:
        objects: dict[tuple[str, str], dict[str, Any]] = {}
        for _ in range(count):
            kind, name = self.r.choice(kinds), self.r.choice(NAMES)
            objects[kind, name] = self.resource(kind, name)
        made = list(objects.values())
        if self.chance(0.2):
            many = "---\n".join(dump(each) for each in made)
            self.files[f"{directory}/all.yaml"] = many.encode()
            entries = ["all.yaml"]
        elif self.chance(0.1):
            self.files[f"{directory}/list.yaml"] = dump({"apiVersion": "v1", "kind": "List", "items": made}).encode()
            entries = ["list.yaml"]
        else:
            entries = []
            for number, each in enumerate(made):
                entries.append(f"r{number}.yaml")
                self.files[f"{directory}/r{number}.yaml"] = dump(each).encode()
        k: dict[str, Any] = {"resources": entries}
        if self.chance(0.3):
            k["configMapGenerator"] = self.generators(directory, ("cfg",), ("", "create"))
        if self.chance(0.4):
            self.customise(k, made, directory)
        self.write(directory, k)
        return made


def random_tree(seed: int) -> dict[str, bytes]:
    m = KustomizationMaker(seed)
    made = m.base("base", KINDS, m.r.randint(1, 7))
    k: dict[str, Any] = {"resources": ["../base"]}
    if m.chance(0.2):
        other = m.base("other", ("Widget", "ConfigMap", "ServiceAccount"), 2)
        k["resources"].append("../other")
        made += other
    below = "overlay"
    if m.chance(0.3):
        below = "middle"
    if m.chance(0.3):
        component: dict[str, Any] = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
        if m.chance(0.4):
            m.files["component/extra.yaml"] = dump(m.resource(m.r.choice(KINDS), "extra")).encode()
            component["resources"] = ["extra.yaml"]
        if m.chance(0.3):
            component["configMapGenerator"] = m.generators("component", ("settings",), ("",))
        m.customise(component, made, "component")
        m.write("component", component)
        k["components"] = ["../component"]
    if m.chance(0.3):
        generated = any(b"configMapGenerator" in data for path, data in m.files.items() if path.startswith("base/"))
        if generated and m.chance(0.8):
            k["configMapGenerator"] = m.generators(below, ("cfg",), ("merge",) * 6 + ("replace",) * 6 + ("",))
        else:
            k["configMapGenerator"] = m.generators(below, ("own",), ("",) * 12 + ("create", "merge"))
    if m.chance(0.1):
        k["generatorOptions"] = {"disableNameSuffixHash": m.chance(0.5), "labels": m.labels()}
    if m.chance(0.3):
        m.files[f"{below}/own.yaml"] = dump(m.resource(m.r.choice(KINDS), "own")).encode()
        k["resources"].insert(m.r.randint(0, 1), "own.yaml")
    m.customise(k, made, below)
    if m.chance(0.1):
        k["sortOptions"] = m.r.choice(
            (
                {"order": "fifo"},
                {"order": "legacy"},
                {"order": "legacy", "legacySortOptions": {"orderFirst": ["Service"], "orderLast": ["Deployment"]}},
            )
        )
    m.write(below, k)
    if below == "middle":
        top: dict[str, Any] = {"resources": ["../middle"]}
        m.customise(top, made, "overlay")
        m.write("overlay", top)
    return m.files
