"""What every command owes its user, whatever it is given: an end, a clear one, printable, bounded, and nothing touched."""

from __future__ import annotations

import json
import re
import unicodedata
from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

from tests.hostile import box as boxes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tests.hostile.box import Box
    from tests.hostile.running import Ran

ENDS = (0, 1, 2)
PROGRAMS = {"git", "ssh-keygen", "kustomize", "kubectl"}  # the last for its own kustomize, where there is no other
MOST_PROCESSOR, MOST_MEGABYTES = 60.0, 500
RUNNER_COMMAND = re.compile(r"^\s*(::|##\[|##vso\[|##teamcity\[)", re.MULTILINE)
FINDING = re.compile(r"\bATM\d{3}\b")
# Beside the control characters: what turns the direction of text, and what some viewers take for the end of a line.
UNSAFE = {*"\u061c\u200e\u200f\u2028\u2029", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}


def ended(ran: Ran, *, ends: Collection[int] = ENDS) -> None:
    assert b"Traceback (most recent call last)" not in ran.out + ran.err, f"a traceback\n{ran}"
    assert ran.status in ends, f"exit {ran.status}, not one of {sorted(ends)}\n{ran}"


def bounded(ran: Ran, *, processor: float = MOST_PROCESSOR, megabytes: int = MOST_MEGABYTES) -> None:
    assert ran.processor < processor, f"too much processor time\n{ran}"
    assert ran.megabytes < megabytes, f"too much memory\n{ran}"


def printable(ran: Ran) -> None:
    """No control character, no turned text, no line that a CI runner takes for a command."""
    for name, stream in (("standard output", ran.out), ("standard error", ran.err)):
        try:
            text = stream.decode()
        except UnicodeDecodeError as error:
            pytest.fail(f"{name} is not UTF-8: {error}\n{ran}")
        unsafe = {
            each for each in text if each in UNSAFE or (unicodedata.category(each) == "Cc" and each not in "\n\t")
        }
        # JSON escapes controls; turned text is data there, which its reader shows by its own rules.
        unsafe -= UNSAFE if "json" in ran.args and stream is ran.out else set()
        assert not unsafe, f"{name} has {sorted(map(ascii, unsafe))} raw\n{ran}"
        told = RUNNER_COMMAND.search(text)
        assert not told, f"{name} has a line that a CI runner obeys: {told and told[0]!r}\n{ran}"


def clear(ran: Ran) -> None:
    """Who is told no, or that it cannot be done, is told which finding it is; JSON is one whole envelope."""
    if "json" in ran.args:
        envelope = json.loads(ran.out)
        assert envelope["exitCode"] == ran.status, str(ran)
        assert {each["code"] for each in envelope["diagnostics"]} or ran.status in {0, 1}, f"no finding\n{ran}"
    elif ran.status == 2:
        assert FINDING.search(ran.text), f"cannot do it, and no word why\n{ran}"
    elif ran.status == 1:
        assert ran.text.strip(), f"the answer is no, and no word why\n{ran}"


def tells_nothing_of_others(ran: Ran) -> None:
    assert boxes.SECRET not in ran.text, f"what stands outside of the repo was printed\n{ran}"


def starts_only_known_programs(ran: Ran) -> None:
    started = {PurePath(name).name for event, name in ran.events if event != "write"}
    assert started <= PROGRAMS, f"started {sorted(started - PROGRAMS)}\n{ran}"


def kept(ran: Ran) -> None:
    """Everything that one finished run alone can show."""
    ended(ran)
    bounded(ran)
    clear(ran)
    tells_nothing_of_others(ran)
    starts_only_known_programs(ran)
    printable(ran)


# What a command that writes may: the repo, and the user's own state.
WRITABLE = ("repo", "home'", "home/.local")


@contextmanager
def nothing_touched(box: Box, *, but: tuple[str, ...] = ()) -> Iterator[None]:
    """Within, nothing in the box changes, in the repo or outside of it, and no canary runs; `but`: what may, by path."""
    for name in box.ran:
        (box.top / "ran" / name).unlink()
    before = boxes.snapshot(box.top)
    yield
    found = boxes.changes(before, boxes.snapshot(box.top))
    changed = [line for line in found if not any(f": b'{each}" in line for each in but)]
    assert not box.ran, f"ran {box.ran} of the checkout"
    assert not changed, f"{len(changed)} touched:\n" + "\n".join(changed[:12])
