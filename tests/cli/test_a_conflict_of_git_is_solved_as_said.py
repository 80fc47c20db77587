"""Two branches update one service, Git stops in the middle of the merge, and what atmos says then ends it."""

import subprocess

import pytest

SERVICE = "apps/main/checkout"


@pytest.fixture
def stopped(shop, atmos, git):
    """The shop in the middle of a merge that Git gave up."""
    for branch, words in (("one", "port 8080"), ("two", "port 9090, with redis")):
        git("checkout", "-q", "-b", branch, "main", cwd=shop)
        assert atmos("change", "checkout", words, "--repo", shop, "--yes").code == 0
    subprocess.run(["git", "merge", "one"], cwd=shop, capture_output=True, check=False)
    return shop


def test_a_spec_with_the_marks_of_git_says_so(stopped, atmos):
    done = atmos("update", "checkout", "--repo", stopped, "--yes", "-o", "json")
    (found,) = done.json["diagnostics"]
    lines = (stopped / SERVICE / "service.yaml").read_text().splitlines()
    assert (found["code"], found["message"]) == ("ATM301", "Git left a conflict here")
    assert lines[found["where"]["line"] - 1].startswith("<<<<<<< ")


def test_the_hint_ends_the_merge_and_commits_no_mark(stopped, atmos, git):
    spec = stopped / SERVICE / "service.yaml"
    before, _, rest = spec.read_text().partition("<<<<<<<")
    mine, _, rest = rest.partition("\n")[2].partition("=======\n")
    spec.write_text(before + mine + rest.partition(">>>>>>>")[2].partition("\n")[2])
    refused = atmos("update", "checkout", "--repo", stopped, "--yes", "-o", "json")
    assert [each["code"] for each in refused.json["diagnostics"]] == ["ATM617"]
    assert refused.json["diagnostics"][0]["hint"].startswith("add `--write files`")
    assert atmos("update", "checkout", "--repo", stopped, "--yes", "--write", "files").code == 0
    subprocess.run(["bash", "-c", "git add -A && git commit -qm merged"], cwd=stopped, check=True)
    assert subprocess.run(["git", "grep", "-q", "<<<<<<<"], cwd=stopped, check=False).returncode == 1
    assert atmos("update", "--check", "--repo", stopped).code == 0
    assert "port: 9090" in (stopped / SERVICE / "base/service.yaml").read_text()


def test_an_edit_of_a_generated_service_yaml_is_no_edit_of_the_spec(shop, atmos):
    """It was taken along in silence, as the spec is."""
    path = shop / SERVICE / "base/service.yaml"
    path.write_text(path.read_text() + "# mine\n")
    refused = atmos("change", "checkout", "port 8080", "--repo", shop, "--yes", "-o", "json")
    found = [each for each in refused.json["diagnostics"] if each["code"] == "ATM603"]
    assert [each["where"]["path"] for each in found] == [f"{SERVICE}/base/service.yaml"]
