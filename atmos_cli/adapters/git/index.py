"""Index files: a private one to build a commit in, and the user's own, which follows a commit that atmos made."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.own_programs import own_programs, run
from atmos_cli.adapters.git.process import ask, ask_ok, failed, tell, without_filters
from atmos_cli.adapters.git.repo import Repo
from atmos_cli.adapters.journal import note
from atmos_cli.diagnostics import Code, fail
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from atmos_cli.adapters.journal import Journal
    from atmos_cli.adapters.lock import StateDirectory

_WAIT_SECONDS = 2.0


def private_env(index: Path) -> dict[str, str]:
    return {"GIT_INDEX_FILE": str(index)}


def read_base(repo: Repo, index: Path, base: str | None) -> None:
    """Fill the private `index` with the tree of `base` (None: nothing) and the file times of the user's index."""
    theirs = repo.git_dir / "index"
    if base and theirs.exists():
        shutil.copy2(theirs, index)  # with its time, by which git knows what may have changed in the same instant
    source = ("--reset", base) if base else ("--empty",)
    tell(repo.top, "read-tree", *source, env=private_env(index), settings=without_filters(repo.top))


def take_files(repo: Repo, index: Path, paths: tuple[str, ...]) -> None:
    """Put `paths` (from the top) into the private `index` as they are on disk; a missing one is removed from it."""
    names = b"".join(os.fsencode(path) + b"\0" for path in paths)
    args = ("update-index", "--add", "--remove", "-z", "--stdin")
    programs = own_programs(repo)
    programs.require_filters(paths)
    answer = run(repo, *args, stdin=names, env=private_env(index), programs=programs)
    if answer.status:
        raise failed(args, answer)


def take_contents(repo: Repo, index: Path, contents: Mapping[str, tuple[str, bytes | None]], *, scratch: Path) -> None:
    """Put `{path: (mode, content)}` into the private `index` without any file of the checkout; None removes."""
    kept = [(path, mode, data) for path, (mode, data) in sorted(contents.items()) if data is not None]
    for number, (_, _, data) in enumerate(kept):
        (scratch / str(number)).write_bytes(data)
    names = "".join(f"{scratch / str(number)}\n" for number in range(len(kept))).encode()
    blobs = tell(repo.top, "hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names).split()
    gone = [path for path, (_, data) in contents.items() if data is None]
    nothing = "0" * 40 if not blobs else "0" * len(blobs[0])
    lines = [f"0 {nothing}\t".encode() + os.fsencode(path) + b"\0" for path in sorted(gone)]
    for (path, mode, _), blob in zip(kept, blobs, strict=True):
        lines.append(f"{mode} {blob}\t".encode() + os.fsencode(path) + b"\0")
    env = private_env(index)
    tell(
        repo.top,
        "update-index",
        "-z",
        "--index-info",
        stdin=b"".join(lines),
        env=env,
        settings=without_filters(repo.top),
    )


def require_free(repo: Repo) -> None:
    """Check that no git, running or dead, holds the user's index; raises ATM610, before a commit is begun."""
    lock = repo.git_dir / "index.lock"
    deadline = time.monotonic() + _WAIT_SECONDS
    while os.path.lexists(lock):
        if time.monotonic() >= deadline:
            raise fail(
                Code.GIT_FAILED,
                f"another git is changing the index of {repo.top}, or one that died left {lock}; nothing was written",
                hint=f"wait for it; if no git is running here: `rm {shell(str(lock))}`",
            )
        time.sleep(0.05)


def landed(top: Path, commit: str, ref: str) -> bool:
    """Return whether `commit` is part of `ref`."""
    return ask(top, "merge-base", "--is-ancestor", commit, ref).status == 0


def follow(place: StateDirectory, commit: str, plan: Journal, lock: int) -> None:
    """Update the user's index at the plan's paths as committed, except where something else was staged since."""
    top = place.anchor
    repo = Repo(top, place.directory.parent, place.prefix)
    if ask(top, "symbolic-ref", "--quiet", "HEAD").text != plan.ref:
        return
    args = ("diff-index", "--cached", "-z", "--name-only", "--no-renames", plan.old) if plan.old else ("ls-files", "-z")
    staged = set(ask_ok(top, *args).split(b"\0"))
    names = [name for entry in plan.entries if (name := os.fsencode(entry.path)) not in staged]
    if not names:
        return
    # from a file: on an empty standard input, as a killed parent leaves it, git would reset the whole index
    note(place, "paths", b"\0".join(names))
    listed = f"--pathspec-from-file={place.directory / 'paths'}"
    reset = ("--literal-pathspecs", "reset", "--quiet", listed, "--pathspec-file-nul", commit)
    deadline = time.monotonic() + _WAIT_SECONDS
    # the lock stays with the child: if only this process dies, no other undoes files while git still writes the index
    while (answer := run(repo, *reset, keep_open=(lock,))).status:
        if "index.lock" not in answer.err or time.monotonic() >= deadline:
            raise failed(reset, answer)
        time.sleep(0.05)
