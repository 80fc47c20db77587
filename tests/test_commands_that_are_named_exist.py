"""Every `atmos …` that a page, a hint or a message names is a command that exists, with options that it takes."""

import ast
import re

from typer.main import get_command

from atmos_cli.cli.app import app
from tests.sources import MODULES, PACKAGE, nodes_of

ROOT = PACKAGE.parent
PAGES = [ROOT / "README.md", ROOT / "atmos_cli/codes.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMED = re.compile(r"^(?:\$ |.*(?:&& |\| ))?atmos ((?:[a-z]|--version)[^`\n]*)")
# `validate` is parsed by argparse, before Typer is loaded.
VALIDATE = {"--repo", "--base", "--output", "-o", "--check-generated", "--help", "-h"}
COMMANDS = get_command(app)


def named():
    """(place, words) of every command in backticks or in a shell block."""
    for page in PAGES:
        fenced = False
        for number, line in enumerate(page.read_text().splitlines(), 1):
            fenced ^= line.strip().startswith("```")
            # also those in a script of a CI workflow
            texts = [re.sub(r"^\s*(?:- )?(?:run: )?", "", line)] if fenced else re.findall(r"`([^`]+)`", line)
            for text in texts:
                for match in NAMED.finditer(text):
                    yield f"{page.name}:{number}", match.group(1)
    for path in MODULES:
        for node in nodes_of(path):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            for quoted in re.findall(r"`(atmos [^`]+)`", text):
                for match in NAMED.finditer(quoted):
                    yield f"{path.name}:{node.lineno}", match.group(1)


def problem(text):
    """What is wrong with a command; empty for what is right, and for prose."""
    words = re.split(r"\s+", text.split("#")[0].split("|")[0].split("&&")[0].strip())
    if words[0] in ("--version", "--help"):
        return ""
    command, options = COMMANDS, {"--help", "-h"}
    if words[0] == "validate":
        options, rest = VALIDATE, words[1:]
    else:
        rest = words
        while rest and hasattr(command, "commands"):
            if rest[0] not in command.commands and "run" in command.commands and command is not COMMANDS:
                command = command.commands["run"]  # the one that a word which is no command goes to
                break
            if rest[0] not in command.commands:
                return (
                    f"there is no `atmos {' '.join(words[: len(words) - len(rest) + 1])}`" if rest[0].isalpha() else ""
                )
            command, rest = command.commands[rest[0]], rest[1:]
        options |= {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    for word in rest:
        name = word.split("=")[0].strip("[](),.;:…\"'")
        if re.fullmatch(r"--[a-z][a-z-]*", name) and name not in options:
            return f"`atmos {text}` has no option {name}"
    return ""


def test_they_exist():
    seen = list(named())
    assert len({place.split(":")[0] for place, _ in seen}) > 50
    assert {f"{where}: {wrong}" for where, text in seen if (wrong := problem(text))} == set()
