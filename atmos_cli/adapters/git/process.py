"""Runs git: the only module that imports GitPython, and only when a command needs Git.

What is asked runs nothing but git itself: no hook, filter, pager, signer, file system monitor or helper, no network;
and no object of a `git replace` or a graft counts. Only with `runs=True` may git start programs of the configuration;
which of these are the user's own, `own_programs` says.
"""

from __future__ import annotations

import os
import re
import signal
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from subprocess import PIPE, TimeoutExpired
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.programs import find_program, own_path
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import git

# What git may do while it answers, whatever the configuration says; the last value of a key counts.
_SETTINGS = {
    "safe.bareRepository": "explicit",
    "core.fsmonitor": "false",
    "core.splitIndex": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
_READING = {
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "log.showSignature": "false",
    "submodule.recurse": "false",
}
_ENVIRONMENT = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": f"{os.devnull}/none", "GIT_PAGER": "cat"}
_OFFLINE = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # older git knows no NO_LAZY_FETCH: it asks the remote, and is refused
    "GIT_TERMINAL_PROMPT": "0",
}
# what a hook or a caller may set for itself; every other GIT_* would send our commands to another repo or index
_KEPT = re.compile(
    r"GIT_((AUTHOR|COMMITTER)_(NAME|EMAIL|DATE)|SSH.*|SSL_.*|ASKPASS|HTTP_.*|ALLOW_PROTOCOL|CEILING_DIRECTORIES"
    r"|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)|EXEC_PATH|PYTHON_.*)"
)
# No answer takes that long; but a checkout may hold what cannot be read to its end, such as a pipe.
READING_SECONDS = 120.0
_ASIDE: list[str] = []
_FILTERING = (".clean", ".process", ".required")
_GRACE_SECONDS = 2.0
# What moves refs takes milliseconds, and git that is asked to end just as it made a lock file leaves that file there.
_LOCKED_SECONDS = 10.0
_LONGEST = 1 << 16
# Escape sequences; C0 and C1 but line ends; what has no width, or turns the direction of what follows.
_UNSHOWN = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]|[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
_UNWRITABLE = re.compile("insufficient permission|permission denied|read-only file system|no space left", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """The answer of one git process; `err` is readable text without control characters or credentials."""

    status: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return os.fsdecode(self.out).strip()

    @property
    def last_lines(self) -> str:
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        return "; ".join(lines[-3:]).removesuffix(".")


def command(top: Path) -> git.Git:
    """Return GitPython's runner for `top`; from here on the environment names no other repository. ATM602: no git."""
    for name in [name for name in os.environ if name.startswith("GIT_") and not _KEPT.fullmatch(name)]:
        del os.environ[name]
    if find_program("git") is None:
        raise _no_git()
    # While it is imported, GitPython would ask git twice for its version. It is quiet where that cannot be started, and
    # each command that it is given names the program.
    named = {"GIT_PYTHON_GIT_EXECUTABLE": os.devnull, "GIT_PYTHON_REFRESH": "quiet"}
    before = {name: os.environ.get(name) for name in named}
    os.environ.update(named)
    try:
        import git

        return git.Git(top)
    finally:
        _restore(before)


def _restore(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def environment(
    extra: Mapping[str, str] | None = None, *, runs: bool = False, settings: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return what a git process gets on top of the user's environment; our settings come last, so that they count."""
    ours = {**_SETTINGS, **({} if runs else _READING), **(settings or {})}
    known = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": os.pathsep.join(_ASIDE)} if _ASIDE and not runs else {}
    given = {"PATH": own_path(), **_ENVIRONMENT, **({} if runs else _OFFLINE), **known, **(extra or {})}
    number = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(number) if re.fullmatch(r"\d{1,4}", number) else 0
    for at, (key, value) in enumerate(ours.items(), start=first):
        given |= {f"GIT_CONFIG_KEY_{at}": key, f"GIT_CONFIG_VALUE_{at}": value}
    return given | {"GIT_CONFIG_COUNT": str(first + len(ours))}


@contextmanager
def aside(git_dir: Path) -> Iterator[dict[str, str]]:
    """Yield the environment in which git writes objects to our own directory; until the end every answer knows them."""
    with tempfile.TemporaryDirectory(prefix="atmos-cli-") as folder:
        _ASIDE.append(folder)
        try:
            yield {**_beside(git_dir), "GIT_OBJECT_DIRECTORY": folder}
        finally:
            _ASIDE.remove(folder)


def _beside(git_dir: Path) -> dict[str, str]:
    common = ask(git_dir, "--git-dir", str(git_dir), "rev-parse", "--git-path", "objects").text
    objects = os.path.join(git_dir, common)  # noqa: PTH118 - as git says it
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": objects}


def ask(
    top: Path,
    *args: str,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
    runs: bool = False,
    timeout: float | None = None,
    keep_open: Sequence[int] | None = None,
) -> GitAnswer:
    """Run `git args` in `top` to its end, whatever its status; interrupted or out of time, git is ended first.

    `runs` lets it start programs of the user's configuration and use the network; `settings` are git's. With a
    `timeout` git has no terminal to prompt on. With `keep_open` it outlives this process when that is killed, so that
    it leaves no half-done lock file behind, and holds these descriptors until it has ended; interrupted, it is given
    the time to do so.
    """
    if timeout is None and not runs:
        timeout = READING_SECONDS
    apart = timeout is not None or keep_open is not None or not _has_terminal()
    given = environment(env, runs=runs, settings=settings)
    extra = {"pass_fds": keep_open or (), "start_new_session": apart}
    process = _started(top, args, env=given, istream=PIPE if stdin is not None else None, **extra)
    try:
        out, err = process.communicate(stdin, timeout=timeout)
    except TimeoutExpired:
        out, err = b"", f"no answer within {timeout:g} seconds".encode()
        _end(process, apart=apart)
    except BaseException:
        try:
            if keep_open is not None:
                with suppress(TimeoutExpired):
                    process.communicate(timeout=_LOCKED_SECONDS)
        finally:
            if process.returncode is None:
                _end(process, apart=apart)
        raise
    return GitAnswer(process.returncode, out, plain(err.decode(errors="replace")))


def without_filters(top: Path) -> dict[str, str]:
    """Return settings by which git takes the bytes of a file as they are, and starts no program to convert them.

    Whatever looks at files or writes an index needs them: git then reads again what changed in the same instant.
    """
    listed = ask(top, "config", "--name-only", "-z", "--get-regexp", r"^filter\.").out
    names = sorted({name for each in listed.split(b"\0") if (name := os.fsdecode(each)).endswith(_FILTERING)})
    return {name: "false" if name.endswith(".required") else "" for name in names}


def start(top: Path, *args: str) -> Any:
    """Start a git process that is asked more than once, as `subprocess.Popen` with pipes; it runs nothing but git."""
    return _started(top, args, env=environment(), istream=PIPE)


def _started(top: Path, args: Sequence[str], **options: Any) -> Any:
    runner = command(top)
    try:
        owner: Any = runner.execute([find_program("git") or "git", *args], as_process=True, **options)
    except _not_found() as error:
        raise _no_git() from error
    # the owner would end the process when it goes out of sight
    process, owner.proc = owner.proc, None
    return process


def tell(top: Path, *args: str, **options: Any) -> str:
    """Return the output of `git args`, which must succeed; otherwise AtmosError ATM610 with git's own last line."""
    answer = ask(top, *args, **options)
    if answer.status:
        raise failed(args, answer)
    return answer.text


def failed(args: Sequence[str], answer: GitAnswer) -> AtmosError:
    verb = next((arg for arg in args if not arg.startswith("-") and "=" not in arg), "")
    lines = answer.err.strip().splitlines() or [f"exit status {answer.status}"]
    for line in lines:
        if _UNWRITABLE.search(line):
            return fail(
                Code.WRITE_FAILED,
                f"git {verb} could not write: {line.removesuffix('.')}",
                hint="make room, or give yourself write access to the .git directory, and run the command again",
            )
    reason = ([line for line in lines if line.startswith(("fatal:", "error:"))] or lines)[-1].removesuffix(".")
    return fail(Code.GIT_FAILED, f"git {verb} failed: {reason}", hint=_way_out(answer.err, reason))


def _way_out(err: str, reason: str) -> str:
    if ".lock'" in err or "index.lock" in err:
        return "another git is running here, or one died: wait, or remove the lock file it names"
    if "dubious ownership" in reason:
        owned = shell(reason.rpartition(" at ")[2].strip("'"))
        return f"it belongs to another user; if you trust them: git config --global --add safe.directory {owned}"
    if "would be replaced by" in reason:
        return "git config core.safecrlf warn, or `* text eol=lf` in .gitattributes, or use `--write files`"
    return "run `git status` in the repository: it names what is wrong with it"


def plain(text: str) -> str:
    """Return `text` fit to show: no credentials of URLs, no control characters but line ends, no more than its end.

    Takes time linear in the text, which a remote may have written.
    """
    if len(text) > _LONGEST:
        # Cut where no URL is halved: what is left of one would not show that it begins with a login.
        text = re.sub(r"\A\S+", "", text[-_LONGEST:])
    text = re.sub(r"\S+", lambda word: _without_login(word[0]), text)
    text = re.sub(r"([?&][a-z_]*token=)[^&\s'\"]+", r"\1***", text, flags=re.IGNORECASE)
    return _UNSHOWN.sub(" ", text.replace("\r", "\n"))


def _without_login(word: str) -> str:
    """Hide from the first `://` to the last `@`: a password may hold either, and `/` as well. `git@` is no secret."""
    start = 0
    while (at := word.find("://", start)) >= 0:
        start = at + 3
        if word.startswith("git@", start):
            start += 4
            continue
        last = word.rfind("@")
        return f"{word[:start]}***{word[last:]}" if last >= start else word
    return word


def ask_ok(top: Path, *args: str, **options: Any) -> bytes:
    """Return the raw output of `git args`, which must succeed."""
    answer = ask(top, *args, **options)
    if answer.status:
        raise failed(args, answer)
    return answer.out


def _end(process: Any, *, apart: bool) -> None:
    """Ask it to end first, so that git removes its lock files, then force it."""
    for request in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, TimeoutExpired):
            (os.killpg if apart else os.kill)(process.pid, request)
            process.communicate(timeout=_GRACE_SECONDS)
            return
    process.communicate()


def _has_terminal() -> bool:
    """Return whether a program of the user's could ask something; else it runs apart, and ends with all it started."""
    try:
        return os.isatty(0)
    except OSError:
        return False


def _not_found() -> type[BaseException]:
    from git.exc import GitCommandNotFound

    return GitCommandNotFound


def _no_git() -> AtmosError:
    return fail(Code.REPO_NO_GIT, "git is not installed or not on PATH", hint="install git, or use `--write files`")
