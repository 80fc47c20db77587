"""The console entry point: `validate` runs without Typer, and whatever goes wrong ends as a diagnostic."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and exits: 0 yes, 1 the answer is no, 2 cannot do it, 3 a bug in atmos, 130 interrupted."""
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _dispatch(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201 - the last words, when no renderer may be loaded
        code = 130
    except BrokenPipeError:
        # The reader (`| head`) has gone; Python would complain again while closing stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:  # noqa: BLE001 - the one exception boundary
        from atmos_cli.cli.boundary import failed

        code = failed(error, args)
    sys.exit(code)


def _dispatch(args: list[str]) -> int:
    if args[:1] == ["validate"]:
        # Pre-commit runs this on every commit: no Typer, no rich.
        from atmos_cli.cli.validate import validate

        return validate(args[1:])
    from atmos_cli.cli.app import run

    return run(args)
