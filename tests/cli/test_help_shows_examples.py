"""Every `--help` ends with examples, and each of them is a command line that its command takes as it stands."""

from __future__ import annotations

import shlex

import pytest

from atmos_cli.cli.app import _command
from atmos_cli.cli.examples import EXAMPLES
from atmos_cli.cli.validate import _parser
from tests.intent.answers import TEAMS, catalogue, config


def paths():
    """Every command and group by its path, such as `new service`."""

    def walk(command, path):
        yield path
        for name, below in getattr(command, "commands", {}).items():
            yield from walk(below, f"{path} {name}".strip())

    return tuple(walk(_command(), ""))


EACH = [(path, line) for path, lines in EXAMPLES.items() for line in lines]


def test_every_command_has_examples_and_nothing_else_has():
    assert set(EXAMPLES) == set(paths())


@pytest.mark.parametrize("path", paths())
def test_help_ends_with_the_examples_of_the_command(atmos, path):
    done = atmos(*path.split(), "--help")
    assert done.code == 0
    shown = done.out[done.out.index("Examples:") :].splitlines()[1:]
    assert [line.strip() for line in shown if line.strip()] == [f"atmos {line}" for line in EXAMPLES[path]]


@pytest.mark.parametrize(("path", "line"), EACH)
def test_each_example_is_of_its_command_and_parses(path, line):
    words = shlex.split(line)
    assert path.split() == words[: len(path.split())] or path == "verify run"
    if words[0] == "validate":
        _parser().parse_args(words[1:])
        return
    command, rest = _command(), words
    while below := getattr(command, "commands", {}):
        if rest[:1] and rest[0] in below:
            command, rest = below[rest[0]], rest[1:]
        else:
            command = below[command.default]
    context = command.make_context(words[0], list(rest))
    assert context.params.keys() >= {parameter.name for parameter in command.params if parameter.required}


@pytest.mark.parametrize("line", [line for _, line in EACH if line.startswith("new service ")])
def test_the_intents_of_examples_are_understood(line):
    from atmos_cli.gitops.intent import understand
    from atmos_cli.gitops.intent_flags import Flags

    text = shlex.split(line)[2]
    assert understand(text, Flags(), config=config(), catalogue=catalogue(), teams=TEAMS[:1]).spec
