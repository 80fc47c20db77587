"""The Kubernetes version of a cluster that a command is told: refused where nothing could be judged by it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.config import Cluster
from atmos_cli.diagnostics import Code, Diagnostic, Severity, fail
from atmos_cli.versions.judge import stale_kubernetes, unusable_kubernetes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.versions.table import VersionTable

_MINOR = re.compile(r"1\.\d{2}")


def default_version(table: VersionTable) -> str:
    """Return the version that new clusters get where nobody says one."""
    return table.kubernetes.writes or Cluster().kubernetes


def require_version(table: VersionTable, version: str) -> None:
    """Check a version from the command line. Raises ATM704 for one without schemas here, ATM901 for no version."""
    if not _MINOR.fullmatch(version):
        hint = f"write it as `--kubernetes {default_version(table)}`"
        raise fail(Code.USAGE, f"`{version[:40]}` is no version of Kubernetes", hint=hint)
    if problem := unusable_kubernetes(table, version):
        hint = f"write it as `--kubernetes {default_version(table)}`; a newer atmos may know more"
        raise fail(Code.KUBERNETES_VERSION, f"`{version[:40]}` {problem}", hint=hint)


def version_notes(table: VersionTable, version: str) -> Iterator[Diagnostic]:
    """Yield a warning of a version without support on the day of the table; an empty one says nothing."""
    if version and (stale := stale_kubernetes(table, version, on=table.as_of)):
        message = f"Kubernetes {stale.found} {stale.why}"
        hint = f"take {stale.wanted} or another one with support: {stale.source}"
        yield Diagnostic(Code.KUBERNETES_VERSION, message, Severity.WARNING, hint=hint)
