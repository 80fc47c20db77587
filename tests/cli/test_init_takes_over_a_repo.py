"""`init` in a repo that has files: commits what it was made from, says whose files are whose, asks what it does."""

import json
import re
from itertools import takewhile

import pytest

from atmos_cli.engines.flux.files import LOCKDOWN
from atmos_cli.yamlio.load import load

CONFIG = """\
# ours
version: 1
git: {url: https://git.acme.test/gitops.git, branch: trunk}
registry: registry.acme.test
clusters: {one: {}}
environments: {dev: {cluster: one, http: {domain: dev.acme.test}}}
"""
FLUX_ROOT = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [flux-system]\n"


@pytest.fixture
def empty(tmp_path, git):
    root = tmp_path / "there"
    root.mkdir()
    git("init", "-q", "-b", "trunk", cwd=root)
    return root


def committed(git, root):
    return set(git("show", "--name-only", "--format=", "HEAD", cwd=root).splitlines())


def clone_is_whole(root, atmos, git, target):
    """A fresh clone of what is committed is valid, and has nothing to complete."""
    git("clone", "-q", str(root), str(target), cwd=root)
    done = atmos("validate", "--repo", target, "-o", "json")
    assert done.code == 0, done.out
    again = atmos("init", target, "--dry-run", "-o", "json")
    assert again.json["data"]["files"] == {"added": [], "modified": []}


# --- What it was made from


def test_a_config_that_a_person_wrote_is_in_the_first_commit(empty, atmos, git, tmp_path):
    (empty / "atmos-cli.yaml").write_text(CONFIG)
    done = atmos("init", empty, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert done.json["data"]["takesAlong"] == ["atmos-cli.yaml"]
    assert "atmos-cli.yaml" in committed(git, empty)
    assert (empty / "atmos-cli.yaml").read_text() == CONFIG
    assert git("status", "--porcelain", cwd=empty) == ""
    clone_is_whole(empty, atmos, git, tmp_path / "clone")


@pytest.mark.parametrize("write", ["commit", "branch"])
def test_an_edited_config_and_budget_go_along(repo, atmos, git, tmp_path, write):
    config, budget = repo / "atmos-cli.yaml", repo / "platform/budgets/dev.yaml"
    config.write_text(config.read_text() + "  qa: {cluster: dev, http: {domain: qa.acme.test}}\n")
    budget.write_text(budget.read_text().replace('limit: "4"', 'limit: "6"'))
    (repo / "notes.txt").write_text("mine")
    done = atmos("init", repo, "--yes", "--write", write, "-o", "json")
    assert done.code == 0, done.out
    assert done.json["data"]["takesAlong"] == ["atmos-cli.yaml", "platform/budgets/dev.yaml"]
    if write == "branch":
        git("stash", "-q", cwd=repo)
        git("switch", "-q", "atmos/init", cwd=repo)
    else:
        assert git("status", "--porcelain", cwd=repo) == "?? notes.txt"
    found = committed(git, repo)
    assert {"atmos-cli.yaml", "platform/budgets/dev.yaml", "platform/budgets/qa.yaml"} <= found
    assert load((repo / "tenants/dev/main/resourcequota.yaml").read_bytes())["spec"]["hard"]["requests.cpu"] == "6"
    clone_is_whole(repo, atmos, git, tmp_path / "clone")


def test_files_alone_take_nothing_along(repo, atmos):
    budget = repo / "platform/budgets/dev.yaml"
    budget.write_text(budget.read_text().replace('limit: "4"', 'limit: "6"'))
    done = atmos("init", repo, "--yes", "--write", "files", "-o", "json")
    assert done.json["data"]["takesAlong"] == []
    assert done.json["data"]["written"]["commit"] is None


# --- Whose files are whose


@pytest.fixture
def flux(empty, git):
    """A repo that Flux reads already, with owners, a hook and a pipeline of its own."""
    for path, text in {
        "clusters/prod/kustomization.yaml": FLUX_ROOT,
        "clusters/prod/flux-system/kustomization.yaml": FLUX_ROOT.replace("flux-system", "gotk-sync.yaml"),
        "CODEOWNERS": "* @acme/everyone\n",
        ".pre-commit-config.yaml": "repos:\n  - repo: https://git.acme.test/hooks\n    rev: v1\n    hooks: [{id: x}]\n",
        ".gitlab-ci.yml": "test: {script: [make test]}\n",
        "src/main.py": "print()\n",
    }.items():
        (empty / path).parent.mkdir(parents=True, exist_ok=True)
        (empty / path).write_text(text)
    git("add", "-A", cwd=empty)
    git("commit", "-qm", "ours", cwd=empty)
    return empty


FLAGS = ("--engine", "flux", "--forge", "gitlab", "--git-url", "https://git.acme.test/gitops.git", "--yes")


def test_what_is_others_stays_and_how_to_wire_it_is_said(flux, atmos, git):
    before = {path: (flux / path).read_bytes() for path in git("ls-files", cwd=flux).splitlines()}
    done = atmos("init", flux, *FLAGS)
    assert done.code == 0, done.err
    assert {path: (flux / path).read_bytes() for path in before} == before
    assert "yours, and left as they are: .gitlab-ci.yml, .pre-commit-config.yaml, CODEOWNERS" in done.out
    assert "3 other files here are not atmos's; atmos-cli.lock lists its own" in done.out
    assert "kept as you changed it" not in done.out


def test_what_is_others_keeps_nobody_from_going_on(flux, atmos, git):
    assert atmos("init", flux, *FLAGS).code == 0
    mine = {path: (flux / path).read_bytes() for path in ("CODEOWNERS", ".gitlab-ci.yml", ".pre-commit-config.yaml")}
    assert atmos("update", "--check", "--repo", flux).code == 0
    done = atmos("new", "team", "pay", "--yes", "-o", "json", "--repo", flux)
    assert done.code == 0, done.out
    assert {path: (flux / path).read_bytes() for path in mine} == mine
    taken = atmos("update", "--theirs", "CODEOWNERS", "--yes", "--repo", flux)
    assert taken.code == 0, taken.err
    assert "/apps/pay/ @pay" in (flux / "CODEOWNERS").read_text()


PLACES = {
    "github": (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
    "gitlab": ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
}


@pytest.mark.parametrize(("forge", "place"), [(forge, place) for forge, places in PLACES.items() for place in places])
def test_the_owners_that_the_forge_reads_are_those(empty, atmos, git, forge, place):
    """A second file would be read by nobody, or in the place of the first."""
    (empty / place).parent.mkdir(parents=True, exist_ok=True)
    (empty / place).write_text("* @acme/everyone\n")
    git("add", "-A", cwd=empty)
    git("commit", "-qm", "ours", cwd=empty)
    flags = ("--forge", forge, "--git-url", "https://git.acme.test/gitops.git", "--domain", "acme.test")
    done = atmos("init", empty, *flags, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert [path for path in PLACES[forge] if (empty / path).exists()] == [place]
    assert (empty / place).read_text() == "* @acme/everyone\n"
    steps = done.json["data"]["next"]
    assert steps[steps.index(f"{place} is yours; add to it:") + 1] == "  /apps/main/ @main"
    assert any(f"groups of the forge in {place} review" in each for each in steps)
    assert "owner" not in {each["what"] for each in done.json["data"]["placeholders"]}
    assert atmos("validate", "--repo", empty, "-o", "json").codes == []


@pytest.mark.parametrize("place", [".github/CODEOWNERS", "docs/CODEOWNERS"])
def test_owners_that_people_moved_go_on_being_kept(repo, atmos, git, place):
    (repo / place).parent.mkdir(exist_ok=True)
    git("mv", "CODEOWNERS", place, cwd=repo)
    git("commit", "-qm", "Where we have it", cwd=repo)
    done = atmos("new", "team", "pay", "--yes", "-o", "json", cwd=repo)
    assert done.code == 0, done.out
    assert not (repo / "CODEOWNERS").exists()
    assert (repo / place).read_text().splitlines()[1:] == [
        "* @acme/platform",
        "/apps/main/ @acme/main",
        "/apps/pay/ @pay",
    ]
    assert any(f"into {place}: `/apps/pay/ @GROUP`" in each for each in done.json["data"]["next"])
    said = [each for each in atmos("validate", "--repo", repo, "-o", "json").json["diagnostics"] if each["where"]]
    assert [(each["code"], each["where"]["path"]) for each in said] == [("ATM707", place)]
    assert atmos("update", "--check", cwd=repo).code == 0


def test_the_steps_are_enough_to_wire_it(flux, atmos, git):
    """Whoever does what the steps say, word for word, has a repo in which all is read."""
    steps = atmos("init", flux, *FLAGS, "-o", "json").json["data"]["next"]
    found = atmos("validate", "--repo", flux, "-o", "json")
    said = [each["message"] for each in found.json["diagnostics"] if each["code"] == "ATM712"]
    assert said
    assert all("clusters/prod/kustomization.yaml does not list" in each for each in said)
    assert "no metadata.name" not in found.out
    (names,) = (each for each in steps if each.startswith("clusters/prod/kustomization.yaml is yours"))
    listed = names.partition("`resources`: ")[2]
    assert listed == "apps.yaml, infrastructure.yaml, tenants.yaml"
    root = flux / "clusters/prod/kustomization.yaml"
    root.write_text(FLUX_ROOT.replace("[flux-system]", f"[flux-system, {listed}]"))
    for path in ("CODEOWNERS", ".pre-commit-config.yaml", ".gitlab-ci.yml"):
        start = steps.index(f"{path} is yours; add to it:") + 1
        lines = [each[2:] for each in takewhile(lambda step: step.startswith("  "), steps[start:])]
        (flux / path).write_text((flux / path).read_text() + "".join(f"{line}\n" for line in lines))
    assert load((flux / ".gitlab-ci.yml").read_bytes())["include"] == [{"local": ".gitlab/atmos.yaml"}]
    hooks = load((flux / ".pre-commit-config.yaml").read_bytes())["repos"]
    assert [hook["id"] for each in hooks for hook in each["hooks"]] == ["x", "atmos-validate"]
    assert (flux / "CODEOWNERS").read_text().splitlines()[0] == "* @acme/everyone"
    assert "/apps/main/ @main" in (flux / "CODEOWNERS").read_text()
    after = atmos("validate", "--repo", flux, "-o", "json")
    assert "ATM712" not in after.codes
    again = atmos("init", flux, "--dry-run", "-o", "json").json["data"]["next"]
    assert not [each for each in again if "is yours" in each]


# --- What is asked


@pytest.fixture
def terminal(monkeypatch):
    asked = []
    monkeypatch.setattr("atmos_cli.cli.options.interactive", lambda output: output == "text")
    monkeypatch.setattr("typer.confirm", lambda question, **_: asked.append(question))
    return asked


@pytest.mark.parametrize(
    ("flags", "question"),
    [
        ((), r"Commit \d\d files to trunk\?"),
        (("--write", "files"), r"Write \d\d files, and commit nothing\?"),
    ],
)
def test_every_file_is_listed_before_the_question_which_says_what_happens(
    empty, atmos, terminal, capsys, flags, question
):
    dry = atmos("init", empty, *flags, "--dry-run")
    assert not terminal
    done = atmos("init", empty, *flags)
    assert done.code == 0, done.err
    assert re.fullmatch(question, terminal[0])
    for text in (dry.out, done.out):
        assert "    tenants/dev/main/  allow-acme-solver.yaml, allow-dns.yaml, default-deny.yaml" in text
        for path in (
            each for each in empty.rglob("*") if each.is_file() and ".git" not in each.relative_to(empty).parts
        ):
            assert path.name in text


def test_the_question_names_the_branch_that_is_made(repo, atmos, terminal):
    budget = repo / "platform/budgets/dev.yaml"
    budget.write_text(budget.read_text().replace('limit: "4"', 'limit: "6"'))
    done = atmos("init", repo, "--write", "branch")
    assert terminal == ["Commit 3 files to the new branch atmos/init?"]
    assert "as you edited them" in done.out


def test_without_a_terminal_it_needs_yes(empty, atmos):
    done = atmos("init", empty)
    assert done.code == 2
    assert "this is no terminal, so atmos cannot ask" in done.err
    assert [each.name for each in empty.iterdir()] == [".git"]


def test_what_is_complete_asks_nothing(repo, atmos):
    done = atmos("init", repo)
    assert done.code == 0
    assert "Complete already" in done.out


# --- What is left to do


def test_no_step_is_missing_between_the_commit_and_the_first_sync(empty, atmos, git):
    steps = "\n".join(atmos("init", empty, *FLAGS, "-o", "json").json["data"]["next"])
    order = [
        "`tool.install` in atmos-cli.yaml",
        "git remote add origin https://git.acme.test/gitops.git && git push -u origin trunk",
        "flux install --context dev",
        "flux create secret git NAME --url https://git.acme.test/gitops.git",
        "kubectl --context dev apply -f clusters/dev/flux-system/gotk-sync.yaml",
        "protect trunk on the forge",
        "platform/approvers.yaml",
        "atmos new service",
    ]
    places = [steps.index(each) for each in order]
    assert places == sorted(places)


def test_flux_is_closed_between_tenants_by_what_is_printed(empty, atmos):
    steps = atmos("init", empty, *FLAGS, "-o", "json").json["data"]["next"]
    for controller, flags in LOCKDOWN.items():
        (step,) = (each for each in steps if each.startswith(f"close {controller} "))
        patch = json.loads(step.partition(" -p ")[2].strip("'"))
        assert [each["value"] for each in patch] == list(flags)
        assert {(each["op"], each["path"]) for each in patch} == {("add", "/spec/template/spec/containers/0/args/-")}
    assert "--no-remote-bases=true" in LOCKDOWN["kustomize-controller"]


def test_a_commit_elsewhere_than_the_followed_branch_says_so(empty, atmos, git, tmp_path):
    (empty / "README").write_text("ours")
    git("add", "-A", cwd=empty)
    git("commit", "-qm", "first", cwd=empty)
    clone = tmp_path / "clone"
    git("clone", "-q", str(empty), str(clone), cwd=tmp_path)
    git("switch", "-qc", "work", cwd=clone)
    steps = atmos("init", clone, "--yes", "-o", "json").json["data"]["next"]
    assert "push: git push -u origin work" in steps
    assert "let it land on trunk, which engines and pipelines follow" in steps


def test_a_repo_made_beside_the_first_service_says_the_same(tmp_path, atmos):
    done = atmos("new", "service", "node, port 80", "--init", tmp_path / "x", "--yes", "-o", "json")
    left = done.json["data"]["next"]
    topics = [each["step"] for each in left if each["topic"] == "repo"]
    assert any(each.startswith("register the cluster") for each in topics)
    assert not any("git push" in each for each in topics)
    assert any("git push -u origin main" in each["step"] for each in done.json["data"]["written"]["next"])
