"""The rule for whose service it is: `for team payments`. A namespace is made of the team and the environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.names import shown
from atmos_cli.spec.vocabulary import FILLERS, normal

if TYPE_CHECKING:
    from atmos_cli.spec.parse import Parse

_TEAM = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def team(parse: Parse, start: int) -> int:
    """Claim `team payments`, `for the team payments`; a word of its own such as `namespace` leads to it."""
    lead = 1 if parse.key(start) in {"for", "by", "of", "in"} else 0
    lead += 1 if lead and parse.key(start, lead) in {"the", "our"} else 0
    noun = parse.key(start, lead)
    if noun not in {"team", "namespace", "ns"}:
        return 0
    name = parse.text_at(start, lead + 1)
    usable = _TEAM.fullmatch(name) is not None and normal(name) not in FILLERS
    count = lead + 2 if usable else lead + 1
    if noun == "team" and usable:
        return parse.token("team", name, start, count)
    if noun == "team":
        message = f"{parse.said(start, count)} is not followed by the name of a team"
        return parse.problem(Code.TEAM_UNKNOWN, message, start, count, hint="write `for team payments`")
    message = f"{parse.said(start, count)} is not chosen: a namespace is called after its team and environment"
    hint = f"say whose it is: `for team {shown(name) if usable else 'payments'}`"
    return parse.problem(Code.INTENT_NOT_YET, message, start, count, hint=hint)
