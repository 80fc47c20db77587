"""The only functions that print. One call of `say` is one line, whatever names and values are in it."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from atmos_cli.foreign import json_escape, json_text, line
from atmos_cli.output.streams import SafeStream

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

P = ParamSpec("P")
T = TypeVar("T")


def say(text: str, *, to: TextIO | None = None) -> None:
    """Print one line, to standard output unless `to` names another stream."""
    (to or sys.stdout).write(f"{line(text)}\n")


def say_progress(text: str) -> None:
    """Print one line for people who are watching; whether it is seen changes nothing."""
    getattr(sys.stderr, "write_progress", sys.stderr.write)(f"{line(text)}\n")


def say_lines(text: str) -> None:
    """Print text of several lines whose line ends are atmos's own."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def say_document(text: str) -> None:
    """Print YAML, XML or Markdown for a program."""
    end = "" if text.endswith("\n") else "\n"
    write = getattr(sys.stdout, "write_document", sys.stdout.write)
    write(f"{text}{end}")


def say_json(text: str) -> None:
    """Print JSON, made with `dumped`: the same value also where the encoding of the stream lacks characters."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = "".join(char if char.isascii() else json_escape(char) for char in text)
    say_document(text)


def styled(function: Callable[P, T]) -> Callable[P, T]:
    """Return `function` with colours in what it prints to standard output: for functions that print by themselves."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        stream = sys.stdout
        with stream.styled() if isinstance(stream, SafeStream) else nullcontext():
            return function(*args, **kwargs)

    return run


def dumped(value: Any, *, indent: int | None = None) -> str:
    """Return JSON in which ordinary text of any language stays, and everything that is not printable is an escape."""
    return json_text(json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=indent is not None))
