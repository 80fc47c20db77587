"""How a release was built: an in-toto statement (v1) with SLSA provenance (v1) about each of its files."""

from __future__ import annotations

import hashlib
import platform
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from release_build import Source
    from release_sbom import Distribution

# Names, not addresses: what the release script does, and who ran it.
BUILD_TYPE = "https://atmos-cli.dev/build/release/v1"
BUILDER = "https://atmos-cli.dev/build/by-hand"


def provenance(
    source: Source, files: Sequence[Path], *, tools: Sequence[Distribution], builder: str = BUILDER
) -> dict[str, Any]:
    """Everything that decides the bytes, so that whoever has the commit can build the same; no clock, no host name."""
    commit = {"name": "source", "digest": {"gitCommit": source.commit}}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": each.name, "digest": {"sha256": _sha256(each)}} for each in files],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"version": source.version, "commit": source.commit, "tags": list(source.tags)},
                "internalParameters": {
                    "command": "python scripts/release.py",
                    "modified": source.modified,
                    "environment": {"SOURCE_DATE_EPOCH": str(source.time), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                },
                "resolvedDependencies": [
                    {**commit, "annotations": {"modified": source.modified}},
                    *({"name": each.name, "uri": f"pkg:pypi/{each.name}@{each.version}"} for each in tools),
                ],
            },
            "runDetails": {"builder": {"id": builder, "version": {"python": platform.python_version()}}},
        },
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
