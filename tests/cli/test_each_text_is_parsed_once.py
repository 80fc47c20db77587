"""A command parses each text once and builds each overlay once per state, however many ask for it."""

import shutil
from collections import Counter

import pytest

from atmos_cli import kustomize
from atmos_cli.kustomize import build as building
from atmos_cli.kustomize import exact
from atmos_cli.yamlio import load, nodes

NEW = ("new", "service", "node, port 80, postgres, called fifth", "--dry-run")
COMMANDS = [("validate",), ("budget", "check"), ("budget", "show"), NEW]


@pytest.fixture(scope="session")
def four_template(tmp_path_factory):
    return tmp_path_factory.mktemp("four")


@pytest.fixture
def four(four_template, shop, atmos, tmp_path):
    """The repo with four services."""
    made = four_template / "four"
    if not made.exists():
        for intent in ("python, port 80, redis, called cart", "go, port 80, called mail", "java, port 80, called pay"):
            done = atmos("new", "service", intent, "--repo", shop, "--yes")
            assert done.code == 0, done.err
        shutil.copytree(shop, made, symlinks=True)
    return shutil.copytree(made, tmp_path / "four", symlinks=True)


@pytest.fixture
def counted(monkeypatch, tmp_path):
    monkeypatch.setenv("ATMOS_CLI_CACHE", str(tmp_path / "cache"))
    found = {"values": Counter(), "as kustomize": Counter(), "places": Counter(), "builds": Counter()}

    def wrap(module, name, what):
        inner = getattr(module, name)

        def wrapped(*args):
            found[what][args[-1]] += 1
            return inner(*args)

        monkeypatch.setattr(module, name, wrapped)

    wrap(load, "events", "values")
    wrap(exact, "events", "as kustomize")
    wrap(nodes, "events", "places")
    wrap(building, "build", "builds")
    assert kustomize.build is building
    return found


def twice(counter, *, most=1):
    return {what: count for what, count in counter.items() if count > most}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_in_a_committed_tree(four, atmos, counted, command):
    done = atmos(*command, "--repo", four)
    assert done.code == 0, done.out + done.err
    assert counted["values"]
    assert counted["builds"]
    assert not {what: twice(counter) for what, counter in counted.items() if twice(counter)}


@pytest.mark.sample
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_in_an_uncommitted_tree(four, atmos, counted, command):
    for name in ("checkout", "cart", "mail", "pay"):
        path = four / f"apps/main/{name}/base/deployment.yaml"
        # A word that kustomize reads in its own way, and a null, which asks for its exact reader.
        path.write_text(f"{path.read_text()}# changed\n".replace("spec:\n", "spec:\n  paused: null\n", 1))
    done = atmos(*command, "--repo", four)
    assert done.code in (0, 1), done.out + done.err
    assert counted["builds"]
    for what in ("values", "as kustomize", "places"):
        assert not twice(counted[what]), what
    # The checkout and the commit that the budget compares it with are two states.
    assert not twice(counted["builds"], most=2)
    assert command != ("validate",) or counted["as kustomize"]


@pytest.mark.slow
def test_places_are_read_only_where_something_is_found(four, atmos, counted):
    done = atmos("validate", "--repo", four, "--output", "json")
    named = {(four / each["where"]["path"]).read_bytes() for each in done.json["diagnostics"]}
    assert set(counted["places"]) <= named


@pytest.mark.slow
def test_one_bad_file_ends_nothing_and_is_parsed_once(four, atmos, counted):
    bad = four / "apps/main/mail/base/deployment.yaml"
    bad.write_text("kind: [\n")
    done = atmos("validate", "--repo", four, "--output", "json")
    assert done.code == 1
    assert {each["where"]["path"] for each in done.json["diagnostics"] if each["code"] == "ATM301"} == {
        "apps/main/mail/base/deployment.yaml"
    }
    assert counted["values"][b"kind: [\n"] == 1
    assert not twice(counted["values"])
    assert {each["where"]["path"] for each in done.json["diagnostics"] if each["code"] == "ATM332"} >= {
        f"apps/main/cart/overlays/{env}/kustomization.yaml" for env in ("dev", "staging", "prod")
    }
