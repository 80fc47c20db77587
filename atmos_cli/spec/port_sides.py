"""The rule for the two ends of a port in a sentence: `listens on 3000, clients use 80`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.spec.intent import PortPair

if TYPE_CHECKING:
    from atmos_cli.spec.parse import Parse

_PORT = re.compile(r":?([1-9][0-9]{0,4})")
_SAID = {
    ("listens", "on"): "container_port",
    ("listening", "on"): "container_port",
    ("listen", "on"): "container_port",
    ("process", "listens", "on"): "container_port",
    ("clients", "use"): "service_port",
    ("clients", "call"): "service_port",
    ("clients", "connect", "to"): "service_port",
    ("exposed", "on"): "service_port",
    ("exposed", "at"): "service_port",
    ("reachable", "on"): "service_port",
}


def port_side(parse: Parse, start: int) -> int:
    """Claim the port of one end, where a number follows that is no pair itself."""
    for words, side in _SAID.items():
        if tuple(parse.key(start, n) for n in range(len(words))) != words:
            continue
        lead = len(words)
        lead += 1 if parse.key(start, lead) == "port" else 0
        found = _PORT.fullmatch(parse.key(start, lead))
        following = parse.key(start, lead + 1)
        if not found or int(found[1]) > 65535 or following in {"->", "=>", "→", "to"}:
            return 0
        number = int(found[1])
        return parse.token(side, PortPair(number, number), start, lead + 1)
    return 0
