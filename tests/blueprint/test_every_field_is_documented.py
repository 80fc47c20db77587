"""docs/blueprints.md lists what a template can ask for: no field more, none less."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.scope import FACTS, scope
from atmos_cli.config import Config
from atmos_cli.spec.model import ServiceSpec
from tests.blueprint.matrix import CATALOGUE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTED = ("svc", "env", "cluster", "language", "platform", "analysis")
CONFIG = Config.model_validate(
    {
        "clusters": {"c": {"prometheus": {"url": "http://prometheus"}, "pullSecrets": ["registry"]}},
        "environments": {"dev": {"cluster": "c", "monitoring": {}, "secrets": {"store": "vault"}}},
    }
)
SPEC = {
    "name": "cart",
    "language": "node",
    "env": {"A": "1"},
    "secrets": {"B": {"secret": "b", "key": "b"}},
    "volumes": {"data": {"path": "/data"}},
    "dependencies": [{"service": "shop"}],
}
# Their keys are whatever a person writes.
FREE = {
    "language.env",
    "language.connections",
    "language.keys",
    "env.prometheus.matchers",
    "analysis.versions",
    "env.monitoring.labels",
    "env.http.sources.peers",
    "cluster.identity.labels",
    "cluster.identity.servers.peers",
    "cluster.outside",
}


def fields(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict) and name not in FREE:
        for key, each in value.items():
            yield from fields(f"{name}.{key}", each)
    elif isinstance(value, list) and value and isinstance(value[0], dict) and name not in FREE:
        yield from fields(f"{name}[]", value[0])
    else:
        yield name


def names() -> dict[str, Any]:
    spec = ServiceSpec.model_validate(SPEC)
    return scope(spec, team="shop", environment="dev", config=CONFIG, catalogue=CATALOGUE)


def documented() -> set[str]:
    page = (ROOT / "docs" / "blueprints.md").read_text()
    section = page.split("## What a template can ask for")[1].split("\n## ")[0]
    rows = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


def test_every_field_of_a_scope_is_listed_and_nothing_else():
    found = names()
    for blueprint in CATALOGUE.settable():
        del found["env"][blueprint]
    asked = {field for name in LISTED for field in fields(name, found[name])}
    told = {field for field in documented() if field.split(".")[0] in LISTED} - {"env.<blueprint>.<setting>"}
    assert told == asked


def test_every_name_is_listed():
    told = {field.split(".")[0] for field in documented()}
    assert told == FACTS | {"inputs", "values", "blueprint"}
