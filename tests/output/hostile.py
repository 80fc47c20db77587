"""What nobody may get onto a terminal or into a log, and how to see that it is there."""

import re
import subprocess
import sys
import unicodedata

# Control sequences by ECMA-48, bidirectional and invisible characters, and the commands of CI runners.
SEQUENCES = {
    "colour": "\x1b[31m",
    "conceal": "\x1b[8m",
    "erase": "\x1b[2J\x1b[H",
    "title": "\x1b]0;pwned\x07",
    "link": "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cHduZWQ=\x07",
    "device": "\x1bP$q\x1b\\",
    "bell": "\x07",
    "carriage": "\rall good",
    "backspace": "bad\b\b\bok",
    "c1": "\x9b31m",
    "osc8bit": "\x9d0;x\x9c",
    "next line": "\x85",
    "override": "\u202e",
    "isolate": "\u2066",
    "mark": "\u200f",
    "arabic mark": "\u061c",
    "zero width": "\u200b",
    "separator": "\u2028",
    "byte order": "\ufeff",
    "tag": "\U000e0041",
    "github": "\n::error::pwned",
    "github blanks": "\n \t::add-mask::a",
    "github old": "##[add-mask]a",
    "azure": "##vso[task.setvariable variable=a]b",
    "teamcity": "##teamcity[buildStop comment='x']",
    "gitlab": "\nsection_start:1:a\r\x1b[0K",
    "markup": "[bold red]x[/]",
    "markup link": "[link=http://evil.example]x[/link]",
}
STYLE = re.compile(r"\x1b\[\??[0-9;]*[A-HJKhlm]")
RUNNER = re.compile(r"##(?:vso|teamcity)?\[|^\s*::[a-z-]+(?: .*)?::|section_start", re.IGNORECASE | re.MULTILINE)


def raw(text, *, colours=False):
    """Whatever in `text` is not plain; with `colours`, atmos's own may be in it (never those of `SEQUENCES`)."""
    if colours:
        assert not any(each in text for each in ("\x1b[8m", "\x1b[2J", "\x1b]"))
        text = STYLE.sub("", text).replace("\r\n", "\n")
    bad = {char for char in text if char not in "\n\t" and unicodedata.category(char) in HIDDEN_CATEGORIES}
    return bad | {found for found in RUNNER.findall(text) if found != "section_start" or "\r" in text}


HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def run(*args, cwd, env=None, **kwargs):
    import os

    done = subprocess.run(
        [sys.executable, "-m", "atmos_cli", *args],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=not {"stdout", "stderr"} & set(kwargs),
        check=False,
        timeout=60,
        **kwargs,
    )
    return done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode()


def on_a_terminal(*args, cwd, env=None):
    """As a person sees it: standard output and error are a pseudo-terminal."""
    import os
    import pty

    master, slave = pty.openpty()
    whole = {**os.environ, "TERM": "xterm-256color", **(env or {})}
    whole = {name: value for name, value in whole.items() if value is not None}
    child = subprocess.Popen(
        [sys.executable, "-m", "atmos_cli", *args], cwd=cwd, env=whole, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    data = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # Linux says so when the last one has closed it
            break
        if not part:
            break
        data += part
    os.close(master)
    return child.wait(timeout=60), data.decode()
