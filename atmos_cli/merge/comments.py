"""Comments that stand on one side of a merge only, put where the other side has the line that they are about."""

from __future__ import annotations


def with_comments_of(text: str, other: str) -> tuple[str, tuple[str, ...]]:
    """Return `text` with the comments of `other` that it lacks, and those for which it has no place of their own."""
    lines, left = text.splitlines(), []
    end = "\r\n" if "\r\n" in text else "\n"
    theirs = other.splitlines()
    for at, line in enumerate(theirs):
        if line in lines:
            continue
        if line.lstrip().startswith("#"):
            about = next((each for each in theirs[at + 1 :] if _says(each)), None)
            place = _only(lines, about) if about else len(lines)
            new = line
        elif len(_value_of(line)) < len(line):
            place, new = _only(lines, _value_of(line)), line
            if place is not None:
                lines.pop(place)
        else:
            continue
        if place is None:
            left.append(line.strip())
        else:
            lines.insert(place, new)
    return end.join(lines) + (end if text.endswith("\n") else ""), tuple(left)


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _only(lines: list[str], line: str) -> int | None:
    """Return where a line is, however it is indented and commented; None where it is not, or more than once."""
    found = [at for at, each in enumerate(lines) if _bare(each) == _bare(line)]
    return found[0] if len(found) == 1 else None


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
