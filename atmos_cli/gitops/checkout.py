"""What a checkout of the application says, put into the draft of a spec: an explicit word wins, the rest is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.checkout import DOCKERFILES, read_checkout
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.gitops.plan_rows import PlanRow, shown_value
from atmos_cli.spec.checkout.dockerfile import Dockerfile, read_dockerfile
from atmos_cli.spec.checkout.manifests import READERS, ApplicationFile, read_application_file
from atmos_cli.spec.names import validate_name
from atmos_cli.spec.vocabulary import normal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.gitops.plan_rows import NewDraft
    from atmos_cli.spec.vocabulary import Vocabulary

ASSETS = "package.json"


@dataclass(frozen=True, slots=True)
class Checkout:
    """The files of an application that say what it is. `directory` is its last name alone."""

    directory: str
    files: tuple[ApplicationFile, ...]
    dockerfile: Dockerfile | None
    dockerfile_name: str = ""


def open_checkout(directory: Path) -> Checkout:
    """Read a checkout. Raises AtmosError with one diagnostic for each file that cannot be read."""
    found = read_checkout(directory)
    files: list[ApplicationFile] = []
    wrong: list[Diagnostic] = []
    dockerfile, its_name = None, next((name for name in DOCKERFILES if name in found), "")
    for name, data in found.items():
        try:
            if name == its_name:
                dockerfile = read_dockerfile(data, path=name)
            elif name in READERS or name.endswith(".csproj"):
                files.append(read_application_file(name, data))
        except AtmosError as error:
            wrong += error.diagnostics
    if wrong:
        raise AtmosError(*wrong)
    if not files and dockerfile is None:
        known = ", ".join((*READERS, *DOCKERFILES))
        message = f"nothing in `{directory.name}` says what the application is"
        raise fail(Code.CHECKOUT_UNREADABLE, message, hint=f"atmos looks for {known}")
    return Checkout(directory.resolve().name, tuple(files), dockerfile, its_name)


def apply_checkout(draft: NewDraft, checkout: Checkout, catalogue: Catalogue, known: Vocabulary) -> None:
    """Put what words and flags do not say. Raises ATM102 where the checkout is of several languages."""
    based = _base(checkout, known)
    _language(draft, checkout, catalogue, based)
    chosen = [file for file in checkout.files if file.language == draft.values.get("language")]
    _framework(draft, chosen, catalogue, based)
    _name(draft, checkout, chosen)
    if checkout.dockerfile is not None:
        _port(draft, checkout.dockerfile, checkout.dockerfile_name)
        _health(draft, checkout.dockerfile, catalogue, checkout.dockerfile_name)
        _user(draft, checkout.dockerfile, catalogue, checkout.dockerfile_name)
    _addons(draft, chosen, catalogue)


def _base(checkout: Checkout, known: Vocabulary) -> tuple[str, str]:
    """Return language and framework of the base image: `php:8.3-apache`, `nginx`; empty where it is neither's word."""
    if checkout.dockerfile is None:
        return "", ""
    name, _, tag = checkout.dockerfile.base.partition("@")[0].rpartition("/")[2].partition(":")
    variants = [f"{name} {part}" for part in tag.split("-")[1:]]
    for phrase in (*variants, name, *_OF_IMAGES.get(name, ())):
        meaning = known.meanings.get(normal(phrase))
        if meaning is not None and meaning.kind == "language":
            return meaning.value, meaning.framework
    return "", ""


# Usual base images that are called otherwise than what runs in them.
_OF_IMAGES = {
    "golang": ("go",),
    "eclipse-temurin": ("java",),
    "amazoncorretto": ("java",),
    "ubi-openjdk": ("java",),
    "aspnet": ("asp.net",),
    "runtime": ("dotnet",),
}


def _language(draft: NewDraft, checkout: Checkout, catalogue: Catalogue, based: tuple[str, str]) -> None:
    languages = list(dict.fromkeys(file.language for file in checkout.files))
    if len(languages) > 1 and based[0] in languages:
        languages = [based[0]]
    if len(languages) > 1 and checkout.files[-1].path == ASSETS:
        languages.remove(checkout.files[-1].language)
    said = draft.values.get("language")
    if said is not None:
        if languages and said not in languages and said not in {file.language for file in checkout.files}:
            files = ", ".join(file.path for file in checkout.files)
            _note(draft, "language", f"the checkout says {', '.join(languages)} ({files})")
        return
    if len(languages) > 1:
        files = ", ".join(f"{file.path} ({file.language})" for file in checkout.files)
        message = f"the checkout is of several languages: {files}"
        raise fail(Code.INTENT_CONTRADICTION, message, hint=f"say which, such as `{languages[0]}`")
    if languages:
        file = next(file for file in checkout.files if file.language == languages[0])
        draft.put("language", languages[0], languages[0], f"checkout: {file.path}")
    elif based[0]:
        draft.put("language", based[0], based[0], f"checkout: FROM in {checkout.dockerfile_name}")
    elif "image" not in draft.values and "other" in catalogue.languages.languages:
        note = "its base image is none that atmos knows"
        draft.put("language", "other", "any image", f"checkout: {checkout.dockerfile_name}", note)


def _framework(draft: NewDraft, chosen: list[ApplicationFile], catalogue: Catalogue, based: tuple[str, str]) -> None:
    language = draft.values.get("language")
    found = {name: (file.path, package) for name, file, package in _built_on(chosen, catalogue)}
    strict = [name for name in found if catalogue.frameworks[name].words]
    first = next(iter([*strict, *found]), "")
    if not first and based[1] and based[0] == language:
        first, found = based[1], {based[1]: ("FROM", based[1])}
    said = draft.values.get("framework")
    if said is not None:
        if first and first != said and strict:
            _note(draft, "framework", f"the checkout says {first} ({found[first][1]} in {found[first][0]})")
        return
    if first and catalogue.frameworks[first].says_something:
        draft.put("framework", first, first, f"checkout: {found[first][1]} in {found[first][0]}")


def _built_on(chosen: list[ApplicationFile], catalogue: Catalogue) -> Iterator[tuple[str, ApplicationFile, str]]:
    for name, row in catalogue.frameworks.items():
        for file in chosen:
            if row.language == file.language:
                package = next((each for each in file.packages if _named(each, row.packages)), None)
                if package is not None:
                    yield name, file, package
                    break


def _named(package: str, patterns: tuple[str, ...]) -> bool:
    """Return whether a pattern names it: whole, or up to a `*` at its end."""
    return any(package == each or (each.endswith("*") and package.startswith(each[:-1])) for each in patterns)


def _name(draft: NewDraft, checkout: Checkout, chosen: list[ApplicationFile]) -> None:
    if "name" in draft.values:
        return
    named = [(file.name, file.path) for file in chosen if file.name]
    for name, source in (*named, (checkout.directory, "the name of its directory")):
        if validate_name(name) is None:
            draft.put("name", name, name, f"checkout: {source}", "--name changes it")
            return


def _port(draft: NewDraft, dockerfile: Dockerfile, name: str) -> None:
    exposed = dockerfile.ports[0] if dockerfile.ports else dockerfile.command_port
    if exposed is None:
        return
    source = f"EXPOSE in {name}" if dockerfile.ports else f"the command in {name}"
    said = draft.values.get("port")
    if said is None:
        pair = {"service": 80, "container": exposed}
        draft.put("port", pair, shown_value(pair), f"checkout: {source}")
    elif said["container"] != exposed:
        _note(
            draft,
            "port",
            f"the checkout says {exposed} ({source}): if it listens there, write `{said['service']}:{exposed}`",
        )
    if dockerfile.ports and dockerfile.command_port not in (None, *dockerfile.ports):
        _note(draft, "port", f"the command in {name} says {dockerfile.command_port}")


def _health(draft: NewDraft, dockerfile: Dockerfile, catalogue: Catalogue, name: str) -> None:
    language, framework = draft.values.get("language"), draft.values.get("framework")
    if not dockerfile.health or "probes" in draft.values or language not in catalogue.languages.languages:
        return
    if catalogue.runtime(language, framework).own("built_in"):
        return
    path = {"path": dockerfile.health}
    draft.put(
        "probes",
        {"startup": path, "liveness": path, "readiness": path},
        dockerfile.health,
        f"checkout: HEALTHCHECK in {name}",
    )


def _user(draft: NewDraft, dockerfile: Dockerfile, catalogue: Catalogue, name: str) -> None:
    language = draft.values.get("language")
    if not dockerfile.user or language not in catalogue.languages.languages:
        return
    user = catalogue.runtime(language, draft.values.get("framework")).own("user")
    if dockerfile.user != str(user):
        note = "its files must be readable for that user; nothing is writable but the volumes"
        source = f"checkout: USER {dockerfile.user[:40]} in {name}"
        draft.rows["user"] = PlanRow("user", str(user), source, note)


def _addons(draft: NewDraft, chosen: list[ApplicationFile], catalogue: Catalogue) -> None:
    """Say which add-ons a driver hints at: it may be for something else, so it is not added."""
    there = draft.values.get("addons", {})
    for addon in (each.manifest for each in catalogue.of_kind("addon")):
        if addon.name in there or addon.name in draft.rows:
            continue
        hits: Mapping[str, str] = {
            package: file.path for file in chosen for package in file.packages if _named(package, addon.packages)
        }
        for package, path in list(hits.items())[:1]:
            draft.rows[addon.name] = PlanRow(
                addon.name,
                "no",
                f"checkout: {package} in {path}",
                f"not added by itself: `--with {addon.name}` adds it",
            )


def _note(draft: NewDraft, name: str, note: str) -> None:
    row = draft.rows[name]
    draft.rows[name] = PlanRow(name, row.value, row.source, "; ".join(filter(None, (row.note, note))))
