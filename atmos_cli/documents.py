"""Reads one YAML document into a pydantic model; every problem becomes a located diagnostic, all of them at once."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location
from atmos_cli.yamlio.load import load
from atmos_cli.yamlio.locate import field_of, locate

if TYPE_CHECKING:
    from collections.abc import Sequence


class Strict(BaseModel):
    """The base of every file that a person writes: unknown fields refused, values immutable, camelCase in YAML."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=False, alias_generator=to_camel, populate_by_name=True, defer_build=True
    )


M = TypeVar("M", bound=BaseModel)


def read_model(model: type[M], data: bytes, *, path: str, code: Code) -> M:
    """Read the document in `data` as a `model`. Raises AtmosError with `code` and a position for each invalid field."""
    return check_model(model, read_mapping(data, path=path, code=code), data=data, path=path, code=code)


def read_mapping(data: bytes, *, path: str, code: Code) -> dict[Any, Any]:
    """Return the one mapping that `data` holds. Raises AtmosError with `code` when it holds something else."""
    value = load(data, path=path)
    if not isinstance(value, dict):
        where = Location(path, 1, 1)
        raise AtmosError(Diagnostic(code, f"`{path}` must hold one mapping, not {_named(value)}", where=where))
    return value


def check_model(model: type[M], value: Any, *, data: bytes, path: str, code: Code, at: tuple[str | int, ...] = ()) -> M:
    """Check `value`, found at `at` in the document in `data`; return it as a `model`. Raises as `read_model` does."""
    try:
        return model.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        found = [
            _diagnostic(model, problem, value, data=data, path=path, code=code, at=at) for problem in error.errors()
        ]
        raise AtmosError(*dict.fromkeys(found)) from None


def _diagnostic(
    model: type[BaseModel], problem: Any, value: Any, *, data: bytes, path: str, code: Code, at: tuple[str | int, ...]
) -> Diagnostic:
    steps = path_in(value, problem)
    field = field_of((*at, *steps))
    line, column = locate(data, 0, (*at, *steps))
    hint = ""
    if problem["type"] == "extra_forbidden":
        message = f"unknown field `{field}` in `{path}`"
        close = difflib.get_close_matches(str(steps[-1]), _siblings(model, steps[:-1]), n=1)
        hint = f"did you mean `{close[0]}`?" if close else "remove it, or see `atmos schema spec` for what is allowed"
    elif problem["type"] == "missing":
        message = f"`{field}` is required in `{path}`"
    else:
        reason = plain_words(problem["msg"])
        message = f"`{field}`: {reason}" if field else reason
    return Diagnostic(code, message, where=Location(path, line, column, field=field), hint=hint)


def path_in(value: Any, problem: Any) -> tuple[str | int, ...]:
    """Return where in `value` a problem of pydantic is, without the branches of unions that its own path also names."""
    steps: list[str | int] = []
    for index, step in enumerate(problem["loc"]):
        exists = step in value if isinstance(value, dict) else isinstance(value, list) and step in range(len(value))
        if exists:
            value = value[step]
            steps.append(step)
        elif problem["type"] == "missing" and index == len(problem["loc"]) - 1 and isinstance(value, dict):
            steps.append(step)
    return tuple(steps)


def plain_words(message: str) -> str:
    """Reword a sentence of pydantic in terms of YAML: a person wrote a list and a mapping, not a tuple and a model."""
    text = re.sub(r"^(Value error|Assertion failed), ", "", message)
    text = re.sub(r"valid (dictionary or instance of \w+|dictionary)", "mapping", text)
    text = text.replace("valid tuple", "list").replace("valid list", "list").replace("Input should", "should")
    return f"{text[:1].lower()}{text[1:]}"


def _siblings(model: type[BaseModel], steps: Sequence[str | int]) -> list[str]:
    current: Any = model
    for step in steps:
        fields = getattr(current, "model_fields", {})
        found = next((f for name, f in fields.items() if step in (name, f.alias)), None)
        if found is not None:
            current = _model_in(found.annotation)
    return [f.alias or name for name, f in getattr(current, "model_fields", {}).items()]


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None


def _named(value: Any) -> str:
    if value is None:
        return "nothing"
    return {list: "a list", str: "text", int: "a number", float: "a number", bool: "a boolean"}.get(
        type(value), "something else"
    )
