"""The committed pack holds exactly what the script makes of its sources, and every schema in it compiles."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import zlib
from pathlib import Path
from typing import Any

import pytest

from atmos_cli.kube import schemas

SCRIPTS = Path(__file__).parents[2] / "scripts"
PACK = Path(schemas.__file__).with_name("schema_pack.bin")
MAY_BE_MISSING = importlib.util.find_spec("kubernetes_validate") is None and os.environ.get("CI") != "true"


def opened(pack: bytes) -> dict[str, Any]:
    """The decompressed contents: zlib's own bytes may differ between its versions."""
    assert pack.startswith(schemas.MAGIC)
    head = len(schemas.MAGIC) + 4
    start = head + int.from_bytes(pack[head - 4 : head], "big")
    index = json.loads(zlib.decompress(pack[head:start]))
    places = index.pop("chunks")
    chunks = {
        name: zlib.decompress(pack[start + offset : start + offset + size]) for name, (offset, size) in places.items()
    }
    return {"index": index, **chunks}


@pytest.mark.slow
@pytest.mark.skipif(MAY_BE_MISSING, reason="needs the dev dependency kubernetes-validate, the source of the schemas")
def test_the_pack_is_what_the_script_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    build = importlib.import_module("build_schema_pack").build
    assert opened(build()) == opened(PACK.read_bytes())


def test_every_built_in_kind_compiles() -> None:
    for version in (schemas.SUPPORTED[0], "1.32", schemas.SUPPORTED[-1]):
        for name in schemas._kubernetes(version)["kinds"]:
            group_and_version, _, kind = name.rpartition("/")
            group, _, api_version = group_and_version.rpartition("/")
            assert schemas._validator(version, group, api_version, kind) is not None


def test_every_custom_kind_compiles() -> None:
    kinds = [
        (group, version, kind)
        for group, kinds in schemas._index()["crds"].items()
        for kind, facts in kinds.items()
        for version in facts["served"]
    ]
    assert len(kinds) > 120
    for group, version, kind in kinds:
        assert schemas._validator("1.34", group, version, kind) is not None


def test_the_supported_versions_are_those_of_the_pack() -> None:
    assert schemas._index()["kubernetes"] == list(schemas.SUPPORTED)


def test_the_pack_stays_small() -> None:
    assert PACK.stat().st_size < 400_000


def test_every_cluster_scoped_built_in_kind_exists() -> None:
    known = {
        (name.rpartition("/")[0].rpartition("/")[0], name.rpartition("/")[2])
        for version in schemas.SUPPORTED
        for name in schemas._kubernetes(version)["kinds"]
    }
    gone = {("policy", "PodSecurityPolicy"), ("resource.k8s.io", "ResourceClass"), ("networking.k8s.io", "ClusterCIDR")}
    assert not schemas.CLUSTER_SCOPED - known - gone
