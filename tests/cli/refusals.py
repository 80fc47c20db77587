"""What `atmos new service` refuses or warns of, one row for each code."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.repo import open_repo, resolve
from atmos_cli.history.verified import quarantine
from tests.cli.damages import BUDGET, CONFIG, CPU, DEV, Damage, add, each, edit, limits, link, remove

if TYPE_CHECKING:
    from pathlib import Path

CART = ("node, port 80", "--name", "cart")
ODD = "platform/blueprints/odd"
THING = f"{ODD}/resources/thing.yaml"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`atmos new service *arguments` on the damaged repo; `says` stands in the message of the finding with `code`."""

    code: str
    says: str
    arguments: tuple[str, ...] = CART
    damage: Damage = lambda root: None
    path: str = ""
    status: int = 2


def git(*args: str) -> Damage:
    return lambda root: subprocess.run(["git", *args], cwd=root, check=True, capture_output=True)


def bundle(manifest: str = "", thing: str = "", **fields: str) -> Damage:
    """An add-on `odd` of the company, good but for what is given."""
    known = {"kind": "addon", "owner": "environment", **fields}
    text = (
        f"name: odd\nkind: {known['kind']}\nversion: 1.0.0\nsummary: an odd one\n"
        f"resources: [{{file: thing.yaml, owner: {known['owner']}}}]\n{manifest}"
    )
    one = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: '${{{{ svc.name }}}}-odd'}}\n{thing}"
    return each(add(f"{ODD}/blueprint.yaml", text), add(THING, one))


def remote(hook: str) -> Damage:
    """A server beside the repo that runs `hook` when somebody pushes."""

    def damage(root: Path) -> None:
        server = root.parent / "server.git"
        git("clone", "-q", "--bare", ".", str(server))(root)
        (server / "hooks").mkdir(exist_ok=True)
        (server / "hooks/pre-receive").write_text(f"#!/bin/sh\n{hook}\n")
        (server / "hooks/pre-receive").chmod(0o755)
        git("remote", "add", "origin", str(server))(root)

    return damage


def rolled_back(image: str) -> Damage:
    """What `atmos rollback` noted of an image of `cart` in dev, before the service was removed."""

    def damage(root: Path) -> None:
        repo = open_repo(root)
        assert repo
        commit = resolve(repo, "HEAD")
        assert commit
        quarantine(repo, commit=commit, team="main", service="cart", environment="dev", images=[image], at=1e9)

    return damage


COMMIT = git("commit", "-qam", "Change it")
WITH_ODD = (*CART, "--with", "odd")
DEPLOYMENT = "contributes: [{into: {kind: Deployment, name: '${{ svc.name }}'}, tree: %s}]\n"
CONTAINER = "{spec: {template: {spec: {containers: [{name: '${{ svc.name }}', env: [{name: PORT, value: '1'}]}]}}}}"
HOOK = each(add("hooks/pre-commit", "#!/bin/sh\n"), lambda root: (root / "hooks/pre-commit").chmod(0o755))

NEW = (
    Refusal("ATM101", "postgers", ("node, port 80, postgers",)),
    Refusal("ATM102", "port", ("node, port 80, port 81",)),
    Refusal("ATM103", "kafka", ("node, kafka",)),
    Refusal("ATM104", "scaling", (*CART, "--scale", "9..2")),
    Refusal("ATM105", "Big.Name", ("node", "--name", "Big.Name")),
    Refusal("ATM106", "70000", ("node, port 70000",)),
    Refusal("ATM107", "language", ("port 80",)),
    Refusal("ATM109", "", ("node, " * 2000,)),
    Refusal("ATM110", "no directory", ("node", "--checkout", "not-there")),
    Refusal("ATM201", "nothing", (*CART, "--with", "nothing")),
    Refusal("ATM202", "kind", WITH_ODD, bundle(kind="addn"), "platform/blueprints/odd/blueprint.yaml"),
    Refusal(
        "ATM203",
        "colour",
        WITH_ODD,
        bundle(thing="data: {a: '${{ svc.colour }}'}\n"),
        "platform/blueprints/odd/resources/thing.yaml",
    ),
    Refusal("ATM204", "PORT", WITH_ODD, bundle(DEPLOYMENT % CONTAINER), "platform/blueprints/odd/blueprint.yaml"),
    Refusal(
        "ATM205",
        "StatefulSet",
        WITH_ODD,
        bundle(DEPLOYMENT.replace("Deployment", "StatefulSet") % "{}"),
        "platform/blueprints/odd/blueprint.yaml",
    ),
    Refusal("ATM206", "differs", WITH_ODD, bundle(thing="data: {a: '${{ env.name }}'}\n", owner="base")),
    Refusal("ATM207", "not like this", WITH_ODD, bundle("refuse: [{when: 'true', message: not like this}]\n")),
    Refusal(
        "ATM311", "odd", WITH_ODD, bundle(thing="odd: 1\n"), "apps/main/cart/overlays/dev/odd-thing.yaml", status=1
    ),
    Refusal("ATM333", "DB_PASSWORD", (*CART, "--set-env", "DB_PASSWORD=hunter2SECRET"), status=1),
    Refusal(
        "ATM334",
        "main/checkout",
        ("node, called checkout-db",),
        path="apps/main/checkout-db/overlays/dev/kustomization.yaml",
        status=1,
    ),
    Refusal("ATM401", "exceeds", CART, each(limits(CPU % ("500m", "8")), COMMIT), BUDGET, status=1),
    Refusal("ATM402", "ceiling", CART, each(limits(CPU % ("500m", "500m")), COMMIT), BUDGET, status=1),
    Refusal("ATM403", "", CART, each(limits("requests.cpu: {warn: 1%, limit: 8}"), COMMIT), BUDGET, status=0),
    Refusal("ATM404", "cpus", CART, limits("cpus: {limit: 8}"), BUDGET, status=1),
    Refusal("ATM405", "dev", CART, remove(BUDGET), status=1),
    Refusal("ATM407", "cannot be built", CART, edit(DEV, "resources:\n", "resources: [\n"), BUDGET, status=0),
    Refusal("ATM510", "checkout", ("node", "--name", "checkout")),
    Refusal("ATM601", "", CART, remove(CONFIG)),
    Refusal("ATM602", "", CART, lambda root: (root / ".git").rename(root.parent / "elsewhere")),
    Refusal(
        "ATM603",
        "apps/main/cart/service.yaml",
        CART,
        each(add("apps/main/cart/service.yaml", "a"), git("add", "-A"), remove("apps/main/cart/service.yaml")),
        "apps/main/cart/service.yaml",
    ),
    Refusal("ATM604", "", CART, git("checkout", "-q", "--detach")),
    Refusal("ATM605", "", CART, lambda root: (root.parent / "gitconfig").write_text("")),
    Refusal("ATM606", "", (*CART, "--push")),
    Refusal("ATM607", "atmos/new-cart", (*CART, "--write", "branch"), git("branch", "atmos/new-cart")),
    Refusal("ATM609", "not on a Friday", (*CART, "--push"), remote("echo not on a Friday >&2; exit 1")),
    Refusal("ATM610", "", CART, lambda root: (root / ".git/HEAD").write_text("nonsense\n")),
    Refusal(
        "ATM611",
        "",
        (*CART, "--write", "files"),
        each(lambda root: (root / "apps").rename(root.parent / "apps"), add("apps", "a file\n")),
        "apps/main",
    ),
    Refusal(
        "ATM614",
        "",
        (*CART, "--write", "files"),
        each(lambda root: (root / "apps").rename(root.parent / "apps"), link("apps", "../apps")),
        "apps/main/cart/overlays/dev/kustomization.yaml",
    ),
    Refusal("ATM617", "merge", CART, lambda root: (root / ".git/MERGE_HEAD").write_text("0" * 40 + "\n")),
    Refusal("ATM620", "pre-commit", CART, each(HOOK, git("config", "core.hooksPath", "hooks")), status=0),
    Refusal("ATM701", "version", CART, edit(CONFIG, "version: 1", "version: 2"), CONFIG),
    Refusal("ATM702", "moon", (*CART, "--env", "moon")),
    Refusal("ATM703", "nobody", (*CART, "--team", "nobody")),
    Refusal("ATM706", "objects of its own", ("node, port 80", "--name", "platform")),
    Refusal("ATM901", "--nonsense", (*CART, "--nonsense")),
    Refusal(
        "ATM830", "rolled back in dev", (*CART, "--image", "acme/cart:1.0"), rolled_back("acme/cart:1.0"), status=1
    ),
)
