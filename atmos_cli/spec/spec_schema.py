"""The JSON Schema of `service.yaml`, for editors: completion, hover texts and marks before atmos is ever run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.spec.model import ServiceSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IDENTITY = "https://atmos-cli.dev/schemas/service.json"


def spec_json_schema(
    addons: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    languages: Sequence[str] = (),
    frameworks: Sequence[str] = (),
    types: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the draft 2020-12 schema. `addons` holds each add-on's inputs as JSON Schema `properties`; None: any.

    Accepts all that the model accepts. What compares two fields (`max` below `min`) only the model refuses.
    """
    schema = ServiceSpec.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    number = definitions["Port"]["properties"]["service"]
    both = {key: number[key] for key in ("type", "minimum", "maximum")}
    definitions["Port"] = {
        "anyOf": [{**both, "description": "the port for clients and for the process"}, definitions["Port"]],
        "title": "Port",
    }
    for model in (schema, *definitions.values()):
        for field in model.get("properties", {}).values():
            if "patternProperties" in field:
                field["additionalProperties"] = False
    for field, known in (("language", languages), ("framework", frameworks), ("type", types)):
        if known:
            schema["properties"][field]["enum"] = [*known, *([None] if field == "framework" else [])]
    if addons is not None:
        inputs = {name: _inputs(name, addons[name]) for name in sorted(addons)}
        for model in (schema, definitions["Overrides"]):
            model["properties"]["addons"] |= {"properties": inputs, "additionalProperties": False}
    return {"$schema": DIALECT, "$id": IDENTITY, **schema}


def _inputs(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "title": name, "properties": dict(properties), "additionalProperties": False}
