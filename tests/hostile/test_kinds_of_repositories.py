"""Every kind of Git repository is read as the plain one is, or a sentence says why not; its settings run nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.hostile import promises, seeds
from tests.hostile.trees import repositories

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.hostile.box import Box
    from tests.hostile.running import Server

pytestmark = pytest.mark.sample

COMMANDS = (("validate",), ("diff",), ("budget", "show"), ("budget", "check"), ("render", "checkout"))
NEW = ("new", "service", "go, port 8080, called zed", "--yes")
SETTINGS = 40


def sha256(box: Box) -> Path:
    shutil.rmtree(box.root / ".git")
    box.git("init", "-q", "--object-format=sha256")
    box.git("add", "-A")
    box.git("commit", "-qm", "base")
    return box.root


def linked_worktree(box: Box) -> Path:
    box.git("worktree", "add", "-q", "../linked")
    return box.top / "linked"


def shallow(box: Box) -> Path:
    box.git("clone", "-q", "--depth=1", f"file://{box.root}", "../shallow")
    return box.top / "shallow"


def partial(box: Box) -> Path:
    box.git("config", "uploadpack.allowFilter", "true")
    box.git("clone", "-q", "--filter=blob:none", f"file://{box.root}", "../partial")
    return box.top / "partial"


def submodule(box: Box) -> Path:
    outer = box.top / "outer"
    outer.mkdir()
    box.git("init", "-q", at=outer)
    box.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(box.root), "gitops", at=outer)
    box.git("commit", "-qm", "base", at=outer)
    return outer / "gitops"


def packed_refs(box: Box) -> Path:
    box.git("pack-refs", "--all")
    return box.root


KINDS = (sha256, linked_worktree, shallow, partial, submodule, packed_refs)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_repository_is_read(box: Box, server: Server, kind: Callable[[Box], Path]) -> None:
    plain = [server.run(*command, cwd=box.root, env=box.env) for command in COMMANDS]
    at = kind(box)
    with promises.nothing_touched(box):
        found = [server.run(*command, cwd=at, env=box.env) for command in COMMANDS]
    for before, ran in zip(plain, found, strict=True):
        promises.kept(ran)
        assert (ran.status, ran.out) == (before.status, before.out), f"not as in a plain clone:\n{before}\n{ran}"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_repository_takes_a_commit(box: Box, server: Server, kind: Callable[[Box], Path]) -> None:
    at = kind(box)
    ran = server.run(*NEW, cwd=at, env=box.env)
    assert ran.status == 0, str(ran)
    assert box.git("status", "--porcelain", at=at) == ""
    assert "zed" in box.git("log", "-1", "--format=%s", at=at)


@pytest.mark.parametrize("how", ["sparse checkout", "skip-worktree"])
def test_what_is_not_on_disk_is_read_or_said(box: Box, server: Server, how: str) -> None:
    whole = server.run("validate", cwd=box.root, env=box.env)
    if how == "sparse checkout":
        box.git("status")  # a copy looks changed until Git has looked at it, and what is changed stays
        box.git("sparse-checkout", "set", "tenants", "platform")
    else:
        files = box.git("ls-files", "apps").splitlines()
        box.git("update-index", "--skip-worktree", *files)
        shutil.rmtree(box.root / "apps")
    assert not (box.root / "apps").exists()
    ran = server.run("validate", cwd=box.root, env=box.env)
    promises.kept(ran)
    said = any(word in ran.text for word in ("sparse", "skip-worktree", "not checked out"))
    assert said or ran.out == whole.out, f"6 deployments were left out without a word\n{ran}"


@pytest.mark.parametrize("number", range(SETTINGS))
def test_settings_of_a_repository_start_nothing(new_box: Callable[..., Box], server: Server, number: int) -> None:
    """Those that a change brings, and those of the user's own that a change asks for, in every reading command."""
    rng = seeds.random_of("settings", number)
    feature = repositories.FEATURES[number % len(repositories.FEATURES)]
    box = new_box(
        "nested" if feature is repositories.bare_repository_beside_the_settings else rng.choice(("clone", "nested"))
    )
    feature(box, rng)
    command = COMMANDS[number // len(repositories.FEATURES) % len(COMMANDS)]
    print(feature.__name__)  # noqa: T201 - shown where the test fails
    with promises.nothing_touched(box):
        ran = server.run(*command, cwd=box.root, env=box.env)
        print(ran)  # noqa: T201 - shown where the test fails
    promises.kept(ran)


@pytest.mark.parametrize("where", ["hooks", "./hooks", "absolute"])
def test_no_hook_of_the_checkout_runs_in_a_commit(box: Box, server: Server, where: str) -> None:
    repositories.programs(box, "hook")
    box.git("add", "-A")
    box.git("commit", "-qm", "hooks", "--no-verify")
    box.git("config", "core.hooksPath", str(box.root / "hooks") if where == "absolute" else where)
    ran = server.run(*NEW, cwd=box.root, env=box.env)
    promises.ended(ran)
    assert not box.ran, f"ran {box.ran} of the checkout\n{ran}"


def test_the_users_own_hook_runs_in_a_commit(box: Box, server: Server) -> None:
    hooks = box.top / "home" / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text(f"#!/bin/sh\n{box.canary('own')}\n")
    (hooks / "pre-commit").chmod(0o755)
    box.git("config", "--global", "core.hooksPath", str(hooks))
    ran = server.run(*NEW, cwd=box.root, env=box.env)
    assert ran.status == 0, str(ran)
    assert box.ran == ["own"]


ENVIRONMENT = {
    "GIT_DIR": "victim/.git",
    "GIT_WORK_TREE": "victim",
    "GIT_INDEX_FILE": "victim/index",
    "GIT_OBJECT_DIRECTORY": "victim/objects",
    "GIT_CEILING_DIRECTORIES": "repo",
    "GIT_NAMESPACE": "evil",
    "GIT_LITERAL_PATHSPECS": "0",
    "GIT_CONFIG_PARAMETERS": "'core.fsmonitor'='touch x'",
    "GIT_PREFIX": "apps/",
    "GIT_EXTERNAL_DIFF": "/bin/false",
}


@pytest.mark.parametrize("variable", ENVIRONMENT)
def test_the_environment_of_a_hook_does_not_mislead(box: Box, server: Server, variable: str) -> None:
    plain = server.run("diff", cwd=box.root, env=box.env)
    value = ENVIRONMENT[variable]
    env = box.env | {variable: str(box.top / value) if value.startswith(("victim", "repo")) else value}
    with promises.nothing_touched(box):
        ran = server.run("diff", cwd=box.root, env=env)
    promises.kept(ran)
    assert (ran.status, ran.out) == (plain.status, plain.out), f"{plain}\n{ran}"


def test_replaced_objects_and_grafts_do_not_count(box: Box, server: Server) -> None:
    """`git replace` shows another budget under the same id; the base branch's real one counts."""
    plain = server.run("budget", "show", cwd=box.root, env=box.env)
    blob = box.git("rev-parse", "HEAD:platform/budgets/dev.yaml")
    text = (box.root / "platform/budgets/dev.yaml").read_text()
    other = box.git("hash-object", "-w", "--stdin", text=text.replace("limits:", "limits:\n  pods: {limit: '1'}\nx:"))
    box.git("replace", blob, other)
    ran = server.run("budget", "show", cwd=box.root, env=box.env)
    assert (ran.status, ran.out) == (plain.status, plain.out), str(ran)
