"""What a change was generated from is part of it: an edited bundle that is not committed goes along, and is said."""

import shutil

import pytest

from atmos_cli.adapters.bundle import bundled_place

FILE = "platform/blueprints/web/blueprint.yaml"


@pytest.fixture
def edited(shop, git):
    """The shop with a committed bundle of its own, and an edit of that which is not committed."""
    shutil.copytree(bundled_place()[0] / "web", shop / "platform/blueprints/web")
    git("add", "-A", cwd=shop)
    git("commit", "-qm", "Our own", cwd=shop)
    path = shop / FILE
    path.write_text(path.read_text().replace("version: 1.0.0", "version: 1.1.0"))
    return shop


@pytest.mark.parametrize("command", [("change", "checkout", "size m"), ("update", "checkout")])
@pytest.mark.parametrize("mode", ["commit", "branch"])
def test_the_commit_holds_what_it_was_made_from(edited, atmos, git, command, mode):
    done = atmos(*command, "--repo", edited, "--write", mode, "--yes")
    assert done.code == 0, done.out + done.err
    assert f"Takes along, edited and not committed so far: {FILE}" in done.out
    branches = git("for-each-ref", "--format=%(refname:short)", "refs/heads", cwd=edited).split()
    where = next((each for each in branches if each != "main"), "main")
    assert "version: 1.1.0" in git("show", f"{where}:{FILE}", cwd=edited)
    assert "web@1.1.0" in git("show", f"{where}:apps/main/checkout/base/deployment.yaml", cwd=edited)
    assert git("status", "--porcelain", cwd=edited) == ("" if mode == "commit" else f"M {FILE}")


def test_programs_read_it_and_files_alone_take_nothing_along(edited, atmos):
    done = atmos("update", "checkout", "--repo", edited, "--dry-run", "-o", "json")
    assert done.json["data"]["takesAlong"] == [FILE]
    done = atmos("update", "checkout", "--repo", edited, "--dry-run", "--write", "files", "-o", "json")
    assert done.json["data"]["takesAlong"] == []


def test_a_new_file_of_a_bundle_goes_along_too(edited, atmos, git):
    (edited / "platform/blueprints/web/NOTES").write_text("why\n")
    assert atmos("change", "checkout", "size m", "--repo", edited, "--write", "commit", "--yes").code == 0
    assert git("show", "HEAD:platform/blueprints/web/NOTES", cwd=edited) == "why"
