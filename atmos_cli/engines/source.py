"""The URL of the GitOps repo in the one form that both engines take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atmos_cli.config import Config

SCP = re.compile(r"(?P<user>[\w.-]+@)?(?P<host>[\w.-]+):(?!//)(?P<path>.+)")
CREDENTIALS = re.compile(r"(?<=://)[^/@]+@")


def git_url(config: Config) -> str:
    return portable_url(config.git.url)


def portable_url(url: str) -> str:
    """Return `git@host:org/repo` as `ssh://git@host/org/repo` (Flux refuses the short form), without any password."""
    match = SCP.fullmatch(url)
    if match and "://" not in url:
        return f"ssh://{match['user'] or 'git@'}{match['host']}/{match['path'].lstrip('/')}"
    if url.startswith("http"):
        return CREDENTIALS.sub("", url)
    return url
