"""The real kustomize, and trees of files for it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from atmos_cli.yamlio.load import load_all
from tests.lab.components import MissingComponentError, binary

if TYPE_CHECKING:
    from collections.abc import Mapping

CASES = Path(__file__).parent / "cases"


def kustomize() -> str:
    """The pinned binary of the lab; the test fails when it is missing."""
    try:
        return str(binary("kustomize"))
    except MissingComponentError as missing:
        plain = Path.home() / ".cache" / "atmos-lab" / "bin" / "kustomize"
        if plain.exists():
            return str(plain)
        pytest.fail(str(missing))


def real_build(files: Mapping[str, bytes], directory: str, root: Path) -> tuple[list[Any] | None, str]:
    """The objects that the real tool puts out, None when it refuses, and what it says then."""
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    done = subprocess.run(
        [kustomize(), "build", str(root / directory)], capture_output=True, check=False, stdin=subprocess.DEVNULL
    )
    said = re.sub(r"(?m)^# Warning.*\n", "", done.stderr.decode()).replace(str(root), "")
    if done.returncode:
        return None, said
    return [document.value for document in load_all(done.stdout)], said


def exactly(value: Any) -> str:
    """As text, because to Python 1, 1.0 and True are the same."""
    return json.dumps(value, sort_keys=True, indent=1)


def files_of(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def tree_of(text: Mapping[str, str]) -> dict[str, bytes]:
    return {path: content.encode() for path, content in text.items()}
