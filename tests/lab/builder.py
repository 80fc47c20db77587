"""Builds the lab's components from their Go modules into a cache: `tests/lab/build`. Standard library only."""
# ruff: noqa: T201  progress is what this program prints

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from tests.lab.components import (
    CHOICES,
    GROUPS,
    TOOLCHAIN,
    Binary,
    Group,
    Package,
    built_dir,
    cache_dir,
    chosen,
    find,
    is_complete,
    pins_key,
)
from tests.lab.modules import BuildError, copy_share, environment, partial_of, sources, tail
from tests.lab.room import NoRoomError, Packages, check_room

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """0 when everything asked for is there; 1 when a build failed; 2 when the machine lacks a tool; 130 interrupted."""
    options = _parser().parse_args(arguments)
    groups, packages = chosen(options.only or ())
    if options.list:
        _print_list(groups, packages)
        return 0
    if options.install_packages:
        _install_packages(packages)
    missing = missing_on_machine([group for group in groups if built_dir(group) is None], packages)
    for line in missing:
        print(line, file=sys.stderr)
    if missing:
        return 2
    if options.prune:
        _prune()
    try:
        failed = _build_all(groups, jobs=options.jobs)
    except NoRoomError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    if failed:
        print(f"not built: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _build_all(groups: list[Group], *, jobs: int) -> list[str]:
    """The names of those that could not be built."""
    packages = Packages()
    with packages.used():
        if absent := [group for group in groups if built_dir(group) is None]:
            print(check_room(absent, packages.directory), flush=True)
        failed = [group.name for group in groups if not _try_build(group, packages.directory, jobs=jobs)]
    if not failed:
        packages.remove()
    return failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests/lab/build", description="Build the lab's components into a cache.")
    only = f"these and what they need, of: {', '.join(CHOICES)}"
    parser.add_argument("--only", nargs="+", action="extend", metavar="NAME", choices=CHOICES, help=only)
    parser.add_argument("--list", action="store_true", help="print component, version, built or not")
    parser.add_argument("--install-packages", action="store_true", help="apt-get install what Debian packages (root)")
    parser.add_argument("--prune", action="store_true", help="first remove builds of pins that are no longer ours")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="compilers at once")
    return parser


def _print_list(groups: list[Group], packages: list[Package]) -> None:
    for group in groups:
        for binary in group.binaries:
            path = find(binary.name)
            print(
                f"{binary.name:26} {binary.version or group.version:20} {path or f'missing: tests/lab/build --only {group.name}'}"
            )
    for package in packages:
        print(
            f"{package.command:26} {'Debian package':20} {find(package.command) or f'missing: apt-get install {package.package}'}"
        )


def missing_on_machine(groups: list[Group], packages: list[Package]) -> list[str]:
    """What cannot be found of `packages` and of what builds `groups`, one line each with the way out."""
    lines = [
        f"missing: {package.command} (apt-get install {package.package}, or tests/lab/build --install-packages)"
        for package in packages
        if find(package.command) is None
    ]
    if groups and shutil.which("go") is None:
        lines.append(f"missing: go (1.24 or newer from https://go.dev/dl; it fetches {TOOLCHAIN} itself)")
    return lines


def _install_packages(packages: list[Package]) -> None:
    wanted = sorted({package.package for package in packages if find(package.command) is None})
    if not wanted:
        return
    # RUNLEVEL=1 keeps Debian from starting the daemons: the lab starts its own on ports of its own.
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    print(f"installing {' '.join(wanted)}", flush=True)
    subprocess.run(["apt-get", "update", "-qq"], env=env, check=False, stdout=subprocess.DEVNULL)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted],
        env=env,
        check=False,
        stdout=subprocess.DEVNULL,
    )


def _prune() -> None:
    """Leaves the builds of the present pins, by whatever Go, and everything that is not a build."""
    for group in GROUPS:
        for directory in cache_dir().glob(f"{group.name}-????????????-go*"):
            if not directory.name.startswith(f"{group.name}-{pins_key(group)}-"):
                print(f"removing {directory}", flush=True)
                shutil.rmtree(directory)


def _try_build(group: Group, packages: Path, *, jobs: int) -> bool:
    start, worked = time.monotonic(), _processor_seconds()
    try:
        done = build(group, packages, jobs=jobs)
    except BuildError as error:
        print(f"{group.name}: {error}", file=sys.stderr, flush=True)
        return False
    took, worked = time.monotonic() - start, _processor_seconds() - worked
    print(f"{group.name:12} {'built' if done else 'there'} {took:6.1f} s, of processors {worked:6.1f} s", flush=True)
    return True


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def build(group: Group, packages: Path, *, jobs: int) -> bool:
    """Make the group complete in the cache and point `<cache>/bin` at it; False when nothing had to be done."""
    with _locked(group):
        built_dir.cache_clear()
        directory = built_dir(group)
        done = directory is None
        if directory is None:
            directory = cache_dir() / f"{group.name}-{pins_key(group)}-{TOOLCHAIN}"
            with sources(group) as pins:
                for number, binary in enumerate(group.binaries, start=1):
                    label = f"{group.name} {number}/{len(group.binaries)} {binary.name}"
                    command = _command(binary, directory / "bin" / binary.name, jobs=jobs)
                    _build_binary(command, directory / "bin" / binary.name, pins, packages, label=label)
            for share in group.share:
                copy_share(group, share, directory / "share" / share.name)
            if not is_complete(group, directory):
                raise BuildError("the build ended but files are missing")
        _link(group, directory)
    built_dir.cache_clear()
    return done


@contextlib.contextmanager
def _locked(group: Group) -> Iterator[None]:
    locks = cache_dir() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / group.name).open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{group.name}: waiting for another build of it", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _command(binary: Binary, target: Path, *, jobs: int) -> list[str]:
    command = ["go", "build", "-v", "-p", str(jobs), "-trimpath", "-ldflags", f"-s -w {binary.ldflags}".strip()]
    return [*command, "-o", str(partial_of(target)), binary.package]


def _build_binary(command: list[str], target: Path, pins: Path, packages: Path, *, label: str) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile("w+") as log:
        code = _watch(subprocess.Popen(command, cwd=pins, env=environment(packages), stdout=log, stderr=log), label)
        if code:
            log.seek(0)
            raise BuildError(f"{target.name} failed:\n{tail(log.read())}")
    partial_of(target).replace(target)


def _watch(process: subprocess.Popen[str] | subprocess.Popen[bytes], label: str) -> int:
    """Waits for a compiler, saying every half minute (every second on a terminal) how long it has been at it."""
    start, terminal = time.monotonic(), sys.stdout.isatty()
    try:
        while True:
            try:
                return process.wait(timeout=1 if terminal else 30)
            except subprocess.TimeoutExpired:
                line = f"{label} {time.monotonic() - start:4.0f} s"
                print(f"\r{line}\033[K" if terminal else line, end="" if terminal else "\n", flush=True)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        if terminal:
            print("\r\033[K", end="", flush=True)


def _link(group: Group, directory: Path) -> None:
    """`<cache>/bin` is for people and shell scripts; the fixtures use the keyed directories."""
    links = cache_dir() / "bin"
    links.mkdir(parents=True, exist_ok=True)
    for binary in group.binaries:
        fresh = links / f".{binary.name}.{os.getpid()}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(directory / "bin" / binary.name)
        fresh.replace(links / binary.name)
