"""Runs the command line: forked from a process that has imported it, or as a program of its own; says what it cost."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("fork_server.py")
CONSOLE_SCRIPT = Path(sys.executable).with_name("atmos")


@dataclass(frozen=True)
class Ran:
    args: tuple[str, ...]
    status: int  # minus the signal that ended it
    out: bytes
    err: bytes
    processor: float = 0.0
    wall: float = 0.0
    megabytes: int = 0
    events: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return (self.out + self.err).decode(errors="surrogateescape")

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def __str__(self) -> str:
        first = "\n".join(f"  {line!r}"[:240] for line in (self.out + b"\n" + self.err).splitlines()[:12])
        cost = f"{self.processor:.1f} s of processor, {self.wall:.1f} s, {self.megabytes} MB"
        return f"atmos {shlex.join(self.args)}: exit {self.status}, {cost}\n{first}"


@dataclass
class Server:
    """The process that the others are forked from, started by the first request."""

    shelf: Path
    process: subprocess.Popen[str] | None = None
    asked: int = 0

    def run(self, *args: str, cwd: Path, env: dict[str, str], seconds: int = 90) -> Ran:
        """Run atmos there; after `seconds` it is ended, which shows as a status of minus SIGALRM."""
        self.asked += 1
        names = {kind: str(self.shelf / f"{self.asked}.{kind}") for kind in ("out", "err", "events")}
        process = self.process = self.process or self._start()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps({"args": args, "cwd": str(cwd), "env": env, "seconds": seconds, **names}) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        out, err, events = (Path(names[kind]).read_bytes() for kind in ("out", "err", "events"))
        for name in names.values():
            Path(name).unlink()
        told = tuple((line[0], line[1]) for line in map(json.loads, events.splitlines()))
        return Ran(args, out=out, err=err, events=told, **answer)

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, str(SERVER)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self) -> None:
        if self.process:
            self.process.communicate()


def run_program(*args: str, cwd: Path, env: dict[str, str], command: tuple[str, ...] = (), seconds: float = 90) -> Ran:
    """Run the console script, or `command`, as a process of its own."""
    began = time.monotonic()
    done = subprocess.run(
        [*(command or (str(CONSOLE_SCRIPT),)), *args],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    return Ran(args, done.returncode, done.stdout, done.stderr, wall=time.monotonic() - began)


def path_of_tools() -> str:
    """The directories of git and of the system's programs, each absolute."""
    return os.pathsep.join(["/usr/local/bin", "/usr/bin", "/bin"])
