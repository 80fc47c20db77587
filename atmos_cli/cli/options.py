"""Option types that several commands share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from atmos_cli.cli import completion
from atmos_cli.diagnostics import Code, fail
from atmos_cli.output.say import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OutputFormat = Literal["text", "json"]

Output = Annotated[OutputFormat, typer.Option("--output", "-o", help="What to print.")]
RepoDir = Annotated[
    Path | None,
    typer.Option("--repo", metavar="DIR", help="The GitOps repo (default: the one around the working directory)."),
]
Team = Annotated[
    str | None, typer.Option("--team", help="The team that owns the service.", autocompletion=completion.teams)
]
Environments = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        "-e",
        metavar="ENV",
        help="Only this environment; may be repeated.",
        autocompletion=completion.environments,
    ),
]
Write = Annotated[
    Literal["files", "commit", "branch"] | None,
    typer.Option("--write", help="How to write the change (default: `git.write` in atmos-cli.yaml)."),
]
Branch = Annotated[str | None, typer.Option("--branch", help="The branch to make with `--write branch`.")]
Push = Annotated[
    bool | None, typer.Option("--push/--no-push", help="Push the commit or branch to origin (default: `git.push`).")
]
Diff = Annotated[bool, typer.Option("--diff", help="Show how every file changes.")]
Ours = Annotated[
    list[str] | None,
    typer.Option("--ours", metavar="PATH", help="Conflicts in this file (or service, or `.`): keep what is there."),
]
Theirs = Annotated[
    list[str] | None,
    typer.Option("--theirs", metavar="PATH", help="Conflicts in this file (or service, or `.`): take the new one."),
]
AllowReplace = Annotated[
    bool,
    typer.Option("--allow-replace", help="Let objects be replaced by new ones, also those that hold data."),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Begin new overlays even with images that were rolled back; the commit names you."),
]
RequestApproval = Annotated[
    bool, typer.Option("--request-approval", help="Over budget: make the branch anyway, for someone to approve.")
]
Service = Annotated[
    str,
    typer.Argument(metavar="SERVICE", help="The service, as NAME or TEAM/NAME.", autocompletion=completion.services),
]
Size = Annotated[Literal["xs", "s", "m", "l", "xl"] | None, typer.Option("--size", help="CPU and memory by class.")]
Scale = Annotated[str | None, typer.Option("--scale", metavar="MIN..MAX", help="Replicas follow the CPU use.")]
Port = Annotated[str | None, typer.Option("--port", metavar="PORT[:PORT]", help="Clients' port, and the process's.")]
SetEnv = Annotated[
    list[str] | None, typer.Option("--set-env", metavar="NAME=VALUE", help="A plain environment variable.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show everything, write nothing.")]


def start(repo: Path | None) -> Path:
    return (repo or Path()).resolve()


def interactive(output: OutputFormat) -> bool:
    """Return whether a person may be asked: only on a terminal, and never into JSON."""
    return output == "text" and sys.stdin.isatty() and sys.stdout.isatty()


def asked(output: OutputFormat) -> Callable[[str, Sequence[str]], str] | None:
    """Return what puts a question with a choice to a person; None where no one can be asked."""
    if not interactive(output):
        return None

    def choose(question: str, choices: Sequence[str]) -> str:
        while True:
            answer = str(typer.prompt(f"{question} ({', '.join(choices)})", default=choices[0]))
            if answer in choices:
                return answer
            say(f"`{answer[:40]}` is none of them")

    return choose


def confirm(
    question: str,
    *,
    yes: bool,
    output: OutputFormat,
    default: bool = True,
    hint: str = "add `--yes`, or `--dry-run`",
) -> None:
    """Ask before something is written, unless `yes` says it or a program is asking.

    Raises ATM901 where no one can be asked, and ends the command when the answer is no.
    """
    if interactive(output) and not yes:
        typer.confirm(question, default=default, abort=True)
    elif not yes and output == "text":
        raise fail(Code.USAGE, "this is no terminal, so atmos cannot ask", hint=hint)
