"""Why a service is to be updated: what is newer than its lock, in the words of whoever changed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.config import FILE
from atmos_cli.diagnostics import Code, Diagnostic, Location, Severity
from atmos_cli.foreign import shell
from atmos_cli.merge.fields import joined
from atmos_cli.merge.model import MISSING, same
from atmos_cli.merge.shown import shown_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.layout.lock import Lock


def reasons_of(locks: Sequence[Lock], now: Lock, spec_path: str) -> Iterator[str]:
    """Yield what is newer than the lock: fields of the spec, blueprints, inputs from the config."""
    if not locks:
        yield "there is no lock"
        return
    before = locks[0]
    if not before.stamps:
        yield "the lock's format"
    old, new = before.files.get(spec_path), now.files[spec_path]
    if isinstance(old, tuple) and isinstance(new, tuple):
        yield from (f"service.yaml: {each}" for each in _changed_keys(old[0], new[0]))
    tags = set(before.blueprints) - set(now.blueprints), set(now.blueprints) - set(before.blueprints)
    for tag in sorted(tags[1]):
        name = tag.partition("@")[0]
        was = next((each for each in tags[0] if each.partition("@")[0] == name), "")
        yield f"blueprint {was} → {tag}" if was else f"blueprint {tag}"
    yield from (f"blueprint {tag} is not used any more" for tag in sorted(tags[0]) if not _same_name(tag, tags[1]))
    if before.inputs and before.inputs.get("generation") != now.inputs["generation"]:
        yield "another version of atmos"  # which reads the same inputs otherwise, so that they cannot be compared
    elif before.inputs:
        yield from (
            f"{FILE}: {each}"
            for each in sorted({*before.inputs, *now.inputs})
            if before.inputs.get(each) != now.inputs.get(each) and not each.startswith("blueprints.")
        )


def _same_name(tag: str, tags: set[str]) -> bool:
    return any(each.partition("@")[0] == tag.partition("@")[0] for each in tags)


def _changed_keys(old: object, new: object, path: str = "") -> Iterator[str]:
    """Yield each field that differs; of mappings that both have, those inside."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            below = joined(path, key)
            yield from _changed_keys(old.get(key, MISSING), new.get(key, MISSING), below)
    elif not same(old, new):
        yield f"{path} {shown_value(old)} → {shown_value(new)}"


def lock_notes(locks: Sequence[Lock], path: str) -> Iterator[Diagnostic]:
    """Yield a warning where a person edited the lock."""
    for number in sorted({line for lock in locks for line in lock.edited})[:1]:
        message = f"line {number} of `{path}` was edited, so atmos does not know what it had generated there"
        hint = f"take it back with `git checkout -- {shell(path)}`, or answer what the update asks"
        where = Location(path, number, 1)
        yield Diagnostic(Code.LOCK_UNREADABLE, message, Severity.WARNING, where=where, hint=hint)
