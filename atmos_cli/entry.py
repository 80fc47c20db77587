"""The console entry point: `validate` runs without Typer, and whatever goes wrong ends as a diagnostic."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

from atmos_cli.output.say import say
from atmos_cli.output.streams import standard_streams
from atmos_cli.yamlio.store import each_text_once

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from atmos_cli.output.streams import SafeStreams

# What ends a job in CI, and what a closed terminal sends: both leave time to clean up, as Ctrl-C does.
_ENDING = (signal.SIGTERM, signal.SIGHUP)


class _EndedError(BaseException):
    """Raised wherever the program is when a signal ends it, so that a write is taken back as it is on Ctrl-C.

    Not a KeyboardInterrupt, which Typer turns into an exit status of its own.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 yes, 1 the answer is no, 2 cannot do it, 3 a bug in atmos, 130 interrupted.

    When a signal ends it, the status is 128 plus its number: 143 for SIGTERM, 129 for SIGHUP.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    before = _listen()
    try:
        with standard_streams() as streams, each_text_once():
            code = _answered(args, streams)
            if streams.failed():
                from atmos_cli.cli.boundary import unsaid

                code = unsaid(streams, code)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    sys.exit(code)


def _answered(args: list[str], streams: SafeStreams) -> int:
    """Run one command and return its exit status, after reporting whatever ended it."""
    try:
        streams.require_output()
        code = _dispatch(args)
        sys.stdout.flush()
    except (KeyboardInterrupt, _EndedError) as error:
        say("interrupted", to=sys.stderr)
        return 128 + error.number if isinstance(error, _EndedError) else 130
    except BrokenPipeError:  # the reader (`| head`) has gone
        return 0
    except SystemExit as stop:  # argparse has shown its help
        return stop.code if isinstance(stop.code, int) else 0
    except Exception as error:  # noqa: BLE001 - the one exception boundary
        from atmos_cli.cli.boundary import failed

        return failed(error, args, streams)
    return code


def _listen() -> dict[signal.Signals, signal.Handlers]:
    """Handle the signals that end the program; return the handlers to put back.

    Only the main thread may do this, and what the caller has ignored (`nohup`) stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    found = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in found:
        signal.signal(number, _end)
    return dict.fromkeys(found, signal.SIG_DFL)


def _end(number: int, _frame: FrameType | None) -> None:
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)  # once is enough: a second one would cut off the clean-up
    raise _EndedError(number)


def _dispatch(args: list[str]) -> int:
    if args[:1] == ["validate"]:
        # Pre-commit runs this on every commit: no Typer, no rich.
        from atmos_cli.cli.validate import validate

        return validate(args[1:])
    from atmos_cli.cli.app import run

    return run(args)
