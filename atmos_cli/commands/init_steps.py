"""What remains for a person after `init`: to wire what is theirs, push, start, protect, and say who signs."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.clusters.facts import cluster_facts
from atmos_cli.config import FILE, Git
from atmos_cli.engines.registry import ENGINES
from atmos_cli.foreign import shell
from atmos_cli.kustomize.listed import kustomization_of, listed_files
from atmos_cli.layout.owners import owners_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from atmos_cli.clusters.facts import ClusterKinds
    from atmos_cli.config import Config, WriteMode
    from atmos_cli.ports import FileTree

FIRST_SERVICE = 'add a service: atmos new service "node, port 80, postgres"'
_MOST_LINES = 12


def wiring(tree: FileTree, foreign: Mapping[str, bytes], written: Iterable[str]) -> Iterator[str]:
    """Say how files that are not atmos's take in what is: `foreign` with what atmos would have in each.

    `written` are the paths of atmos's own files.
    """
    for path, wanted in sorted(foreign.items()):
        lines = _missing(tree.read(path) or b"", wanted)
        if path.endswith(".yaml") and "/" in path:
            yield f"{path} was here before: `atmos update` shows what differs, and takes either side"
        elif len(lines) > _MOST_LINES:
            yield f"{path} is yours: rename it and run `atmos init` again, then take over what you want of the new one"
        elif lines:
            yield from (f"{path} is yours; add to it:", *(f"  {line}" for line in lines))
    for kustomization, left in _unlisted(tree, written).items():
        yield f"{kustomization} is yours, and decides what is applied; add to its `resources`: {', '.join(left)}"


def _missing(theirs: bytes, wanted: bytes) -> list[str]:
    """Return the lines that a file lacks; not comments, nor an owner of everything, which would undo those before."""
    there = {line.strip() for line in theirs.decode("utf-8", "replace").splitlines()}
    lines = (line for line in wanted.decode().splitlines() if line.strip() and not line.startswith(("#", "* @")))
    return [line for line in lines if line.strip() not in there]


def _unlisted(tree: FileTree, written: Iterable[str]) -> dict[str, list[str]]:
    """Return the files that the kustomization of a directory above leaves out, by that kustomization."""
    own, found = frozenset(written), dict[str, list[str]]()
    for path in sorted(each for each in own if each.endswith(".yaml")):
        parts = posixpath.dirname(path).split("/")
        above = ("/".join(parts[:size]) for size in range(1, len(parts) + 1))
        first = next(filter(None, (kustomization_of(tree, each) for each in above)), None)
        if first is None or first in own:
            continue
        directory = posixpath.dirname(first)
        if path not in listed_files(tree, directory):
            found.setdefault(first, []).append(posixpath.relpath(path, directory))
    return found


def tool_steps(config: Config, tree: FileTree) -> Iterator[str]:
    """Say what pipelines still lack to install atmos."""
    if config.tool.install is None:
        yield (
            f"say where pipelines take atmos from: `tool.install` in {FILE}, as docs/machines.md has it, then run "
            "`atmos update`; until then their first step fails"
        )
    elif config.tool.wheel and tree.read(config.tool.wheel) is None:
        yield f"add the wheel that pipelines install: {config.tool.wheel}"


def cluster_steps(config: Config, kinds: ClusterKinds) -> Iterator[str]:
    """Say what the types of the clusters leave to people, before something of a service waits for it for ever."""
    facts = {name: cluster_facts(cluster, kinds) for name, cluster in config.clusters.items()}
    without = [name for name, each in facts.items() if each.storage_missing]
    if without:
        yield (
            f"before anything claims a volume, say the StorageClass of {', '.join(without)}, which have no default "
            f"one: `storageClass` in {FILE}, of what `kubectl get storageclass` lists"
        )
    open_ones = [name for name, each in facts.items() if each.policy == "none"]
    if open_ones:
        yield f"nothing enforces NetworkPolicies on {', '.join(open_ones)}: say who does in `policy` of {FILE}"


def push_steps(config: Config, *, mode: WriteMode, branch: str, remote: bool) -> Iterator[str]:
    """Say how what was written gets to where engines read it."""
    if mode == "files":
        yield "commit and push: git add -A && git commit"
        return
    yield f"push: {push_command(config, branch=branch, remote=remote, follows=True)}"
    if branch != config.git.branch:
        yield f"let it land on {config.git.branch}, which engines and pipelines follow"


def push_command(config: Config, *, branch: str, remote: bool, follows: bool) -> str:
    """Return what pushes a branch; `remote` says whether there is an `origin`, `follows` that it is new there."""
    if remote:
        return f"git push {'-u ' * follows}origin {shell(branch)}"
    url = shell(config.git.url) if config.git.url != Git().url else "URL"
    return f"git remote add origin {url} && git push -u origin {shell(branch)}"


def place_steps(root: Path) -> Iterator[str]:
    """Say how to get to where the commands that follow work, for who ran atmos from elsewhere."""
    here, there = Path.cwd(), root.resolve()
    if not here.is_relative_to(there):
        near = there.is_relative_to(here)
        yield f"cd {shell(str(there.relative_to(here) if near else there))}"


def start_steps(config: Config) -> Iterator[str]:
    """Say how each engine starts."""
    for engine in ENGINES.values():
        yield from engine.first_steps(config)


def rule_steps(config: Config, tree: FileTree) -> Iterator[str]:
    """Say who decides what, and what keeps others from going past it."""
    owners = owners_place(tree, config.forge)
    checks = "`validate`" if config.forge == "github" else "`atmos validate` and `atmos budget check`"
    yield (
        f"protect {config.git.branch} on the forge: changes only through review by code owners, with {checks} "
        f"required; then `git.write: branch` in {FILE} makes a branch of every change"
    )
    yield (
        f"say who signs what: groups of the forge in {owners} review, people in platform/approvers.yaml let a change "
        "pass a budget, as docs/approvals.md has it"
    )
