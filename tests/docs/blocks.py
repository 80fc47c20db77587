"""Reads the command blocks of a page, and the marks in front of them that say how a test runs them.

A mark is an HTML comment, which readers of the page do not see and readers of its source do:

    <!-- not run: REASON -->          the next block is not run
    <!-- setup: COMMANDS -->          what has to be there first, of which the page does not speak; may have many lines
    <!-- exit 1: COMMAND -->          this line of the next block answers with that status, and not with 0
    <!-- in place of WORD: COMMAND -->  what the next block calls WORD is what COMMAND prints
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHELL = ("sh", "bash", "shell", "console")
_MARK = re.compile(r"(not run|setup|exit \d+|in place of \S+):(.*)", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """One command, and what the page shows behind it."""

    command: str
    number: int
    output: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """`statuses` by command, where another one than 0 is said; `places`: words of the page and where they come from."""

    number: int
    language: str
    lines: tuple[Line, ...]
    setup: tuple[str, ...] = ()
    not_run: str = ""
    statuses: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)


def blocks(text: str) -> Iterator[Block]:
    """Yield every fenced block of a page that holds commands, in order, each with its marks."""
    marks: list[tuple[str, str]] = []
    for number, language, body in _pieces(text):
        if language is None:
            marks.append(_mark(body, number))
        elif is_shell(language, body):
            yield _block(number, language, body, marks)
            marks = []
        elif any(name != "setup" for name, _ in marks):
            raise ValueError(f"line {number}: a mark before a block that holds no commands")
    if marks:
        raise ValueError(f"a mark without a block: {marks[-1]}")


def is_shell(language: str, body: str) -> bool:
    """Say whether a block holds commands: by its language, or as one without any that shows a prompt or an atmos."""
    return language in SHELL or (not language and re.search(r"^(?:\$ |atmos )", body, re.MULTILINE) is not None)


def _pieces(text: str) -> Iterator[tuple[int, str | None, str]]:
    """Yield (line, language, content) of each fenced block, and (line, None, content) of each mark."""
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        if fence := re.fullmatch(r" *```(\w*)", line):
            body = []
            for _, inner in lines:
                if inner.strip() == "```":
                    break
                body.append(inner)
            yield number, fence.group(1), "\n".join(body)
        elif re.match(r"<!-- (?:not run|setup|exit|in place of)\b", line):
            body = [line]
            while not body[-1].rstrip().endswith("-->"):
                body.append(next(lines)[1])
            yield number, None, "\n".join(body)


def _mark(comment: str, number: int) -> tuple[str, str]:
    found = _MARK.fullmatch(comment.strip().removeprefix("<!--").removesuffix("-->").strip())
    if found is None or not found.group(2).strip():
        raise ValueError(f"line {number}: not a mark that is known, or without what it has to say: {comment}")
    return found.group(1), found.group(2).strip()


def _block(number: int, language: str, body: str, marks: list[tuple[str, str]]) -> Block:
    named = {name: said for name, said in marks if name != "setup"}
    lines = tuple(_lines(number, language, body))
    statuses = {said: int(name.split()[1]) for name, said in marks if name.startswith("exit ")}
    if unknown := statuses.keys() - {each.command for each in lines}:
        raise ValueError(f"line {number}: the block has no line {sorted(unknown)}")
    return Block(
        number,
        language,
        lines,
        setup=tuple(said for name, said in marks if name == "setup"),
        not_run=named.get("not run", ""),
        statuses=statuses,
        places={name.removeprefix("in place of "): said for name, said in named.items() if name.startswith("in ")},
    )


def _lines(number: int, language: str, body: str) -> Iterator[Line]:
    """Yield the commands: lines behind `$ ` where there are such, else all."""
    shown: list[tuple[int, str, list[str]]] = []
    prompts = re.search(r"^\$ ", body, re.MULTILINE) is not None
    for offset, text in enumerate(re.sub(r"\s*\\\n\s*", " ", body).splitlines(), start=number + 1):
        if prompts and not text.startswith("$ "):
            shown[-1][2].append(text)
        elif command := re.sub(r"(?:^|\s+)# .*", "", text).strip():
            shown.append((offset, command.removeprefix("$ "), []))
    for place, command, output in shown:
        yield Line(command, place, tuple(output))
