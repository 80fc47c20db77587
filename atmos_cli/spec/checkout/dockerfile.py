"""What the last stage of a Dockerfile says: base image, port, user, command and health. Nothing in it is run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from atmos_cli.diagnostics import Code, fail

_PORT = re.compile(r"([0-9]{1,5})(?:/tcp)?")
_ARGUMENT = re.compile(
    r"(?:--port|--bind|--listen|-p|-b)[= ]\S{0,60}?:?([0-9]{2,5})\b|--server\.port[= ]([0-9]{2,5})\b"
)
_HEALTH = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::[0-9]{1,5})?(/[^\s\"'|;&)]{0,200})")


@dataclass(slots=True)
class Dockerfile:
    """The last stage, whose base may be an earlier one: then it is that one's base."""

    base: str = ""
    ports: list[int] = field(default_factory=list)
    user: str = ""
    command: str = ""
    health: str = ""

    @property
    def command_port(self) -> int | None:
        found = _ARGUMENT.search(self.command)
        number = int(found[1] or found[2]) if found else 0
        return number if 1 <= number <= 65535 else None


def read_dockerfile(data: bytes, *, path: str = "Dockerfile") -> Dockerfile:
    """Return what the last stage says. Raises AtmosError where there is none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(path, "is not text in UTF-8") from None
    stages: dict[str, Dockerfile] = {}
    stage = None
    for instruction, rest in _instructions(text):
        if instruction == "FROM":
            stage = _begun(rest, stages)
        elif stage is not None:
            _take(stage, instruction, rest)
    if stage is None:
        raise _refused(path, "has no FROM")
    return stage


def _refused(path: str, what: str) -> Exception:
    return fail(Code.CHECKOUT_UNREADABLE, f"`{path}` of the checkout {what}", hint="mend it, or leave out `--checkout`")


def _instructions(text: str) -> list[tuple[str, str]]:
    kept = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\[ \t]*\n", " ", "\n".join(kept))
    split = (line.strip().partition(" ") for line in joined.splitlines() if line.strip())
    return [(word.upper(), rest.strip()) for word, _, rest in split]


def _begun(rest: str, stages: dict[str, Dockerfile]) -> Dockerfile:
    words = [word for word in rest.split() if not word.startswith("--")]
    base = words[0] if words else ""
    before = stages.get(base)
    begun = (
        Dockerfile(before.base, list(before.ports), before.user, before.command, before.health)
        if before
        else Dockerfile(base)
    )
    if len(words) > 2 and words[1].upper() == "AS":
        stages[words[2]] = begun
    return begun


def _take(stage: Dockerfile, instruction: str, rest: str) -> None:
    if instruction == "EXPOSE":
        numbers = (int(found[1]) for word in rest.split() if (found := _PORT.fullmatch(word)))
        stage.ports += [number for number in numbers if 1 <= number <= 65535]
    elif instruction == "USER":
        stage.user = rest.partition(":")[0]
    elif instruction in {"CMD", "ENTRYPOINT"}:
        stage.command = _words(rest) if instruction == "CMD" or not stage.command else f"{_words(rest)} {stage.command}"
    elif instruction == "HEALTHCHECK" and (found := _HEALTH.search(_words(rest))):
        stage.health = found[1]


def _words(rest: str) -> str:
    try:
        value = json.loads(rest) if rest.startswith("[") else rest
    except (ValueError, RecursionError):
        return rest
    return " ".join(each for each in value if isinstance(each, str)) if isinstance(value, list) else rest
