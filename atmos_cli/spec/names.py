"""The rule for the names of services, in one place; without pydantic, so that command line flags can use it."""

from __future__ import annotations

import re
import unicodedata

from atmos_cli.diagnostics import Code, Diagnostic

# Names become Service names (DNS-1035 on most Kubernetes versions) and, with a suffix such as `-db-rw`, those of parts.
NAME = r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$"
NAME_LENGTH = 40
RULE = f"a name has 1 to {NAME_LENGTH} characters: lower-case letters, digits and dashes, first a letter, last no dash"

# `kubernetes` is the API server's own Service; `default` and `localhost` resolve to something else; the rest cannot be
# directories on Windows.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))})
RESERVED = frozenset({"kubernetes", "default", "localhost"}) | _DEVICES


def validate_name(name: str) -> Diagnostic | None:
    """Check the name of a service; None, or ATM105 with every broken rule and a name that works, if there is one."""
    broken = _broken(name)
    if not broken:
        return None
    suggestion = corrected(name)
    hint = f"use `{suggestion}`; {RULE}" if suggestion else RULE
    said = f"the name `{shown(name)}`" if name else "the name"
    return Diagnostic(Code.SPEC_NAME_INVALID, f"{said} {' and '.join(broken)}", hint=hint)


def env_secret(service: str) -> str:
    """Return the name of the Secret that holds what a service is not told in the open."""
    return f"{service}-env"


def corrected(name: str) -> str:
    """Return the nearest name that `validate_name` accepts; empty when nothing of `name` can be kept."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    dashed = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not dashed:
        return ""
    if dashed[0].isdigit() or dashed in RESERVED:
        dashed = f"svc-{dashed}"
    return dashed[:NAME_LENGTH].rstrip("-")


def shown(text: str, limit: int = 60) -> str:
    """Return `text` safe to print on one line: no control characters, no lone surrogates, no endless words."""
    short = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short).replace("`", "'")


def _broken(name: str) -> list[str]:
    if not name:
        return ["is empty"]
    if name in RESERVED:
        return ["is reserved"]
    found = []
    if len(name) > NAME_LENGTH:
        found.append(f"is {len(name)} characters long, more than {NAME_LENGTH}")
    if any("A" <= c <= "Z" for c in name):
        found.append("has upper-case letters")
    foreign = list(dict.fromkeys(c for c in name if not re.match(r"[-a-zA-Z0-9]", c)))
    if foreign:
        found.append(f"has {', '.join(_character(c) for c in foreign[:5])}")
    if re.match(r"[0-9-]", name):
        found.append(f"starts with {'a digit' if name[0].isdigit() else 'a dash'}")
    if name.endswith("-"):
        found.append("ends with a dash")
    return found


def _character(character: str) -> str:
    return {" ": "a space", "`": "a backtick"}.get(character, f"`{shown(character)}`")
