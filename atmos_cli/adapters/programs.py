"""The programs of this machine that atmos may start: found by absolute entries of PATH alone.

An empty or relative entry means the directory one stands in, and that may be a stranger's checkout.
"""

from __future__ import annotations

import os
import shutil


def own_path(path: str | None = None) -> str:
    """`path` (by default PATH) without what depends on the working directory; what every program gets that we start."""
    entries = (os.environ.get("PATH", os.defpath) if path is None else path).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if os.path.isabs(entry))  # noqa: PTH117 - "" is no path


def find_program(name: str, *, path: str | None = None) -> str | None:
    """The absolute path of the program `name`, None when no absolute entry of `path` (by default PATH) has it."""
    return shutil.which(name, path=own_path(path))
