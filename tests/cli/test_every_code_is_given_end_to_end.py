"""Each check is plugged in: one damage for each code that `validate` and `new` give, through the command line."""

import re
import shutil
from pathlib import Path

import pytest

from atmos_cli.diagnostics import Code
from atmos_cli.yamlio import emit
from tests.cli.codes_without_a_row import ELSEWHERE, OWN_TESTS
from tests.cli.conftest import state
from tests.cli.damages import VALIDATE
from tests.cli.refusals import NEW

# Warnings, and what is said once the commit is made.
WRITTEN = {row.code for row in NEW if row.status == 0} | {"ATM609"}
PLACEHOLDER = "registry.example.com"


@pytest.fixture
def good(shop, own_git):
    """Its images are real ones, so that nothing is found in it; the identity of who works in it stands beside it."""
    for path in shop.glob("apps/*/*/overlays/*/kustomization.yaml"):
        path.write_text(path.read_text().replace(PLACEHOLDER, "registry.shop.test"))
    (shop.parent / "gitconfig").write_text(own_git.read_text())
    return shop


@pytest.fixture
def without_git(good):
    shutil.rmtree(good / ".git")
    return good


def at(root, found):
    """The line that a finding names, or else its message."""
    where = found["where"] or {}
    file = root / where.get("path", "")
    if where.get("line") and file.is_file():
        return file.read_text(errors="replace").splitlines()[where["line"] - 1]
    return found["message"]


def path_of(found):
    return (found["where"] or {}).get("path", "")


def test_the_repo_is_good_before(without_git, atmos):
    done = atmos("validate", "--repo", without_git, "-o", "json")
    assert (done.code, done.codes) == (0, [])


@pytest.mark.sample(5)
@pytest.mark.parametrize("row", VALIDATE, ids=lambda row: row.code)
def test_validate_finds_the_damage_where_it_is(without_git, atmos, row):
    row.damage(without_git)
    done = atmos("validate", "--repo", without_git, "-o", "json")
    mine = [each for each in done.json["diagnostics"] if each["code"] == row.code]
    assert any(path_of(each) == row.path and row.line in at(without_git, each) for each in mine), done.out
    assert done.code == row.status


@pytest.mark.sample(3)
@pytest.mark.parametrize("row", NEW, ids=lambda row: row.code)
def test_new_says_so_and_writes_nothing_that_it_refuses(good, atmos, monkeypatch, row):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(good.parent / "gitconfig"))
    row.damage(good)
    before = state(good)
    done = atmos("new", "service", *row.arguments, "--repo", good, "--yes", "-o", "json")
    mine = [each for each in done.json["diagnostics"] if each["code"] == row.code]
    assert any(path_of(each) == row.path and row.says in each["message"] for each in mine), done.out
    assert done.code == row.status
    assert row.code in WRITTEN or state(good) == before


def test_an_overlay_that_builds_to_something_else_never_reaches_git(good, atmos, monkeypatch):
    """A fault of atmos itself: it writes numbers that are text without quotes."""
    quoted = emit._text
    monkeypatch.setattr(emit, "_text", lambda text: text if text.isdigit() else quoted(text))
    before = state(good)
    done = atmos("new", "service", "node, port 80", "--name", "cart", "--repo", good, "--yes", "-o", "json")
    assert (done.code, set(done.codes)) == (3, {"ATM999"})
    assert "does not build to what was composed" in done.out
    assert state(good) == before


def test_every_code_has_a_row_or_a_reason():
    rows = {row.code for row in (*VALIDATE, *NEW)}
    assert rows | OWN_TESTS.keys() | ELSEWHERE.keys() == {code.value for code in Code}
    assert not rows & (OWN_TESTS.keys() | ELSEWHERE.keys())
    assert not OWN_TESTS.keys() & ELSEWHERE.keys()


@pytest.mark.parametrize(("code", "file"), OWN_TESTS.items())
def test_the_tests_of_its_own_name_the_code(code, file):
    text = (Path(__file__).parent.parent / file).read_text()
    assert re.search(rf"\b({code}|{Code(code).name})\b", text)
