"""The names that mean secrets: any name with such a word in it for masking, those that end in one for refusing."""

from __future__ import annotations

import re

# What a log hides: a word anywhere, since hiding too much costs little.
WORD = (
    r"(?:pass(?:w(?:or)?d|phrase)|(?<!com)(?<!by)pass(?![a-z])|pwd|secret|token|(?<!mon)(?<!tur)key(?!word|space|board)"
    r"|authorization|credential|cookie)"
)
_SECRET_NAME = re.compile(WORD, re.IGNORECASE)
_LONGEST = 2000

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ENCODINGS = ("b64", "base64")
# What a refusal asks for: the last word, because what follows it says something else (`_FILE`, `_TTL`, `_NAME`).
_ENDINGS = ("password", "passwords", "passwd", "passphrase", "passcode", "secret", "token")
_WHOLE = frozenset({"pass", "pwd", "credential", "credentials"})
_GLUED = re.compile(r"(?:db|user|root|admin|smtp|mail|ldap|redis|mysql|pg)(?:pass|pwd)")
# `key` alone is as often a sort key, a cache key or a public key: only these kinds of key are secret.
_KEYS = frozenset(
    {"api", "access", "secret", "private", "encryption", "encrypt", "decryption", "signing", "master", "account"}
    | {"auth", "license", "hmac", "aes", "jwt", "crypto", "application", "shared"}
)
_PHRASES = (("secret", "key", "base"), ("erlang", "cookie"))
# Public on purpose: the bundle of a web page has it.
_PUBLIC = frozenset({"public", "publishable", "vite"})
# The Secret with a certificate or for pulling images is named, never written as a value; and the tokens of tokenizers.
_NAMED = frozenset({"pull", "tls", "cert", "certificate", "ca"})
_PARTS_OF_TEXT = frozenset({"bos", "eos", "pad", "unk", "sep", "cls", "mask", "stop"})


def has_secret_word(name: str) -> bool:
    """Return whether the value of this name may be secret: `SECRET_KEY_BASE`, `authorization`; not `DB_POOL_SIZE`."""
    return _SECRET_NAME.search(name[:_LONGEST]) is not None


def ends_in_secret_word(name: str) -> bool:
    """Return whether the name's value *is* the secret: `DB_PASSWORD`, `apiKey`; not `PASSWORD_FILE`, `CACHE_KEY`.

    A number or the encoding at the end does not count: `API_TOKEN_2`, `PASSWORD_BASE64`.
    """
    words = _words(name)
    if not words or is_public(name) or name in ("PWD", "OLDPWD"):
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if (last == "secret" and before in _NAMED) or (last == "token" and before in _PARTS_OF_TEXT):
        return False
    if any(tuple(words[-len(phrase) :]) == phrase for phrase in _PHRASES):
        return True
    if last.endswith(_ENDINGS) or last in _WHOLE or _GLUED.fullmatch(last):
        return True
    return last in _GLUED_KEYS or (last == "key" and before in _KEYS)


def is_public(name: str) -> bool:
    """Return whether every visitor sees the value by design: `NEXT_PUBLIC_API_KEY`, `REACT_APP_TOKEN`, `PUBLIC_KEY`."""
    words = _words(name)
    return bool(_PUBLIC & set(words)) or words[:2] == ["react", "app"]


def names_an_object(name: str) -> bool:
    """Return whether manifests name a Secret object under such a word: `existingSecret`, `auth-secret`."""
    words = _words(name)
    return bool(words) and words[-1].endswith(("secret", "credential", "credentials"))


_GLUED_KEYS = frozenset(f"{word}key" for word in _KEYS)


def _words(name: str) -> list[str]:
    """Split a name in lower case: `dbPassword`, `DB_PASSWORD`, `db.password` are all db and password."""
    words = [word.lower() for word in _WORDS.findall(name[-_LONGEST:])]
    while words and words[-1].isdigit():
        words.pop()
        if words[-1:] in (["b"], ["base"]) and name.lower().endswith(_ENCODINGS):
            words.pop()
    return words
