"""`.atmos-cli-txn` as a checkout may bring it along: a link, a device, or a directory with a journal of any content."""

from __future__ import annotations

import base64
import json
import os
import stat
from typing import TYPE_CHECKING, Any

from tests.hostile.trees import configs, names

if TYPE_CHECKING:
    import random

    from tests.hostile.box import Box

PLACE = ".atmos-cli-txn"
FILES = ("redo.json", "undo.json", "commit", "lock", "index", "redo.json.new", "undo.json.new")


def data(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def entry(box: Box, rng: random.Random) -> dict[str, Any]:
    """One file that the journal wants written, removed or given a mode."""
    path = rng.choice(
        (
            *(
                "scripts/evil.sh",
                "platform/budgets/dev.yaml",
                "atmos-cli.yaml",
                ".git/hooks/post-checkout",
                ".git/config",
            ),
            *("../victim/a.yaml", str(box.victim / "a.yaml"), "../../victim/dir/b.txt", "apps", "", ".", "..", "a\0b"),
        )
    )
    before, after = rng.sample((None, data("evil\n"), data(f"#!/bin/sh\n{box.canary('journal')}\n"), "%%%"), k=2)
    return {"path": path, "before": before, "after": after, "mode": rng.choice((None, 0o755, 0o4755, "z", -1))}


def journal(box: Box, rng: random.Random) -> dict[str, Any]:
    """A journal of the right form that undoes or redoes what nobody did."""
    head = "0" * 40
    return {
        "entries": [entry(box, rng) for _ in range(rng.randint(0, 5))],
        "directories": rng.choice(([], ["apps", "platform"], ["../victim", "/etc"], [5])),
        "ref": rng.choice(("refs/heads/main", None, 5, "refs/../../victim/a.yaml", "--stdin")),
        "old": rng.choice((head, None, "x")),
        "forward": rng.choice((True, False, 7)),
    }


def content(box: Box, rng: random.Random) -> bytes:
    """A journal: well-formed, with one wrong type, or any bytes."""
    how = rng.random()
    if how < 0.45:
        return json.dumps(journal(box, rng)).encode()
    if how < 0.8:
        return json.dumps(configs.damaged(journal(box, rng), rng)).encode()
    return rng.choice((b"", b"{", b"[" * 5000, b"null", b"[]", rng.randbytes(200), b'{"entries": 1e999}', b"\xff\xfe"))


def journal_directory(box: Box, rng: random.Random) -> None:
    for name in rng.sample(FILES, k=rng.randint(1, 4)):
        box.write(f"{PLACE}/{name}", content(box, rng))


def journal_to_be_redone(box: Box, rng: random.Random) -> None:
    box.write(f"{PLACE}/redo.json", json.dumps(journal(box, rng)))


def journal_link_to_a_directory(box: Box, rng: random.Random) -> None:
    targets = ("../victim", str(box.victim / "dir"), str(box.victim), "..", ".git", "apps")
    box.clear(PLACE).symlink_to(rng.choice(targets))


def journal_files_are_links(box: Box, rng: random.Random) -> None:
    for name in rng.sample(FILES, k=3):
        target = rng.choice((str(box.victim / "a.yaml"), "/dev/zero", name, str(box.victim)))
        box.clear(f"{PLACE}/{name}").symlink_to(target)


def journal_files_are_none(box: Box, rng: random.Random) -> None:
    for name in rng.sample(FILES, k=3):
        if rng.random() < 0.5:
            os.mkfifo(box.clear(f"{PLACE}/{name}"))
        else:
            box.write(f"{PLACE}/{name}/inside", "x")


def journal_is_no_directory(box: Box, rng: random.Random) -> None:
    if rng.random() < 0.5:
        os.mkfifo(box.clear(PLACE))
    else:
        box.write(PLACE, content(box, rng))


def journal_of_somebody_else(box: Box, rng: random.Random) -> None:
    at = box.write(f"{PLACE}/redo.json", content(box, rng))
    at.parent.chmod(stat.S_IRWXU | rng.choice((0o77, 0o2, 0)))
    if os.geteuid() == 0:
        os.chown(at, 65534, 65534)
        os.chown(at.parent, 65534, 65534)


def journal_below(box: Box, rng: random.Random) -> None:
    """A journal beside another `atmos-cli.yaml`, and names that resemble Git's own place for it."""
    box.write(f"apps/{PLACE}/redo.json", content(box, rng))
    box.write("apps/atmos-cli.yaml", (box.root / "apps/main/checkout/service.yaml").name + names.text(rng))
    box.write("atmos-cli/redo.json", content(box, rng))


FEATURES = (
    journal_directory,
    journal_directory,
    journal_to_be_redone,
    journal_to_be_redone,
    journal_link_to_a_directory,
    journal_link_to_a_directory,
    journal_files_are_links,
    journal_files_are_none,
    journal_is_no_directory,
    journal_of_somebody_else,
    journal_below,
)
