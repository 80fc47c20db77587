"""`atmos validate`, with argparse: it is run on every commit, and Typer alone would double its time."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from atmos_cli import __version__
from atmos_cli.cli.examples import examples_of
from atmos_cli.diagnostics import Code, errors, fail
from atmos_cli.output.json.envelope import answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.diagnostics import Diagnostic


def validate(args: Sequence[str]) -> int:
    """Run `atmos validate` and return its exit status."""
    from atmos_cli.commands.validate import validate as findings
    from atmos_cli.gitops.repository import open_repository

    options = _parser().parse_args(args)
    _require_version(options.require_version)
    start = Path(options.repo or ".")
    faults: list[Diagnostic] = []
    repository = open_repository(start.resolve(), faults=faults)
    paths = [_from_root(path, repository.root) for path in options.paths]
    found = findings(repository, paths=paths, base=options.base, faults=faults, check_generated=options.check_generated)
    code = 1 if errors(found.diagnostics) else 0
    if options.output == "json":
        from atmos_cli.output.json.repo import validation_data

        diagnostics = (*repository.recovered, *found.diagnostics)
        answer("validate", data=validation_data(found), diagnostics=diagnostics, exit_code=code)
    else:
        from atmos_cli.output.text.repo import show_validation

        show_validation(repository, found)
    return code


def _require_version(wanted: str | None) -> None:
    if wanted not in (None, __version__):
        message = f"this repo is checked with atmos {wanted}, and this is {__version__}"
        hint = f"install atmos {wanted}, or let this one take over: `atmos update`, and `tool.install` where it is set"
        raise fail(Code.TOOL_VERSION, message, hint=hint)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise fail(Code.USAGE, message, hint="see `atmos validate --help`")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="atmos validate",
        allow_abbrev=False,
        description="Everything that can be known offline about the repo: schemas, references, policy, budget.",
        epilog="\n".join(
            (
                "exit status: 0 no error, 1 errors found, 2 cannot look (no repo, unreadable input)",
                "",
                "Examples:",
                *(f"  {each}" for each in examples_of("atmos validate")),
            )
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="show only findings in these files or directories")
    parser.add_argument("--repo", metavar="DIR", help="the GitOps repo (default: the one around the working directory)")
    parser.add_argument(
        "--base", metavar="REF", help="commit whose budgets and approvers count (default: the branch in atmos-cli.yaml)"
    )
    parser.add_argument(
        "--check-generated", action="store_true", help="an error where `atmos update` has something for a service"
    )
    parser.add_argument("--require-version", metavar="VERSION", help="fail when this atmos is another one")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help="what to print")
    return parser


def _from_root(path: str, root: Path) -> str:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow a link out of the repo
    if not absolute.exists():
        raise fail(Code.USAGE, f"there is no `{path}`", hint="name files or directories of the repo")
    for candidate in (absolute, absolute.resolve()):
        if candidate.is_relative_to(root):
            return candidate.relative_to(root).as_posix().removeprefix(".")
    raise fail(Code.PATH_ESCAPES, f"`{path}` is not inside {root}", hint="name files or directories of the repo")
