"""Go modules, as a build of the lab needs them: from the proxy, without files that cannot be built, and parts of them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.components import TOOLCHAIN, Group, Share, cache_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

GO_FLAGS = "-buildvcs=false -mod=readonly"


class BuildError(Exception):
    """One component could not be built; the message ends with the compiler's last words."""


def environment(packages: Path | None = None, *, experiment: str = "") -> dict[str, str]:
    """Of every go command; `packages` is its build cache, `experiment` its GOEXPERIMENT."""
    # Go fetches the toolchain through the module proxy, where it is not the one that is installed.
    env = {**os.environ, "GOFLAGS": GO_FLAGS, "GOWORK": "off", "CGO_ENABLED": "0", "GOTOOLCHAIN": TOOLCHAIN}
    env |= {"GOEXPERIMENT": experiment} if experiment else {}
    return env | ({"GOCACHE": str(packages)} if packages else {})


def _go(directory: Path, *arguments: str) -> str:
    run = subprocess.run(
        ["go", *arguments], cwd=directory, env=environment(), capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise BuildError(f"go {arguments[0]} failed:\n{tail(run.stderr + run.stdout)}")
    return run.stdout.strip()


@contextlib.contextmanager
def sources(group: Group) -> Iterator[Path]:
    """Where the group's `go build` runs: its pins, or a copy of them beside a copy of the module that is trimmed."""
    if group.trim is None:
        yield group.pins
        return
    with tempfile.TemporaryDirectory(prefix=f"{group.name}-", dir=cache_dir()) as place:
        directory = shutil.copytree(group.pins, Path(place) / "pins")
        trimmed = Path(place) / "module"
        _copy_tree(_module_dir(group, group.trim.module), trimmed)
        for name in group.trim.files:
            (trimmed / name).unlink()
        _go(directory, "mod", "edit", "-replace", f"{group.trim.module}={trimmed}")
        yield directory


def copy_share(group: Group, share: Share, target: Path) -> None:
    """What `share` says, where the lab looks for it, unless it is there."""
    if target.exists():
        return
    source, partial = _module_dir(group, share.module) / share.path, partial_of(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        shutil.copyfile(source, partial)
        # A module keeps no permissions: a program in it has to be made one again.
        partial.chmod(0o755)
    else:
        shutil.rmtree(partial, ignore_errors=True)
        _copy_tree(source, partial)
    partial.rename(target)


def _copy_tree(source: Path, target: Path) -> None:
    """The module cache is read-only; copies are not, or they could not be removed."""
    shutil.copytree(source, target, copy_function=shutil.copyfile)
    for directory, _, _ in os.walk(target):
        Path(directory).chmod(0o755)


def _module_dir(group: Group, module: str) -> Path:
    # What another module stands in for is not to be had itself.
    named = "{{with .Replace}}{{.Path}}@{{.Version}}{{else}}{{.Path}}@{{.Version}}{{end}}"
    found = _go(group.pins, "mod", "download", "-json", _go(group.pins, "list", "-m", "-f", named, module))
    return Path(json.loads(found)["Dir"])


def partial_of(target: Path) -> Path:
    """Where a file or directory grows until it is whole, so that an interrupted build is seen as one."""
    return target.with_name(f".{target.name}.partial")


def tail(text: str, lines: int = 25) -> str:
    """The last words of a program."""
    return "\n".join(text.strip().splitlines()[-lines:])
