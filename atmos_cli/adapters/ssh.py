"""Signing and verifying with the user's own `ssh-keygen -Y`: no shell, no key material in memory, files only for us."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.process import plain
from atmos_cli.adapters.programs import find_program, own_path
from atmos_cli.diagnostics import AtmosError, Code, fail

if TYPE_CHECKING:
    from collections.abc import Mapping

VERIFY_SECONDS = 10.0
SIGN_SECONDS = 120.0  # a person may have to type a passphrase or touch a token
_GOOD = re.compile(r'^Good "[^"]+" signature (?:for \S+ )?with \S+ key (SHA256:[A-Za-z0-9+/]{43})$', re.MULTILINE)


def sign(data: bytes, *, key: Path, namespace: str, interactive: bool) -> tuple[str, str]:
    """Return (fingerprint, armoured signature) of `data` by the private key in `key`, or by the agent for a `.pub`.

    Off a terminal it asks nothing: a key with a passphrase then needs the agent. ATM430 has ssh-keygen's reason.
    """
    path = key.expanduser()
    if not path.is_file():
        raise fail(
            Code.APPROVAL_SIGNATURE, f"there is no key `{key}`", hint="name a private key: `--key ~/.ssh/id_ed25519`"
        )
    shown = _run("-l", "-f", str(path))
    mark = re.search(r"SHA256:[A-Za-z0-9+/]{43}", shown.stdout.decode(errors="replace"))
    if shown.returncode or mark is None:
        raise _refused(f"`{key}` is no SSH key that can be read", shown)
    args = ("-Y", "sign", "-f", str(path), "-n", namespace)
    done = _run(*args, stdin=data, timeout=SIGN_SECONDS, asks=interactive)
    if done.returncode:
        raise _refused(f"`{key}` did not sign", done)
    return mark[0], done.stdout.decode("ascii").replace("\r\n", "\n")


def verify(data: bytes, signature: str, *, keys: Mapping[str, str], namespace: str) -> tuple[str, str]:
    """Return (fingerprint, "") of the key that signed `data`; ("", reason) for other bytes or another purpose.

    A key among `keys` (public keys by fingerprint) is verified as an allowed signer; any other is only named.
    Raises ATM430 without ssh-keygen.
    """
    with tempfile.TemporaryDirectory(prefix="atmos-cli-") as scratch:
        proof, allowed = Path(scratch, "signature"), Path(scratch, "allowed")
        _private(proof, signature)
        lines = (f'{mark} namespaces="{namespace}" {key}\n' for mark, key in sorted(keys.items()))
        _private(allowed, "".join(lines))
        found = _run("-Y", "find-principals", "-f", str(allowed), "-s", str(proof))
        names = found.stdout.decode(errors="replace").split()
        known = found.returncode == 0 and bool(names)
        how = ("verify", "-f", str(allowed), "-I", names[0]) if known else ("check-novalidate",)
        done = _run("-Y", *how, "-n", namespace, "-s", str(proof), stdin=data)
    good = _GOOD.search(done.stdout.decode(errors="replace"))
    if done.returncode or good is None or (good[1] in keys) is not known:
        who = names[0] if known else "a key that is not listed"
        return "", f"the signature by {who} is not over what the file says now, or was made for something else"
    return good[1], ""


def _private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _run(
    *args: str, stdin: bytes = b"", timeout: float = VERIFY_SECONDS, asks: bool = False
) -> subprocess.CompletedProcess[bytes]:
    program = find_program("ssh-keygen")
    if program is None:
        hint = "install OpenSSH 8.2 or newer (`apt install openssh-client`)"
        raise fail(Code.APPROVAL_SIGNATURE, "ssh-keygen is not installed or not on PATH", hint=hint)
    env = {**os.environ, "PATH": own_path(), "LC_ALL": "C"}
    if not asks:
        env |= {"SSH_ASKPASS_REQUIRE": "never"}
    try:
        return subprocess.run(
            [program, *args],
            input=stdin,
            capture_output=True,
            env=env,
            timeout=timeout,
            check=False,
            start_new_session=not asks,
        )
    except subprocess.TimeoutExpired as error:
        message = f"ssh-keygen gave no answer within {timeout:g} seconds"
        raise fail(Code.APPROVAL_SIGNATURE, message, hint="is a passphrase or a touch asked for?") from error


def _refused(message: str, done: subprocess.CompletedProcess[bytes]) -> AtmosError:
    lines = plain(done.stderr.decode(errors="replace")).strip().splitlines()
    reason = lines[-1].strip().removesuffix(".") if lines else f"exit status {done.returncode}"
    hint = "load it into the agent (`ssh-add KEY`) if it has a passphrase, and name the `.pub` file"
    return fail(Code.APPROVAL_SIGNATURE, f"{message}: {reason}", hint=hint)
