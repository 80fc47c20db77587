"""The console entry point: `validate` runs without Typer, and whatever goes wrong ends as a diagnostic."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from atmos_cli.output.say import say
from atmos_cli.output.streams import standard_streams

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and exits: 0 yes, 1 the answer is no, 2 cannot do it, 3 a bug in atmos, 130 interrupted."""
    args = list(sys.argv[1:] if argv is None else argv)
    with standard_streams() as streams:
        try:
            streams.require_output()
            code = _dispatch(args)
            sys.stdout.flush()
        except KeyboardInterrupt:
            say("interrupted", to=sys.stderr)
            code = 130
        except BrokenPipeError:  # the reader (`| head`) has gone
            code = 0
        except SystemExit as stop:  # argparse has shown its help
            code = stop.code if isinstance(stop.code, int) else 0
        except Exception as error:  # noqa: BLE001 - the one exception boundary
            from atmos_cli.cli.boundary import failed

            code = failed(error, args, streams)
        if streams.failed():
            from atmos_cli.cli.boundary import unsaid

            code = unsaid(streams, code)
    sys.exit(code)


def _dispatch(args: list[str]) -> int:
    if args[:1] == ["validate"]:
        # Pre-commit runs this on every commit: no Typer, no rich.
        from atmos_cli.cli.validate import validate

        return validate(args[1:])
    from atmos_cli.cli.app import run

    return run(args)
