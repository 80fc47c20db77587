"""Small blueprints in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atmos_cli.blueprint.catalogue import Catalogue
from atmos_cli.blueprint.compose import Composition, compose
from atmos_cli.blueprint.layer import Layer
from atmos_cli.config import Config
from atmos_cli.diagnostics import AtmosError, Diagnostic
from atmos_cli.ports import MemoryTree
from atmos_cli.spec.model import ServiceSpec

BUNDLED = Path(__file__).resolve().parents[2] / "blueprints"
ROWS = {name: (BUNDLED / name).read_text() for name in ("clusters.yaml", "controllers.yaml")}
LANGUAGES = """\
sizes: {light: {s: {cpu: 50m, memory: 64Mi}}}
languages: {node: {title: Node.js, user: 1000, group: 1000, sizes: light}}
"""
WEB = """\
name: web
kind: workload
version: 1.0.0
summary: a test
resources:
  - file: deployment.yaml
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: "${{ svc.name }}"}
spec:
  replicas: 1
  selector: {matchLabels: "${{ selector }}"}
  template:
    metadata: {labels: "${{ labels }}"}
    spec:
      containers:
        - name: main
          image: x:1
          env: [{name: A, value: a}]
          ports: [{containerPort: 80, protocol: TCP}]
"""
CONFIG = Config.model_validate(
    {"clusters": {"c": {}}, "environments": {"dev": {"cluster": "c"}, "prod": {"cluster": "c"}}}
)


def bundle(**files: str) -> Catalogue:
    """A catalogue of the small blueprints above, with `files` by path (`__` for `/`, `_dot_` is not needed) on top."""
    texts = {
        **ROWS,
        "languages.yaml": LANGUAGES,
        "web/blueprint.yaml": WEB,
        "web/resources/deployment.yaml": DEPLOYMENT,
        **{path.replace("__", "/") + ".yaml": text for path, text in files.items()},
    }
    return Catalogue((Layer(MemoryTree({path: text.encode() for path, text in texts.items()})),))


def addon(name: str, body: str) -> dict[str, str]:
    return {f"{name}__blueprint": f"name: {name}\nkind: addon\nversion: 1.0.0\nsummary: a test\n{body}"}


def made(catalogue: Catalogue, *, environment: str = "dev", **fields: Any) -> Composition:
    spec = ServiceSpec.model_validate({"name": "cart", "language": "node", **fields})
    return compose(spec, team="shop", environment=environment, config=CONFIG, catalogue=catalogue)


def refused(catalogue: Catalogue, **fields: Any) -> tuple[Diagnostic, ...]:
    with pytest.raises(AtmosError) as raised:
        made(catalogue, **fields)
    return raised.value.diagnostics
