"""Reads the part of PromQL that atmos asks; refuses the rest loudly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?![a-zA-Z_\d])) | (?P<duration>\d+(?:ms|[smhdw])) | (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    | (?P<string>"(?:\\.|[^"\\])*") | (?P<op>=~|!~|!=|==|>=|<=|[-+*/(){}\[\],=<>:@]))""",
    re.VERBOSE,
)
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
AGGREGATES = ("sum", "max", "min", "count", "avg")


class RefusedError(Exception):
    """What Prometheus, or this stand-in for it, does not answer."""


@dataclass(frozen=True, slots=True)
class Selector:
    matchers: tuple[tuple[str, str, str], ...]
    span: float = 0.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    argument: Any


@dataclass(frozen=True, slots=True)
class Aggregate:
    name: str
    by: tuple[str, ...]
    argument: Any


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Any
    right: Any
    on: tuple[str, ...] | None


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if not found:
                raise RefusedError(f"cannot read {text[at:]!r}")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found.group(kind)))
            at = found.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise RefusedError(f"expected {expected!r}, found {token!r}")
        self.at += 1
        return token

    def whole(self) -> Any:
        tree = self.binary(0)
        if self.peek():
            raise RefusedError(f"unexpected {self.peek()!r}")
        return tree

    def binary(self, level: int) -> Any:
        levels = (("or",), ("and", "unless"), ("+", "-"), ("*", "/"))
        if level == len(levels):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in levels[level]:
            operator = self.take()
            on = None
            if self.peek() == "on":
                self.take()
                on = self.names()
            left = Binary(operator, left, self.binary(level + 1), on)
        return left

    def unary(self) -> Any:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind == "number":
            self.take()
            return float(text)
        if text == "(":
            self.take()
            inside = self.binary(0)
            self.take(")")
            return inside
        if text in AGGREGATES:
            return self.aggregate()
        if kind == "name" and self.at + 1 < len(self.tokens) and self.tokens[self.at + 1][1] == "(":
            name = self.take()
            self.take("(")
            argument = self.binary(0)
            self.take(")")
            return Call(name, argument)
        return self.selector()

    def aggregate(self) -> Aggregate:
        name = self.take()
        by = self.by()
        self.take("(")
        argument = self.binary(0)
        self.take(")")
        return Aggregate(name, by or self.by(), argument)

    def by(self) -> tuple[str, ...]:
        if self.peek() != "by":
            return ()
        self.take()
        return self.names()

    def names(self) -> tuple[str, ...]:
        self.take("(")
        found = []
        while self.peek() != ")":
            found.append(self.take())
            if self.peek() == ",":
                self.take()
        self.take(")")
        return tuple(found)

    def selector(self) -> Selector:
        matchers = []
        if self.tokens[self.at][0] == "name":
            matchers.append(("__name__", "=", self.take()))
        if self.peek() == "{":
            self.take()
            while self.peek() != "}":
                matchers.append(self.matcher())
                if self.peek() == ",":
                    self.take()
            self.take("}")
        if not matchers:
            raise RefusedError(f"unexpected {self.peek()!r}")
        span = offset = 0.0
        if self.peek() == "[":
            self.take()
            span = self.duration()
            self.take("]")
        if self.peek() == "offset":
            self.take()
            offset = self.duration()
        return Selector(tuple(matchers), span, offset)

    def matcher(self) -> tuple[str, str, str]:
        label, operator, value = self.take(), self.take(), self.take()
        if operator not in ("=", "!=", "=~", "!~") or not value.startswith('"'):
            raise RefusedError(f"no matcher: {label}{operator}{value}")
        return _unquoted(label) if label.startswith('"') else label, operator, _unquoted(value)

    def duration(self) -> float:
        """Prometheus writes compound durations largest unit first: `1h30m`."""
        total, text = 0.0, self.take()
        while True:
            parts = re.fullmatch(r"(\d+)(ms|[smhdw])", text)
            if not parts:
                raise RefusedError(f"no duration: {text!r}")
            total += int(parts[1]) * UNITS[parts[2]]
            if not re.fullmatch(r"\d+(?:ms|[smhdw])", self.peek()):
                return total
            text = self.take()


def _unquoted(text: str) -> str:
    escapes = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
    return re.sub(
        r"\\(u[0-9a-f]{4}|.)",
        lambda found: chr(int(found[1][1:], 16)) if found[1][0] == "u" else escapes[found[1]],
        text[1:-1],
    )


@lru_cache(maxsize=4096)
def parse(query: str) -> Any:
    """Raises RefusedError for anything outside the simulated part of the language."""
    return _Parser(query).whole()
