"""`atmos init` makes or completes a repo, twice is once, and what a person changed stays."""

import json

import pytest

from atmos_cli.yamlio.load import load, load_all
from tests.cli.conftest import state


def test_twice_is_once(repo, atmos, git):
    before = state(repo)
    done = atmos("init", repo, "--yes", "-o", "json")
    assert done.code == 0
    assert done.json["data"]["files"] == {"added": [], "modified": []}
    assert done.json["data"]["written"] is None
    assert state(repo) == before


def test_the_default_repo_has_what_the_engines_and_people_need(repo, atmos):
    for path in (
        "atmos-cli.yaml",
        "platform/budgets/dev.yaml",
        "platform/budgets/staging.yaml",
        "platform/budgets/prod.yaml",
        "tenants/dev/main/namespace.yaml",
        "argocd/bootstrap/root.yaml",
        ".sourceignore",
        "CODEOWNERS",
        ".pre-commit-config.yaml",
        ".github/workflows/atmos.yaml",
        "platform/schemas/service.json",
    ):
        assert (repo / path).is_file(), path
    assert "atmos validate" in (repo / ".pre-commit-config.yaml").read_text()
    assert "atmos validate" in (repo / ".github/workflows/atmos.yaml").read_text()
    json.loads((repo / "platform/schemas/service.json").read_text())
    done = atmos("validate", "--repo", repo, "-o", "json")
    assert done.code == 0, done.out
    assert done.json["diagnostics"] == []


def test_a_changed_file_is_kept_and_named(repo, atmos, git):
    quota = repo / "tenants/dev/main/limitrange.yaml"
    quota.write_text(quota.read_text() + "# ours\n")
    (repo / "argocd/projects/main.yaml").unlink()
    git("commit", "-qam", "mine", cwd=repo)
    done = atmos("init", repo, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert done.json["data"]["kept"] == ["CODEOWNERS", "tenants/dev/main/limitrange.yaml"]
    assert done.json["data"]["files"]["added"] == ["argocd/projects/main.yaml"]
    assert quota.read_text().endswith("# ours\n")


def test_a_changed_budget_renews_the_quota(repo, atmos, git):
    budget = repo / "platform/budgets/dev.yaml"
    budget.write_text(budget.read_text().replace('limit: "4"', 'limit: "6"'))
    git("commit", "-qam", "more", cwd=repo)
    assert atmos("init", repo, "--yes").code == 0
    quota = load((repo / "tenants/dev/main/resourcequota.yaml").read_bytes())
    assert quota["spec"]["hard"]["requests.cpu"] == "6"


@pytest.mark.slow
def test_a_team_is_added_without_touching_another(repo, atmos, git):
    done = atmos("init", repo, "--team", "pay", "--yes", "-o", "json")
    assert done.code == 0, done.out
    added = done.json["data"]["files"]["added"]
    assert "argocd/projects/pay.yaml" in added
    assert "tenants/prod/pay/namespace.yaml" in added
    assert not [path for path in done.json["data"]["files"]["modified"] if "/main" in path]
    assert atmos("new", "service", "go, called ledger", "--team", "pay", "--repo", repo, "--yes").code == 0
    ambiguous = atmos("new", "service", "go, called other", "--repo", repo, "--yes")
    assert ambiguous.code == 2
    assert "ATM703" in ambiguous.err


def test_engines_are_chosen_per_cluster(tmp_path, atmos):
    root = tmp_path / "mixed"
    done = atmos("init", root, "--cluster-engine", "prod=flux", "--yes")
    assert done.code == 0, done.err
    assert (root / "clusters/prod/flux-system/gotk-sync.yaml").is_file()
    assert not (root / "clusters/dev").exists()
    projects = load((root / "argocd/projects/main.yaml").read_bytes())
    assert [each["name"] for each in projects["spec"]["destinations"]] == ["dev", "staging"]


def test_one_cluster_may_host_several_environments(tmp_path, atmos):
    root = tmp_path / "shared"
    flags = ["--cluster", "dev=nonprod", "--cluster", "staging=nonprod", "--engine", "flux"]
    assert atmos("init", root, *flags, "--yes").code == 0
    sources = load_all((root / "delivery/nonprod/main/_source.yaml").read_bytes())
    assert [d.value["metadata"]["namespace"] for d in sources] == ["main-dev", "main-staging"]
    assert atmos("validate", "--repo", root).code == 0


def test_flags_that_would_change_nothing_are_refused(repo, atmos):
    done = atmos("init", repo, "--engine", "flux", "--yes")
    assert done.code == 2
    assert "--engine" in done.err


@pytest.mark.parametrize(
    "flags", [["--env", "a", "--env", "b-c", "--team", "x", "--team", "x-b", "--env", "c"], ["--team", "t" * 63]]
)
def test_namespaces_are_one_teams_only(tmp_path, atmos, flags):
    done = atmos("init", tmp_path / "x", *flags, "--yes")
    assert done.code == 2
    assert "namespace" in done.err
    assert not (tmp_path / "x").exists()


def test_short_git_urls_are_written_in_the_form_both_engines_take(tmp_path, atmos):
    root = tmp_path / "x"
    assert atmos("init", root, "--git-url", "git@git.example.test:shop/gitops.git", "--yes").code == 0
    assert "ssh://git@git.example.test/shop/gitops.git" in (root / "argocd/bootstrap/root.yaml").read_text()


def test_passwords_in_urls_are_not_written(tmp_path, atmos):
    root = tmp_path / "x"
    assert atmos("init", root, "--git-url", "https://me:hunter2@git.example.test/a.git", "--yes").code == 0
    assert not [p for p in root.rglob("*") if p.is_file() and b"hunter2" in p.read_bytes()]


@pytest.mark.slow
def test_a_new_directory_inside_another_checkout_is_a_repo_of_its_own(repo, atmos, git):
    before = git("rev-parse", "HEAD", cwd=repo)
    root = repo / "demo"
    assert atmos("new", "service", "node, port 80, postgres", "--init", root, "--yes").code == 0
    assert git("rev-parse", "HEAD", cwd=repo) == before
    assert git("rev-parse", "--show-toplevel", cwd=root) == str(root)
    assert atmos("validate", "--repo", root).code == 0


@pytest.mark.slow
def test_a_repo_in_a_directory_of_another_checkout_is_valid_before_its_first_commit(repo, atmos, git):
    root = repo / "platform-repo"
    root.mkdir()
    (root / "README").write_text("ours")
    git("rm", "-rq", ".", cwd=repo)
    git("commit", "-qm", "nothing of atmos", cwd=repo)
    assert atmos("init", root, "--write", "files", "--yes").code == 0
    assert atmos("new", "service", "go, port 80", "--repo", root, "--write", "files", "--yes").code == 0
    done = atmos("validate", "--repo", root)
    assert done.code == 0, done.out


def test_each_cluster_is_written_as_its_type_has_it_each_value_with_its_reason(tmp_path, atmos):
    root = tmp_path / "x"
    flags = ["--cluster-type", "eks", "--cluster-type", "dev=kind"]
    assert atmos("init", root, *flags, "--yes").code == 0
    text = (root / "atmos-cli.yaml").read_text()
    clusters = load(text.encode())["clusters"]
    assert [each["type"] for each in clusters.values()] == ["kind", "eks", "eks"]
    assert "    policy: aws  # the VPC CNI, with `enableNetworkPolicy`\n" in text
    assert clusters["dev"]["http"] == {
        "controller": "envoy-gateway",
        "kind": "gateway",
        "gateway": "shared",
        "namespace": "gateways",
        "from": [{"namespace": "envoy-gateway-system"}],
    }
    assert atmos("validate", "--repo", root).code == 0
    again = tmp_path / "y"
    assert atmos("init", again, *flags, "--yes").code == 0
    assert (again / "atmos-cli.yaml").read_text() == text


@pytest.mark.parametrize(
    ("flag", "says"), [("gk", "did you mean `gke`?"), ("edge=gke", "clusters are: dev, staging, prod")]
)
def test_a_type_or_a_cluster_that_is_not_there_is_refused(tmp_path, atmos, flag, says):
    done = atmos("init", tmp_path / "x", "--cluster-type", flag, "--yes")
    assert done.code == 2
    assert says in done.err
    assert not (tmp_path / "x").exists()


def test_without_a_type_http_alone_is_written(repo):
    clusters = load((repo / "atmos-cli.yaml").read_bytes())["clusters"]
    assert {tuple(each) for each in clusters.values()} == {("engine", "kubernetes", "http")}
    assert clusters["prod"]["http"]["kind"] == "gateway"


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (("--domain", "acme.test"), {"dev": "dev.acme.test", "prod": "acme.test"}),
        (("--domain", "acme.test", "--domain", "dev=dev.lab.test"), {"dev": "dev.lab.test", "prod": "acme.test"}),
        (("--domain", "prod=shop.test"), {"dev": "dev.example.com", "prod": "shop.test"}),
        ((), {"dev": "dev.example.com", "prod": "example.com"}),
    ],
)
def test_the_domain_is_given_and_stands_in_each_environment(tmp_path, atmos, flags, wanted):
    root = tmp_path / "r"
    done = atmos("init", root, "--env", "dev", "--env", "prod", *flags, "--yes", "-o", "json")
    assert done.code == 0, done.out
    config = load((root / "atmos-cli.yaml").read_bytes())
    assert {name: each["http"]["domain"] for name, each in config["environments"].items()} == wanted
    made_up = {each["value"] for each in done.json["data"]["placeholders"] if each["what"] == "domain"}
    assert made_up == {each for each in wanted.values() if each.endswith("example.com")}


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ("Acme_X", "ATM901", "cannot be a domain"),
        ("qa=acme.test", "ATM702", "no environment `qa`"),
        ("dev=", "ATM901", "cannot be a domain"),
        ("https://acme.test", "ATM901", "cannot be a domain"),
    ],
)
def test_what_is_no_domain_is_refused(tmp_path, atmos, given, code, says):
    done = atmos("init", tmp_path / "r", "--domain", given, "--yes", "-o", "json")
    assert (done.code, done.codes) == (2, [code])
    assert says in done.json["diagnostics"][0]["message"]
    assert not (tmp_path / "r").exists()


def test_what_a_type_leaves_to_people_is_a_step(tmp_path, atmos):
    """`postgres` of the last step would be refused on the first, and be open to everybody on the second."""
    root = tmp_path / "r"
    flags = ("--cluster-type", "dev=eks-auto", "--cluster-type", "staging=talos", "--cluster-type", "prod=gke")
    steps = atmos("init", root, *flags, "--yes", "-o", "json").json["data"]["next"]
    (storage,) = [each for each in steps if "StorageClass" in each]
    assert "say the StorageClass of dev, staging, which have no default one" in storage
    assert "nothing enforces NetworkPolicies on staging: say who does in `policy` of atmos-cli.yaml" in steps
    assert storage not in atmos("init", tmp_path / "other", "--yes", "-o", "json").json["data"]["next"]
