"""An answer packed with gzip that ends in the middle is refused, however much of it unpacks."""

import gzip

import httpx
import pytest

from atmos_cli.adapters.http import UnusableError, body

GOOD = b'{"status": "success", "data": {"result": []}}'


class Streamed(httpx.SyncByteStream):
    def __init__(self, data):
        self.data = data

    def __iter__(self):
        yield from (self.data[at : at + 7] for at in range(0, len(self.data), 7))


def read(data, *, limit=1 << 20):
    return body(httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Streamed(data)), limit=limit)


def test_a_whole_one_is_read():
    assert read(gzip.compress(GOOD)) == GOOD


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (gzip.compress(GOOD)[:-9], "ends in the middle"),
        (b"no gzip", "cannot be unpacked"),
        (gzip.compress(b" " * (5 << 20)), "more than 1 MiB"),
    ],
    ids=["cut", "other", "large"],  # packed bytes hold the time, and workers that name tests otherwise do not start
)
def test_others_are_refused(data, says):
    with pytest.raises(UnusableError, match=says):
        read(data)
