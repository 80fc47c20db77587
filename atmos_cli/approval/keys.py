"""SSH public keys as text: what is a plain key, and its fingerprint as `ssh-keygen -l` prints it."""

from __future__ import annotations

import base64
import binascii
import hashlib

# Certificates and `cert-authority` lines are left out: the roster names people's keys one by one.
KINDS = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
_LEAST_RSA_BYTES = 256


def plain_key(text: str) -> str:
    """Return `ssh-ed25519 AAAA…` without its comment. Raises ValueError with a sentence for no plain public key."""
    if "PRIVATE KEY" in text:
        raise ValueError("this is a private key; replace it, since it is now known, and write the public one here")
    words = text.split()
    if len(words) < 2 or "\n" in text.strip():
        raise ValueError("write one SSH public key on one line, as in the file `id_ed25519.pub`")
    kind, body = words[:2]
    if kind not in KINDS:
        raise ValueError(f"`{kind[:40]}` is not a kind of SSH key that can sign here; use ssh-ed25519")
    blob = _blob(body)
    named = kind.encode()
    if not blob.startswith(len(named).to_bytes(4) + named):
        raise ValueError(f"the key is cut short, or is not of the kind `{kind}`")
    if kind == "ssh-rsa" and len(blob) < _LEAST_RSA_BYTES:
        raise ValueError("the RSA key is shorter than 2048 bits; use ssh-ed25519")
    return f"{kind} {body}"


def fingerprint(key: str) -> str:
    """Return the fingerprint, `SHA256:…`, of a key that `plain_key` returned."""
    digest = hashlib.sha256(_blob(key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _blob(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the key is not base64 text; copy the whole line of the `.pub` file") from None
