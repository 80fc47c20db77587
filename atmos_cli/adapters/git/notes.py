"""`refs/notes/atmos`: lines of text on commits, kept as a union: with writers or pushes at once, no line is lost."""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import index as git_index
from atmos_cli.adapters.git.history import is_ancestor
from atmos_cli.adapters.git.own_programs import run
from atmos_cli.adapters.git.process import GitAnswer, ask, ask_ok, failed, tell
from atmos_cli.adapters.git.push import quiet
from atmos_cli.adapters.git.repo import identity, resolve
from atmos_cli.adapters.git.tree import TreeEntry, entries
from atmos_cli.adapters.lock import StateDirectory, cannot_write, scratch
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from atmos_cli.adapters.git.repo import Repo

REF = "refs/notes/atmos"
SEEN = "refs/atmos/origin/notes"  # what the remote was last seen to have
TIMEOUT_SECONDS = 60.0
MOST_TRIES = 8
MAX_NOTE_BYTES = 4 * 1024 * 1024
_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

Notes = dict[str, TreeEntry]  # the commit that a note is on -> the blob with its lines


def lines(repo: Repo) -> dict[str, tuple[str, ...]]:
    """Return every line that is known here, by its commit, sorted. A note that is too large counts as empty."""
    notes = _notes(repo, REF)
    contents = _contents(repo, notes.values())
    return {commit: _split(contents[note.blob]) for commit, note in notes.items() if note.blob in contents}


def add(repo: Repo, commit: str, new: Sequence[str]) -> None:
    """Put `new` lines on `commit` here; what others write in the same moment is kept."""
    for attempt in range(MOST_TRIES):
        old = resolve(repo, REF)
        notes = _notes(repo, old) if old else {}
        notes[commit] = _joined(repo, notes.get(commit), new)
        made = _commit(repo, notes, [old] if old else [], f"Note {commit[:12]}")
        if not run(repo, "update-ref", "-m", "atmos: note", REF, made, old or "0" * len(made)).status:
            return
        _pause(attempt)
    raise _crowded()


def fetch(repo: Repo, *, remote: str = "origin") -> str:
    """Take the lines that `remote` has into ours. Empty when that is done, or it has none; else why not."""
    args = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", remote, f"+{REF}:{SEEN}")
    answer = run(repo, *args, env=quiet(repo), timeout=TIMEOUT_SECONDS)
    if answer.status and "couldn't find remote ref" in answer.err:
        return ""
    if answer.status and "cannot lock ref" not in answer.err:
        return answer.last_lines or "no more was said"
    _unite(repo)
    return ""


def publish(repo: Repo, *, remote: str = "origin") -> None:
    """Push our lines to `remote`, again with those of others when they were first. ATM609 says why it failed."""
    answer = GitAnswer(1, b"", "")
    for attempt in range(MOST_TRIES):
        ours = resolve(repo, REF)
        if ours is None:
            return
        args = ("push", "--porcelain", "--no-verify", remote, f"{ours}:{REF}")
        answer = run(repo, *args, env=quiet(repo), timeout=TIMEOUT_SECONDS)
        if not answer.status:
            return
        if fetch(repo, remote=remote):
            break
        _pause(attempt)
    hint = f"the record is kept here: `git push {shell(remote)} {REF}`"
    message = f"{remote} did not take the record of what was verified ({answer.last_lines or 'no more was said'})"
    raise fail(Code.PUSH_REFUSED, message, hint=hint)


def writer(repo: Repo) -> dict[str, str]:
    """Return the environment for our own commits: made by the user, or by atmos when git knows no user."""
    try:
        identity(repo)
    except AtmosError:
        who = {"NAME": "atmos", "EMAIL": "atmos@localhost"}
        return {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    return {}


def _unite(repo: Repo) -> None:
    for attempt in range(MOST_TRIES):
        ours, theirs = resolve(repo, REF), resolve(repo, SEEN)
        if theirs is None or ours == theirs or (ours and is_ancestor(repo, theirs, ours)):
            return
        made = theirs if ours is None or is_ancestor(repo, ours, theirs) else _united(repo, ours, theirs)
        args = ("update-ref", "-m", "atmos: unite notes", REF, made, ours or "0" * len(made))
        if not run(repo, *args).status:
            return
        _pause(attempt)
    raise _crowded()


def _united(repo: Repo, ours: str, theirs: str) -> str:
    mine, yours = _notes(repo, ours), _notes(repo, theirs)
    both = sorted(commit for commit in mine.keys() & yours.keys() if mine[commit] != yours[commit])
    contents = _contents(repo, [yours[commit] for commit in both])
    notes = {**yours, **mine}
    for commit in both:
        notes[commit] = _joined(repo, mine[commit], _split(contents.get(yours[commit].blob, b"")))
    return _commit(repo, notes, [ours, theirs], "Unite notes")


def _notes(repo: Repo, tree: str) -> Notes:
    """Read notes however git or others spread them over directories; other entries are left out."""
    if resolve(repo, tree) is None:
        return {}
    found = {path.replace("/", ""): entry for path, entry in entries(repo, tree).items()}
    return {name: entry for name, entry in found.items() if _OBJECT.fullmatch(name)}


def _contents(repo: Repo, notes: Iterable[TreeEntry]) -> dict[str, bytes]:
    """Return the contents by blob; without those that are too large to be ours."""
    wanted = sorted({note.blob for note in notes if note.size <= MAX_NOTE_BYTES})
    if not wanted:
        return {}
    out = ask_ok(repo.top, "cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in wanted).encode())
    found, at = {}, 0
    while at < len(out):
        end = out.index(b"\n", at)
        head = out[at:end].decode().split()
        size = int(head[2]) if len(head) == 3 else -1  # a missing object has no content
        if size >= 0:
            found[head[0]] = out[end + 1 : end + 1 + size]
        at = end + size + 2
    return found


def _split(data: bytes) -> tuple[str, ...]:
    return tuple(sorted({line for line in data.decode("utf-8", "replace").splitlines() if line.strip()}))


def _joined(repo: Repo, note: TreeEntry | None, new: Sequence[str]) -> TreeEntry:
    """Write a note with the lines of `note` and the `new` ones."""
    old = _split(_contents(repo, [note]).get(note.blob, b"")) if note else ()
    data = "".join(f"{line}\n" for line in sorted({*old, *new})).encode()
    return TreeEntry("100644", tell(repo.top, "hash-object", "-w", "--stdin", stdin=data), len(data))


def _commit(repo: Repo, notes: Mapping[str, TreeEntry], parents: Sequence[str], message: str) -> str:
    """Commit a tree in git's own form for notes, spread over 256 directories, so that one more line rewrites little."""
    rows = b"".join(f"100644 {note.blob}\t{name[:2]}/{name[2:]}\0".encode() for name, note in sorted(notes.items()))
    try:
        with scratch(StateDirectory(repo.top, repo.git_dir / "atmos-cli", repo.prefix)) as folder:
            index = git_index.private_env(folder / "index")
            tell(repo.top, "update-index", "-z", "--index-info", stdin=rows, env=index)
            tree = tell(repo.top, "write-tree", env=index)
    except OSError as error:
        raise cannot_write(error.filename or repo.git_dir, error) from error
    above = [word for parent in parents for word in ("-p", parent)]
    args = ("commit-tree", *above, "-F", "-", tree)
    answer = ask(repo.top, *args, stdin=f"{message}\n".encode(), env=writer(repo))
    if answer.status:
        raise failed(args, answer)
    return answer.text


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - spreads load, hides nothing


def _crowded() -> AtmosError:
    message = f"{REF} is written to by so many at once that it could not be updated"
    return fail(Code.GIT_FAILED, message, hint="run the command again")
