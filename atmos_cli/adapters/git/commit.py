"""Writes a change as files plus one commit on the current branch, as `git commit --only -- paths` does, or nothing."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters import journal
from atmos_cli.adapters.git import index as git_index
from atmos_cli.adapters.git.branch import commit_tree, move_ref
from atmos_cli.adapters.git.own_programs import own_programs
from atmos_cli.adapters.git.process import GitAnswer, ask, plain, tell
from atmos_cli.adapters.git.repo import head, identity
from atmos_cli.adapters.git.status import require_clean, require_idle
from atmos_cli.adapters.lock import IN_HOOK, StateDirectory, locked
from atmos_cli.adapters.programs import own_path
from atmos_cli.adapters.transaction import all_or_nothing, settle, unchanged_meanwhile, verified
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Severity, fail

if TYPE_CHECKING:
    from pathlib import Path

    from atmos_cli.adapters.git.own_programs import OwnPrograms
    from atmos_cli.adapters.git.repo import Head, Repo
    from atmos_cli.adapters.journal import Journal
    from atmos_cli.result import ChangeSet


@dataclass(frozen=True, slots=True)
class Committed:
    """`commit` is the new commit (the old one when nothing differed); `notes`: what else there is to say.

    That is what a killed run had left, hooks that were not run, and an index that does not follow the commit yet.
    """

    commit: str
    branch: str
    notes: tuple[Diagnostic, ...] = ()


def write_commit(repo: Repo, changes: ChangeSet, message: str) -> Committed:
    """Write `changes` and commit exactly them; whatever else is staged, changed or untracked stays as it is.

    Hooks run. AtmosError and a repository exactly as before when: detached (ATM604), no identity (ATM605), one of the
    paths has uncommitted changes (ATM603), a merge waits (ATM617), a hook refuses (ATM610), the branch moves (ATM608).
    """
    place = StateDirectory(repo.top, repo.git_dir / "atmos-cli", repo.prefix)
    with locked(place) as lock:
        recovered = settle(place, lock)
        now, branch = _ready(repo)
        programs = own_programs(repo)
        programs.require_committing()
        entries = verified(place, changes, commits=True)
        if not entries and now.commit:
            return Committed(now.commit, branch, recovered)
        git_index.require_free(repo)
        start = repo.inside("")
        paths = [entry.path[len(start) :] for entry in entries]
        require_clean(repo, [path for path in paths if path not in changes.inputs])
        with all_or_nothing(place, lock, force=True):
            plan = journal.planned(place, entries, ref=f"refs/heads/{branch}", old=now.commit)
            journal.save(place, plan)
            journal.stage(place, plan)
            unchanged_meanwhile(journal.finish(place, plan))
            commit = _commit(programs, place, plan, message)
            journal.note(place, journal.COMMIT, commit.encode())
            move_ref(repo, plan.ref, new=commit, old=plan.old, reason=_reason(plan, message), lock=lock)
            late = _follow(place, lock, commit)
    _hook(programs, "post-commit", index=repo.git_dir / "index")
    return Committed(commit, branch, (*recovered, *programs.notes(), *late))


def _follow(place: StateDirectory, lock: int, commit: str) -> tuple[Diagnostic, ...]:
    """Have the user's index follow. The commit is made: whatever fails from here on is reported and finished later."""
    try:
        settle(place, lock)
    except AtmosError as error:
        return (
            Diagnostic(
                Code.WRITE_PENDING,
                f"the commit {commit[:12]} is made, but the index of {place.anchor} does not follow yet: "
                + "; ".join(each.message for each in error.diagnostics),
                severity=Severity.WARNING,
                hint="mend what it names, then run `atmos recover`; until then `git status` shows the change as undone",
            ),
        )
    return ()


def _ready(repo: Repo) -> tuple[Head, str]:
    now = head(repo)
    if now.branch is None:
        raise fail(
            Code.REPO_DETACHED,
            f"no branch is checked out in {repo.top} (detached HEAD), so a commit would belong to none",
            hint="`git switch BRANCH` first, or use `--write branch`",
        )
    require_idle(repo)
    identity(repo)
    return now, now.branch


def _commit(programs: OwnPrograms, place: StateDirectory, plan: Journal, message: str) -> str:
    repo = programs.repo
    index = place.directory / "index"
    git_index.read_base(repo, index, plan.old)
    git_index.take_files(repo, index, tuple(entry.path for entry in plan.entries))
    _require(_hook(programs, "pre-commit", index=index), "pre-commit")
    tree = tell(repo.top, "write-tree", env=git_index.private_env(index))
    # the file that hooks expect: some look for it by name instead of using their argument
    text = repo.git_dir / "COMMIT_EDITMSG"
    text.write_text(message.rstrip("\n") + "\n", encoding="utf-8")
    _require(_hook(programs, "prepare-commit-msg", str(text), "message", index=index), "prepare-commit-msg")
    _require(_hook(programs, "commit-msg", str(text), index=index), "commit-msg")
    edited = text.read_bytes()
    if not edited.strip():
        raise _refused(GitAnswer(1, b"", "it left an empty message"), "commit-msg")
    return commit_tree(repo, tree, edited, parent=plan.old)


def _reason(plan: Journal, message: str) -> str:
    return f"commit{'' if plan.old else ' (initial)'}: {message.splitlines()[0]}"


def _hook(programs: OwnPrograms, name: str, *args: str, index: Path) -> GitAnswer:
    """Run the user's hook as `git commit` would, and return its answer; status 0 when there is none."""
    repo = programs.repo
    if not programs.is_own(name):
        return GitAnswer(0, b"", "")
    language = os.environ.get("LC_ALL") or os.environ.get("LANG") or "C.UTF-8"
    env = {**git_index.private_env(index), "GIT_EDITOR": ":", "LC_ALL": language, IN_HOOK: str(os.getpid())}
    words = ("hook", "run", "--ignore-missing", name, *(["--", *args] if args else []))
    answer = ask(repo.top, *words, env=env, runs=True)
    if answer.status and "'hook' is not a git command" in answer.err:
        return _old_hook(programs, name, *args, env=env)
    return answer


def _old_hook(programs: OwnPrograms, name: str, *args: str, env: dict[str, str]) -> GitAnswer:
    """Do the same for git before 2.36, which has no `git hook`."""
    hook = programs.hooks / name
    if not os.access(hook, os.X_OK):
        return GitAnswer(0, b"", "")
    given = {**os.environ, "PATH": own_path(), **env}
    done = subprocess.run([hook, *args], cwd=programs.repo.top, env=given, capture_output=True, check=False)
    return GitAnswer(done.returncode, b"", plain((done.stdout + done.stderr).decode(errors="replace")))


def _require(answer: GitAnswer, name: str) -> None:
    if answer.status:
        raise _refused(answer, name)


def _refused(answer: GitAnswer, name: str) -> AtmosError:
    return fail(
        Code.GIT_FAILED,
        f"the {name} hook refused the commit, and the files are as before: {answer.last_lines or 'it said nothing'}",
        hint="mend what it names, or use `--write branch`, where hooks do not run",
        exit_code=1,
    )
