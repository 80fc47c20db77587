"""What `atmos new service` asks a person who gave no words: each answer is a part of an intent, and read as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.blueprint.nouns import alternatives, vocabulary
from atmos_cli.diagnostics import AtmosError
from atmos_cli.spec.names import corrected
from atmos_cli.spec.shorthand import parse_intent
from atmos_cli.spec.vocabulary import ANY_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from atmos_cli.gitops.repository import Repository
    from atmos_cli.spec.intent import Intent

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class AskedPart:
    """One question; an answer is put into `form`, and must say something of `about`."""

    text: str
    form: str
    about: tuple[str, ...]
    default: str = ""


def intent_from(repository: Repository, ask: Callable[[str, str], str], tell: Callable[[str], None]) -> str:
    """Return the intent that the answers make. `ask` puts a question with a default, `tell` says what is wrong."""
    known = vocabulary(repository.catalogue)
    environments = tuple(repository.config.environments)
    parts: list[str] = []
    for question in _questions(repository, parts):
        while True:
            answer = ask(question.text, question.default).strip()
            if answer == NOTHING and question.default == NOTHING:
                break
            part = question.form.format(f'"{answer}"' if " " in answer and question.about == ("name",) else answer)
            try:
                intent = parse_intent(", ".join((*parts, part)), known, environments=environments)
            except AtmosError as error:
                for each in error.diagnostics:
                    tell(f"{each.message}; {each.hint}" if each.hint else each.message)
                continue
            if _says(intent, question.about):
                parts.append(part)
                break
            tell(f"that says nothing of {alternatives(question.about)}")
    return ", ".join(parts)


def _says(intent: Intent, about: tuple[str, ...]) -> bool:
    said = {name for name, _ in intent.stated()}
    return not about or bool(said & set(about))


def _questions(repository: Repository, parts: list[str]) -> Iterator[AskedPart]:
    """Yield the questions, one after the other; what was answered so far is in `parts`."""
    languages = alternatives(name for name in repository.catalogue.languages.languages if name != ANY_LANGUAGE)
    yield AskedPart(
        f"What is it written in? ({languages}, a framework, or `image NAME:TAG`)", "{}", ("language", "image")
    )
    yield AskedPart("On which port does it listen?", "port {}", ("port",), "8080")
    yield AskedPart("What is it called?", "named {}", ("name",), f"{corrected(parts[0].split()[0])}-web")
    offered = [b.manifest.name for b in repository.catalogue.of_kind("addon") if b.manifest.backing]
    needs = ("addons", "env", "secrets", "volumes", "calls", "settings")
    text = f"What does it need? ({', '.join(offered)}, `secret NAME`, `volume /data 5Gi`, `depends on SERVICE`)"
    yield AskedPart(text, "{}", needs, NOTHING)
    yield AskedPart(
        "Who reaches it from outside? (`public`, or `host shop.example.com`)", "{}", ("addons", "hosts"), NOTHING
    )
