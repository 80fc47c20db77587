"""Faulty answers of an HTTP server, generated: cut, endless, compressed, redirected, in no format, in hostile words."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING

from tests.hostile.liar import Fault, answered
from tests.hostile.trees import names

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

CHUNKED = b"Transfer-Encoding: chunked"


def zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b"0" * (1 << 20)
    return b"".join(packer.compress(piece) for _ in range(megabytes)) + packer.flush()


def cut(rng: random.Random, good: bytes) -> Fault:
    whole = answered(good)
    at = rng.randrange(len(whole))
    return Fault(f"cut after byte {at}", whole[:at])


def wrong_length(rng: random.Random, good: bytes) -> Fault:
    header = rng.choice((b"-1", b"9" * 30, b"abc", b"1, 2", b"0x10", b"", str(len(good) + 7).encode()))
    return Fault(f"Content-Length {header!r}", answered(good, b"Content-Length: " + header))


def two_lengths(rng: random.Random, good: bytes) -> Fault:
    return Fault("two lengths", answered(good, b"Content-Length: 1", b"Content-Length: 2", CHUNKED))


def bad_chunks(rng: random.Random, good: bytes) -> Fault:
    chunk = rng.choice(
        (
            b"zz\r\n{}\r\n",
            b"-5\r\n{}\r\n",
            b"ffffffffffffffff\r\n{}",
            b"2\r\n{}",
            b"2\r\n{}XX0\r\n\r\n",
            b"5;" + b"x" * 9999,
        )
    )
    return Fault(f"chunks {chunk[:12]!r}", answered(chunk, CHUNKED))


def garbage(rng: random.Random, good: bytes) -> Fault:
    first = rng.choice(
        (
            b"",
            b"\0" * 100,
            b"SSH-2.0-x\r\n",
            b"HTTP/9.9 abc\r\n\r\n",
            b"HTTP/1.1 2000 x\r\n\r\n",
            b"\x16\x03\x01",
            rng.randbytes(300),
        )
    )
    return Fault(f"garbage {first[:10]!r}", first)


def bad_headers(rng: random.Random, good: bytes) -> Fault:
    header = rng.choice(
        (b"no colon", b": no name", b"X: \0", b"X: a\r\n\tfolded", b"X\xff: \xff", b"X: \x1b[31m", b" X: y")
    )
    return Fault(f"header {header!r}", answered(good, header), broken=False)


def too_many_headers(rng: random.Random, good: bytes) -> Fault:
    return Fault(
        "a megabyte of headers", answered(good, *[b"X-%d: %s" % (n, b"y" * 100) for n in range(10_000)]), broken=False
    )


def endless_headers(rng: random.Random, good: bytes) -> Fault:
    return Fault("headers without end", b"HTTP/1.1 200 OK\r\n", again=b"X: y\r\n")


def endless_header(rng: random.Random, good: bytes) -> Fault:
    return Fault("a header without end", b"HTTP/1.1 200 OK\r\nX: ", again=b"y")


def endless_body(rng: random.Random, good: bytes) -> Fault:
    return Fault("a body without end", answered(b'{"a": "', b"Content-Length: 99999999999"), again=b"x")


def endless_chunks(rng: random.Random, good: bytes) -> Fault:
    return Fault("chunks without end", answered(b"", CHUNKED), again=b"10000\r\n" + b" " * 65536 + b"\r\n")


def bomb(rng: random.Random, good: bytes) -> Fault:
    return Fault("a gzip bomb", answered(zeros(600), b"Content-Encoding: gzip"))


def bad_compression(rng: random.Random, good: bytes) -> Fault:
    body, coding = rng.choice(
        ((b"no gzip", b"gzip"), (gzip.compress(good, mtime=0)[:-9], b"gzip"), (good, b"deflate"), (good, b"gzip, gzip"))
    )
    return Fault(f"bad {coding.decode()}", answered(body, b"Content-Encoding: " + coding))


def no_json(rng: random.Random, good: bytes) -> Fault:
    body = rng.choice(
        (
            b"",
            b"<html>no</html>",
            b"{",
            b"[" * 100_000,
            b'{"a":' * 50_000,
            b"nul",
            b"\xff\xfe\xfa",
            b'"\xed\xa0\x80"',
            b"\0",
        )
    )
    return Fault(f"no JSON {body[:8]!r} x {len(body)}", answered(body, b"X: y"))


def other_json(rng: random.Random, good: bytes) -> Fault:
    body = rng.choice(
        (
            b"null",
            b"[]",
            b"7",
            b'"x"',
            b"NaN",
            b'{"status": NaN}',
            b'{"data": 1e999}',
            b"[[[[]]]]",
            b"1" * 10_000,
            b"true",
        )
    )
    return Fault(f"other JSON {body[:12]!r}", answered(body), broken=False)


def other_type(rng: random.Random, good: bytes) -> Fault:
    kind = rng.choice(
        (b"text/html", b"application/octet-stream", b"image/png; charset=\x1b[31m", b"", b"text/plain; charset=utf-7")
    )
    return Fault(f"Content-Type {kind!r}", answered(b"<html>\x1b[31m\n::error::x</html>", b"Content-Type: " + kind))


def refusal(rng: random.Random, good: bytes) -> Fault:
    status = rng.choice(
        (
            b"400 Bad",
            b"401 No",
            b"403 No",
            b"404 None",
            b"407 Proxy",
            b"409 No",
            b"410 Gone",
            b"413 Large",
            b"418 Tea",
            b"422 No",
        )
    )
    words = json.dumps(
        {
            "kind": "Status",
            "status": "error",
            "message": names.text(rng),
            "error": names.text(rng),
            "errorType": names.text(rng),
        }
    )
    return Fault(f"refusal {status!r}", answered(words.encode(), status=status))


def failure(rng: random.Random, good: bytes) -> Fault:
    status = rng.choice((b"500 Bad", b"502 Bad", b"503 Busy", b"504 Late", b"429 Slow", b"599 x"))
    after = rng.choice(
        (
            b"Retry-After: 86400",
            b"Retry-After: -1",
            b"Retry-After: x",
            b"Retry-After: Fri, 31 Dec 2999 23:59:59 GMT",
            b"X: y",
        )
    )
    return Fault(f"{status!r} {after!r}", answered(b"\x1b[31m::error::no\n::error::x", after, status=status))


def informational(rng: random.Random, good: bytes) -> Fault:
    return Fault("only 1xx", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000 + b"HTTP/1.1 101 Switching Protocols\r\n\r\n")


def hostile_words(rng: random.Random, good: bytes) -> Fault:
    """The right form, with wrong types and wild values anywhere in it."""
    from tests.hostile.trees.configs import damaged

    body = json.dumps(damaged(json.loads(good), rng)).encode()
    return Fault("a damaged answer", answered(body), broken=False)


GENERATORS: tuple[Callable[[random.Random, bytes], Fault], ...] = (
    *([cut] * 4),
    *([hostile_words] * 4),
    *(wrong_length, wrong_length, two_lengths, bad_chunks, bad_chunks, garbage, garbage, bad_headers, too_many_headers),
    *(
        endless_headers,
        endless_header,
        endless_body,
        endless_chunks,
        bomb,
        bad_compression,
        no_json,
        no_json,
        other_json,
    ),
    *(other_json, other_type, refusal, refusal, failure, informational),
)


def redirect(location: str, status: bytes, fault_good: int = 0) -> Fault:
    header = b"Location: " + location.encode()
    return Fault(f"redirect {status.decode()} to {location}", answered(b"", header, status=status), good=fault_good)


SLOW = (
    Fault("headers that drip", b"HTTP/1.1 200 OK\r\n", again=b"X: y\r\n", drips=True),
    Fault("a body that drips", b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n", again=b" ", drips=True),
    Fault("trailers that drip", answered(b"2\r\n{}\r\n0\r\n", CHUNKED), again=b"X: y\r\n", drips=True),
    Fault("half of a body, then silence", answered(b"{", b"Content-Length: 99"), stays=True),
    Fault("small chunks without end", answered(b"", CHUNKED), again=b"5\r\n     \r\n"),
    Fault("no answer", stays=True),
)
