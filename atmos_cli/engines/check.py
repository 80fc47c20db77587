"""Checks that engines will find what they are pointed at, and will reach every overlay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.checks.registry import Check, Scope, run_repo
from atmos_cli.checks.subject import FileDocument, Finding, RepoSubject
from atmos_cli.diagnostics import Code, Severity
from atmos_cli.engines.facts import EngineFacts, normal_url, pointers
from atmos_cli.engines.registry import ENGINES
from atmos_cli.kustomize.files import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.engines.facts import Pointer
    from atmos_cli.ports import FileTree

# What every engine reads; `apps` and `platform` point no engine at anything.
SHARED = ("infrastructure", "tenants")


def trees() -> tuple[str, ...]:
    """List the top directories of a repo in which files are atmos's to check."""
    return tuple(sorted({"apps", "platform", *_pointing()}))


def check_repo(tree: FileTree) -> tuple[Diagnostic, ...]:
    """Return what is wrong between the files of a repo; see `run_repo`."""
    return run_repo(RepoSubject(tree, trees()), more=(CHECK,))


def _pointing() -> set[str]:
    return {*SHARED, *(root for engine in ENGINES.values() for root in engine.roots)}


def engines(subject: RepoSubject) -> Iterator[Finding]:
    facts = read(subject.tree)
    for engine in ENGINES.values():
        yield from engine.findings(facts)
    yield from _unreached(facts)


CHECK = Check(
    "engines",
    (
        Code.ENGINE_REFERENCE,
        Code.ENGINE_PATH_MISSING,
        Code.ENGINE_UNREACHED,
        Code.ENGINE_HIDES_REFUSALS,
        Code.NAME_OWNED,
    ),
    summary="what engines are pointed at exists, and every overlay is reached",
    scope=Scope.REPO,
    function=engines,
)


def read(tree: FileTree) -> EngineFacts:
    files, roots = frozenset(tree.files()), _pointing()
    wanted = sorted(p for p in files if p.split("/")[0] in roots and p.endswith((".yaml", ".yml")))
    kinds = {kind: group for engine in ENGINES.values() for kind, group in engine.kinds.items()}
    found = tuple(pointer for path in wanted for pointer in pointers(tree, path, kinds))
    return EngineFacts(tree, files, found, _own_urls(found))


def _own_urls(found: tuple[Pointer, ...]) -> frozenset[str]:
    """Return the URL of this repo: what the roots of the engines read, else the only one that is ever read."""
    known = ENGINES.values()
    roots = {normal_url(url) for one in found for engine in known for url in engine.root_urls(one)}
    every = {normal_url(url) for one in found for engine in known for url in engine.urls(one)}
    return frozenset(roots) if roots else frozenset(every if len(every) == 1 else ())


def _unreached(facts: EngineFacts) -> Iterator[Finding]:
    """Find unread overlays, if the repo points engines at services at all: pointers may live in another repo."""
    known = ENGINES.values()
    deploying = {kind for engine in known for kind in (*engine.pointers, *engine.generators)}
    if not any(facts.of(*deploying)) or not facts.own_urls:
        return
    found = {directory for engine in known for directory in engine.reached(facts)}
    hint = f"add {', or '.join(f'{engine.marks} for {engine.title}' for engine in known)}; or remove it"
    for overlay in facts.overlays:
        parts = overlay.split("/")
        if not any("/".join(parts[:size]) in found for size in range(len(parts) + 1)):
            file = next(
                (f"{overlay}/{name}" for name in NAMES if f"{overlay}/{name}" in facts.files),
                next(facts.below(overlay)),
            )
            message = f"no engine reads {overlay}: it will never be deployed"
            document = FileDocument(file, 0, None)
            yield Finding(Code.ENGINE_UNREACHED, document, (), message, hint=hint, severity=Severity.WARNING)
