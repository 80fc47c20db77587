"""The rules for what carries a text of its own: name, size, image, host and schedule."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.names import RESERVED, shown, validate_name
from atmos_cli.spec.vocabulary import FILLERS, HOST_WORDS, NAME_WORDS, SIZE_VALUES, normal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.spec.parse import Parse

_IMAGE = re.compile(
    r"(?=.{1,255}$)([a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)+")
_FILE = re.compile(r".*\.(js|ts|py|rb|rs|go|php|html|json|ya?ml|toml|jar|cs|java|kt|md|txt|css|sh|lock|xml|env)")
_SCHEDULE = re.compile(r"[0-9*/,-]+( [0-9*/,A-Za-z-]+){4}")
_UNITS = frozenset({"second", "seconds", "minute", "minutes", "min", "mins", "hour", "hours", "day", "days", "night"})


HOST_HINT = "a host is a full name in lower case without path and port, such as `host shop.example.com`"
IMAGE_HINT = "an image is `registry/name:tag` in lower case, such as `image ghcr.io/acme/shop:1.2.0`"


def name(parse: Parse, start: int) -> int:
    """Claim a name: `named checkout`, `called "checkout"`, `name=checkout`; its case is kept, to show a wrong one."""
    if parse.key(start) not in NAME_WORDS:
        return 0
    lead = 2 if parse.key(start, 1) == "is" else 1
    word = parse.near(start, lead)
    if word is None or (not word.quoted and normal(word.text) in FILLERS - RESERVED):
        message = f"{parse.said(start)} is not followed by a name"
        hint = (
            f"write `named checkout`, or `named '{word.text}'` if that is the name"
            if word
            else "write `named checkout`"
        )
        return parse.problem(Code.SPEC_NAME_INVALID, message, start, 1, hint=hint)
    if store := parse.store_before(start):
        message = f"{parse.said(start, lead + 1)} may name {store} or the service"
        hint = f"name the service first, as in `named {shown(word.text)}, {store}`; atmos names {store} after it"
        return parse.problem(Code.INTENT_CONTRADICTION, message, start, lead + 1, hint=hint)
    wrong = validate_name(word.text)
    if wrong:
        message = wrong.message.replace("` ", f"` (word {word.number}) ", 1)
        return parse.problem(wrong.code, message, start, lead + 1, hint=wrong.hint)
    note = "taken as the name, nothing else" if normal(word.text) in parse.vocabulary.meanings else ""
    return parse.token("name", word.text, start, lead + 1, note=note)


def size(parse: Parse, start: int) -> int:
    """Claim a size: `size m`, `size medium`; small and large alone are ordinary vocabulary."""
    if parse.key(start) != "size":
        return 0
    lead = 2 if parse.key(start, 1) in {"is", "to"} else 1
    value = normal(parse.key(start, lead))
    if value in SIZE_VALUES:
        note = "" if value == SIZE_VALUES[value] else f"`{value}` means {SIZE_VALUES[value]}"
        return parse.token("size", SIZE_VALUES[value], start, lead + 1, note=note)
    wrong = parse.near(start, lead)
    count = lead + 1 if wrong and value not in FILLERS else lead
    hint = "sizes are xs, s, m, l and xl; exact numbers go under `size` in service.yaml"
    return parse.problem(Code.SPEC_INVALID, f"{parse.said(start, count)} is not a size", start, count, hint=hint)


def image(parse: Parse, start: int) -> int:
    """Claim `image ghcr.io/acme/shop:1.2.0`, or such a reference alone: a path with a tag or digest is nothing else."""
    if parse.key(start) != "image":
        word = parse.near(start)
        if word and "/" in word.text and re.search(r"[/\w]:\w|@sha256:", word.text) and _IMAGE.fullmatch(word.text):
            return parse.token("image", word.text, start, 1)
        return 0
    lead = 2 if parse.key(start, 1) in {"is", "from"} else 1
    word = parse.near(start, lead)
    if word and _IMAGE.fullmatch(word.text) and (word.quoted or normal(word.text) not in FILLERS):
        return parse.token("image", word.text, start, lead + 1)
    count = lead + 1 if word else lead
    message = f"{parse.said(start, count)} does not name an image"
    return parse.problem(Code.SPEC_INVALID, message, start, count, hint=IMAGE_HINT)


def host(parse: Parse, start: int) -> int:
    """Claim `host shop.example.com`, `https://shop.example.com`, or a full host name alone."""
    lead = 0
    if parse.key(start) in HOST_WORDS:
        lead = 2 if parse.key(start, 1) in {"is", "name"} else 1
    word = parse.near(start, lead)
    given = word.text if word else ""
    if lead and (word is None or (not word.quoted and (normal(given) in FILLERS or parse.phrase(start, lead)))):
        note = f"`{parse.key(start)}` means http; the environment's domain gives the host"
        return parse.token("addon", "http", start, lead, note=note)
    plain = re.sub(r"^https?://|/$", "", given.lower())
    if plain.startswith("*.") and is_host(plain[2:]):
        message = f"{parse.said(start, lead + 1)} is a wildcard, and a service has hosts of its own"
        return parse.problem(Code.SPEC_INVALID, message, start, lead + 1, hint=HOST_HINT)
    if (
        is_host(plain)
        and (lead or "://" in given or not _FILE.fullmatch(plain))
        and (lead or not _nearly(plain, parse.vocabulary.meanings))
    ):
        note = f"`{given}` means {plain}" if plain != given else ""
        if store := "" if lead else parse.store_before(start):
            message = f"{parse.said(start)} may be the address of {store} or of the service"
            hint = f"for the service write `host {shown(plain)}`; where {store} is comes from the environment"
            return parse.problem(Code.INTENT_CONTRADICTION, message, start, 1, hint=hint)
        return parse.token("host", plain, start, lead + 1, note=note)
    if not lead and "://" not in given:
        return 0
    message = f"{parse.said(start + lead)} is not a host name"
    return parse.problem(Code.SPEC_INVALID, message, start, lead + 1, hint=HOST_HINT)


def is_host(text: str) -> bool:
    return bool(_HOST.fullmatch(text)) and not text.rsplit(".", 1)[-1].isdigit()


def _nearly(text: str, known: Iterable[str]) -> bool:
    """Return whether a text with the form of a host, like `node.sj`, is a misspelt known word."""
    return text.count(".") == 1 and bool(nearest(text, tuple(w for w in known if w.count(".") == 1)))


def schedule(parse: Parse, start: int) -> int:
    """Claim `every 5 minutes`, `"0 2 * * *"`: understood, so that the answer is not a list of unknown words."""
    word = parse.near(start)
    count = 0
    if word and word.quoted and _SCHEDULE.fullmatch(word.text):
        count = 1
    elif parse.key(start) in {"every", "each"}:
        count = next((n for n in (2, 3) if parse.key(start, n - 1) in _UNITS), 0)
    if not count:
        return 0
    message = f"{parse.said(start, count)} is a schedule, which an intent cannot say in this version of atmos"
    return parse.problem(Code.INTENT_NOT_YET, message, start, count, hint="leave it out")


def nearest(word: str, candidates: tuple[str, ...]) -> str:
    """Return the nearest candidate; two swapped letters are the most common typing error, so they win."""
    from difflib import get_close_matches

    if not 3 <= len(word) <= 24:
        return ""
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode() or word
    swapped = {plain[:i] + plain[i + 1] + plain[i] + plain[i + 2 :] for i in range(len(plain) - 1)}
    close = [w for w in candidates if w in swapped] or get_close_matches(plain, candidates, n=1, cutoff=0.8)
    return close[0] if close else ""
