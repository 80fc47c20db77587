"""The rule for volumes: `volume /data 5Gi`, `10Gi disk at /data`, `temporary volume /cache 1Gi`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from atmos_cli.diagnostics import Code
from atmos_cli.spec.measures import amount
from atmos_cli.spec.vocabulary import ARTICLES

if TYPE_CHECKING:
    from atmos_cli.spec.parse import Parse

_NOUNS = frozenset({"volume", "volumes", "disk", "disks", "storage", "pvc", "persistence", "drive"})
_KINDS: dict[str, Literal["temporary", "persistent"]] = {
    "persistent": "persistent",
    "durable": "persistent",
    "temporary": "temporary",
    "ephemeral": "temporary",
    "scratch": "temporary",
}
_LINKS = frozenset({"at", "on", "in", "of", "for", "with", "under", "mounted", "size", "path", "space"}) | ARTICLES
_PATH = re.compile(r"/[A-Za-z0-9._/-]{1,200}")
_DEFAULT = "1Gi"


@dataclass(frozen=True, slots=True)
class VolumeSaid:
    path: str
    size: str
    kind: Literal["temporary", "persistent"]

    @property
    def name(self) -> str:
        """Return a name made of the path: `/var/lib/app` is `var-lib-app`."""
        plain = re.sub(r"[^a-z0-9]+", "-", self.path.lower()).strip("-")[:30].rstrip("-")
        return plain if plain[:1].isalpha() else f"data-{plain}".rstrip("-")


def volume(parse: Parse, start: int) -> int:
    """Claim a volume: its noun, path, size and kind in any order, next to each other."""
    if parse.is_noun(start):
        return 0
    nouns = 0
    path, size, note, kind = "", "", "", ""
    at, last = 0, 0
    while key := parse.key(start, at):
        found = amount(parse, start, at) if not size else None
        if key in _NOUNS and nouns < 2:
            nouns += 1
        elif key in _KINDS and not kind:
            kind = _KINDS[key]
        elif _PATH.fullmatch(parse.text_at(start, at)) and not path:
            path = parse.text_at(start, at)
        elif found:
            size, note = found.value, found.note
            at += found.words - 1
        elif key not in _LINKS or not at:
            break
        else:
            at += 1
            continue
        at += 1
        last = at
    if not nouns:
        return 0
    if not path or path.endswith("/") or "//" in path:
        message = f"{parse.said(start, last)} does not say where the process finds it"
        wanted = size or "5Gi"
        hint = f"write a path, `volume /data {wanted}`; that of a database is `postgres storage {wanted}`"
        return parse.problem(Code.SPEC_INVALID, message, start, last, hint=hint)
    note = note or ("" if size else f"{_DEFAULT} is the default")
    return parse.token("volume", VolumeSaid(path, size or _DEFAULT, _kind(kind)), start, last, note=note)


def _kind(said: str) -> Literal["temporary", "persistent"]:
    """Return the kind; who says nothing wants to find what was written."""
    return "temporary" if said == "temporary" else "persistent"
