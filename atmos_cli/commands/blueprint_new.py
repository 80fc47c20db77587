"""`atmos blueprint new`: a blueprint to start from, which passes its lint and its golden case as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.adapters.bundle import bundled, own_place
from atmos_cli.adapters.transaction import apply
from atmos_cli.blueprint.catalogue import Catalogue
from atmos_cli.blueprint.layer import NAME, Layer
from atmos_cli.blueprint.scope import ENVIRONMENT_NAMES
from atmos_cli.commands.blueprint import run_cases
from atmos_cli.diagnostics import Code, fail
from atmos_cli.ports import MemoryTree
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal

SCAFFOLD = "scaffold"


def new_blueprint(name: str, kind: Literal["workload", "addon"], catalogue: Catalogue) -> dict[str, bytes]:
    """Return the files of the new blueprint `name`, by their paths in the directory of blueprints.

    Raises ATM901 for a name that cannot be one, or that a blueprint has already.
    """
    _require_free(name, catalogue)
    tree, root = bundled().tree, f"{SCAFFOLD}/{kind}"
    files = {
        f"{name}/{path.removeprefix(root + '/')}": _named(tree.read(path) or b"", name)
        for path in sorted(tree.files(root))
    }
    with_it = Catalogue((*catalogue.layers, Layer(MemoryTree(files))))
    for case in run_cases(with_it, name, update=True):
        files |= case.updated
    return files


def _require_free(name: str, catalogue: Catalogue) -> None:
    if not NAME.fullmatch(name):
        hint = "a name has a-z, 0-9 and dashes, starts with a letter and has at most 31 characters"
        raise fail(Code.USAGE, f"`{name}` cannot be the name of a blueprint", hint=hint)
    if name in catalogue.names():
        hint = "choose another name; to change one that comes with atmos, copy its directory"
        raise fail(Code.USAGE, f"there is a blueprint `{name}` already", hint=hint)
    if name in ENVIRONMENT_NAMES:
        message = f"`{name}` is a key of the environments in atmos-cli.yaml, so no blueprint can be called that"
        raise fail(Code.USAGE, message, hint="choose another name")


def _named(data: bytes, name: str) -> bytes:
    return data.replace(b"NEW-NAME", name.encode()).replace(b"NEW_NAME", name.replace("-", "_").encode())


def execute_blueprint(made: dict[str, bytes], start: Path, source: Path | None) -> list[str]:
    """Write the files of a new blueprint, all or nothing; return their paths. Raises ATM601 for lack of a place."""
    place = own_place(source, start)
    if place is None:
        hint = "run it in a GitOps repo, or name a directory with `--from DIR`"
        raise fail(Code.REPO_MISSING, "there is no place for a blueprint of your own here", hint=hint)
    root, prefix = place
    files: dict[str, bytes | None] = {f"{prefix}{path}": data for path, data in made.items()}
    apply(root, ChangeSet(files, dict.fromkeys(files)))
    return sorted(files)
