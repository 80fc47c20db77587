"""What an environment may set of a blueprint under `environments.<environment>.<blueprint>`, typed as it declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError, create_model
from pydantic.alias_generators import to_snake

from atmos_cli.cluster_settings import DnsLabel, Ports
from atmos_cli.config import Amount
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.documents import Strict, path_in, plain_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.blueprint.manifest import Manifest, Setting
    from atmos_cli.blueprint.tree import Template

TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "quantity": Amount,
    "name": DnsLabel,
    "ports": Ports,
}


def settings_model(manifest: Manifest, source: Template) -> type[Strict]:
    """Return the model that settings of the blueprint are checked with.

    Raises ATM202, located, for a default, or a value for production, that its own declaration does not allow.
    """
    # A field called as the setting could hide an attribute of the model, as `copy` or `schema` would.
    fields: dict[str, Any] = {
        f"setting_{key}": (_type(each), Field(default=each.default, alias=key, validate_default=True))
        for key, each in manifest.settings.items()
    }
    model = create_model("".join(filter(str.isalnum, manifest.name.title())), __base__=Strict, **fields)
    production = {key: each.production for key, each in manifest.settings.items() if each.production is not None}
    for field, given in (("default", {}), ("production", production)):
        try:
            model.model_validate(given, by_alias=True, by_name=False)
        except ValidationError as error:
            problem = error.errors()[0]
            place = ("settings", str(problem["loc"][0]).removeprefix("setting_"), field)
            message = f"`{'.'.join(place)}`: {plain_words(problem['msg'])}"
            raise source.error(message, place, code=Code.BLUEPRINT_INVALID) from None
    return model


def setting_values(model: type[Strict], given: Mapping[str, Any], *, place: str) -> dict[str, Any]:
    """Return every setting by its name in expressions (`storageClass` is `storage_class`), defaults included.

    Raises ATM701 for what is not allowed; a file was checked before, so that its messages have places.
    """
    try:
        values = model.model_validate(given, by_alias=True, by_name=False).model_dump(by_alias=True)
    except ValidationError as error:
        found = (
            f"`{'.'.join((place, *map(str, path_in(given, p))))}`: {plain_words(p['msg'])}" for p in error.errors()
        )
        raise AtmosError(*(Diagnostic(Code.CONFIG_INVALID, message) for message in found)) from None
    return {to_snake(key): list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def _type(setting: Setting) -> Any:
    if setting.values:
        return Literal[setting.values]
    if setting.type == "integer":
        return Annotated[int, Field(ge=setting.minimum, le=setting.maximum)]
    return TYPES[setting.type]
