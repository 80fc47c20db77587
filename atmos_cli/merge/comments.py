"""Comments that stand on one side of a merge only, put where the other side has the line that they are about."""

from __future__ import annotations


def with_comments_of(text: str, other: str) -> tuple[str, tuple[str, ...]]:
    """Return `text` with the comments of `other` that it lacks, and those for which it has no place of their own."""
    lines, theirs, left = text.splitlines(), other.splitlines(), []
    end = "\r\n" if "\r\n" in text else "\n"
    there, places = set(lines), _places(lines)
    above: dict[int, list[str]] = {}
    for line, about in zip(theirs, _abouts(theirs), strict=True):
        is_own = line.lstrip().startswith("#")
        if line in there or not (is_own or len(_value_of(line)) < len(line)):
            continue
        if is_own and about is None:
            place: int | None = len(lines)
        else:
            place = places.get(_bare(about if is_own and about else line))
        if place is None:
            left.append(line.strip())
            continue
        if is_own:
            above.setdefault(place, []).append(line)
        else:
            lines[place] = line
        there.add(line)
    merged = [each for at, line in enumerate(lines) for each in (*above.get(at, ()), line)] + above.get(len(lines), [])
    return end.join(merged) + (end if text.endswith("\n") else ""), tuple(dict.fromkeys(left))


def _places(lines: list[str]) -> dict[str, int | None]:
    """Return where each line is, however it is indented and commented; None for one that stands more than once."""
    found: dict[str, int | None] = {}
    for at, line in enumerate(lines):
        found[_bare(line)] = None if _bare(line) in found else at
    return found


def _abouts(lines: list[str]) -> list[str | None]:
    """Return for each line the next one below it that says something, which a comment above it is about."""
    found: list[str | None] = []
    about: str | None = None
    for line in reversed(lines):
        found.append(about)
        about = line if line.strip() and not line.lstrip().startswith("#") else about
    return found[::-1]


def _bare(line: str) -> str:
    return _value_of(line).strip()


def _value_of(line: str) -> str:
    """Return the line without the comment beside its value; all of it where there is none, or nothing else."""
    at = line.rfind("#")
    while at > 0:
        before = line[:at].rstrip()
        if not before:
            return line
        if line[at - 1].isspace():
            return before
        at = line.rfind("#", 0, at)
    return line
