"""Programs and Python modules in the checkout that bear the names of what atmos starts and imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hostile.running import path_of_tools

if TYPE_CHECKING:
    import random

    from tests.hostile.box import Box

PROGRAMS = ("git", "kubectl", "kustomize", "ssh-keygen", "helm", "ssh", "sh", "python3", "less", "git-upload-pack")
# Not what Python itself imports before it comes to the package that `-m` names: nobody could help that.
MODULES = ("typing", "yaml", "sitecustomize", "usercustomize", "git", "pydantic", "json", "jinja2", "tomllib")


def programs_in_the_checkout(box: Box, rng: random.Random) -> None:
    for name in PROGRAMS:
        box.program(box.clear(name), f"path-{name}")
        box.program(box.clear(f"bin/{name}"), f"path-bin-{name}")
    before = rng.choice(("", ".", "bin", "./bin", ":.:bin:"))
    box.env["PATH"] = f"{before}:{path_of_tools()}"
    box.own_process = True


def modules_in_the_checkout(box: Box, rng: random.Random) -> None:
    for name in MODULES:
        box.write(f"{name}.py", f"import os\nos.system({box.canary('module-' + name)!r})\n")
    box.own_process = True


FEATURES = (programs_in_the_checkout, modules_in_the_checkout) * 2
