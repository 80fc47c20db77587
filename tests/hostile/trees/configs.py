"""Settings, specs, locks, budgets and approvals with wrong types, wild values and references that lead out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from tests.hostile.trees import names, places

if TYPE_CHECKING:
    import random

    from tests.hostile.box import Box

WILD = (
    *(
        None,
        True,
        0,
        -1,
        10**30,
        1.5,
        float("inf"),
        float("nan"),
        "",
        " ",
        "x",
        "../../x",
        "/etc/passwd",
        "\0",
        "1e400",
    ),
    *(
        [],
        {},
        [None],
        {"a": None},
        [[]],
        "-x",
        "--upload-pack=touch x",
        "ext::sh -c id",
        "file:///etc/passwd",
        "9" * 400,
    ),
    *(
        "${{ 1 }}",
        "${{ ''.__class__ }}",
        "${{ -1e400 }}",
        "a" * 5000,
        "1Gi",
        "1e9Gi",
        "-5",
        "0x10",
        "2020-01-01",
        "NaN",
    ),
)


def damaged(value: Any, rng: random.Random) -> Any:
    """The same tree with one or a few nodes replaced, removed, doubled or renamed."""
    try:
        value = json.loads(json.dumps(value, default=str))
    except ValueError:  # an earlier feature of this tree made it contain itself
        value = {"a": [1, {"b": "c"}]}
    for _ in range(rng.randint(1, 4)):
        holder: Any = [value]
        while isinstance(holder, dict | list) and holder:
            key = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            if not isinstance(holder[key], dict | list) or not holder[key] or rng.random() < 0.15:
                break
            holder = holder[key]
        _damage(holder, key, rng)
        value = value if not isinstance(holder, list) or holder[0:1] == [] or holder is not value else holder
    return value


def _damage(holder: Any, key: Any, rng: random.Random) -> None:
    how = rng.random()
    if how < 0.15 and isinstance(holder, dict):
        holder[names.text(rng)] = holder.pop(key)
    elif how < 0.25 and isinstance(holder, dict):
        del holder[key]
    elif how < 0.45:
        holder[key] = names.text(rng)
    else:
        holder[key] = rng.choice(WILD)


def read(box: Box, path: str) -> Any:
    at = box.root / path
    try:
        return yaml.safe_load(at.read_text()) if at.is_file() and at.stat().st_size < 1 << 20 else {}
    except (yaml.YAMLError, ValueError, RecursionError, OSError):
        return {}


def damaged_file(box: Box, rng: random.Random, path: str) -> None:
    found = damaged(read(box, path) or {"a": [1, {"b": "c"}]}, rng)
    box.write(path, json.dumps(found) if rng.random() < 0.5 else yaml.safe_dump(found, allow_unicode=False))
    box.said.append(path)


def damaged_configuration(box: Box, rng: random.Random) -> None:
    damaged_file(box, rng, "atmos-cli.yaml")


def damaged_spec(box: Box, rng: random.Random) -> None:
    damaged_file(box, rng, f"{places.CHECKOUT}/service.yaml")


def damaged_lock(box: Box, rng: random.Random) -> None:
    damaged_file(box, rng, rng.choice(("atmos-cli.lock", f"{places.CHECKOUT}/service.lock")))


def damaged_budget(box: Box, rng: random.Random) -> None:
    damaged_file(box, rng, rng.choice(("platform/budgets/dev.yaml", "platform/budgets/prod.yaml")))


def damaged_manifest(box: Box, rng: random.Random) -> None:
    damaged_file(box, rng, rng.choice(places.MANIFESTS))


def damaged_kustomization(box: Box, rng: random.Random) -> None:
    damaged_file(box, rng, rng.choice(places.KUSTOMIZATIONS))


def configuration_that_leads_out(box: Box, rng: random.Random) -> None:
    config = read(box, "atmos-cli.yaml") if isinstance(read(box, "atmos-cli.yaml"), dict) else {}
    evil = rng.choice(
        ("../../victim", "/etc", "--upload-pack=touch x", "-x", "HEAD@{1}", "a..b", "refs/notes/x", ":/x")
    )
    config["git"] = {"url": rng.choice((evil, "ext::sh -c id", "https://u:p@h/x")), "branch": evil, "write": "commit"}
    config["clusters"] = {evil: {"engine": "argocd", "context": evil}} | (config.get("clusters") or {})
    config["environments"] = {evil: {"cluster": evil}} | (config.get("environments") or {})
    box.write("atmos-cli.yaml", json.dumps(config))


def hostile_approval(box: Box, rng: random.Random) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 40
    people = {
        "eve": {"emails": [names.text(rng)], "roles": ["team-lead"], "keys": [key, f"-x {key}", "\n".join([key] * 3)]}
    }
    box.write("platform/approvers.yaml", json.dumps({"version": 1, "people": people}))
    body = {"version": 1, "environment": "dev", "service": "main/checkout", "reason": names.text(rng), "claim": {}}
    signature = "-----BEGIN SSH SIGNATURE-----\n" + "A" * rng.choice((0, 70, 100_000)) + "\n-----END SSH SIGNATURE-----"
    body["signatures"] = [{"by": names.text(rng), "signature": signature}, rng.choice(WILD)]
    box.write("platform/approvals/dev/checkout/3f9c1a2b4c5d6e7f.yaml", json.dumps(damaged(body, rng)))


def hostile_blueprint(box: Box, rng: random.Random) -> None:
    body = {"name": "evil", "kind": "addon", "version": "1.0.0", "summary": "x", "values": {"a": rng.choice(WILD)}}
    body["resources"] = [{"file": rng.choice(("../../../victim/a.yaml", "/etc/passwd", "thing.yaml")), "when": "1"}]
    body["contributes"] = [{"into": {"kind": "Deployment"}, "tree": {"$for": "x in [1]*9999", "a": "${{ x }}"}}]
    box.write("platform/blueprints/evil/blueprint.yaml", json.dumps(damaged(body, rng) if rng.random() < 0.5 else body))
    expression = rng.choice(("'x' * 999999999", "().__class__.__mro__", "9**9**9", "range(10**9) | length", "-1e400"))
    box.write(
        "platform/blueprints/evil/resources/thing.yaml", f"kind: ConfigMap\ndata: {{a: '${{{{ {expression} }}}}'}}\n"
    )


def hostile_prices(box: Box, rng: random.Random) -> None:
    items = {"cpu": {"price": rng.choice(WILD), "unit": "core"}, names.text(rng): rng.choice(WILD)}
    box.write(
        "platform/prices.yaml", json.dumps({"name": names.text(rng), "currency": rng.choice(WILD), "items": items})
    )


FEATURES = (
    *([damaged_configuration] * 3),
    *([damaged_spec] * 2),
    damaged_lock,
    *([damaged_budget] * 2),
    *([damaged_manifest] * 3),
    *([damaged_kustomization] * 2),
    *([configuration_that_leads_out] * 2),
    *([hostile_approval] * 2),
    *([hostile_blueprint] * 2),
    hostile_prices,
)
