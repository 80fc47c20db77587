"""The programs of this machine that atmos may start: found by absolute entries of PATH alone.

An empty or relative entry means the current directory, and that may be a stranger's checkout.
"""

from __future__ import annotations

import os
import shutil


def own_path(path: str | None = None) -> str:
    """Return `path` (default: PATH) without entries that are not absolute: the PATH of every program that we start."""
    entries = (os.environ.get("PATH", os.defpath) if path is None else path).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if os.path.isabs(entry))  # noqa: PTH117 - "" is no path


def find_program(name: str, *, path: str | None = None) -> str | None:
    """Return the absolute path of the program `name`; None when no absolute entry of `path` (default: PATH) has it."""
    return shutil.which(name, path=own_path(path))
