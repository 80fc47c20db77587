"""Option types that several commands share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

OutputFormat = Literal["text", "json"]

Output = Annotated[OutputFormat, typer.Option("--output", "-o", help="What to print.")]
RepoDir = Annotated[
    Path | None,
    typer.Option("--repo", metavar="DIR", help="The GitOps repo (default: the one around the working directory)."),
]
Team = Annotated[str | None, typer.Option("--team", help="The team that owns the service.")]
Environments = Annotated[
    list[str] | None, typer.Option("--env", "-e", metavar="ENV", help="Only this environment; may be repeated.")
]
Write = Annotated[
    Literal["files", "commit", "branch"] | None,
    typer.Option("--write", help="How to write the change (default: `git.write` in atmos-cli.yaml)."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show everything, write nothing.")]


def start(repo: Path | None) -> Path:
    return (repo or Path()).resolve()


def interactive(output: OutputFormat) -> bool:
    """Prompts only on a terminal, and never into JSON."""
    return output == "text" and sys.stdin.isatty() and sys.stdout.isatty()
