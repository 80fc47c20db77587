"""Makes text that somebody else wrote safe to show: in a line, a shell command, JSON, XML, HTML or Markdown.

Everything that a terminal does not show as it is becomes a visible escape, and nothing that is printed can be a
command to the program that reads the log.
"""

from __future__ import annotations

import re
import shlex

# What Unicode calls control, format, surrogate, private use and separator (but the space), and letters without ink; not
# tabs and line ends. A table of our own: each Python knows another Unicode, and the output must not depend on that.
HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u1680\u17b4"
    "\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufeff"
    "\uffa0\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
# What CI runners take as a command anywhere in a line: GitHub and Azure `##[`, Azure `##vso[`, TeamCity `##teamcity[`.
_SOMEWHERE = r"(?i:##(?:vso|teamcity)?\[)"
# GitHub's `::error::`, behind blanks at the start of a line; `::1` is an address. GitLab's needs an ESC.
_AT_START = r"(?m:^)[ \t]*::(?![^A-Za-z])"
_HIDDEN = re.compile(f"[\\t\\n{HIDDEN}]")
_HIDDEN_IN_BLOCK = re.compile(f"[{HIDDEN}]")
_ANYWHERE = re.compile(_SOMEWHERE)
_COMMAND = re.compile(f"{_SOMEWHERE}|{_AT_START}")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()|~!$&])")
_REFERENCE = re.compile(r"[@#]|(?<=:)(?=//)|(?i:(?<=www)(?=\.)|(?<=gh)(?=-\d))")


def line(text: str) -> str:
    """Return `text` as one line: line ends become escapes, too."""
    if not (text.isascii() and text.isprintable()):
        text = _HIDDEN.sub(_escape, text)
    return _ANYWHERE.sub(_inert, text) if "##" in text else text


def block(text: str) -> str:
    """Return `text` as several lines: line ends and tabs stay, and no line begins with a command."""
    return _COMMAND.sub(_inert, _HIDDEN_IN_BLOCK.sub(_escape, text))


def _inert(match: re.Match[str]) -> str:
    """Return the command without its last character as such, so that what was written before can stay."""
    return f"{match[0][:-1]}{spelled(match[0][-1])}"


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    return _SHORT.get(char) or spelled(char)


def spelled(char: str) -> str:
    """Return a character by its number, as Python, Bash and YAML write it."""
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shell(word: str) -> str:
    """Return a word of a shell command that a person may paste: quoted where it must be, and never an option."""
    if word.startswith("-"):
        word = f"./{word}"
    if _HIDDEN.search(word) or "`" in word or _ANYWHERE.search(word):
        inside = word.replace("\\", "\\\\").replace("'", "\\'").replace("`", "\\x60")
        return f"$'{line(_HIDDEN.sub(_in_shell, inside))}'"
    return shlex.quote(word)


def _in_shell(match: re.Match[str]) -> str:
    """Return a character by its bytes: a file name is bytes, and what else Bash reads depends on the locale."""
    errors = "surrogateescape" if "\udc80" <= match[0] <= "\udcff" else "surrogatepass"
    # Three octal digits: of hexadecimal ones some shells take as many as follow.
    return "".join(f"\\{byte:03o}" for byte in match[0].encode("utf-8", errors))


def json_text(text: str) -> str:
    """Return JSON of the same meaning in which hidden characters, and the commands of runners, are escapes."""
    text = _HIDDEN_IN_BLOCK.sub(lambda match: json_escape(match[0]), text)
    return _ANYWHERE.sub(lambda match: f"{match[0][:-1]}{json_escape(match[0][-1])}", text)


def json_escape(char: str) -> str:
    """Return a character by its number, as JSON has it: two escapes beyond the first 65,536."""
    code = ord(char)
    if code < 0x10000:
        return f"\\u{code:04x}"
    return f"\\u{0xD800 + (code - 0x10000 >> 10):04x}\\u{0xDC00 + (code - 0x10000 & 0x3FF):04x}"


def xml_text(text: str) -> str:
    """Return XML of the same meaning without hidden characters, and without a command of a runner."""
    text = _HIDDEN_IN_BLOCK.sub(lambda match: f"&#x{ord(match[0]):x};", text)
    return _COMMAND.sub(lambda match: f"{match[0][:-1]}&#{ord(match[0][-1])};", text)


def html(text: str) -> str:
    """Return HTML that shows the text, in a page or an attribute."""
    from html import escape

    return escape(line(text), quote=True)


def markdown(text: str) -> str:
    """Return Markdown that shows the text: on GitHub and GitLab no markup, table, link, mention or issue."""
    # A backslash does not stop a mention: forges look for those in the finished page. A comment in between does.
    return _REFERENCE.sub(lambda match: f"{match[0]}<!-- -->", _MARKDOWN.sub(r"\\\1", line(text)))
