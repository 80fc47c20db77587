"""Plans and conflicts show values as YAML has them, short, and never the lines of a lock."""

import re

import pytest

from atmos_cli.merge.model import MISSING
from atmos_cli.merge.shown import WIDTH, shown_change, shown_value

SPEC = "apps/main/checkout/service.yaml"
DEV = "apps/main/checkout/overlays/dev/kustomization.yaml"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (MISSING, "nothing"),
        (None, "null"),
        (True, "true"),
        (8080, "8080"),
        ("8080", '"8080"'),
        ("a: b", '"a: b"'),
        ("two\nlines\n", r'"two\nlines\n"'),
        ({"cpu": "100m", "on": [1, "yes"]}, '{cpu: 100m, "on": [1, "yes"]}'),
        ([], "[]"),
    ],
)
def test_a_value_is_one_line_of_yaml(value, text):
    assert shown_value(value) == text


def test_a_long_value_is_cut():
    text = shown_value({f"key-{number}": number for number in range(99)})
    assert len(text) == WIDTH
    assert text.startswith("{key-0: 0, key-1: 1, ")


def test_two_long_values_are_cut_so_that_one_sees_how_they_differ():
    before = [{"name": name, "namespace": f"main-{name}"} for name in ("dev", "staging", "prod")]
    old, new = shown_change(before, [*before, {"name": "qa", "namespace": "main-qa"}])
    assert old == "…amespace: main-prod}]"
    assert new == "…amespace: main-prod}, {name: qa, namespace: main-qa}]"
    assert shown_change("a" * 99, "b") == (f"{'a' * (WIDTH - 1)}…", "b")


def edit(root, path, old, new):
    file = root / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_reasons_name_the_fields_of_the_spec(shop, atmos):
    (shop / SPEC).write_text(
        f'{(shop / SPEC).read_text()}env:\n  MODE: "on"\nenvironments:\n  prod:\n    replicas: 4\n'
    )
    done = atmos("update", "checkout", "--repo", shop, "--dry-run", "--write", "files", "-o", "json")
    (service,) = done.json["data"]["services"]
    assert service["newer"] == [
        'service.yaml: env nothing → {MODE: "on"}',
        "service.yaml: environments nothing → {prod: {replicas: 4}}",
    ]
    edit(shop, SPEC, "replicas: 4", "replicas: 4\n  dev:\n    replicas: 2")
    assert atmos("update", "--repo", shop, "--yes", "--write", "files").code == 0
    edit(shop, SPEC, "replicas: 4", "replicas: 5")
    done = atmos("update", "checkout", "--repo", shop, "--dry-run", "--write", "files", "-o", "json")
    assert done.json["data"]["services"][0]["newer"] == ["service.yaml: environments.prod.replicas 4 → 5"]


def test_conflicts_show_lists_and_mappings(shop, atmos):
    (shop / SPEC).write_text((shop / SPEC).read_text() + "env:\n  MODE: a\n")
    assert atmos("update", "--repo", shop, "--yes", "--write", "files").code == 0
    edit(shop, DEV, "value: a\n", "value: {b: c}\n")
    edit(shop, SPEC, "MODE: a", "MODE: d")
    done = atmos("update", "checkout", "--repo", shop, "--yes", "--write", "files", "-o", "json")
    (message,) = (each["message"] for each in done.json["diagnostics"] if each["code"] == "ATM622")
    assert "generated was `a`, yours is `{b: c}`, now it would be `d` (service.yaml: env.MODE a → d)" in message


def test_a_diff_says_of_a_lock_only_how_much(shop, atmos):
    edit(shop, SPEC, "size: s", "size: m")
    text = atmos("update", "checkout", "--repo", shop, "--dry-run", "--diff").out
    assert re.search(r"^apps/main/checkout/service\.lock: \d+ fields$", text, re.MULTILINE)
    assert "+++ b/apps/main/checkout/overlays/dev/kustomization.yaml" in text
    assert "service.lock\n" not in text
    text = atmos("new", "service", "node, called cart", "--repo", shop, "--dry-run", "--diff").out
    assert re.search(r"^apps/main/cart/service\.lock: \d+ fields$", text, re.MULTILINE)
