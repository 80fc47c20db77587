"""Names that break lines, turn text, look like options or patterns: of files, teams, services, objects, keys, branches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.hostile.trees import places

if TYPE_CHECKING:
    import random

    from tests.hostile.box import Box

TEXTS = (
    *("a\nb", "a\n::error::pwned", "::add-mask::x", "##[error]x", "a\r::error::b", "\x1b[31mred", "\x1b]0;title\x07"),
    *("a\x07b", "a\x7fb", "a\x08\x08b", "\x9b31m", "\u202etxt.exe", "a\u2066b", "a\u200fb", "a\u2028b", "a\u0085b"),
    *("-rf", "--output=x", "--exec=x", "-", " ", "a b", "a'b", 'a"b', "a`id`b", "$(id)", ";id;", "a|b", "a&b", "a\\b"),
    *("*", "?", "[a-z]*", ":(top)x", ":!x", "HEAD", "@{-1}", "con", "NUL", "~", "..hidden", "...", "x" * 200),
    *(
        "<script>",
        "]]>",
        "%s%n",
        "{0}",
        "${HOME}",
        "{{7*7}}",
        "é",
        "e\u0301",
        "İ",
        "名",
        "\U0001f4a9",
        "a\tb",
        "a:b",
        "a#b",
    ),
)
BYTES = (b"\xff\xfe", b"a\xc3", b"\xed\xa0\x80", b"a\x80b", b"\xf0\x9f")
SOURCE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\nspec: {\n"  # one finding for certain


def text(rng: random.Random) -> str:
    return rng.choice(TEXTS)


def name_of_file(box: Box, rng: random.Random) -> None:
    folder = rng.choice(places.DIRECTORIES)
    box.write(f"{folder}/{text(rng)}.yaml".lstrip("/"), SOURCE)


def name_of_file_in_bytes(box: Box, rng: random.Random) -> None:
    folder = rng.choice(places.DIRECTORIES).encode()
    box.write((folder + b"/" + rng.choice(BYTES) + b".yaml").lstrip(b"/"), SOURCE)


def name_of_team(box: Box, rng: random.Random) -> None:
    box.write(f"apps/{text(rng)}/thing/service.yaml", "name: [\n")
    box.write(f"tenants/dev/{text(rng)}/namespace.yaml", SOURCE)


def name_of_service(box: Box, rng: random.Random) -> None:
    name = text(rng)
    box.write(
        f"apps/main/{name}/service.yaml", f"apiVersion: atmos-cli.dev/v1\nkind: Service\nname: {json.dumps(name)}\n"
    )
    box.write(f"apps/main/{name}/base/kustomization.yaml", "resources: [missing.yaml]\n")
    box.write(f"apps/main/{name}/overlays/dev/kustomization.yaml", "resources: [../../base]\n")


def name_of_service_in_bytes(box: Box, rng: random.Random) -> None:
    name = rng.choice(BYTES)
    box.write(b"apps/main/" + name + b"/overlays/dev/kustomization.yaml", "resources: [missing.yaml]\n")


def name_of_environment(box: Box, rng: random.Random) -> None:
    name = text(rng)
    box.write(f"{places.CHECKOUT}/overlays/{name}/kustomization.yaml", "resources: [../../base, missing.yaml]\n")
    box.write(f"platform/budgets/{name}.yaml", f"environment: {json.dumps(name)}\nlimits: {{pods: {{limit: x}}}}\n")


def name_of_object(box: Box, rng: random.Random) -> None:
    doc = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": text(rng), "labels": {text(rng): text(rng)}}}
    box.write(rng.choice(places.MANIFESTS), json.dumps(doc | {text(rng): 1, "data": {text(rng): text(rng)}}))


def name_of_kind(box: Box, rng: random.Random) -> None:
    box.write(
        rng.choice(places.MANIFESTS),
        json.dumps({"apiVersion": text(rng), "kind": text(rng), "metadata": {"name": "x"}}),
    )


def name_of_image(box: Box, rng: random.Random) -> None:
    at = box.root / places.CHECKOUT / "base/deployment.yaml"
    if at.is_file() and not at.is_symlink() and at.stat().st_mode & 0o400 and at.stat().st_size < 1 << 20:
        body = at.read_bytes().replace(b"image: checkout", b"image: " + json.dumps(text(rng)).encode())
        box.write(f"{places.CHECKOUT}/base/deployment.yaml", body)


def name_of_resource_entry(box: Box, rng: random.Random) -> None:
    body = {"resources": [text(rng), "../" + text(rng)], text(rng): [text(rng)], "patches": [{"path": text(rng)}]}
    box.write(rng.choice(places.KUSTOMIZATIONS), json.dumps(body))


def key_of_configuration(box: Box, rng: random.Random) -> None:
    at = box.root / "atmos-cli.yaml"
    if at.is_file() and not at.is_symlink() and at.stat().st_size < 1 << 20 and at.stat().st_mode & 0o400:
        box.write("atmos-cli.yaml", at.read_bytes() + f"{json.dumps(text(rng))}: {json.dumps(text(rng))}\n".encode())


def name_of_budget_entry(box: Box, rng: random.Random) -> None:
    body = {"environment": "dev", "limits": {text(rng): {"limit": text(rng)}}, "teams": {text(rng): {text(rng): 1}}}
    box.write("platform/budgets/dev.yaml", json.dumps(body))


def summary_of_blueprint(box: Box, rng: random.Random) -> None:
    body = {"name": "evil", "kind": "addon", "version": "1.0.0", "summary": text(rng) + "\n" + text(rng)}
    box.write("platform/blueprints/evil/blueprint.yaml", json.dumps(body))


def name_of_branch(box: Box, rng: random.Random) -> None:
    """A branch and a commit subject; Git itself refuses controls in the former."""
    name = rng.choice(("a\u202eb", "::error::x", "-x", "a`id`", "$(id)", "名", "a\u2066b", "refs/heads/main"))
    box.git("checkout", "-q", "-b", name, check=False)
    box.git("commit", "-q", "--allow-empty", "-m", text(rng).strip("\0") + " subject", check=False)


FEATURES = (
    name_of_file,
    name_of_file_in_bytes,
    name_of_team,
    name_of_service,
    name_of_service_in_bytes,
    name_of_environment,
    name_of_object,
    name_of_kind,
    name_of_image,
    name_of_resource_entry,
    key_of_configuration,
    name_of_budget_entry,
    summary_of_blueprint,
    name_of_branch,
)
