"""Argo CD's Applications, sets and projects point at things that exist."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code, Severity
from atmos_cli.engines.argocd.files import COMPARE_OPTIONS, ROOT, ROOTS
from atmos_cli.engines.facts import directory_of, is_template
from atmos_cli.kube.shape import Path, at, items, mapping, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.checks.subject import Finding
    from atmos_cli.engines.facts import EngineFacts, Pointer

_WHOLE_PATH = re.compile(r"\{\{-?\s*\.?path(\.path)?\s*-?\}\}")


def root_urls(pointer: Pointer) -> Iterator[str]:
    if pointer.kind == "Application" and posixpath.normpath(text(pointer.spec, "source", "path") or "/") == ROOTS[0]:
        yield text(pointer.spec, "source", "repoURL")


def urls(pointer: Pointer) -> Iterator[str]:
    if pointer.kind == "Application":
        sources = [at(pointer.spec, "source"), *(source for _, source in items(pointer.spec, "sources"))]
        yield from (text(source, "repoURL") for source in sources if text(source, "path"))
    elif pointer.kind == "ApplicationSet":
        yield from (text(git, "repoURL") for git in git_generators(pointer.spec))


def git_generators(spec: dict[str, Any], depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the git generators of an ApplicationSet, also those inside matrix and merge."""
    for _, generator in items(spec, "generators"):
        if git := mapping(generator, "git"):
            yield git
        for combined in ("matrix", "merge"):
            if depth < 3 and mapping(generator, combined):
                yield from git_generators(mapping(generator, combined), depth + 1)


def findings(facts: EngineFacts) -> Iterator[Finding]:
    projects = {one.name for one in facts.of("AppProject")} | {"default"}
    yield from _names(facts)
    for pointer in facts.of("Application"):
        yield from _application(pointer, pointer.spec, ("spec",), projects, facts)
        yield from _hidden(pointer, pointer.document.value, ())
    for pointer in facts.of("ApplicationSet"):
        template = mapping(pointer.spec, "template", "spec")
        yield from _application(pointer, template, ("spec", "template", "spec"), projects, facts)
        # What a patch adds to it depends on the generator.
        if "compare-options" not in text(pointer.spec, "templatePatch"):
            yield from _hidden(pointer, mapping(pointer.spec, "template"), ("spec", "template"))


def _names(facts: EngineFacts) -> Iterator[Finding]:
    """Warn of what has a name on the hub that is Argo CD's, or may be anybody's."""
    for pointer in facts.of("AppProject"):
        if pointer.name == "default":
            message = "is Argo CD's own: all Applications on the hub that name no project are held to what it allows"
            yield _owned(pointer, message)
    for pointer in facts.of("Application"):
        if pointer.document.file == ROOT and pointer.name == "root":
            message = "has a name that others on the hub may give, as have the projects and sets of this repo"
            yield _owned(pointer, message)


def _owned(pointer: Pointer, message: str) -> Finding:
    hint = f"for the way to names of its own: `atmos explain {Code.NAME_OWNED}`"
    at = ("metadata", "name")
    return pointer.finding(at, message, code=Code.NAME_OWNED, hint=hint, severity=Severity.WARNING)


def reached(facts: EngineFacts) -> Iterator[str]:
    """Yield the directories that an Application reads, or that a set makes one for."""
    for pointer in facts.of("Application"):
        for _, source in _sources(pointer.spec, ()):
            if facts.is_own(text(source, "repoURL")) and (directory := directory_of(text(source, "path"))):
                yield directory
    for pointer in facts.of("ApplicationSet"):
        if not any(
            _WHOLE_PATH.fullmatch(text(s, "path")) for _, s in _sources(mapping(pointer.spec, "template", "spec"), ())
        ):
            continue
        for git in git_generators(pointer.spec):
            yield from _generated(git, facts)


def _application(
    pointer: Pointer, spec: dict[str, Any], path: Path, projects: set[str], facts: EngineFacts
) -> Iterator[Finding]:
    project = text(spec, "project")
    if project and not is_template(project) and project not in projects:
        hint = f"projects here: {', '.join(sorted(projects))}"
        yield pointer.finding((*path, "project"), f'is in the project "{project}", which does not exist', hint=hint)
    destination = mapping(spec, "destination")
    name, server = text(destination, "name"), text(destination, "server")
    if bool(name) == bool(server):
        problem = "names its cluster twice, by name and by server" if name else "does not say its cluster"
        hint = "set exactly one of destination.name and destination.server"
        yield pointer.finding((*path, "destination"), problem, hint=hint)
    for where, source in _sources(spec, path):
        yield from _source(pointer, source, where, facts)


def _hidden(pointer: Pointer, application: dict[str, Any], path: Path) -> Iterator[Finding]:
    """Find an Application that the API server compares, from Argo CD 3.6 on, and which so hides what that refuses."""
    said = text(application, "metadata", "annotations", COMPARE_OPTIONS)
    applied = "ServerSideApply=true" in texts(application, "spec", "syncPolicy", "syncOptions")
    if "ServerSideDiff=true" not in said and ("ServerSideDiff=false" in said or not applied):
        return
    what = "says ServerSideDiff=true" if "ServerSideDiff=true" in said else "says ServerSideApply=true alone"
    since = "" if "ServerSideDiff=true" in said else " from Argo CD 3.6 on"
    message = f"{what}, so that{since} it shows objects as Synced and Healthy that the API server refuses"
    hint = f"add the annotation `{COMPARE_OPTIONS}: ServerSideDiff=false`; `atmos update` does for what atmos wrote"
    where = (*path, "metadata", "annotations", COMPARE_OPTIONS)
    code = Code.ENGINE_HIDES_REFUSALS
    yield pointer.finding(where, message, code=code, hint=hint, severity=Severity.WARNING)


def _sources(spec: dict[str, Any], path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    if single := mapping(spec, "source"):
        yield (*path, "source"), single
    for index, source in items(spec, "sources"):
        yield (*path, "sources", index), source


def _source(pointer: Pointer, source: dict[str, Any], path: Path, facts: EngineFacts) -> Iterator[Finding]:
    given = text(source, "path")
    if not given or is_template(given) or not facts.is_own(text(source, "repoURL")):
        return
    directory = directory_of(given)
    if given.startswith("/") or directory is None:
        hint = "write the path relative to the root of the repo"
        message = f"reads {given}, which is outside of the repo"
        yield pointer.finding((*path, "path"), message, code=Code.ENGINE_PATH_MISSING, hint=hint)
    elif directory not in facts.directories:
        message = f"reads the directory {directory}, which does not exist"
        hint = "it is a file; name its directory" if directory in facts.files else "correct spec.source.path"
        yield pointer.finding((*path, "path"), message, code=Code.ENGINE_PATH_MISSING, hint=hint)


def _generated(git: dict[str, Any], facts: EngineFacts) -> Iterator[str]:
    if not facts.is_own(text(git, "repoURL")):
        return
    excluded = [glob(text(one, "path")) for _, one in items(git, "directories") if one.get("exclude") is True]
    for _, one in items(git, "directories"):
        if one.get("exclude") is not True:
            pattern = glob(text(one, "path"))
            for directory in facts.directories:
                if pattern.fullmatch(directory) and not any(no.fullmatch(directory) for no in excluded):
                    yield directory
    for _, one in items(git, "files"):
        pattern = glob(text(one, "path"))
        yield from (path.rpartition("/")[0] for path in facts.files if pattern.fullmatch(path))


def glob(pattern: str) -> re.Pattern[str]:
    """Compile a generator's pattern: `*` stays inside of one segment, `**` does not; the rest is literal."""
    parts = re.split(r"(\*\*|\*|\?)", pattern[:1000])
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))
