"""`service.yaml` as a person would want to read it: what was decided, without the defaults around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.kube.engine_annotations import NOT_A_MANIFEST
from atmos_cli.yamlio.emit import emit

if TYPE_CHECKING:
    from atmos_cli.spec.model import ServiceSpec

# Always written, even with their default: what a reader looks for first.
_ALWAYS = frozenset({"apiVersion", "kind", "name", "type", "language", "port", "size"})


def spec_text(spec: ServiceSpec, *, schema_ref: str) -> str:
    """Return the text of `service.yaml`; it reads as `spec` again. `schema_ref`: path or URL of its JSON Schema."""
    header = f"yaml-language-server: $schema={_one_line(schema_ref)}\n{NOT_A_MANIFEST}"
    return emit(spec_values(spec), header=header)


def spec_values(spec: ServiceSpec) -> dict[str, Any]:
    """Return the fields that differ from their default, and those that matter anyway, in the order of the model."""
    full = spec.model_dump(by_alias=True, mode="json")
    differing = spec.model_dump(by_alias=True, mode="json", exclude_defaults=True)
    values = {name: differing.get(name, full[name]) for name in full if name in differing or name in _ALWAYS}
    if spec.port is None:
        del values["port"]
    elif spec.port.service == spec.port.container:
        values["port"] = spec.port.service
    else:
        values["port"] = full["port"]
    for holder, source in ((values, full), *_environments(values, full)):
        if holder.get("scaling") is not None:
            both = {bound: source["scaling"][bound] for bound in ("min", "max")}
            holder["scaling"] = {**both, **holder["scaling"]}
    return values


def _environments(values: dict[str, Any], full: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(overrides, full["environments"][name]) for name, overrides in values.get("environments", {}).items()]


def _one_line(text: str) -> str:
    return " ".join(text.split())
