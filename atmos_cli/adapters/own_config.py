"""The user's own configuration, outside of every checkout: what may be sent although no base branch allows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.config import OwnConfig
from atmos_cli.diagnostics import Code, fail
from atmos_cli.documents import read_model

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 1024 * 1024


def own_config_path(environ: Mapping[str, str]) -> Path:
    """Return `$XDG_CONFIG_HOME/atmos-cli/config.yaml`; a relative one would be the checkout's, so it is ignored."""
    named = Path(environ.get("XDG_CONFIG_HOME") or "")
    home = named if named.is_absolute() else Path(environ.get("HOME") or Path.home(), ".config")
    return home / "atmos-cli" / "config.yaml"


def own_config(environ: Mapping[str, str]) -> OwnConfig:
    """Read the user's file; without one nothing is allowed. Raises ATM701 with the place of each mistake."""
    path = own_config_path(environ)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return OwnConfig()
    except OSError as error:
        message = f"{path} cannot be read: {(error.strerror or 'no reason given').lower()}"
        raise fail(Code.CONFIG_INVALID, message, hint=f"ls -l {path}") from None
    if len(data) > MAX_BYTES:
        raise fail(Code.CONFIG_INVALID, f"{path} is larger than {MAX_BYTES >> 20} MiB", hint=f"ls -l {path}")
    return read_model(OwnConfig, data, path=str(path), code=Code.CONFIG_INVALID)
