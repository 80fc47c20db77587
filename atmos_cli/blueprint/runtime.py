"""What the pod of one service needs of its runtime: the row of its language, and over it that of its framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from atmos_cli.blueprint.profiles import SIZES, Framework, Language, Memory, Profile
from atmos_cli.blueprint.tree import holds, render
from atmos_cli.diagnostics import Code, Diagnostic
from atmos_cli.kube.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.blueprint.profiles import SizeTable
    from atmos_cli.blueprint.tree import Template

P = TypeVar("P", bound=Profile)


@dataclass(frozen=True, slots=True)
class Row(Generic[P]):
    """A row and its text, for messages that say where."""

    row: P
    source: Template


@dataclass(frozen=True, slots=True)
class Runtime:
    """The rows of one service, the one that wins last."""

    language: Row[Language]
    framework: Row[Framework] | None = None

    @property
    def rows(self) -> tuple[Row[Any], ...]:
        return (self.language, self.framework) if self.framework else (self.language,)

    @property
    def title(self) -> str:
        own = self.framework.row.title if self.framework else ""
        return own or self.language.row.title

    @property
    def sizes(self) -> str:
        """Return the name of its table of sizes."""
        own = self.framework.row.sizes if self.framework else None
        return own or self.language.row.sizes

    @property
    def memory(self) -> Memory:
        return self.own("memory") or Memory()

    @property
    def started(self) -> str:
        return self._path("started", "health")

    @property
    def health(self) -> str:
        return self._path("health")

    @property
    def ready(self) -> str:
        return self._path("ready", "health") if self._says("ready", "health") else self.language.row.ready

    def own(self, field: str) -> Any:
        """Return a value of the last row that has one; None where none has."""
        found = (getattr(each.row, field, None) for each in reversed(self.rows))
        return next((value for value in found if value not in (None, "", False)), None)

    def facts(self, names: Mapping[str, Any]) -> dict[str, Any]:
        """Return what expressions see as `language`: plain values, with the expressions of the rows rendered."""
        limit = str(names["svc"]["resources"]["limits"]["memory"])
        known = {"heap": heap_share(self.memory, limit)}
        inner = {**names, "language": known}
        connections = self._connections(inner)
        options = tuple(dict.fromkeys(name for each in self.rows for name in each.row.options))
        return {
            **known,
            "title": self.title,
            "user": self.own("user"),
            "group": self.own("group"),
            "sizes": self.sizes,
            "env": self._variables(inner),
            "options": list(options),
            "port_variables": list(dict.fromkeys(v for each in self.rows for v in each.row.port_variables)),
            "writable": list(dict.fromkeys(path for each in self.rows for path in each.row.writable)),
            "tmp": self.own("tmp") or "disk",
            "shares_processes": self.own("signals") == "ignored",
            "startup_seconds": self.own("startup_seconds"),
            "started": self.started,
            "health": self.health,
            "ready": self.ready,
            "headers": self._headers(inner),
            "connections": connections,
            "keys": {addon: sorted({each["key"] for each in found} - {""}) for addon, found in connections.items()},
        }

    def refusals(self, names: Mapping[str, Any]) -> Iterator[Diagnostic]:
        """Find what the rows refuse of a service."""
        for each in self.rows:
            for index, refusal in enumerate(each.row.refuse):
                entry = each.source.part("refuse", index)
                if holds(entry.part("when"), names):
                    message, hint = (
                        str(render(entry.part(key), names)) if key in entry.value else "" for key in ("message", "hint")
                    )
                    yield Diagnostic(Code.BLUEPRINT_REFUSED, message, hint=hint if refusal.hint else "")

    def warnings(self, names: Mapping[str, Any]) -> Iterator[str]:
        """Find what will not work as it stands: a size that is too small, an image that cannot run in the pod."""
        svc = names["svc"]
        least, limit = self.memory.least, str(svc["resources"]["limits"]["memory"])
        if parse(limit) < parse(least):
            yield (
                f"{limit} of memory is less than the {least} that {self.title} needs: the kernel ends it under load,"
                " without a word in its log"
            )
        image = self.own("image")
        if image and image.cannot:
            yield f"the usual image {image.usual} {image.cannot}: {image.instead}"
        if self.own("fixed_port") and svc["port"] and svc["port"]["container"] != self.own("usual_port"):
            usual, port = self.own("usual_port"), svc["port"]
            yield (
                f"no variable moves the port of {self.title}: the usual image listens on {usual}, the pod expects"
                f" {port['container']}; write `{port['service']}:{usual}`, or move it in the image"
            )

    def notes(self, names: Mapping[str, Any]) -> Iterator[str]:
        """Find what the rows want the developer to know."""
        for each in self.rows:
            for index in range(len(each.row.notes)):
                entry = each.source.part("notes", index)
                if "when" not in entry.value or holds(entry.part("when"), names):
                    yield str(render(entry.part("message"), names))

    def _path(self, *fields: str) -> str:
        for each in reversed(self.rows):
            for field in fields:
                if (value := getattr(each.row, field)) is not None:
                    return str(value)
        return ""

    def _says(self, *fields: str) -> bool:
        return self.framework is not None and any(getattr(self.framework.row, each) is not None for each in fields)

    def _variables(self, names: Mapping[str, Any]) -> dict[str, str]:
        """Return the variables by name: the framework's over the language's, and the class of size over both."""
        found: dict[str, str] = {}
        for each in self.rows:
            if each.row.env:
                found |= {name: str(value) for name, value in render(each.source.part("env"), names).items()}
            size = names["svc"]["size"]
            found |= {name: row[size] for name, row in each.row.by_size.items() if size in row}
        return found

    def _headers(self, names: Mapping[str, Any]) -> list[dict[str, str]]:
        found: dict[str, str] = {}
        for each in self.rows:
            if each.row.headers:
                found |= render(each.source.part("headers"), names)
        return [{"name": name, "value": str(found[name])} for name in sorted(found)]

    def _connections(self, names: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """Return the variables of each add-on that a row names, in order; the framework's list replaces the other."""
        found: dict[str, list[dict[str, str]]] = {}
        for each in self.rows:
            for addon, variables in each.row.connections.items():
                source = each.source.part("connections", addon)
                found[addon] = [
                    {"name": variable.name, "key": variable.key, "value": str(_value(source, index, names))}
                    for index, variable in enumerate(variables)
                    if "when" not in source.value[index] or holds(source.part(index, "when"), names)
                ]
        return found


def _value(source: Template, index: int, names: Mapping[str, Any]) -> Any:
    return render(source.part(index, "value"), names) if "value" in source.value[index] else ""


def heap_share(memory: Memory, limit: str) -> int:
    """Return the percent of `limit` that a heap may take, so that what the process needs beside it is left."""
    whole, beside = parse(limit).whole, parse(memory.beside).whole
    left = 100 * (whole - beside) // whole if whole else 0
    return min(memory.share, max(left, 10))


def size_class(size: str | None, memory: str, table: Mapping[str, SizeTable]) -> str:
    """Return the class of size: `size` itself, or of an exact `memory` the largest class that fits into it."""
    if size is not None:
        return size
    fitting = [name for name in SIZES if name in table and parse(table[name].memory) <= parse(memory)]
    return fitting[-1] if fitting else SIZES[0]
