"""Repos as the command line makes them: one environment and one cluster for each of what is asked for."""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.files import DiskTree
from atmos_cli.entry import main
from atmos_cli.kustomize.build import build
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load, load_all
from tests.flows.cilium_policies import CiliumNetworkPolicy
from tests.flows.policies import NetworkPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.flows.dialects import Policy

TEAM = "shop"
READ = {
    ("networking.k8s.io/v1", "NetworkPolicy"): NetworkPolicy.read,
    ("cilium.io/v2", "CiliumNetworkPolicy"): CiliumNetworkPolicy.read,
}


@dataclass(frozen=True, slots=True)
class Place:
    """What a user says of an environment and of the cluster that it has for itself, which both have its name."""

    name: str
    type: str
    cluster: Mapping[str, Any]
    environment: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Repo:
    root: Path

    def atmos(self, *args: str) -> str:
        """Run a command that has to succeed, and return what it prints."""
        out, err = io.StringIO(), io.StringIO()
        before = Path.cwd()
        os.chdir(self.root)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main(list(args))
        except SystemExit as stop:
            if stop.code:
                said = [
                    line for line in (out.getvalue() + err.getvalue()).splitlines() if "error" in line or "hint" in line
                ]
                raise AssertionError(f"{said}: atmos {' '.join(args)}") from None
        finally:
            os.chdir(before)
        return out.getvalue()

    def edit(self, path: str, change: Any) -> None:
        """Change a file as its user does; `change` gets the document and changes it in place."""
        at = self.root / path
        value = load(at.read_bytes())
        change(value)
        at.write_text(emit(value))

    def objects(self, place: str, *services: str) -> list[dict[str, Any]]:
        """Return what the engine of a place applies: the tenant, and these services."""
        tenant = [each.resource for each in build(DiskTree(self.root), f"tenants/{place}/{TEAM}")]
        found = list(tenant)
        for service in services:
            printed = self.atmos("render", f"{TEAM}/{service}", "--env", place)
            found += [each.value for each in load_all(printed.encode()) if each.value]
        return found

    def policies(self, place: str, *services: str) -> list[Policy]:
        return [
            READ[kind](each)
            for each in self.objects(place, *services)
            if (kind := (each["apiVersion"], each["kind"])) in READ
        ]


def make(root: Path, *places: Place) -> Repo:
    """Begin a repo as a user does: init with the types, then say in the file what a type cannot know, then update."""
    environments = [
        word for each in places for word in ("--env", each.name, "--cluster-type", f"{each.name}={each.type}")
    ]
    root.mkdir(parents=True, exist_ok=True)
    repo = Repo(root)
    repo.atmos("init", ".", *environments, "--team", TEAM, "--write", "files", "--yes")
    repo.edit("atmos-cli.yaml", lambda value: _say(value, places))
    repo.atmos("update", "--write", "files", "--yes")
    return repo


def _say(value: Any, places: tuple[Place, ...]) -> None:
    for each in places:
        value["clusters"][each.name] |= each.cluster
        value["environments"][each.name] |= each.environment
