"""Which services call another one, by the `dependencies` of their specs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.foreign import shell
from atmos_cli.gitops.services import ServiceName, services
from atmos_cli.spec.model import read_spec
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.ports import FileTree
    from atmos_cli.spec.model import ServiceSpec


def specs(tree: FileTree) -> dict[ServiceName, ServiceSpec]:
    """Return every spec that can be read; `validate` reports the others."""
    found = {}
    for name in services(tree):
        path = f"{name.directory}/service.yaml"
        try:
            found[name] = read_spec(tree.read(path) or b"", path=path)
        except AtmosError:
            continue
    return found


def dependents(
    tree: FileTree, name: ServiceName, known: Mapping[ServiceName, ServiceSpec], *, environment: str = ""
) -> Iterator[Diagnostic]:
    """Yield each line of a spec that names the service; with `environment` only of services that are there."""
    for other, spec in known.items():
        if other == name or (environment and not any(tree.files(f"{other.directory}/overlays/{environment}"))):
            continue
        for index, each in enumerate(spec.dependencies):
            if ServiceName(each.team or other.team, each.service) != name:
                continue
            path = f"{other.directory}/service.yaml"
            where = located(tree.read(path) or b"", 0, ("dependencies", index), file=path)
            message = f"`{other}` depends on `{name}`{f' and is in {environment}, too' if environment else ''}"
            hint = f"take line {where.line} out of {path}, then run `atmos update {shell(str(other))}`"
            yield Diagnostic(Code.REMOVAL_REFUSED, message, where=where, hint=hint)
