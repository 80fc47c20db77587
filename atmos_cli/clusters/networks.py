"""Which addresses are outside: as exceptions of one block, or as blocks that leave them out."""

from __future__ import annotations

import ipaddress
from functools import cache

EVERYTHING, GLOBAL_V6 = "0.0.0.0/0", "2000::/3"
# Private, shared (carriers, and pods or nodes of some clouds), of one machine or link, for tests, multicast, reserved.
NOT_OUTSIDE = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
)


@cache
def outside_blocks() -> tuple[str, ...]:
    """Return all IPv4 addresses but `NOT_OUTSIDE`, as the fewest blocks."""
    left = [ipaddress.IPv4Network(EVERYTHING)]
    for closed in map(ipaddress.IPv4Network, NOT_OUTSIDE):
        left = [
            part for block in left for part in (block.address_exclude(closed) if closed.subnet_of(block) else [block])
        ]
    return tuple(str(block) for block in sorted(ipaddress.collapse_addresses(left)))


def family(cidr: str) -> int:
    """Return 4 or 6."""
    return 6 if ":" in cidr else 4
