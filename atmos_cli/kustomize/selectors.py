"""Which resources a patch is for: patterns for group, version, kind, name and namespace, and label selectors."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from atmos_cli.kustomize.model import WorkingResource, metadata_map

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_PATTERN = 300
# A subset in which Go's RE2 and Python agree, and in which no pattern can take long: no nested repetition.
_SAFE = re.compile(
    r"(?:[\w\-./ ~:@%,]|\\[.\-/dwsb$^*+?|()\[\]]|\[\^?[\w\-. ]+\]|\(\?:|\((?!\?)|\)(?![*+?{])"
    r"|[\^$|.]|(?<=[\w\-.\]/])[*+?](?![*+?]))*"
)
_MAX_REPEATS = 6
_REQUIREMENT = re.compile(
    r"\s*(?:(?P<absent>!)\s*(?P<no_key>[^\s,()=!<>]+)"
    r"|(?P<key>[^\s,()=!<>]+)\s*(?:(?P<op>==|=|!=|<|>)\s*(?P<value>[^\s,()=!<>]*)"
    r"|(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?)\s*(?:,|$)"
)
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LABEL_NAME = re.compile(r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


class BadSelectorError(ValueError):
    """The selector cannot be read."""


class BeyondSelectorError(ValueError):
    """A pattern that only Go's own regular expressions may decide."""


class SelectorTerm(NamedTuple):
    """One term of a label selector; `op` is one of `in`, `notin`, `exists`, `absent`, `<`, `>`."""

    key: str
    op: str
    values: frozenset[str] = frozenset()

    def accepts(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        if self.op in ("absent", "exists"):
            return (value is None) == (self.op == "absent")
        if self.op == "in":
            return value in self.values
        if self.op == "notin":
            return value not in self.values
        return value is not None and _compares(value, self.op, next(iter(self.values)))


def _compares(value: str, op: str, bound: str) -> bool:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        return False
    return int(value) > int(bound) if op == ">" else int(value) < int(bound)


@lru_cache(maxsize=256)
def label_requirements(selector: str) -> tuple[SelectorTerm, ...]:
    """Parse a label selector: `a=b,c in (d,e),!f` -> its terms. Raises BadSelectorError."""
    found: list[SelectorTerm] = []
    # With one space for each gap the pattern takes linear time: it may begin the same gap in two places.
    written = " ".join(selector.split())
    position, end = 0, len(written)
    while position < end:
        match = _REQUIREMENT.match(written, position)
        if not match or (match.end() == end and written.endswith(",")):
            raise BadSelectorError(f"`{selector}` is not a label selector")
        found.append(_requirement(match, selector))
        position = match.end()
    return tuple(found)


def _requirement(match: re.Match[str], selector: str) -> SelectorTerm:
    key = match["no_key"] or match["key"]
    if not _LABEL_NAME.fullmatch(key):
        raise BadSelectorError(f"`{key}` in `{selector}` is not a label name")
    if match["absent"]:
        return SelectorTerm(key, "absent")
    if match["set"]:
        values = frozenset(part.strip() for part in match["values"].split(","))
    elif match["op"]:
        values = frozenset((match["value"],))
    else:
        return SelectorTerm(key, "exists")
    bad = next((value for value in sorted(values) if not _LABEL_VALUE.fullmatch(value)), None)
    if bad is not None or (match["op"] in ("<", ">") and not re.fullmatch(r"[0-9]{1,18}", match["value"])):
        raise BadSelectorError(f"`{bad if bad is not None else match['value']}` in `{selector}` is not a value for it")
    op = match["set"] or {"=": "in", "==": "in", "!=": "notin"}.get(match["op"], match["op"])
    return SelectorTerm(key, op, values)


@lru_cache(maxsize=1024)
def _pattern(written: str) -> re.Pattern[str]:
    if len(written) > _MAX_PATTERN or not _SAFE.fullmatch(written) or len(re.findall(r"[*+?]", written)) > _MAX_REPEATS:
        raise BeyondSelectorError(f"the pattern `{written}` is beyond the portable subset")
    try:
        return re.compile(f"(?:{written})", re.ASCII)
    except re.error:
        raise BadSelectorError(f"`{written}` is not a regular expression") from None


def _is(pattern: Any, *values: str) -> bool:
    return not pattern or any(_pattern(pattern).fullmatch(value) for value in values)


def check_target(target: Mapping[str, Any]) -> None:
    """Check that a target can be read; raises BadSelectorError, or BeyondSelectorError for what only Go may decide."""
    for field in ("group", "version", "kind", "name", "namespace"):
        if target.get(field):
            _pattern(target[field])
    for field in ("labelSelector", "annotationSelector"):
        label_requirements(target.get(field) or "")


def selects(target: Mapping[str, Any], item: WorkingResource) -> bool:
    """Return whether a patch target means the resource, by its original or its present name and namespace."""
    original, current = item.original_id, item.id
    group, version, kind = item.gvk
    return (
        _is(target.get("namespace"), original.space, current.space)
        and _is(target.get("name"), original.name, current.name)
        and _is(target.get("group"), group)
        and _is(target.get("version"), version)
        and _is(target.get("kind"), kind)
        and _accepts(target.get("labelSelector"), item, "labels")
        and _accepts(target.get("annotationSelector"), item, "annotations")
    )


def _accepts(selector: str | None, item: WorkingResource, field: str) -> bool:
    if not selector:
        return True
    values = metadata_map(item.resource, field)
    return all(requirement.accepts(values) for requirement in label_requirements(selector))
