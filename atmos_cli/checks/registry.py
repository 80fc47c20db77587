"""Checks are registered and found here, never called by name: `run` for one subject, `run_repo` for the whole tree."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

import atmos_cli.checks
from atmos_cli.checks.subject import FileDocument, Finding, RepoSubject, Subject, SubjectFacts, facts_of
from atmos_cli.diagnostics import MOST_IN_A_FILE, Code, Diagnostic, Severity, in_order, more
from atmos_cli.yamlio.locate import field_of, located

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from atmos_cli.ports import FileTree


class Scope(StrEnum):
    SUBJECT = "subject"
    REPO = "repo"


@dataclass(frozen=True, slots=True)
class Check:
    """`function` takes Facts (subject) or a RepoSubject and yields Findings; `codes` are the ones it can return."""

    slug: str
    codes: tuple[Code, ...]
    summary: str
    scope: Scope
    function: Callable[[Any], Iterable[Finding]]


_REGISTERED: dict[str, Check] = {}
_SCHEMA_CODES = frozenset({Code.SCHEMA_INVALID, Code.SCHEMA_UNKNOWN_FIELD})


def check(
    slug: str, *codes: Code, summary: str, scope: Scope = Scope.SUBJECT
) -> Callable[[Callable[[Any], Iterable[Finding]]], Callable[[Any], Iterable[Finding]]]:
    """Register a function as a check under its slug (unique); importing its module is all that it takes."""

    def register(function: Callable[[Any], Iterable[Finding]]) -> Callable[[Any], Iterable[Finding]]:
        if slug in _REGISTERED:
            raise ValueError(f"two checks are called {slug}")
        _REGISTERED[slug] = Check(slug, codes, summary, scope=scope, function=function)
        return function

    return register


@cache
def checks(scope: Scope) -> tuple[Check, ...]:
    """Return every check of the scope, by slug."""
    for module in pkgutil.iter_modules(atmos_cli.checks.__path__):
        importlib.import_module(f"{atmos_cli.checks.__name__}.{module.name}")
    return tuple(one for _, one in sorted(_REGISTERED.items()) if one.scope is scope)


def run(subject: Subject, tree: FileTree) -> tuple[Diagnostic, ...]:
    """Check the effective manifests of one service in one environment; the diagnostics are located in `tree`."""
    found, bugs = findings(subject)
    located = _all_located(found, tree)
    return in_order(replace(one, environment=subject.environment) for one in (*located, *bugs))


def findings(subject: Subject) -> tuple[tuple[Finding, ...], tuple[Diagnostic, ...]]:
    """Return what `run` locates: findings with paths inside of the built objects, and the checks that crashed."""
    found, bugs = _collect(checks(Scope.SUBJECT), facts_of(subject))
    return tuple(_without_cascades(found)), tuple(bugs)


def run_repo(subject: RepoSubject, *, more: Sequence[Check] = ()) -> tuple[Diagnostic, ...]:
    """Check what must fit between the files of the whole repo, also with `more` checks, of packages above this one."""
    found, bugs = _collect((*checks(Scope.REPO), *more), subject)
    return in_order([*_all_located(found, subject.tree), *bugs])


def _collect(some: Iterable[Check], what: SubjectFacts | RepoSubject) -> tuple[list[Finding], list[Diagnostic]]:
    found: list[Finding] = []
    bugs: list[Diagnostic] = []
    for one in some:
        try:
            found += one.function(what)
        except Exception as error:  # noqa: BLE001 - one broken check must not hide what the others found
            reason = f"{type(error).__name__}: {error}"[:200]
            hint = "please report this with the manifest that causes it; the other checks did run"
            bugs.append(Diagnostic(Code.BUG, f"the check {one.slug} failed: {reason}", hint=hint))
    return found, bugs


def _without_cascades(found: list[Finding]) -> Iterator[Finding]:
    """Drop what other checks report at or below a field that the schema already refused."""
    refused: dict[int, set[tuple[Any, ...]]] = {}
    for one in found:
        if one.code in _SCHEMA_CODES and one.severity is Severity.ERROR and one.path:
            refused.setdefault(id(one.at), set()).add(one.path)
    for one in found:
        paths = refused.get(id(one.at), set())
        below = any(one.path[: length + 1] in paths for length in range(len(one.path)))
        if one.code in _SCHEMA_CODES or not below:
            yield one


def _all_located(found: Iterable[Finding], tree: FileTree) -> list[Diagnostic]:
    """Locate the first hundred of one file and severity, and count the rest: locating costs most."""
    located: list[Diagnostic] = []
    counts: dict[tuple[str, Severity], int] = {}
    for one in found:
        key = _file(one), one.severity
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= MOST_IN_A_FILE or not key[0]:
            located.append(_located(one, tree))
    beyond = {key: count - MOST_IN_A_FILE for key, count in counts.items() if key[0]}
    located += (more(path, count, severity) for (path, severity), count in beyond.items() if count > 0)
    return located


def _file(finding: Finding) -> str:
    if isinstance(finding.at, FileDocument):
        return finding.at.file
    return finding.at.sources[0].path if finding.at.sources else ""


def _located(finding: Finding, tree: FileTree) -> Diagnostic:
    value: Any
    if isinstance(finding.at, FileDocument):
        data, value = tree.read(finding.at.file) or b"", finding.at.value
        where = located(data, finding.at.index, finding.path, file=finding.at.file)
    else:
        from atmos_cli.kustomize.locate import locate

        value = finding.at.resource
        where = locate(tree, finding.at, finding.path)
    where = replace(where, field=field_of(finding.path), resource=where.resource or _name(value))
    return Diagnostic(finding.code, finding.message, finding.severity, where=where, hint=finding.hint)


def _name(resource: Any) -> str:
    if not isinstance(resource, dict) or not resource.get("kind"):
        return ""
    metadata = resource.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, dict) else ""
    return f"{resource['kind']}/{name}"
