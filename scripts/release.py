"""Builds a release into dist/: sdist, wheel, constraints, SBOM, provenance, and SHA256SUMS over all of them.

    pip install -c .ci/constraints.txt -e '.[dev]' && python scripts/release.py [--sign ~/.ssh/id_ed25519]

Sdist and wheel are made twice and must come out the same: the same commit and constraints give the same bytes anywhere.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import constraints
from packaging.utils import canonicalize_name
from release_build import ReleaseError, Source, build_twice, source_of
from release_provenance import BUILDER, provenance
from release_sbom import Distribution, bill, closure, needed

from atmos_cli.adapters.clock import today
from atmos_cli.diagnostics import Code
from atmos_cli.documents import read_model
from atmos_cli.versions.judge import faults
from atmos_cli.versions.table import VersionTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SUMS = "SHA256SUMS"


def main(arguments: list[str] | None = None) -> int:
    """0 when the release lies there; 1 when there is none, and why."""
    options = _parser().parse_args(arguments)
    try:
        source = source_of(options.root)
        _refuse(source, options.sign, unreleased=options.unreleased)
        made = release(source, options.outdir, report=options.report, builder=options.builder)
        if options.sign:
            made.append(_signed(made[-1], options.sign))
    except ReleaseError as error:
        print(f"no release: {error}", file=sys.stderr)
        return 1
    for each in made:
        print(f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each}")
    print("signed" if options.sign else f"unsigned: `--sign KEY` signs {SUMS} with an SSH key")
    return 0


def release(source: Source, outdir: Path, *, report: Path | None = None, builder: str = BUILDER) -> list[Path]:
    """The files, SHA256SUMS last. Raises ReleaseError when the environment is not that of the constraints."""
    if wrong := constraints.differences(constraints.read(constraints.NEWEST), constraints.installed()):
        hint = "pip install -c .ci/constraints.txt -e '.[dev]'"
        raise ReleaseError("; ".join(wrong) + f"\nhint: {hint}")
    project = constraints.project()
    libraries = closure(project["dependencies"])
    chosen = _chosen(libraries, report)
    files = [*build_twice(source, outdir), Path(shutil.copy(constraints.NEWEST, outdir))]
    stem = f"{project['name']}-{source.version}"
    files.append(
        _written(
            outdir / f"{stem}.cdx.json", bill(source, files, libraries, chosen, direct=needed(project["dependencies"]))
        )
    )
    statement = provenance(source, files, tools=closure(["hatchling"]), builder=builder)
    files.append(_written(outdir / f"{stem}.provenance.json", statement))
    sums = outdir / SUMS
    sums.write_text("".join(f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.name}\n" for each in files))
    return [*files, sums]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/release.py", description="Build a release and say how.")
    parser.add_argument("--root", type=Path, default=constraints.ROOT, metavar="DIR", help="the clone (default: this)")
    parser.add_argument("--outdir", type=Path, default=Path("dist"), metavar="DIR", help="default: dist")
    parser.add_argument("--unreleased", action="store_true", help="allow a commit without tag, and changed files")
    parser.add_argument("--sign", type=Path, metavar="KEY", help="sign SHA256SUMS with this SSH key")
    parser.add_argument("--builder", default=BUILDER, metavar="URI", help="who builds, for the provenance")
    parser.add_argument("--report", type=Path, metavar="FILE", help="a pip report with the libraries' hashes; offline")
    return parser


def _refuse(source: Source, key: Path | None, *, unreleased: bool) -> None:
    if key and not key.is_file():
        raise ReleaseError(f"there is no key {key}\nhint: `--sign ~/.ssh/id_ed25519`, or without it")
    if unreleased:
        return
    if source.modified:
        raise ReleaseError("the tree differs from its commit\nhint: git stash --include-untracked, or `--unreleased`")
    if f"v{source.version}" not in source.tags:
        hint = f"git tag v{source.version}, or `--unreleased`"
        raise ReleaseError(f"the commit has no tag v{source.version}\nhint: {hint}")
    _refuse_what_is_behind(source.root)


def _refuse_what_is_behind(root: Path) -> None:
    """Judge by today what atmos writes: whoever installs the release gets it from now on."""
    file = root / "blueprints" / "versions.yaml"
    table = read_model(VersionTable, file.read_bytes(), path=str(file), code=Code.BLUEPRINT_INVALID)
    if found := list(faults(table, on=today())):
        raise ReleaseError("; ".join(found) + "\nhint: renew blueprints/versions.yaml, and its `asOf`")


def _chosen(libraries: Sequence[Distribution], report: Path | None) -> Mapping[str, tuple[str, str]]:
    """Library -> (file, SHA-256), as pip would take them from the index that is configured here."""
    asked = [f"{each.name}=={each.version}" for each in libraries]
    found: dict[str, Any] = json.loads(report.read_text()) if report else constraints.pip("--no-deps", *asked)
    chosen = {}
    for each in found["install"]:
        download, said = each["download_info"], each["metadata"]
        sha256 = download.get("archive_info", {}).get("hashes", {}).get("sha256", "")
        chosen[str(canonicalize_name(said["name"])), str(said["version"])] = download["url"].rpartition("/")[2], sha256
    if missing := [each.name for each in libraries if not chosen.get((each.name, each.version), ("", ""))[1]]:
        raise ReleaseError(f"nobody says the hash of {', '.join(missing)}\nhint: use an index that gives hashes")
    return {each.name: chosen[each.name, each.version] for each in libraries}


def _written(path: Path, document: Mapping[str, Any]) -> Path:
    path.write_text(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    return path


def _signed(sums: Path, key: Path) -> Path:
    signature = sums.with_name(f"{sums.name}.sig")
    signature.unlink(missing_ok=True)  # ssh-keygen would ask before it overwrites one
    command = ["ssh-keygen", "-Y", "sign", "-f", str(key), "-n", "file", str(sums)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"ssh-keygen cannot sign with {key}: {done.stderr.strip()}\nhint: name a private SSH key")
    return signature


if __name__ == "__main__":
    sys.exit(main())
