"""Versions of what other people release stand in `blueprints/versions.yaml`, and in no other blueprint or module."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from atmos_cli.adapters.bundle import versions
from atmos_cli.versions.judge import stale_action, stale_image

ROOT = Path(__file__).parents[2]
# A version with a point, an action's `@v4`, or an image's tag; a number of an address or of a share is none.
VERSION = re.compile(r"(?<![\w./:-])v?\d+\.\d+(?:\.\d+)?(?![\w./%])|@v\d|[a-z]/[a-z-]+:\d")
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")

# What looks like one and is none, or never changes; and why.
ALLOWED = {
    ("config.py", "1.34"): "what a file of version 1 means that says nothing",
    ("__init__.py", "0.1.0"): "atmos's own",
    ("output/junit.py", "1.0"): "of XML",
    ("adapters/kubernetes/kubeconfig.py", "1.26"): "when Kubernetes gave up a login: it stays so",
    ("engines/argocd/check.py", "3.6"): "since when Argo CD compares so: it stays so",
    ("engines/argocd/delivery.py", "3.6"): "since when Argo CD compares so: it stays so",
}
# Files in which all such numbers are something else.
NUMBERS = {
    "adapters/ssh.py": "the OpenSSH that can sign files",
    "adapters/usage_prometheus.py": "a quantile",
    "blueprint/analysis.py": "shares",
    "kube/api_history.py": "when Kubernetes took an API away",
    "kube/schema_errors.py": "a quantity",
    "spec/verify.py": "shares",
    "verify/judge/concurrent.py": "a rate",
}
# Since when something is so, which never changes.
SINCE = re.compile(r"\(since [\d.]+\)")
# An image of nobody, which shows how one is written.
EXAMPLE = re.compile(r"ghcr\.io/acme/[a-z-]+:[\d.]+")
DATA = sorted(
    path for path in (ROOT / "blueprints").rglob("*.yaml") if "tests" not in path.parts and path.name != "versions.yaml"
)


def found(text):
    for never in (ADDRESS, SINCE, EXAMPLE):
        text = never.sub("", text)
    return [match[0] for match in VERSION.finditer(text)]


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_blueprint_has_one(path):
    lines = [line for line in path.read_text().splitlines() if not line.startswith("version: ")]
    assert found("\n".join(lines)) == []


def strings(path):
    tree = ast.parse(path.read_text())
    scopes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documented = {
        id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, scopes) and ast.get_docstring(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.value


def test_no_module_has_one():
    package = ROOT / "atmos_cli"
    hits = {
        (path.relative_to(package).as_posix(), version)
        for path in sorted(package.rglob("*.py"))
        for text in strings(path)
        for version in found(text)
    }
    assert {hit for hit in hits if hit[0] not in NUMBERS} == set(ALLOWED)
    assert {file for file, _ in hits} >= NUMBERS.keys()


@pytest.mark.parametrize(
    "text", ["- uses: actions/checkout@v4", "docker.io/valkey/valkey:8.1.4", "CloudNativePG 1.26 or newer"]
)
def test_the_test_would_see_it(text):
    assert found(text)


def test_pages_name_no_image_and_no_action_that_is_behind():
    table = versions()
    text = "\n".join(page.read_text() for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))))
    images = set(re.findall(r"[a-z0-9./-]+:[0-9][\w.-]*", text))
    assert not {image for image in images if stale_image(table, image, on=table.as_of)}
    actions = set(re.findall(r"uses: (actions/[a-z-]+)@(?:\w+ # )?(v[\d.]+)", text))
    assert actions
    assert not {each for each in actions if stale_action(table, *each, on=table.as_of)}


def test_the_page_has_the_table_as_it_is():
    page = ROOT / "docs/versions.md"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        made = importlib.import_module("versions_page").renewed(page.read_text(), versions())
    assert page.read_text() == made, "run `python scripts/versions_page.py`"
