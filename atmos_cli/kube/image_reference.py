"""The image that somebody wants to run: read from `NAME:TAG@DIGEST`, and refused where nobody could pull or tell it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from atmos_cli.diagnostics import Code, fail
from atmos_cli.foreign import line

HINT = "an image is `registry/name:tag` in lower case, such as `ghcr.io/acme/shop:1.2.0`"
MOST = 512
_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"(?:[a-z0-9.-]{{1,253}}(?::[0-9]{{1,5}})?/)?{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


@dataclass(frozen=True, slots=True)
class ImageReference:
    """`tag` and `digest` are "" where the image has none; a pulled one has at least one of them."""

    name: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return f"{self.name}{':' * bool(self.tag)}{self.tag}{'@' * bool(self.digest)}{self.digest}"

    @property
    def version(self) -> str:
        """Return what people call it: the tag, or the start of the digest."""
        return self.tag or self.digest[:19]


def is_image_name(text: str) -> bool:
    """Say whether an image can have this name, which is without tag and digest."""
    return len(text) <= MOST and _NAME.fullmatch(text) is not None


def read_image(text: str, *, current: str = "") -> ImageReference:
    """Return `NAME:TAG`, `NAME:TAG@DIGEST` or `NAME@DIGEST` in parts; `:TAG` and `@DIGEST` keep the name `current`.

    Raises ATM331 without a version that stays what it is, and ATM337 for what is no reference at all. Credentials are
    never repeated in a message.
    """
    rest, at, digest = text.partition("@")
    _require_no_credentials(text, digest)
    shown = line(text[:120])
    slash = rest.rfind("/")
    colon = rest.find(":", slash + 1)
    name, tag = (rest, "") if colon < 0 else (rest[:colon], rest[colon + 1 :])
    name = name or current
    if at and not _DIGEST.fullmatch(digest):
        hint = "a digest is `sha256:` and 64 hexadecimal digits, as the registry answers a push"
        raise fail(Code.IMAGE_INVALID, f"the digest `{line(digest[:80])}` of the image is malformed", hint=hint)
    if colon >= 0 and not _TAG.fullmatch(tag):
        hint = "a tag is up to 128 letters, digits, `_`, `.` and `-`, and starts with none of the last two"
        raise fail(Code.IMAGE_INVALID, f"the tag of the image `{shown}` is malformed", hint=hint)
    if name != name.lower():
        raise fail(Code.IMAGE_INVALID, f"the image `{shown}` has capitals in its name", hint=f"write `{name.lower()}`")
    if len(text) > MOST or not is_image_name(name):
        raise fail(Code.IMAGE_INVALID, f"`{shown}` does not name an image", hint=HINT)
    _require_version(shown, tag, digest)
    return ImageReference(name, tag, digest)


def _require_no_credentials(text: str, digest: str) -> None:
    if "://" in text:
        hint = "leave out the scheme: `registry/name:tag`"
        raise fail(Code.IMAGE_INVALID, "an image is no URL, and this one has a scheme", hint=hint)
    if "@" in digest or "/" in digest:
        hint = "leave them out; the cluster logs in with an image pull secret"
        raise fail(Code.IMAGE_INVALID, "the image has credentials in it, which Git would keep for ever", hint=hint)


def _require_version(shown: str, tag: str, digest: str) -> None:
    """As the check `images` has it: nobody could tell which version runs, nor go back to it."""
    if digest or (tag and tag != "latest"):
        return
    what = "whose tag moves: nobody can tell which version runs" if tag else "which has no tag and no digest"
    raise fail(
        Code.IMAGE_UNPINNED,
        f"the image is `{shown}`, {what}",
        hint="name a version, such as `:1.4.2`, or better a digest, `@sha256:…`",
    )
