"""Whether the atmos that `tool.install` names, the one of the pipelines and the one that runs are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.config import FILE
from atmos_cli.diagnostics import Code, Diagnostic, Severity
from atmos_cli.layout.pipelines import GITHUB, GITLAB, HOOKS, NOT_SET
from atmos_cli.tool_settings import pins_in
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.config import Config
    from atmos_cli.ports import FileTree


def tool_findings(tree: FileTree, config: Config, *, running: str, strict: bool = False) -> Iterator[Diagnostic]:
    """Yield at most one finding, at `tool.install`: that a pipeline has another atmos, or that another one is running.

    The first is an error when `strict`.
    """
    pin, version = config.tool.pin, config.tool.version
    if pin is None:
        return
    where = located(tree.read(FILE) or b"", 0, ("tool", "install"), file=FILE)
    pipeline = GITLAB if config.forge == "gitlab" else GITHUB
    for path in (pipeline, HOOKS):
        text = (tree.read(path) or b"").decode("utf-8", "replace")
        found = pins_in(text)
        if NOT_SET in text or (found and pin not in found):
            other = _shown(found[0]) if found else "none"
            message = f"`tool.install` is {_shown(pin)}, and `{path}` still has {other}"
            severity = Severity.ERROR if strict else Severity.WARNING
            yield Diagnostic(Code.UPDATE_PENDING, message, severity, where=where, hint="run `atmos update`")
            return
    if version not in (None, running):
        message = f"pipelines run {_shown(pin)}, as `tool.install` says, and this is {running}"
        hint = f"install atmos {version} here, or name {running} in `tool.install` and run `atmos update` with it"
        yield Diagnostic(Code.TOOL_VERSION, message, Severity.WARNING, where=where, hint=hint)


def _shown(pin: str) -> str:
    address, at, commit = pin.rpartition("@")
    return f"the commit {commit[:12]} of {address}" if at else f"atmos {pin}"
