"""What a parser error means in plain words, and what to do about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yaml.error import MarkedYAMLError, YAMLError
from yaml.reader import ReaderError

from atmos_cli.diagnostics import Code, Diagnostic, Location

if TYPE_CHECKING:
    from yaml.error import Mark

_TEMPLATE = "a `{{ … }}` template is not YAML: render it first, or quote it"
_INDENT = "line the keys of one mapping up, and indent with spaces"

# Part of the parser's words -> atmos's words, hint. The first that fits wins.
_EXPLAINED = (
    (
        "mapping values are not allowed",
        "a `: ` stands where no key can be",
        "quote a value that contains `: `, or mend the indentation",
    ),
    ("did not find expected key", "this line does not fit the mapping around it", _INDENT),
    ("expected <block end>", "this line does not fit the block around it", _INDENT),
    (
        "did not find expected '-' indicator",
        "this line does not fit the list around it",
        "start each item with `- ` in one column",
    ),
    (
        "could not find expected ':'",
        "this line is not a `key: value`",
        "add the `:`, or indent it under the text it continues",
    ),
    (
        "block sequence entries are not allowed",
        "a list cannot start here",
        "put `- ` on a line of its own below the key",
    ),
    ("mapping keys are not allowed", "a `? ` stands where no key can be", "quote a value that starts with `? `"),
    (
        "found unexpected ':'",
        "a `:` inside `[]` or `{}` needs a space behind it",
        "write `key: value`, or quote the text",
    ),
    ("unexpected document indicator", "a `---` stands inside a quoted text", "indent it, or close the quote above it"),
    ("unexpected end of stream", "the file ends inside the text that starts here", "close its quote"),
    ("expected ',' or", "a `[` or `{` before this is not closed", "close it, or put a `,` between its items"),
    (
        "unknown escape character",
        "a backslash in double quotes starts no escape that YAML knows",
        r"write `\\`, or use single quotes",
    ),
    ("invalid Unicode character escape", "this escape is no Unicode character", "write the character itself"),
    ("expected hexdecimal number", "this escape is not a hexadecimal number", "write the character itself"),
    ("expected hexadecimal number", "this escape is not a hexadecimal number", "write the character itself"),
    ("undefined tag handle", "the tag is not defined", "remove the tag, or quote the value if it starts with `!`"),
    ("found undefined tag", "the tag is not defined", "remove the tag, or quote the value if it starts with `!`"),
    ("while scanning a block scalar", "text stands behind `|` or `>`", "start the text on the next line, indented"),
    (
        "expected a comment or a line break",
        "text stands behind `|` or `>`",
        "start the text on the next line, indented",
    ),
)
_CONFLICT = re.compile(rb"^<<<<<<< ", re.MULTILINE)
_SOLVE = "keep the lines that are right, and remove those that begin with `<<<<<<<`, `=======` and `>>>>>>>`"
_SEEN_TOO_LATE = ("unexpected end of stream", "could not find expected ':'")


def explained(error: YAMLError, data: bytes, *, path: str = "") -> Diagnostic:
    """Return the error of one parse as a located YAML_SYNTAX diagnostic."""
    if conflict := _CONFLICT.search(data):
        where = Location(path, data.count(b"\n", 0, conflict.start()) + 1, 1)
        return Diagnostic(Code.YAML_SYNTAX, "Git left a conflict here", where=where, hint=_SOLVE)
    if isinstance(error, ReaderError):
        return _unreadable_character(error, data, path)
    if not isinstance(error, MarkedYAMLError):
        return Diagnostic(Code.YAML_SYNTAX, f"not YAML: {error}", where=Location(path))
    problem = error.problem or error.context or "not YAML"
    opened = error.context_mark if any(part in problem for part in _SEEN_TOO_LATE) else None
    mark = opened or error.problem_mark or error.context_mark
    message, hint = _words(problem, error.context or "", _line(data, mark), mark.column if mark else 0)
    where = Location(path, mark.line + 1, mark.column + 1) if mark else Location(path)
    return Diagnostic(Code.YAML_SYNTAX, message, where=where, hint=hint)


def _words(problem: str, context: str, line: str, column: int) -> tuple[str, str]:
    char = line[column : column + 1]
    if "tab character" in problem or (char == "\t" and "start any token" in problem):
        return "a tab stands where YAML wants spaces", "indent with spaces"
    if "<document start>" in problem:
        return "this line belongs to no document", f"put `---` above it after a `...`; otherwise {_INDENT}"
    if "{{" in line and not line.lstrip().startswith("#"):
        return "a `{{ … }}` template stands outside quotes", _TEMPLATE
    if "start any token" in problem:
        return f"a value cannot start with `{char}`", f'quote it: "{_token(line, column)}"'
    if "alphabetic or numeric" in problem:
        sign = "*" if "alias" in context else "&"
        start = line.rfind(sign, 0, column + 1)
        return (
            f"a value cannot start with `{sign}`, unless a name follows",
            f'quote it: "{_token(line, max(start, 0))}"',
        )
    if "expected node content" in problem:
        if not char.strip():
            return "a value is missing here", "close the bracket before it, or write the value"
        return f"a value cannot start with `{char}`", "quote it"
    for part, message, hint in _EXPLAINED:
        if part in problem or part in context:
            return message, hint
    return problem.lower().replace("\n", " "), "mend the syntax here"


def _token(line: str, column: int) -> str:
    return line[column:].partition(" #")[0].strip().replace("\\", "\\\\").replace('"', '\\"')[:60]


def _line(data: bytes, mark: Mark | None) -> str:
    if mark is None:
        return ""
    lines = data.decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
    return lines[mark.line] if mark.line < len(lines) else ""


def _unreadable_character(error: ReaderError, data: bytes, path: str) -> Diagnostic:
    offset = error.position or 0
    start = data.rfind(b"\n", 0, offset) + 1
    where = Location(path, data.count(b"\n", 0, offset) + 1, len(data[start:offset].decode("utf-8", "replace")) + 1)
    if "control" in error.reason or "special" in error.reason:
        code = error.character if isinstance(error.character, int) else ord(error.character[:1] or "\0")
        hint = f'remove it, or write "\\x{code:02x}" in double quotes'
        return Diagnostic(Code.YAML_SYNTAX, "a control character stands here", where=where, hint=hint)
    return Diagnostic(Code.YAML_SYNTAX, "a byte here is not UTF-8", where=where, hint="save the file as UTF-8")
