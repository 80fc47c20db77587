"""Builds atmos_cli/kube/schema_pack.bin: strict schemas of Kubernetes and of operators, deduplicated and compressed.

    python scripts/build_schema_pack.py                     the pack, from kubernetes-validate and scripts/crds/*.json
    python scripts/build_schema_pack.py import [CRDS_DIR]   scripts/crds/*.json, from CRD lists (../shared/crds)
    python scripts/build_schema_pack.py import-go [NAME…]   those of GO_MODULES, from their Go modules

The pack is `ATMPACK1`, the length of the index (4 bytes, big-endian), then zlib streams: the index (JSON) and the
chunks that it places. `defs` holds every built-in definition once, one on each line; `k8s/<minor>` says which of them a
version has; `crd/<group>` holds the custom resources of a group: a JSON head, then one definition on each line.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

from crd_facts import condense, root, share, unshare
from schema_hardening import hardened

ROOT = Path(__file__).resolve().parent.parent
PACK = ROOT / "atmos_cli" / "kube" / "schema_pack.bin"
FACTS = ROOT / "scripts" / "crds"
MAGIC = b"ATMPACK1"
PREFIXES = (
    ("io.k8s.apimachinery.pkg.apis.", ""),
    ("io.k8s.apimachinery.pkg.util.intstr.", ""),
    ("io.k8s.apimachinery.pkg.api.resource.", ""),
    ("io.k8s.apimachinery.pkg.runtime.", ""),
    ("io.k8s.apiextensions-apiserver.pkg.apis.", ""),
    ("io.k8s.kube-aggregator.pkg.apis.", ""),
    ("io.k8s.api.", ""),
)
NOT_STORED = re.compile(r"List$|^(DeleteOptions|WatchEvent|Status|APIGroup|APIVersions|APIResourceList)$")
GO_MODULES = {
    "argocd": (("github.com/argoproj/argo-cd/v3@v3.2.1", "manifests/crds"),),
    "flux": (
        ("github.com/fluxcd/source-controller@v1.9.5", "config/crd/bases"),
        ("github.com/fluxcd/kustomize-controller@v1.9.5", "config/crd/bases"),
        ("github.com/fluxcd/helm-controller@v1.6.0", "config/crd/bases"),
    ),
    "argo-rollouts": (("github.com/argoproj/argo-rollouts@v1.10.2", "manifests/crds"),),
    "flagger": (("github.com/fluxcd/flagger@v1.36.1", "artifacts/flagger"),),
    # Of Cilium only the kinds of policies: the rest is its own.
    "cilium": tuple(
        ("github.com/cilium/cilium@v1.20.2", f"pkg/k8s/apis/cilium.io/client/crds/v2/cilium{kind}.yaml")
        for kind in ("networkpolicies", "clusterwidenetworkpolicies")
    ),
    "google-prometheus": (("github.com/GoogleCloudPlatform/prometheus-engine@v0.17.2", "charts/operator/crds"),),
}
# Groups whose kinds are copies of those of another group.
COPIES = {"azmonitoring.coreos.com": ("monitoring.coreos.com", ("PodMonitor", "ServiceMonitor"))}


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def lines(head: Any, bodies: list[Any]) -> bytes:
    return "\n".join([text(head), *(text(body) for body in bodies)]).encode()


def short(name: str) -> str:
    for prefix, new in PREFIXES:
        if name.startswith(prefix):
            return new + name.removeprefix(prefix)
    return name


def built_in() -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
    """By minor version: its hardened definitions, and the definition of each stored kind (`apps/v1/Deployment`)."""
    import kubernetes_validate

    folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    found = {}
    for path in sorted(folder.glob("v*-local-strict"), key=lambda p: [int(n) for n in re.findall(r"\d+", p.name)]):
        source = json.loads((path / "_definitions.json").read_text())["$defs"]
        renamed = json.loads(re.sub(r'"#/\$defs/([^"]+)"', lambda m: f'"#/$defs/{short(m[1])}"', json.dumps(source)))
        raw = {short(name): body for name, body in renamed.items()}
        kinds = {
            "/".join(part for part in (gvk["group"], gvk["version"], gvk["kind"]) if part): name
            for name, body in raw.items()
            for gvk in body.get("x-kubernetes-group-version-kind", ())
            if len(body["x-kubernetes-group-version-kind"]) == 1 and not NOT_STORED.search(gvk["kind"])
        }
        for name in kinds.values():
            for field in ("apiVersion", "kind"):
                raw[name]["properties"][field] = {"type": ["string", "null"]}
        definitions = hardened(raw)
        kept = reachable(definitions, kinds.values())
        minor = ".".join(re.findall(r"\d+", path.name)[:2])
        found[minor] = ({name: definitions[name] for name in sorted(kept)}, dict(sorted(kinds.items())))
    return found


def reachable(definitions: dict[str, Any], names: Any) -> set[str]:
    todo, seen = list(names), set()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += re.findall(r'"#/\$defs/([^"]+)"', json.dumps(definitions[name]))
    return seen


def chunks_of_kubernetes() -> dict[str, bytes]:
    bodies: dict[str, int] = {}
    chunks = {}
    for minor, (definitions, kinds) in built_in().items():
        places = {name: bodies.setdefault(text(body), len(bodies)) for name, body in definitions.items()}
        chunks[f"k8s/{minor}"] = text({"defs": places, "kinds": kinds}).encode()
    return {"defs": "\n".join(bodies).encode(), **chunks}


def chunks_of_crds() -> tuple[dict[str, bytes], dict[str, Any]]:
    """The chunk of each group, and `{group: {kind: {scope, served: [...], gone: [...]}}}` for the index."""
    kinds: dict[str, dict[str, Any]] = {}
    table: dict[str, dict[str, Any]] = {}
    for path in sorted(FACTS.glob("*.json")):
        facts = json.loads(path.read_text())
        for entry in facts["kinds"]:
            served = [v for v in entry["versions"] if v["served"]]
            table.setdefault(entry["group"], {})[entry["kind"]] = {
                "scope": entry["scope"],
                "served": [v["name"] for v in served],
                "gone": [v["name"] for v in entry["versions"] if not v["served"]],
            }
            for version in served:
                schema = root(unshare(version["schema"], facts["$defs"]))
                kinds.setdefault(entry["group"], {})[f"{version['name']}/{entry['kind']}"] = schema
    for copy, (source, wanted) in COPIES.items():
        table[copy] = {kind: table[source][kind] for kind in wanted}
        kinds[copy] = {name: schema for name, schema in kinds[source].items() if name.split("/")[1] in wanted}
    chunks = {}
    for group, schemas in sorted(kinds.items()):
        names = sorted(schemas)
        roots, shared = share([schemas[name] for name in names])
        head = {
            "kinds": {name: number for number, name in enumerate(names)},
            "defs": {name: len(names) + number for number, name in enumerate(shared)},
        }
        chunks[f"crd/{group}"] = lines(head, [*roots, *shared.values()])
    return chunks, table


def build() -> bytes:
    custom, table = chunks_of_crds()
    chunks = {**chunks_of_kubernetes(), **custom}
    packed = {name: zlib.compress(data, 9) for name, data in chunks.items()}
    places, offset = {}, 0
    for name, data in packed.items():
        places[name] = [offset, len(data)]
        offset += len(data)
    versions = [name.removeprefix("k8s/") for name in chunks if name.startswith("k8s/")]
    index = zlib.compress(text({"chunks": places, "kubernetes": versions, "crds": table}).encode(), 9)
    return b"".join((MAGIC, len(index).to_bytes(4, "big"), index, *packed.values()))


def write_facts(name: str, crds: list[dict[str, Any]]) -> None:
    kinds = condense(crds)
    versions = [version for entry in kinds for version in entry["versions"] if "schema" in version]
    schemas, shared = share([version["schema"] for version in versions])
    for version, schema in zip(versions, schemas, strict=True):
        version["schema"] = schema
    rows = [f"{text(key)}:{text(body)}" for key, body in shared.items()]
    body = '{"$defs":{\n' + ",\n".join(rows) + '\n},"kinds":[\n' + ",\n".join(text(kind) for kind in kinds) + "\n]}\n"
    (FACTS / f"{name}.json").write_text(body)


def import_lists(folder: Path) -> None:
    for path in sorted(folder.glob("*.json")):
        write_facts(path.stem, json.loads(path.read_text())["items"])


def import_go(wanted: list[str]) -> None:
    """Needs `go` and its module proxy; run by hand when a version in GO_MODULES changes. No names: all of them."""
    import yaml

    for name, modules in GO_MODULES.items():
        if wanted and name not in wanted:
            continue
        crds = []
        for module, folder in modules:
            command = ["go", "mod", "download", "-json", module]
            # Some modules ask for a newer Go than the one installed, which only has to unpack them.
            environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "auto"}
            answer = subprocess.run(command, check=True, capture_output=True, env=environment)
            place = Path(json.loads(answer.stdout)["Dir"]) / folder
            for path in [place] if place.is_file() else sorted(place.glob("*.yaml")):
                documents = yaml.load_all(path.read_text(), yaml.CSafeLoader)
                crds += [one for one in documents if one and one.get("kind") == "CustomResourceDefinition"]
        write_facts(name, crds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Build atmos_cli/kube/schema_pack.bin from facts about Kubernetes and operators."
    )
    parser.add_argument("action", nargs="?", choices=("pack", "import", "import-go"), default="pack")
    parser.add_argument("names", nargs="*", help="a directory of CRDs, or names of GO_MODULES")
    arguments = parser.parse_args()
    if arguments.action == "import":
        import_lists(Path(*arguments.names) if arguments.names else ROOT.parent / "shared" / "crds")
    elif arguments.action == "import-go":
        import_go(arguments.names)
    PACK.write_bytes(build())
    print(f"{PACK.relative_to(ROOT)}: {PACK.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
