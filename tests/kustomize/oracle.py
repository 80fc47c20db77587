"""The real kustomize, and trees of files for it."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atmos_cli.yamlio.load import load_all
from tests.lab.ask import ask
from tests.lab.components import binary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CASES = Path(__file__).parent / "cases"

Built = tuple[list[Any] | None, str]
"""The objects that the real tool puts out, None when it refuses, and what it says then."""


def real_build(files: Mapping[str, bytes], directory: str, root: Path) -> Built:
    """By the command that people run."""
    write_files(files, root)
    done = subprocess.run(
        [binary("kustomize"), "build", root / directory], capture_output=True, check=False, stdin=subprocess.DEVNULL
    )
    said = re.sub(r"(?m)^# Warning.*\n", "", done.stderr.decode()).replace(str(root), "")
    if done.returncode:
        return None, said
    return [document.value for document in load_all(done.stdout)], said


def real_builds(trees: Iterable[tuple[Mapping[str, bytes], str]]) -> Iterator[Built]:
    """Of each tree's directory, by the same command in one process: starting it takes longer than most builds."""
    with tempfile.TemporaryDirectory() as name:
        roots = []
        for number, (files, directory) in enumerate(trees):
            root = Path(name) / str(number)
            write_files(files, root)
            roots.append((root, root / directory))
        answers = ask("kustomize-many", [str(directory) for _, directory in roots])
    for (root, _), answer in zip(roots, answers, strict=True):
        if "error" in answer:
            yield None, answer["error"].replace(str(root), "")
        else:
            yield [document.value for document in load_all(answer.get("output", "").encode())], ""


def write_files(files: Mapping[str, bytes], root: Path) -> None:
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def exactly(value: Any) -> str:
    """As text, because to Python 1, 1.0 and True are the same."""
    return json.dumps(value, sort_keys=True, indent=1)


def files_of(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def tree_of(text: Mapping[str, str]) -> dict[str, bytes]:
    return {path: content.encode() for path, content in text.items()}
