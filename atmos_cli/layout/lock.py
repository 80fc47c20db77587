"""`service.lock`: what was last generated, the merge base of the next update. One field per line, so Git merges it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FORMAT = "atmos-lock 1"


def lock_text(files: Mapping[str, dict[str, Any]], *, blueprints: Sequence[str], spec: bytes) -> str:
    """The lock of generated objects by path. The same input gives the same bytes; no clock, no version of atmos."""
    head = [FORMAT, f"spec sha256:{hashlib.sha256(spec).hexdigest()}", *(f"blueprint {tag}" for tag in blueprints)]
    body = [line for path in sorted(files) for line in _file(path, files[path])]
    return "\n".join([*head, *body]) + "\n"


def _file(path: str, value: Any) -> Iterator[str]:
    yield f"file {path}"
    yield from _leaves(value, "")


def _leaves(value: Any, pointer: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _leaves(value[key], f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, f"{pointer}/{index}")
    else:
        yield f"  {pointer} = {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"
