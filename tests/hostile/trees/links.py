"""Links: out of the repo, in circles, to devices, and under the names of atmos's own files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.hostile.trees import places

if TYPE_CHECKING:
    import random

    from tests.hostile.box import Box


def link(box: Box, path: str, target: str, *, relative: bool = False) -> None:
    at = box.clear(path)
    at.symlink_to(os.path.relpath(target, at.parent) if relative else target)
    box.said.append(f"{path} -> {target}")


def link_to_a_file_outside(box: Box, rng: random.Random) -> None:
    link(box, places.any_file(rng), f"{box.victim}/a.yaml", relative=rng.random() < 0.5)


def link_to_a_directory_outside(box: Box, rng: random.Random) -> None:
    path = rng.choice([each for each in places.DIRECTORIES if each] + ["apps/main/linked", "apps/linked"])
    link(box, path, f"{box.victim}/dir", relative=rng.random() < 0.5)


def link_to_a_whole_repo_outside(box: Box, rng: random.Random) -> None:
    link(box, rng.choice(("apps", "tenants", "platform", "apps/other")), str(box.top), relative=rng.random() < 0.5)


def link_loop_of_a_file(box: Box, rng: random.Random) -> None:
    path = places.any_file(rng)
    link(box, path, path.rpartition("/")[2] if rng.random() < 0.5 else str(box.root / path))


def link_loop_of_two(box: Box, rng: random.Random) -> None:
    first, second = places.any_place(rng, "one.yaml"), places.any_place(rng, "two.yaml")
    link(box, first, str(box.root / second))
    link(box, second, str(box.root / first))


def link_loop_of_directories(box: Box, rng: random.Random) -> None:
    path = places.any_place(rng, "again")
    link(box, path, str((box.root / path).parent), relative=rng.random() < 0.5)


def link_to_nothing(box: Box, rng: random.Random) -> None:
    link(box, places.any_file(rng), rng.choice(("/nowhere/at-all", "missing.yaml", "../" * 40 + "missing")))


def link_to_what_never_ends(box: Box, rng: random.Random) -> None:
    target = rng.choice(("/dev/zero", "/dev/stdin", "/proc/self/environ", "/proc/self/mem", "/dev/tty", "/dev/full"))
    link(box, places.any_file(rng), target)


def link_to_the_system(box: Box, rng: random.Random) -> None:
    link(box, places.any_file(rng), rng.choice(("/etc/passwd", "/etc", "/", "/proc", "/sys")))


def link_chain(box: Box, rng: random.Random) -> None:
    for number in range(50):
        link(box, f"apps/chain{number}", f"chain{number + 1}")
    link(box, "apps/chain50", str(box.victim))
    link(box, places.any_file(rng), str(box.root / "apps/chain0/a.yaml"))


def link_within_the_repo(box: Box, rng: random.Random) -> None:
    link(box, places.any_file(rng), str(box.root / rng.choice(places.MANIFESTS)), relative=True)


FEATURES = (
    link_to_a_file_outside,
    link_to_a_directory_outside,
    link_to_a_whole_repo_outside,
    link_loop_of_a_file,
    link_loop_of_two,
    link_loop_of_directories,
    link_to_nothing,
    link_to_what_never_ends,
    link_to_the_system,
    link_chain,
    link_within_the_repo,
)
