"""What once broke a check on a stranger's tree, each as it was found: journals, bare repositories, raw text, sizes."""

from __future__ import annotations

import base64
import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.hostile import promises
from tests.hostile.running import path_of_tools, run_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile.box import Box
    from tests.hostile.running import Ran, Server

pytestmark = pytest.mark.sample

READERS = (("validate",), ("render", "checkout"), ("diff",), ("status",))
PLACE = ".atmos-cli-txn"


def read(box: Box, server: Server, *args: str) -> Ran:
    with promises.nothing_touched(box):
        ran = server.run(*args, cwd=box.root, env=box.env)
    promises.kept(ran)
    return ran


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_a_journal_that_is_a_link_deletes_nothing(
    new_box: Callable[..., Box], server: Server, command: tuple[str, ...]
) -> None:
    box = new_box("unpacked")
    (box.root / PLACE).symlink_to("../victim")
    read(box, server, *command)


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_a_shipped_journal_writes_and_removes_nothing(
    new_box: Callable[..., Box], server: Server, command: tuple[str, ...]
) -> None:
    box = new_box("unpacked")
    evil = base64.b64encode(b"#!/bin/sh\n").decode()
    budget = base64.b64encode((box.root / "platform/budgets/dev.yaml").read_bytes()).decode()
    entries = [
        {"path": "scripts/evil.sh", "before": None, "after": evil, "mode": 0o4755},
        {"path": "platform/budgets/dev.yaml", "before": budget, "after": None, "mode": None},
    ]
    journal = {"entries": entries, "directories": ["scripts"], "ref": None, "old": None, "forward": True}
    box.write(f"{PLACE}/redo.json", json.dumps(journal))
    read(box, server, *command)


@pytest.mark.parametrize("wrong", [{"path": 5}, {"ref": 5}, {"mode": "z"}, {"directories": [5]}], ids=str)
@pytest.mark.parametrize("file", ["redo.json", "undo.json"])
def test_a_journal_with_wrong_types_is_no_bug(
    new_box: Callable[..., Box], server: Server, wrong: dict[str, object], file: str
) -> None:
    box = new_box("unpacked")
    entry = {"path": "x.yaml", "before": None, "after": base64.b64encode(b"x").decode(), "mode": None}
    journal = {"entries": [entry], "directories": [], "ref": None, "old": None, "forward": True} | wrong
    entry |= {key: value for key, value in wrong.items() if key in entry}
    box.write(f"{PLACE}/{file}", json.dumps(journal))
    read(box, server, "validate")


@pytest.mark.parametrize(
    "command",
    [
        ("validate",),
        ("validate", "-o", "json"),
        ("new", "service", "node, port 80, called fresh", "--dry-run"),
        ("diff",),
        ("render", "checkout"),
    ],
    ids=" ".join,
)
def test_an_embedded_bare_repository_runs_no_program(
    new_box: Callable[..., Box], server: Server, command: tuple[str, ...]
) -> None:
    box = new_box("nested")
    run = box.canary("fsmonitor")
    settings = f'[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ..\n\tfsmonitor = "{run}; false"\n'
    for path, text in {
        "HEAD": "ref: refs/heads/main\n",
        "config": settings,
        "objects/.k": "",
        "refs/heads/.k": "",
    }.items():
        box.write(path, text)
    ran = read(box, server, *command)
    assert ran.status == 0, f"the repository around it was not used\n{ran}"


def test_text_of_the_repo_is_made_safe(box: Box, server: Server) -> None:
    at = "apps/main/checkout/base"
    box.write("apps/main/a\n::error::pwned/x.yaml", "a: [\n")
    box.write(f"{at}/kustomization.yaml", 'resources: ["a\\n::error::x.yaml", "deployment.yaml"]\n')
    box.write("tenants/dev/main/default-deny.yaml", 'kind: ConfigMap\nmetadata: {name: "x\\e[31m\\n::error::q"}\n')
    box.write("atmos-cli.yaml", (box.root / "atmos-cli.yaml").read_text() + '"k\\e[31m\\n::error::boo": 1\n')
    for command in (("validate",), ("diff",), ("render", "checkout"), ("status",)):
        read(box, server, *command)


@pytest.mark.parametrize(
    "raw", ["\x1b[31m", "\x07", "\r", "\x9b31m", "\u202e", "\u2066", "\n::error::x", "\n::add-mask::x"], ids=ascii
)
@pytest.mark.parametrize(
    "place", ["key", "value", "kind", "name", "image", "entry", "file", "summary", "service", "budget"]
)
def test_text_is_made_safe_wherever_it_stands(box: Box, server: Server, raw: str, place: str) -> None:
    text, command = f"a{raw}b", ("validate",)
    quoted = json.dumps(text)
    if place == "key":
        box.write("atmos-cli.yaml", (box.root / "atmos-cli.yaml").read_text() + f"{quoted}: 1\n")
    elif place in ("value", "kind", "name"):
        fields = {"value": "v1", "kind": "ConfigMap", "name": "x"} | {place: text}
        body = {
            "apiVersion": "v1",
            "kind": fields["kind"],
            "metadata": {"name": fields["name"]},
            "immutable": fields["value"],
        }
        box.write("tenants/dev/main/default-deny.yaml", json.dumps(body))
    elif place == "image":
        overlay = box.root / "apps/main/checkout/overlays/dev/kustomization.yaml"
        overlay.write_text(overlay.read_text().replace('"0.1.0"', quoted))
    elif place == "entry":
        box.write("tenants/dev/main/kustomization.yaml", f"resources: [{quoted}]\n")
    elif place == "file":
        box.write(f"tenants/dev/main/{text.replace('/', '')}.yaml", "a: [\n")
    elif place == "summary":
        body = {"name": "evil", "kind": "addon", "version": "1.0.0", "summary": text}
        box.write("platform/blueprints/evil/blueprint.yaml", json.dumps(body))
        command = ("blueprint", "list")
    elif place == "service":
        box.write(f"apps/main/{text}/overlays/dev/kustomization.yaml", "resources: [missing.yaml]\n")
    else:
        box.write("platform/budgets/dev.yaml", f"environment: dev\nlimits: {{{quoted}: {{limit: {quoted}}}}}\n")
    read(box, server, *command)


@pytest.mark.slow
def test_many_tiny_documents_are_counted_not_listed(box: Box, server: Server) -> None:
    """200,000 documents: 60 s of processor, 500 MB, and 100 findings for the file, then their number."""
    path = "apps/main/checkout/base/service.yaml"
    box.write(path, "---\na: 1\n" * 200_000)
    ran = read(box, server, "validate")
    listed = [line for line in (ran.out + ran.err).splitlines() if line.startswith(path.encode())]
    assert 1 <= len(listed) <= 110, len(listed)


@pytest.mark.parametrize("how", ["loop", "link out", "17 MB", "no permission", "FIFO", "directory"])
def test_the_fault_of_one_file_is_a_finding_among_the_others(box: Box, server: Server, how: str) -> None:
    path = "apps/main/checkout/overlays/dev/postgres-client.yaml"
    other = "apps/main/worker/base/service.yaml"
    box.write(other, "kind: ConfigMap\nmetadata: {name: 5}\n")
    at = box.clear(path)
    if how == "loop":
        at.symlink_to(at.name)
    elif how == "link out":
        at.symlink_to(box.victim / "a.yaml")
    elif how == "FIFO":
        os.mkfifo(at)
    elif how == "directory":
        at.mkdir()
    else:
        at.write_bytes(b"# x\n" * ((17 << 20) // 4) if how == "17 MB" else b"a: b\n")
        at.chmod(0o644 if how == "17 MB" else 0)
    ran = read(box, server, "validate", "-o", "json")
    places = {each["where"]["path"] for each in ran.json["diagnostics"] if each["severity"] == "error"}
    assert ran.status == 1, str(ran)
    assert any(place and place.startswith(path.rpartition("/")[0]) for place in places), f"{places}\n{ran}"
    assert other in places, f"the other file's finding is missing: {places}\n{ran}"


@pytest.mark.parametrize("expression", ["-1e400", "1e400", "[1e400]", "1e308 * 1e308"])
def test_a_constant_that_folds_to_infinity_is_an_error(box: Box, server: Server, expression: str) -> None:
    body = {"name": "evil", "kind": "addon", "version": "1.0.0", "summary": "x", "resources": [{"file": "thing.yaml"}]}
    box.write("platform/blueprints/evil/blueprint.yaml", json.dumps(body))
    box.write(
        "platform/blueprints/evil/resources/thing.yaml", f"kind: ConfigMap\ndata: {{a: '${{{{ {expression} }}}}'}}\n"
    )
    ran = read(box, server, "blueprint", "lint", "evil")
    assert ran.status == 1, str(ran)


@pytest.mark.slow
@pytest.mark.parametrize("entry", ["", ".", "bin", "./bin"])
@pytest.mark.parametrize("command", [("validate",), ("status",), ("diff",)], ids=" ".join)
def test_no_program_of_the_checkout_is_found_by_path(box: Box, entry: str, command: tuple[str, ...]) -> None:
    for name in ("git", "kubectl", "kustomize", "ssh-keygen"):
        box.program(box.clear(name), f"path-{name}")
        box.program(box.clear(f"bin/{name}"), f"path-{name}")
    with promises.nothing_touched(box):
        ran = run_program(*command, cwd=box.root, env=box.env | {"PATH": f"{entry}:{path_of_tools()}"})
    promises.kept(ran)


@pytest.mark.parametrize("name", ["typing", "yaml", "sitecustomize", "git", "json", "pydantic"])
def test_no_module_of_the_checkout_is_imported(box: Box, name: str) -> None:
    box.write(f"{name}.py", f"import os\nos.system({box.canary('module')!r})\n")
    with promises.nothing_touched(box):
        ran = run_program("validate", cwd=box.root, env=box.env, command=(sys.executable, "-m", "atmos_cli"))
    promises.kept(ran)
    assert ran.status == 0, str(ran)
