"""What one scalar means to Kubernetes: go-yaml v2 (YAML 1.1 with Go's number syntax), then JSON."""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from typing import Any

Scalar = str | int | float | bool | None


class ScalarError(ValueError):
    """A scalar that Kubernetes refuses; `hint` is what to write instead."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def resolve_plain(text: str) -> Scalar:
    """Return the JSON value of an unquoted scalar. Raises ScalarError for infinity and NaN, which JSON lacks."""
    value = _resolve(text)
    return _json(value, text) if value.__class__ is float else value


def plain_key(text: str) -> str:
    """Return the key an unquoted scalar becomes: `on` is "true", `0o17` is "15". Raises ScalarError for null."""
    return key_of(_resolve(text), text)


def tagged(text: str, tag: str) -> Scalar:
    """Return the JSON value of a scalar with an explicit tag; tags that Go does not know are ignored."""
    value = _tagged(text, tag)
    return _json(value, text) if isinstance(value, float) else value


def tagged_key(text: str, tag: str) -> str:
    """Return the mapping key that a scalar with an explicit tag becomes."""
    return key_of(_tagged(text, tag), text)


def key_of(value: Scalar, text: str) -> str:
    """Return the mapping key that a resolved scalar becomes; `text` is how it was written."""
    if isinstance(value, str):
        return value
    if value is None:
        raise ScalarError("a key is empty or null", hint='write the key, or quote it if text is meant: "null"')
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if value >= _INT64:
            raise ScalarError(f"the key `{text}` is too large for an integer", hint=f'quote it: "{text}"')
        return str(value)
    return _go_float32(value)


def is_merge(event: Any) -> bool:
    """Return whether the scalar event `<<` of a key asks for a merge; quoted it is a key like any other."""
    return bool(event.implicit[0]) or event.tag == "tag:yaml.org,2002:merge"


def _resolve(text: str) -> Scalar:
    try:
        return _WORDS[text]
    except KeyError:
        return text if text[0] not in _NUMBER_STARTS else _number(text)


def _number(text: str) -> str | int | float:
    if text[0] == ".":
        return _finite(text, text) if _DOT_FLOAT.fullmatch(text) else text
    digits = text.replace("_", "")
    if _INTEGER.fullmatch(digits):
        value = int(digits, 8 if _OCTAL.fullmatch(digits) else 0)
        if -_INT64 <= value < _INT64 or (value < 2 * _INT64 and digits[0] not in "+-"):
            return value
    return _finite(digits, text) if _FLOAT.fullmatch(digits) else text


def _finite(number: str, text: str) -> str | float:
    """Return a number, or the text where Go's ParseFloat calls an overflow an error."""
    value = float(number)
    return text if math.isinf(value) else value


def _json(value: float, text: str) -> int | float:
    """Return a whole float as an integer: Go writes it without a point, so Kubernetes reads `3.0` and `1e3` so."""
    if not math.isfinite(value):
        raise ScalarError(f"`{text}` is not a number that JSON can hold", hint=f'quote it if text is meant: "{text}"')
    return int(value) if value.is_integer() and abs(value) < _INT64 else value


def _go_float32(value: float) -> str:
    """Return strconv.FormatFloat(value, 'g', -1, 32), which is how Kubernetes spells a float as a key."""
    if math.isnan(value):
        return ".nan"
    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        single = math.inf if value > 0 else -math.inf
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    packed = struct.pack("f", single)
    shortest = next(s for s in (f"{single:.{digits}e}" for digits in range(10)) if struct.pack("f", float(s)) == packed)
    mantissa, _, power = shortest.partition("e")
    exponent = int(power)
    if not -4 <= exponent < 6:
        return f"{mantissa}e{exponent:+03d}"
    decimals = max(len(mantissa.partition(".")[2]) - exponent, 0)
    return f"{float(shortest):.{decimals}f}"


def _tagged(text: str, tag: str) -> Scalar:
    kind = tag.removeprefix("tag:yaml.org,2002:") if tag.startswith("tag:yaml.org,2002:") else ""
    if kind == "binary":
        return _binary(text)
    if kind == "timestamp" and _TIMESTAMP.fullmatch(text):
        return text
    if kind not in _KINDS:
        return text
    value = _resolve(text)
    if kind == "float" and type(value) is int and value < _INT64:
        return float(value)
    if type(value) is _KINDS[kind]:
        return value
    raise ScalarError(f"`{text}` is not a !!{kind}", hint="remove the tag or mend the value")


def _binary(text: str) -> str:
    try:
        raw = base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        raise ScalarError("a !!binary value is not base64", hint="encode it with `base64`") from None
    escaped = raw.decode("utf-8", "surrogateescape")
    return _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", escaped)


_INT64 = 1 << 63
_KINDS: dict[str, type | None] = {"int": int, "float": float, "bool": bool, "null": type(None), "timestamp": None}
_NUMBER_STARTS = frozenset("+-0123456789.")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]{0,19})")
_OCTAL = re.compile(r"[-+]?0[0-7]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DOT_FLOAT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12][0-9]|3[01])"
    r"([Tt ]([01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9]([.,][0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})?)?"
)
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
