"""A number without end, or that is none, is an error with a place in every file that a person writes."""

import re

import pytest

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.adapters.own_config import own_config
from atmos_cli.budget.model import read_budget
from atmos_cli.budget.prices import read_prices
from atmos_cli.config import read_config
from atmos_cli.diagnostics import AtmosError
from atmos_cli.engines.registry import ENGINES
from atmos_cli.spec.model import read_spec

NUMBERS = [
    ".inf",
    "-.inf",
    "+.INF",
    ".nan",
    ".NaN",
    "1e400",
    "-1e400",
    "'1e400'",
    "9" * 400,
    "!!float .inf",
    "1e9999999999",
]

CONFIG = """\
version: VERSION
clusters: {eu: {}}
environments:
  prod: {cluster: eu, replicas: REPLICAS, postgres: {instances: INSTANCES, storage: STORAGE}}
"""
SPEC = """\
name: shop
type: web
language: node
port: PORT
replicas: REPLICAS
size: {cpu: CPU, memory: MEMORY}
verify: {observe: OBSERVE, errors: {slo: SLO, increase: INCREASE}}
"""
BUDGET = """\
version: VERSION
environment: prod
limits:
  requests.cpu: {limit: LIMIT, warn: WARN, ceiling: CEILING}
"""
PRICES = """\
version: VERSION
name: ours
currency: EUR
asOf: "2026-01-01"
per: hour
discount: DISCOUNT
items:
  cpu: {price: PRICE, unit: core}
  memory: {price: "0.01", unit: GiB}
"""
OWN = "allowedTokenEnv: NAMES\n"


def own(data, tmp_path):
    file = tmp_path / "atmos-cli" / "config.yaml"
    file.parent.mkdir(parents=True)
    file.write_bytes(data)
    return own_config({"XDG_CONFIG_HOME": str(tmp_path)})


READERS = {
    "config": (CONFIG, lambda data, _: read_config(data, engines=ENGINES, blueprints=catalogue())),
    "spec": (SPEC, lambda data, _: read_spec(data, path="service.yaml")),
    "budget": (BUDGET, lambda data, _: read_budget(data, environment="prod")),
    "prices": (PRICES, lambda data, _: read_prices(data)),
    "own": (OWN, own),
}
PLACES = [
    (name, place)
    for name, (text, _) in READERS.items()
    for place in re.findall(r"\b[A-Z]{3,}\b", text)
    if place != "EUR"
]


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_an_endless_number_has_a_place(name, place, tmp_path):
    text, read = READERS[name]
    for number, value in enumerate(NUMBERS):
        line = next(at for at, each in enumerate(text.splitlines(), 1) if re.search(rf"\b{place}\b", each))
        filled = re.sub(r"\b(?!EUR)[A-Z]{3,}\b", lambda found: value if found[0] == place else "1", text)  # noqa: B023
        with pytest.raises(AtmosError) as refused:
            read(filled.encode(), tmp_path / str(number))
        assert line in {found.where.line for found in refused.value.diagnostics if found.where}, value
        assert all(len(found.message) < 400 for found in refused.value.diagnostics)
