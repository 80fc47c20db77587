"""What `atmos-cli.yaml` says of teams and means nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.config import FILE
from atmos_cli.diagnostics import Code, Diagnostic, Severity
from atmos_cli.foreign import shell
from atmos_cli.gitops.repository import teams
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.config import Config
    from atmos_cli.ports import FileTree


def team_findings(tree: FileTree, config: Config) -> Iterator[Diagnostic]:
    """Yield a warning, located in `atmos-cli.yaml`, of each team there without a tenant: its groups may do nothing."""
    known = set(teams(tree))
    data = tree.read(FILE) or b""
    for name in config.teams:
        if name not in known:
            message = f"`teams.{name}` is of a team that has no tenant in this repo, so its groups may do nothing"
            where = located(data, 0, ("teams", name), file=FILE)
            hint = f"add it with `atmos new team {shell(name)}`, or take it out"
            yield Diagnostic(Code.TEAM_UNKNOWN, message, Severity.WARNING, where=where, hint=hint)
