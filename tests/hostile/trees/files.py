"""Files that are none, or are too large, too many, too deep, or not to be read."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from tests.hostile.trees import places

if TYPE_CHECKING:
    import random

    from tests.hostile.box import Box

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: many-%d\n"


def fifo(box: Box, rng: random.Random) -> None:
    os.mkfifo(box.clear(places.any_file(rng)))


def fifo_beside(box: Box, rng: random.Random) -> None:
    os.mkfifo(box.clear(places.any_place(rng, rng.choice(("x.yaml", "kustomization.yaml", "service.yaml")))))


def unix_socket(box: Box, rng: random.Random) -> None:
    at = box.clear(places.any_file(rng))
    before = Path.cwd()
    os.chdir(at.parent)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(at.name)
    finally:
        os.chdir(before)


def device(box: Box, rng: random.Random) -> None:
    """/dev/zero or /dev/random by another name; who may not make one gets a FIFO."""
    at = box.clear(places.any_file(rng))
    try:
        os.mknod(at, 0o666 | stat.S_IFCHR, os.makedev(1, rng.choice((5, 8))))
    except PermissionError:
        os.mkfifo(at)


def sparse_gigabyte(box: Box, rng: random.Random) -> None:
    with box.write(places.any_file(rng), "").open("r+b") as file:
        file.truncate(1 << 30)


def seventeen_megabytes(box: Box, rng: random.Random) -> None:
    line = rng.choice((b"# a comment\n", b"- a\n", b"a: b\n", b"x"))
    box.write(places.any_file(rng), line * ((17 << 20) // len(line)))


def unreadable_file(box: Box, rng: random.Random) -> None:
    at = box.root / places.any_file(rng)
    (at if at.is_file() and not at.is_symlink() else box.write(str(at.relative_to(box.root)), "a: b\n")).chmod(0)


def unreadable_directory(box: Box, rng: random.Random) -> None:
    path = rng.choice([each for each in places.DIRECTORIES if each])
    at = box.root / path
    if not at.is_dir() or at.is_symlink():
        at = box.clear(f"{path}/x").parent
    at.chmod(rng.choice((0, 0o300, 0o400)))


def thousands_of_files(box: Box, rng: random.Random) -> None:
    folder = box.clear(places.any_place(rng, "many/0.yaml")).parent
    for number in range(3000):
        (folder / f"{number}.yaml").write_text(CONFIG_MAP % number)


def deep_directories(box: Box, rng: random.Random) -> None:
    box.write(places.any_place(rng, "d/" * 300 + "x.yaml"), CONFIG_MAP % 1)


def directory_for_a_file(box: Box, rng: random.Random) -> None:
    box.clear(places.any_file(rng) + "/inside.yaml").write_text("a: b\n")


def file_for_a_directory(box: Box, rng: random.Random) -> None:
    box.write(rng.choice([each for each in places.DIRECTORIES if each]), "I am a file\n")


def empty_file(box: Box, rng: random.Random) -> None:
    box.write(places.any_file(rng), b"")


def program_that_may_be_run(box: Box, rng: random.Random) -> None:
    name = rng.choice(("kustomization.yaml", "service.yaml", "plugin.sh", "Makefile", ".envrc", "setup.py"))
    box.program(box.clear(places.any_place(rng, name)), "program")


FEATURES = (
    fifo,
    fifo_beside,
    unix_socket,
    device,
    sparse_gigabyte,
    seventeen_megabytes,
    unreadable_file,
    unreadable_directory,
    thousands_of_files,
    deep_directories,
    directory_for_a_file,
    file_for_a_directory,
    empty_file,
    program_that_may_be_run,
)
