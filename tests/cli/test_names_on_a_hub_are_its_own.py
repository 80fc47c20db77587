"""What atmos gives a name on a hub is its own there; names of others are refused, and those of old repos kept."""

from __future__ import annotations

import pytest

from atmos_cli.yamlio.load import load, load_all

OTHERS = ("default", "platform", "root", "argocd", "flux-system", "kube-public", "openshift-monitoring", "atmos-shop")


def on_the_hub(root):
    """The kind and name of every object in `argocd/`."""
    documents = (each.value for path in root.glob("argocd/**/*.yaml") for each in load_all(path.read_bytes()))
    return {(each["kind"], each["metadata"]["name"]) for each in documents}


def test_every_name_on_the_hub_begins_with_the_prefix(repo):
    found = on_the_hub(repo)
    assert {("Application", "atmos-root"), ("AppProject", "atmos-platform"), ("AppProject", "atmos-main")} <= found
    assert all(name.startswith("atmos-") for _, name in found)


def test_the_team_without_a_name_is_main(repo):
    assert [path.name for path in (repo / "tenants/dev").iterdir()] == ["main"]


@pytest.mark.parametrize("name", OTHERS)
def test_a_name_of_others_is_refused_for_a_team(repo, atmos, name):
    done = atmos("new", "team", name, "--repo", repo, "--yes")
    assert (done.code, "ATM706" in done.err) == (2, True), done.err
    assert f"`{name}`" in done.err


@pytest.mark.parametrize("what", [("service", "go, port 80", "--name"), ("environment",), ("cluster",)])
def test_a_name_of_others_is_refused_for_everything_else(repo, atmos, what):
    done = atmos("new", *what, "platform", "--repo", repo, "--yes")
    assert (done.code, "ATM706" in done.err) == (2, True), done.err


@pytest.mark.parametrize("flags", [("--team", "argocd"), ("--env", "root"), ("--cluster", "dev=argocd")])
def test_init_refuses_them_too_and_writes_nothing(tmp_path, atmos, flags):
    done = atmos("init", tmp_path / "new", *flags, "--yes")
    assert (done.code, "ATM706" in done.err) == (2, True), done.err
    assert not (tmp_path / "new").exists()


def test_two_words_that_make_a_namespace_of_others_are_refused(tmp_path, atmos):
    done = atmos("init", tmp_path / "new", "--team", "flux", "--env", "system", "--yes")
    assert (done.code, "`flux-system`" in done.err) == (2, True), done.err


def as_before(root, atmos, git):
    """The repo with the names that atmos gave before there was a prefix."""
    config = root / "atmos-cli.yaml"
    config.write_text(config.read_text().replace("hub:\n  prefix: atmos-\n", ""))
    git("commit", "-qam", "as before", cwd=root)
    assert atmos("update", "--repo", root, "--yes").code == 0
    return root


def test_a_repo_with_old_names_keeps_them_with_a_warning(repo, atmos, git):
    as_before(repo, atmos, git)
    assert {("Application", "root"), ("AppProject", "platform"), ("AppProject", "main")} <= on_the_hub(repo)
    assert atmos("update", "--check", "--repo", repo).code == 0
    done = atmos("validate", "--repo", repo, "-o", "json")
    assert (done.code, [each["code"] for each in done.json["diagnostics"]]) == (0, ["ATM706"])


def test_argo_cds_own_project_is_a_warning_of_its_own(repo, atmos):
    path = repo / "argocd/projects/main.yaml"
    path.write_text(path.read_text().replace("name: atmos-main", "name: default"))
    done = atmos("validate", "--repo", repo, "-o", "json")
    said = [each["message"] for each in done.json["diagnostics"] if each["code"] == "ATM706"]
    assert len(said) == 1
    assert "name no project" in said[0]


def test_one_line_and_an_update_lead_to_names_of_its_own(repo, atmos, git):
    as_before(repo, atmos, git)
    config = repo / "atmos-cli.yaml"
    config.write_text(f"{config.read_text()}hub:\n  prefix: shop-\n")
    assert atmos("update", "--repo", repo, "--yes").code == 0
    assert all(name.startswith("shop-") for _, name in on_the_hub(repo))
    project = load((repo / "argocd/applicationsets/apps-main.yaml").read_bytes())["spec"]["template"]["spec"]["project"]
    assert project == "shop-main"
    assert atmos("validate", "--repo", repo, "-o", "json").json["diagnostics"] == []
