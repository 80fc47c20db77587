"""The only import of PyYAML: libyaml's events, or the slower pure parser's where the C extension is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yaml.error import YAMLError
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DEPTH = 200  # Go allows 10,000; no Kubernetes object passes 60, and all code that walks one recurses


class _PureParser(Reader, Scanner, Parser):
    def __init__(self, data: bytes) -> None:
        Reader.__init__(self, data)
        Scanner.__init__(self)
        Parser.__init__(self)

    def get_event(self) -> Any:
        try:
            return super().get_event()  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError) as error:  # an escape beyond Unicode
            raise YAMLError(str(error)) from None


def _parser() -> Callable[[bytes], Any]:
    try:
        from yaml._yaml import CParser
    except ImportError:  # a PyYAML built without libyaml: eight times slower, same events
        return _PureParser
    return CParser


def events(data: bytes) -> Callable[[], Any]:
    """Return a function that returns the next event of the stream at each call, or raises yaml.YAMLError."""
    next_event: Callable[[], Any] = _parser()(data).get_event
    return next_event
