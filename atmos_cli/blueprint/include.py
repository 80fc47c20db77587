"""`$include: shared/pod.yaml`: one file of `shared/` as a part of a tree, so that blueprints share it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.tree import Template
from atmos_cli.diagnostics import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from atmos_cli.blueprint.tree import Path

# Shared parts hold a few dozen lines; more of them, or deeper ones, are a mistake or an attack.
MOST, DEEPEST = 100, 8
SHARED = re.compile(r"shared/[a-z0-9][a-z0-9-]*\.yaml")


def included(template: Template, read: Callable[[str], Template | None], *, within: Sequence[str] = ()) -> Template:
    """Return `template` with each `$include: shared/<file>` replaced by that file, a template that `read` returns.

    Raises a located ATM202 for a file that is not there, or that includes itself, and past 100 files or 8 levels.
    """
    read = read if within else _counted(template, read)
    value = _included(template, template.value, read, (*within, template.path), ())
    # A file that only includes another one is that one, so that its messages name the place to fix.
    return value if isinstance(value, Template) else replace(template, value=value)


def _counted(template: Template, read: Callable[[str], Template | None]) -> Callable[[str], Template | None]:
    taken = 0

    def counting(name: str) -> Template | None:
        nonlocal taken
        taken += 1
        if taken > MOST:
            raise template.error(f"it includes more than {MOST} files", (), code=Code.BLUEPRINT_INVALID)
        return read(name)

    return counting


def _included(
    template: Template, value: Any, read: Callable[[str], Template | None], within: Sequence[str], path: Path
) -> Any:
    if isinstance(value, list):
        return [_included(template, each, read, within, (*path, index)) for index, each in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if "$include" not in value:
        return {key: _included(template, each, read, within, (*path, key)) for key, each in value.items()}
    name, at = value["$include"], (*path, "$include")
    if len(value) > 1:
        raise template.error("`$include` stands alone: the file is all that is there", at, code=Code.BLUEPRINT_INVALID)
    found = read(name) if isinstance(name, str) and SHARED.fullmatch(name) else None
    if found is None:
        hint = "name a file of `shared/`, as in `$include: shared/pod.yaml`"
        raise template.error(f"there is no `{name}` to include", at, code=Code.BLUEPRINT_INVALID, hint=hint)
    if len(within) > DEEPEST:
        raise template.error(f"`{name}` is included more than {DEEPEST} levels deep", at, code=Code.BLUEPRINT_INVALID)
    if found.path in within:
        raise template.error(f"`{name}` includes itself", at, code=Code.BLUEPRINT_INVALID)
    return included(found, read, within=within)
