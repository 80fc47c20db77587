"""Objects with data that a rollback would remove or shrink, and objects that own such."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.kept import DATA_KINDS, STATEFUL_SET
from atmos_cli.kube.quantity import parse
from atmos_cli.kube.shape import at, mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.kube.resource import Identity, Resource


def losses(now: Mapping[Identity, Resource], after: Mapping[Identity, Resource]) -> tuple[str, ...]:
    """Describe each loss, sorted: `PersistentVolumeClaim/uploads`, `claims of StatefulSet/db: data`."""
    return tuple(sorted(_losses(now, after)))


def _losses(now: Mapping[Identity, Resource], after: Mapping[Identity, Resource]) -> Iterator[str]:
    for key, resource in now.items():
        kind = key.group, key.kind
        if kind in DATA_KINDS and key not in after:
            yield str(key)
        elif kind in DATA_KINDS:
            for where, old, new in _shrunk(resource, after[key]):
                yield f"{key} would shrink ({where} {old} to {new})"
        elif kind == STATEFUL_SET:
            gone = sorted(_claims(resource) - _claims(after.get(key, {})))
            if gone:
                yield f"claims of {key}: {', '.join(gone)}"


def _claims(resource: Resource) -> set[str]:
    templates = mappings(resource, "spec", "volumeClaimTemplates")
    return {name for each in templates if isinstance(name := at(each, "metadata", "name"), str)}


def _shrunk(now: Resource, after: Resource) -> Iterator[tuple[str, str, str]]:
    """Yield each size that would shrink: the API server or operator refuses it, and then nothing is applied."""
    for path in (("spec", "resources", "requests", "storage"), ("spec", "storage", "size")):
        old, new = at(now, *path), at(after, *path)
        try:
            if old is not None and new is not None and parse(str(new)) < parse(str(old)):
                yield ".".join(path[1:]), str(old), str(new)
        except AtmosError:
            continue  # the checks say what is wrong with a quantity
