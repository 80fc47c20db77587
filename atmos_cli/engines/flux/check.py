"""Flux's Kustomizations and HelmReleases point at sources, paths, accounts and namespaces that exist."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from atmos_cli.checks.subject import Finding
from atmos_cli.diagnostics import Code, Severity
from atmos_cli.engines.facts import OVERLAY, directory_of, documents, is_template
from atmos_cli.engines.flux.files import SYSTEM
from atmos_cli.engines.flux.kinds import KINDS, SOURCES
from atmos_cli.kube.shape import Path, items, mapping, text, text_items
from atmos_cli.kustomize.files import NAMES
from atmos_cli.kustomize.listed import kustomization_of, listed_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.engines.facts import EngineFacts, Pointer


def root_urls(pointer: Pointer) -> Iterator[str]:
    if pointer.name == SYSTEM:
        yield from urls(pointer)


def urls(pointer: Pointer) -> Iterator[str]:
    if pointer.kind == "GitRepository":
        yield text(pointer.spec, "url")


def findings(facts: EngineFacts) -> Iterator[Finding]:
    for pointer in facts.of("Kustomization", "HelmRelease"):
        yield from _source(pointer, facts)
        yield from _dependencies(pointer, facts)
        yield from _tenant(pointer, facts)
        for path, given in paths(pointer, facts):
            yield from _path(pointer, path, given, facts)
            yield from _environment(pointer, path, given, facts)
    yield from _cycles(facts)
    for directory in sorted({one for one in directories(facts) if one in facts.directories}):
        yield from _foreign_files(directory, facts)
        yield from _unlisted(directory, facts)


def directories(facts: EngineFacts) -> Iterator[str]:
    """Yield what Kustomizations build."""
    for pointer in facts.of("Kustomization"):
        for _, given in paths(pointer, facts):
            if (directory := directory_of(given)) is not None:
                yield directory


def reached(facts: EngineFacts) -> Iterator[str]:
    """Yield what Flux reads, also through a source that does not resolve: that one has its own finding."""
    for pointer in facts.of("Kustomization", "HelmRelease"):
        found = paths(pointer, facts) if _resolves(pointer, facts) else _paths(pointer)
        for _, given in found:
            if (directory := directory_of(given)) is not None:
                yield posixpath.dirname(directory) if directory in facts.files else directory


def _resolves(pointer: Pointer, facts: EngineFacts) -> bool:
    return all(_target(pointer, ref, facts) for _, ref in _references(pointer))


def paths(pointer: Pointer, facts: EngineFacts) -> Iterator[tuple[Path, str]]:
    """Yield the paths of a pointer that lie in this repo, each with the field that holds it."""
    helm = pointer.kind == "HelmRelease"
    ref = mapping(pointer.spec, "chart", "spec", "sourceRef") if helm else mapping(pointer.spec, "sourceRef")
    source = _target(pointer, ref, facts)
    if source is None or source.kind != "GitRepository" or not facts.is_own(text(source.spec, "url")):
        return
    yield from _paths(pointer)


def _paths(pointer: Pointer) -> Iterator[tuple[Path, str]]:
    if pointer.kind == "Kustomization":
        yield ("spec", "path"), text(pointer.spec, "path") or "."
        return
    yield ("spec", "chart", "spec", "chart"), text(pointer.spec, "chart", "spec", "chart")
    for index, given in text_items(pointer.spec, "chart", "spec", "valuesFiles"):
        yield ("spec", "chart", "spec", "valuesFiles", index), given


def _references(pointer: Pointer) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in (("spec", "sourceRef"), ("spec", "chartRef"), ("spec", "chart", "spec", "sourceRef")):
        if ref := mapping(pointer.document.value, *path):
            yield path, ref


def _target(pointer: Pointer, ref: dict[str, Any], facts: EngineFacts) -> Pointer | None:
    namespace = text(ref, "namespace") or pointer.namespace
    return facts.by_name.get((text(ref, "kind"), namespace, text(ref, "name")))


def _source(pointer: Pointer, facts: EngineFacts) -> Iterator[Finding]:
    for path, ref in _references(pointer):
        kind, name = text(ref, "kind"), text(ref, "name")
        if kind not in SOURCES or is_template(name):
            continue
        if text(ref, "namespace") not in ("", pointer.namespace):
            message = (
                f"reads {kind} {name} of the namespace {ref['namespace']}; sources are read in the own namespace only"
            )
            hint = f"declare a {kind} in the namespace {pointer.namespace}"
            yield pointer.finding((*path, "namespace"), message, hint=hint)
        elif _target(pointer, ref, facts) is None:
            known = sorted(one.name for one in facts.of(kind) if one.namespace == pointer.namespace)
            message = f"reads {kind} {name} of the namespace {pointer.namespace}, which does not exist"
            hint = f"{kind} there: {', '.join(known) or 'none'}"
            yield pointer.finding((*path, "name"), message, hint=hint)


def _dependencies(pointer: Pointer, facts: EngineFacts) -> Iterator[Finding]:
    for index, ref in items(pointer.spec, "dependsOn"):
        name, namespace = text(ref, "name"), text(ref, "namespace") or pointer.namespace
        if name and not is_template(name) and (pointer.kind, namespace, name) not in facts.by_name:
            known = sorted(one.name for one in facts.of(pointer.kind) if one.namespace == namespace)
            message = f"depends on {name}, which does not exist in the namespace {namespace}"
            hint = f"{pointer.kind} there: {', '.join(known) or 'none'}"
            yield pointer.finding(("spec", "dependsOn", index, "name"), message, hint=hint)


def _cycles(facts: EngineFacts) -> Iterator[Finding]:
    """Find each cycle of dependsOn; one finding, at the object that comes first by name; without recursion."""
    done: set[tuple[str, str, str]] = set()
    for start in sorted(facts.by_name):
        trail: list[tuple[str, str, str]] = []
        stack = [(start, False)]
        while stack:
            node, leave = stack.pop()
            if leave:
                done.add(trail.pop())
            elif node in trail:
                yield _cycle(trail[trail.index(node) :], facts)
            elif node not in done and node in facts.by_name:
                trail.append(node)
                stack.append((node, True))
                stack += [(after, False) for after in _after(facts.by_name[node])]


def _after(pointer: Pointer) -> list[tuple[str, str, str]]:
    return [
        (pointer.kind, text(ref, "namespace") or pointer.namespace, text(ref, "name"))
        for _, ref in items(pointer.spec, "dependsOn")
    ]


def _cycle(nodes: list[tuple[str, str, str]], facts: EngineFacts) -> Finding:
    first = nodes.index(min(nodes))
    ordered = [name for _, _, name in (*nodes[first:], *nodes[: first + 1])]
    message = f"waits for itself: {' -> '.join(ordered)}"
    return facts.by_name[nodes[first]].finding(("spec", "dependsOn"), message, hint="remove one of these dependencies")


def _tenant(pointer: Pointer, facts: EngineFacts) -> Iterator[Finding]:
    namespace, account = pointer.namespace, text(pointer.spec, "serviceAccountName")
    if not namespace or namespace == SYSTEM or is_template(namespace):
        return
    if namespace not in facts.namespaces:
        message = f"is in the namespace {namespace}, which nothing in tenants/ makes"
        hint = "add the tenant, or correct metadata.namespace: the whole set is refused while it is missing"
        yield pointer.finding(("metadata", "namespace"), message, hint=hint)
    elif account and ("ServiceAccount", namespace, account) not in facts.by_name:
        known = sorted(one.name for one in facts.of("ServiceAccount") if one.namespace == namespace)
        message = f"runs as the ServiceAccount {account}, which does not exist in the namespace {namespace}"
        hint = f"ServiceAccounts there: {', '.join(known) or 'none'}"
        yield pointer.finding(("spec", "serviceAccountName"), message, hint=hint)


def _path(pointer: Pointer, path: Path, given: str, facts: EngineFacts) -> Iterator[Finding]:
    if is_template(given):
        return
    directory = directory_of(given)
    values = "valuesFiles" in path
    known = facts.files if values else facts.directories
    if directory is None or directory not in known:
        what = "file" if values else "directory"
        message = f"reads the {what} {directory or given}, which does not exist"
        yield pointer.finding(
            path, message, code=Code.ENGINE_PATH_MISSING, hint=f"correct {path[-1]}, or add the {what}"
        )


def _environment(pointer: Pointer, path: Path, given: str, facts: EngineFacts) -> Iterator[Finding]:
    """Find the classic copy and paste: the pointer of one environment reads the overlay of another."""
    match = OVERLAY.match(directory_of(given) or "")
    if match is None:
        return
    place = facts.namespaces.get(pointer.namespace, "")
    for said, where in (
        (place, f"its namespace {pointer.namespace}"),
        (pointer.labels.get("env", ""), "its label env"),
    ):
        if said and said != match["environment"]:
            message = f"belongs to {said}, as {where} says, but reads the overlay of {match['environment']}"
            right = given.replace(f"overlays/{match['environment']}", f"overlays/{said}")
            yield pointer.finding(path, message, hint=f"write {right}")
            return
    for label in ("team", "service"):
        said = pointer.labels.get(label, match[label])
        if said != match[label]:
            message = f"belongs to the {label} {said}, as its label says, but reads the overlay of {match[label]}"
            yield pointer.finding(path, message, hint="correct the path or the label")


def _unlisted(directory: str, facts: EngineFacts) -> Iterator[Finding]:
    """Find objects of Flux that it never applies: with a kustomization file it takes only what that lists."""
    kustomization = kustomization_of(facts.tree, directory)
    if kustomization is None:
        return
    listed = listed_files(facts.tree, directory)
    for pointer in facts.pointers:
        file = pointer.document.file
        if pointer.kind in KINDS and posixpath.dirname(file) == directory and file not in listed:
            message = f"is never applied: {kustomization} does not list {posixpath.basename(file)}"
            hint = f"add {posixpath.basename(file)} to its `resources`"
            yield pointer.finding((), message, code=Code.ENGINE_UNREACHED, hint=hint, severity=Severity.WARNING)


def _foreign_files(directory: str, facts: EngineFacts) -> Iterator[Finding]:
    """Find files that fail: without a kustomization file Flux takes all YAML below, and fails at a non-object."""
    if any(posixpath.join(directory, name) in facts.files for name in NAMES):
        return
    owned = {posixpath.dirname(path) for path in facts.below(directory) if posixpath.basename(path) in NAMES}
    for path in facts.below(directory):
        if not path.endswith((".yaml", ".yml")) or any(path.startswith(f"{one}/") for one in owned):
            continue
        for document in documents(facts.tree, path):
            if not (text(document.value, "apiVersion") and text(document.value, "kind")):
                message = (
                    f"{path} is no Kubernetes object, but Flux builds every YAML file below {directory or 'the root'}"
                )
                hint = f"move it, or add a kustomization.yaml to {directory or 'the root'} that lists what to apply"
                yield Finding(Code.ENGINE_REFERENCE, document, (), message, hint=hint)
                break
