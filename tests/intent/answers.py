"""What a phrase comes to in a usual repo: one line of the keys of service.yaml, or the refusal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.config import read_config
from atmos_cli.diagnostics import AtmosError
from atmos_cli.gitops.intent import understand
from atmos_cli.gitops.intent_flags import Flags

TEAMS = ("main", "payments", "shop")
CONFIG = b"""\
version: 1
clusters: {main: {}}
environments:
  dev: {cluster: main, http: {domain: dev.acme.io}}
  staging: {cluster: main, http: {domain: staging.acme.io}}
  prod: {cluster: main, production: true, replicas: 3, http: {domain: acme.io}}
"""
FLAT = ("name", "language", "port", "scaling", "size", "replicas", "image", "env", "secrets", "volumes")


@dataclass(frozen=True, slots=True)
class Row:
    """`hints`, `typed`: of a phrase that is refused, and what then comes to `answer`."""

    phrase: str
    answer: str
    hints: tuple[str, ...] = ()
    typed: str = ""


def rows(name: str) -> tuple[Row, ...]:
    found = []
    for line in (Path(__file__).parent / name).read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        said, answer = line.rsplit("  ==  ", 1)
        phrase, refused, rest = said.partition("  !=  ")
        hints, _, typed = rest.partition("  >>  ")
        wanted = tuple(hint.strip() for hint in hints.split(" & ")) if refused else ()
        found.append(Row(phrase.strip(), answer.strip(), wanted, typed.strip()))
    return tuple(found)


@cache
def config() -> Any:
    return read_config(CONFIG, engines=("argocd", "flux"))


def answered(text: str) -> str:
    """Return what `text` comes to; raises AtmosError as `understand` does."""
    teams = TEAMS if "team" in text else TEAMS[:1]
    understood = understand(text, Flags(), config=config(), catalogue=catalogue(), teams=teams)
    values = understood.spec.model_dump(mode="json", exclude_unset=True)
    said = {row.field: row for row in understood.rows}
    found: dict[str, str] = {}
    for key in FLAT:
        if key in values and (key not in ("name", "port") or said[key].source.startswith("your words")):
            found[key] = _flat(key, values[key])
    if placed := values.get("environments"):
        assert set(placed) == {"prod"} or understood.environments == tuple(placed)
        found["hosts"] = ",".join(next(iter(placed.values()))["hosts"])
    if called := values.get("dependencies"):
        found["dependencies"] = ",".join(
            f"{each['team'] + '/' if each.get('team') else ''}{each['service']}:{each.get('port', 80)}"
            for each in called
        )
    if probes := values.get("probes"):
        found |= {"health": probes["liveness"]["path"]} if "liveness" in probes else {}
        found |= {"ready": probes["readiness"]["path"]} if "readiness" in probes else {}
    if addons := values.get("addons"):
        found["addons"] = ",".join(map(_addon, sorted(addons), map(addons.get, sorted(addons))))
    if without := [name for name, row in said.items() if row.value == "no"]:
        found["without"] = ",".join(without)
    if understood.environments:
        found["in"] = ",".join(understood.environments)
    if "team" in said and said["team"].source.startswith("your words"):
        found["team"] = understood.team
    return " ".join(f"{key}={value}" for key, value in found.items())


def refusal(text: str) -> tuple[str, ...]:
    """Return the hints, when `text` is refused; nothing when it is not."""
    try:
        answered(text)
    except AtmosError as error:
        return tuple(each.hint for each in error.diagnostics)
    return ()


def _flat(key: str, value: Any) -> str:
    if key == "port":
        return f"{value['service']}:{value['container']}"
    if key == "scaling":
        return f"{value['min']}..{value['max']}"
    if key == "size" and isinstance(value, dict):
        return f"{value['cpu']}/{value['memory']}"
    if key == "env":
        return ",".join(f"{name}={value[name]}" for name in sorted(value))
    if key == "volumes":
        temporary = {"temporary": ":temporary"}
        return ",".join(f"{v['path']}:{v['size']}{temporary.get(v.get('kind'), '')}" for v in value.values())
    return ",".join(sorted(value) if key == "secrets" else value) if isinstance(value, list | dict) else str(value)


def _addon(name: str, inputs: dict[str, Any] | None) -> str:
    return name + (f"({','.join(f'{key}={inputs[key]}' for key in sorted(inputs))})" if inputs else "")
