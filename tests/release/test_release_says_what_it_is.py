"""What lies beside sdist and wheel: sums and a signature over all, a bill of materials, and how it was built."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import socket
import subprocess
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.release.conftest import ROOT, git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.release.conftest import Release


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def libraries(bill: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in bill["components"] if each["type"] == "library"}


def test_the_sums_are_those_of_all_files(released: Release) -> None:
    sums = dict(reversed(line.split("  ")) for line in released.one("SHA256SUMS").read_text().splitlines())
    others = [each for each in released.outdir.iterdir() if not each.name.startswith("SHA256SUMS")]
    assert sums == {each.name: sha256(each) for each in others}
    assert len(others) == 5
    assert all(each.name in released.said for each in others)


@pytest.mark.parametrize("spoilt", [False, True])
def test_the_signature_is_over_the_sums(released: Release, spoilt: bool, tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.write_text(f"dev@example.test {released.key.with_suffix('.pub').read_text()}")
    command = ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "dev@example.test", "-n", "file"]
    command += ["-s", released.one("SHA256SUMS.sig")]
    said = released.one("SHA256SUMS").read_bytes()
    done = subprocess.run(command, input=said + b"x" * spoilt, capture_output=True, check=False)
    assert (done.returncode == 0) is not spoilt


def test_the_bill_is_valid_cyclonedx(released: Release) -> None:
    bill = released.json("*.cdx.json")
    held = importlib.resources.files("cyclonedx") / "schema" / "_res"
    names = [f"{name}.SNAPSHOT.schema.json" for name in ("bom-1.6", "spdx", "jsf-0.82")]
    schemas = {name: json.loads((held / name).read_text()) for name in names}
    registry = jsonschema_rs.Registry([(f"http://cyclonedx.org/schema/{name}", schemas[name]) for name in names])
    validator = jsonschema_rs.validator_for(schemas[names[0]], registry=registry)
    assert [error.message for error in validator.iter_errors(bill)] == []
    assert list(validator.iter_errors({**bill, "specVersion": 6}))


def test_the_bill_names_what_runs_and_nothing_else(released: Release, release_script: Any) -> None:
    bill = released.json("*.cdx.json")
    found = libraries(bill)
    direct = {
        canonicalize_name(Requirement(each).name) for each in release_script.constraints.project()["dependencies"]
    }
    assert direct < found.keys()
    assert not {"pytest", "hatchling", "ruff", "cyclonedx-python-lib"} & found.keys()
    for each in found.values():
        assert each["licenses"], f"nobody knows the licence of {each['name']}"
        assert each["hashes"][0]["content"] == each["name"].encode().hex().ljust(64, "0")[:64]
        assert each["properties"][0]["value"] == f"{each['name']}-{each['version']}-py3-none-any.whl"
    graph = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    assert graph["pkg:pypi/atmos-cli@0.1.0"] == sorted(found[name]["purl"] for name in direct)
    assert {ref for needs in graph.values() for ref in needs} == {each["purl"] for each in found.values()}


def test_the_bill_names_the_data(released: Release) -> None:
    data = {each["name"]: each for each in released.json("*.cdx.json")["components"] if each["type"] == "data"}
    assert {f"blueprints/{each.parent.name}" for each in (ROOT / "blueprints").glob("*/blueprint.yaml")} < data.keys()
    pack = data["atmos_cli/kube/schema_pack.bin"]
    assert pack["hashes"][0]["content"] == sha256(ROOT / "atmos_cli/kube/schema_pack.bin")
    projects = {each["name"]: each["licenses"][0]["expression"] for each in pack["components"]}
    assert projects["Kubernetes"] == "Apache-2.0"
    assert projects["RabbitMQ cluster and topology operators"] == "MPL-2.0"
    assert len(projects) == (ROOT / "atmos_cli/kube/schema_pack.NOTICE.md").read_text().count("\n| ") - 1


def test_the_provenance_names_the_files_the_commit_and_the_builder(released: Release) -> None:
    said = released.json("*.provenance.json")
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://slsa.dev/provenance/v1"
    subjects = {each["name"]: each["digest"]["sha256"] for each in said["subject"]}
    assert subjects == {name: sha256(released.outdir / name) for name in subjects}
    assert {released.one(each).name for each in ("*.whl", "*.tar.gz", "*.cdx.json", "constraints.txt")} == set(subjects)
    definition = said["predicate"]["buildDefinition"]
    commit = git(released.root, "rev-parse", "HEAD")
    assert definition["externalParameters"] == {"version": "0.1.0", "commit": commit, "tags": ["v0.1.0"]}
    source, *tools = definition["resolvedDependencies"]
    assert source == {"name": "source", "digest": {"gitCommit": commit}, "annotations": {"modified": False}}
    assert "hatchling" in {each["name"] for each in tools}
    assert definition["internalParameters"]["environment"]["SOURCE_DATE_EPOCH"] == "1767323045"
    assert said["predicate"]["runDetails"]["builder"]["id"] == "https://atmos-cli.dev/build/by-hand"


def test_nothing_says_where_it_was_made(released: Release) -> None:
    for each in (released.one("*.cdx.json"), released.one("*.provenance.json")):
        text = each.read_text()
        assert not [word for word in (str(released.root), socket.gethostname(), "index.example.test") if word in text]
