"""A release's bill of materials: CycloneDX 1.6 of what atmos runs on, and of the data that it carries."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import yaml
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from release_build import Source

NAME = "atmos-cli"
NOTICE = "atmos_cli/kube/schema_pack.NOTICE.md"
PACK = "atmos_cli/kube/schema_pack.bin"
OWN_LICENCE = {"expression": "Apache-2.0"}


@dataclass(frozen=True, slots=True)
class Distribution:
    """`needs` are the names of others of the closure; `licences` are as CycloneDX has them."""

    name: str
    version: str
    licences: tuple[dict[str, Any], ...]
    needs: tuple[str, ...]


def closure(roots: Sequence[str]) -> tuple[Distribution, ...]:
    """What the requirements `roots` bring in, in this environment, by name. Extras of dependencies do not count."""
    found: dict[str, Distribution] = {}
    ahead = needed(roots)
    while ahead:
        name = ahead.pop()
        if name in found:
            continue
        metadata = importlib.metadata.distribution(name)
        needs = needed(metadata.requires or ())
        found[name] = Distribution(name, metadata.version, _licences(metadata.metadata), tuple(sorted(needs)))
        ahead += needs
    return tuple(found[name] for name in sorted(found))


def bill(
    source: Source,
    files: Sequence[Path],
    libraries: Sequence[Distribution],
    chosen: Mapping[str, tuple[str, str]],
    *,
    direct: Sequence[str],
) -> dict[str, Any]:
    """The document. `files` are released; `chosen` gives the file of each library and its SHA-256."""
    named = {each.name: _purl(each.name, each.version) for each in libraries}
    own = _purl(NAME, source.version)
    graph = {own: direct, **{named[each.name]: each.needs for each in libraries}}
    parts = [_library(each, named[each.name], chosen[each.name]) for each in libraries]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        # Of what is described, not of the moment: the same release has the same name.
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, own + ''.join(_sha256(each) for each in files))}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(source.time, UTC).isoformat().replace("+00:00", "Z"),
            "component": _subject(source, own, files),
        },
        "components": [*parts, _pack(source.root), *_blueprints(source.root)],
        "dependencies": [
            {"ref": ref, "dependsOn": sorted(named[name] for name in needs)} for ref, needs in sorted(graph.items())
        ],
    }


def _subject(source: Source, purl: str, files: Sequence[Path]) -> dict[str, Any]:
    return {
        "type": "application",
        "bom-ref": purl,
        "name": NAME,
        "version": source.version,
        "purl": purl,
        "licenses": [OWN_LICENCE],
        "components": [_file(each) for each in files],
    }


def needed(requirements: Sequence[str]) -> list[str]:
    """The names of those that count on this machine."""
    wanted = (Requirement(each) for each in requirements)
    return [canonicalize_name(each.name) for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})]


def _licences(metadata: Any) -> tuple[dict[str, Any], ...]:
    """The SPDX expression where metadata holds one; else what its classifiers call it, which SPDX may not know."""
    for said in (metadata.get("License-Expression"), metadata.get("License")):
        with suppress(InvalidLicenseExpression):
            if said:
                return ({"expression": canonicalize_license_expression(said)},)
    named = (each.split(" :: ") for each in metadata.get_all("Classifier", ()))
    return tuple({"license": {"name": each[-1]}} for each in named if each[0] == "License")


def _library(each: Distribution, purl: str, chosen: tuple[str, str]) -> dict[str, Any]:
    file, sha256 = chosen
    return {
        "type": "library",
        "bom-ref": purl,
        "name": each.name,
        "version": each.version,
        "purl": purl,
        "licenses": each.licences,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        # A hash is one file's, and a library with compiled parts has one for each kind of machine.
        "properties": [{"name": f"{NAME}:file", "value": file}],
    }


def _pack(root: Path) -> dict[str, Any]:
    """The schemas, with the projects that their facts are from, as the notice beside them says."""
    rows = re.findall(r"^\| (?!project |---)(.+?) \| (.+?) \| (.+?) \|$", (root / NOTICE).read_text(), re.MULTILINE)
    parts = [
        {"type": "data", "name": name, "version": version, "licenses": [{"expression": licence}]}
        for name, version, licence in rows
    ]
    return {**_file(root / PACK), "type": "data", "name": PACK, "components": parts}


def _blueprints(root: Path) -> list[dict[str, Any]]:
    """Each blueprint with its version, and a hash of all that it consists of."""
    return [
        {
            "type": "data",
            "name": f"blueprints/{file.parent.name}",
            "version": str(yaml.safe_load(file.read_text())["version"]),
            "licenses": [OWN_LICENCE],
            "hashes": [{"alg": "SHA-256", "content": _tree_sha256(file.parent)}],
        }
        for file in sorted((root / "blueprints").glob("*/blueprint.yaml"))
    ]


def _tree_sha256(directory: Path) -> str:
    """Of one line for each file, as `sha256sum` prints it, in the order of their paths."""
    files = sorted((each for each in directory.rglob("*") if each.is_file()), key=lambda each: each.as_posix())
    lines = (f"{_sha256(each)}  {each.relative_to(directory).as_posix()}\n" for each in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _file(path: Path) -> dict[str, Any]:
    return {"type": "file", "name": path.name, "hashes": [{"alg": "SHA-256", "content": _sha256(path)}]}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"
