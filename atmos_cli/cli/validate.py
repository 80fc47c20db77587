"""`atmos validate`, with argparse: it is run on every commit, and Typer alone would double its time."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from atmos_cli.cli.envelope import envelope
from atmos_cli.cli.text import print_diagnostics, summary
from atmos_cli.diagnostics import Code, errors, fail
from atmos_cli.output.say import say, say_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.judging import Judged
    from atmos_cli.gitops.repository import Repository


def validate(args: Sequence[str]) -> int:
    from atmos_cli.commands import validate as usecase
    from atmos_cli.commands.budget import row_data
    from atmos_cli.gitops.repository import open_repository

    options = _parser().parse_args(args)
    start = Path(options.repo or ".")
    faults: list[Diagnostic] = []
    repository = open_repository(start.resolve(), faults=faults)
    paths = [_from_root(path, repository.root) for path in options.paths]
    found = usecase.validate(repository, paths=paths, base=options.base, faults=faults)
    code = 1 if errors(found.diagnostics) else 0
    if options.output == "json":
        rows = [row_data(row) for row in found.judged.rows]
        data = {"files": found.files, "deployments": found.deployments, "budget": rows}
        diagnostics = (*repository.recovered, *found.diagnostics)
        say_json(envelope("validate", data=data, diagnostics=diagnostics, exit_code=code))
        return code
    _print_budgets(repository, found.judged)
    print_diagnostics(repository.recovered)
    print_diagnostics(found.diagnostics, to=sys.stdout)
    looked = f"{found.files} files, {found.deployments} deployments"
    say(f"{looked}: {summary(found.diagnostics)}")
    return code


def _print_budgets(repository: Repository, judged: Judged) -> None:
    """What differs from the base branch, or is over; as plain lines, since rich would double the time of a hook."""
    for row in judged.rows:
        if row.dimension != "unknown" and (row.before != row.after or row.outcome in ("over", "denied", "approved")):
            amounts = f"{row.text(row.before)} -> {row.text(row.after)} of {row.text(row.limit)}"
            over = f", over by {row.text(row.over_by)}" if row.over_by.nano else ""
            say(f"budget {row.environment}: {row.scope} {row.dimension} {amounts}{over} ({row.outcome})")
    over_in = sorted({row.environment for row in judged.rows if row.outcome in ("over", "denied")})
    if over_in:
        from atmos_cli.cli.budget_data import pending_lines, top_users
        from atmos_cli.commands.budget import pending

        for name in over_in:
            for line in top_users(judged.budgets[name]):
                say(f"budget {name}: {line}")
        for line in pending_lines(pending(repository, over_in)):
            say(f"budget: {line}")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise fail(Code.USAGE, message, hint="see `atmos validate --help`")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="atmos validate",
        allow_abbrev=False,
        description="Everything that can be known offline about the repo: schemas, references, policy, budget.",
        epilog="exit status: 0 no error, 1 errors found, 2 cannot look (no repo, unreadable input)",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="show only findings in these files or directories")
    parser.add_argument("--repo", metavar="DIR", help="the GitOps repo (default: the one around the working directory)")
    parser.add_argument(
        "--base", metavar="REF", help="commit whose budgets and approvers count (default: the branch in atmos-cli.yaml)"
    )
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
