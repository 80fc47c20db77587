"""A new environment, team or cluster: one plan and one commit with all that belongs to it, comments kept."""

import pytest

from atmos_cli.yamlio.load import load
from tests.cli.conftest import state

COMMENT = "# the order of promotion"


@pytest.fixture
def commented(shop, git):
    """The shop, whose config a person wrote comments and quotes into."""
    config = shop / "atmos-cli.yaml"
    text = config.read_text().replace("environments:\n", f"environments: {COMMENT}\n")
    config.write_text(text.replace("domain: staging.acme.test", "domain: 'staging.shop.test'  # ours"))
    git("commit", "-qam", "Comment", cwd=shop)
    return shop


def quiet(root, atmos, *said):
    """Nothing is left to update, and nothing is wrong but images, and what is `said`."""
    assert atmos("update", "--check", "--repo", root).code == 0
    done = atmos("validate", "--repo", root, "-o", "json")
    assert {each["code"] for each in done.json["diagnostics"]} <= {"ATM332", *said}, done.out


def test_an_environment_like_another_is_one_commit(commented, atmos, git):
    before = (commented / "atmos-cli.yaml").read_text().splitlines()
    # the services take in what a person changed in the config, first
    assert atmos("update", "--repo", commented, "--yes").code == 0
    head = git("rev-list", "--count", "HEAD", cwd=commented)
    done = atmos("new", "environment", "qa", "--like", "staging", "--repo", commented, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert int(git("rev-list", "--count", "HEAD", cwd=commented)) == int(head) + 1
    assert git("status", "--porcelain", cwd=commented) == ""
    text = (commented / "atmos-cli.yaml").read_text()
    added = [line for line in text.splitlines() if line not in before]
    assert added == ["  qa:", "      domain: qa.shop.test"]
    assert all(line in text.splitlines() for line in before)
    config = load(text.encode())
    assert list(config["environments"]) == ["dev", "staging", "qa", "prod"]
    assert config["environments"]["qa"] == {
        "cluster": "staging",
        "production": False,
        "replicas": 2,
        "http": {"domain": "qa.shop.test"},
    }
    data = done.json["data"]
    assert {"field": "environments.qa.http.domain", "value": "qa.shop.test"}.items() <= data["plan"][-1].items()
    assert "env-qa=true" in data["next"][0]
    for path in ("platform/budgets/qa.yaml", "tenants/qa/main/namespace.yaml"):
        assert path in data["files"]["added"]
    assert (commented / "apps/main/checkout/overlays/qa/kustomization.yaml").is_file()
    quiet(commented, atmos)


@pytest.mark.slow
def test_its_budget_is_that_of_the_other_with_its_comments(shop, atmos, git):
    path = shop / "platform/budgets/staging.yaml"
    path.write_text(path.read_text().replace('limit: "4"', 'limit: "5" # agreed in May'))
    git("commit", "-qam", "More", cwd=shop)
    assert atmos("new", "environment", "qa", "--like", "staging", "--repo", shop, "--yes").code == 0
    text = (shop / "platform/budgets/qa.yaml").read_text()
    assert text == path.read_text().replace("staging", "qa")
    assert "# agreed in May" in text


@pytest.mark.slow
def test_without_another_every_service_is_there(shop, atmos):
    done = atmos("new", "environment", "qa", "--cluster", "dev", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    config = load((shop / "atmos-cli.yaml").read_bytes())
    assert list(config["environments"]) == ["dev", "staging", "qa", "prod"]
    assert config["environments"]["qa"]["http"] == {"domain": "qa.acme.test"}
    assert (shop / "apps/main/checkout/overlays/qa/kustomization.yaml").is_file()
    quiet(shop, atmos)


@pytest.mark.slow
@pytest.mark.parametrize("choice", [("--service", "cart"), ("--no-services",)])
def test_services_that_are_not_wanted_stay_away(shop, atmos, choice):
    assert atmos("new", "service", "go, called cart", "--repo", shop, "--yes").code == 0
    done = atmos("new", "environment", "qa", "--like", "dev", *choice, "--repo", shop, "--yes")
    assert done.code == 0, done.out + done.err
    assert not (shop / "apps/main/checkout/overlays/qa").exists()
    assert (shop / "apps/main/cart/overlays/qa").exists() is ("cart" in choice)
    quiet(shop, atmos)
    assert atmos("update", "checkout", "--env", "qa", "--repo", shop, "--yes").code == 0
    assert (shop / "apps/main/checkout/overlays/qa").exists()
    quiet(shop, atmos)


@pytest.mark.slow
def test_only_services_of_the_other_environment_come(shop, atmos):
    assert atmos("new", "service", "go, called cart", "--env", "dev", "--repo", shop, "--yes").code == 0
    assert atmos("new", "environment", "qa", "--like", "staging", "--repo", shop, "--yes").code == 0
    assert not (shop / "apps/main/cart/overlays/qa").exists()
    assert (shop / "apps/main/checkout/overlays/qa").exists()
    quiet(shop, atmos)


@pytest.mark.slow
def test_another_budget_than_the_reviewed_ones_lands_alone(shop, atmos, git):
    for path in (shop / "platform/budgets").iterdir():
        path.write_text(path.read_text().replace('limit: "4"', 'limit: "3"'))
    git("commit", "-qam", "Less", cwd=shop)
    flags = ("new", "environment", "qa", "--cluster", "dev", "--repo", shop, "--yes", "-o", "json")
    before = state(shop)
    done = atmos(*flags)
    assert (done.code, "ATM409" in done.codes) == (1, True)
    assert state(shop) == before
    assert atmos(*flags, "--no-services").code == 0


@pytest.mark.slow
def test_a_branch_has_all_of_it_and_the_checkout_nothing(shop, atmos, git):
    before = state(shop)[:3]
    done = atmos(
        "new", "environment", "qa", "--like", "dev", "--write", "branch", "--repo", shop, "--yes", "-o", "json"
    )
    assert done.code == 0, done.out
    assert state(shop)[:3] == before
    git("switch", "-q", "atmos/new-environment-qa", cwd=shop)
    assert (shop / "apps/main/checkout/overlays/qa/kustomization.yaml").is_file()
    quiet(shop, atmos)


@pytest.mark.slow
def test_a_dry_run_writes_nothing_and_says_what_is_left(shop, atmos):
    before = state(shop)
    done = atmos("new", "environment", "qa", "--like", "dev", "--repo", shop, "--dry-run")
    assert done.code == 0
    assert "label the cluster on the hub" in done.out
    assert state(shop) == before


@pytest.mark.slow
def test_what_still_names_the_other_is_said(shop, atmos, git):
    config = shop / "atmos-cli.yaml"
    config.write_text(
        config.read_text().replace(
            "  staging:\n    cluster: staging\n",
            "  staging:\n    cluster: staging\n    secrets: {store: vault-staging}\n",
        )
    )
    spec = shop / "apps/main/checkout/service.yaml"
    spec.write_text(spec.read_text() + "environments:\n  staging:\n    replicas: 2\n")
    git("commit", "-qam", "Settings", cwd=shop)
    done = atmos("new", "environment", "qa", "--like", "staging", "--repo", shop, "--dry-run", "-o", "json")
    steps = "\n".join(done.json["data"]["next"])
    assert "`environments.qa.secrets.store` in atmos-cli.yaml: it says `vault-staging`" in steps
    assert "apps/main/checkout/service.yaml has `environments.staging`" in steps


@pytest.mark.slow
def test_a_team_gets_its_tenants(shop, atmos):
    config = (shop / "atmos-cli.yaml").read_bytes()
    done = atmos("new", "team", "pay", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert (shop / "atmos-cli.yaml").read_bytes() == config
    assert "tenants/prod/pay/namespace.yaml" in done.json["data"]["files"]["added"]
    assert "/apps/pay/ @pay" in (shop / "CODEOWNERS").read_text()
    assert atmos("new", "service", "go, called ledger", "--team", "pay", "--repo", shop, "--yes").code == 0
    quiet(shop, atmos, "ATM707")  # its group is not known


def test_a_team_gets_what_its_groups_may_do(shop, atmos):
    groups = ("--group", "acme:Pay Team", "--group", "pay/ops")
    done = atmos("new", "team", "pay", *groups, "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert load((shop / "atmos-cli.yaml").read_bytes())["teams"] == {"pay": {"groups": ["acme:Pay Team", "pay/ops"]}}
    plan = [(each["field"], each["value"], each["source"]) for each in done.json["data"]["plan"]]
    assert ("teams.pay.groups", "pay/ops", "--group") in plan
    roles = {
        team: {
            each["name"]: each["groups"]
            for each in load((shop / f"argocd/projects/{team}.yaml").read_bytes())["spec"]["roles"]
        }
        for team in ("pay", "main")
    }
    assert roles == {"pay": {"sync": ["acme:Pay Team", "pay/ops"]}, "main": {"view": ["acme:Pay Team", "pay/ops"]}}
    quiet(shop, atmos, "ATM707")
    assert atmos("remove", "team", "pay", "--repo", shop, "--yes").code == 0
    assert "teams" not in load((shop / "atmos-cli.yaml").read_bytes())
    quiet(shop, atmos)


def test_what_can_be_no_group_is_refused(shop, atmos):
    before = state(shop)
    done = atmos("new", "team", "pay", "--group", "a\ng, b, role:admin", "--repo", shop, "--yes", "-o", "json")
    assert (done.code, done.codes) == (2, ["ATM901"])
    assert state(shop) == before


@pytest.mark.slow
def test_a_cluster_waits_for_its_environments(shop, atmos):
    done = atmos("new", "cluster", "eu", "--engine", "flux", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    cluster = load((shop / "atmos-cli.yaml").read_bytes())["clusters"]["eu"]
    assert cluster.pop("http")["kind"] == "gateway"
    assert cluster == {"engine": "flux", "kubernetes": "1.36"}
    steps = "\n".join(done.json["data"]["next"])
    assert "flux install --context eu" in steps
    assert "kubectl --context eu apply -f clusters/eu/flux-system/gotk-sync.yaml" in steps
    quiet(shop, atmos)
    assert atmos("new", "environment", "edge", "--like", "dev", "--cluster", "eu", "--repo", shop, "--yes").code == 0
    assert (shop / "delivery/eu/main/checkout.yaml").is_file()
    quiet(shop, atmos)


def test_a_cluster_of_a_type_has_what_the_type_has_each_with_its_reason(shop, atmos, git):
    done = atmos("new", "cluster", "eu", "--cluster-type", "gk", "--repo", shop, "--yes")
    assert done.code == 2
    assert "did you mean `gke`?" in done.err
    assert atmos("new", "cluster", "eu", "--cluster-type", "gke", "--repo", shop, "--yes").code == 0
    text = (shop / "atmos-cli.yaml").read_text()
    cluster = load(text.encode())["clusters"]["eu"]
    assert (cluster["type"], cluster["policy"], cluster["api"], cluster["zones"]) == ("gke", "cilium", [443], True)
    assert "    policy: cilium  # Dataplane V2" in text
    quiet(shop, atmos)
    networks = "    dns:\n      cidrs:\n      - 10.96.0.10/32\n"
    (shop / "atmos-cli.yaml").write_text(text.replace("    dns: any", f"{networks}    # any", 1))
    git("commit", "-qam", "Networks", cwd=shop)
    done = atmos("new", "cluster", "us", "--like", "eu", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert [each for each in done.json["data"]["next"] if "it names networks of eu" in each]


@pytest.mark.slow
def test_what_is_true_of_one_cluster_alone_is_not_copied(shop, atmos, git):
    config = shop / "atmos-cli.yaml"
    more = "  dev:\n    engine: argocd\n    hub: tools\n    context: admin@dev\n"
    config.write_text(config.read_text().replace("  dev:\n    engine: argocd\n", more, 1))
    git("commit", "-qam", "Contexts", cwd=shop)
    done = atmos("new", "cluster", "eu", "--like", "dev", "--kubernetes", "1.33", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    cluster = load(config.read_bytes())["clusters"]["eu"]
    assert cluster.pop("http") == load(config.read_bytes())["clusters"]["dev"]["http"]
    assert cluster == {"engine": "argocd", "hub": "tools", "kubernetes": "1.33"}
    assert any("clusters.dev.context" in each for each in done.json["data"]["next"])


@pytest.mark.sample(6)
@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("environment", "dev", "--like", "prod"), "ATM901", "exists already"),
        (("environment", "Q_a", "--like", "prod"), "ATM901", "cannot be a name"),
        (("environment", "q" * 60, "--like", "prod"), "ATM901", "more than 63"),
        (("environment", "qa", "--like", "stagin"), "ATM702", "did you mean `staging`?"),
        (("environment", "qa", "--like", "dev", "--after", "prd"), "ATM702", "did you mean `prod`?"),
        (("environment", "qa", "--like", "dev", "--cluster", "edge"), "ATM901", "atmos new cluster edge"),
        (("environment", "qa"), "ATM901", "--cluster dev"),
        (("environment", "qa", "--like", "dev", "--service", "chekout"), "ATM511", "did you mean `checkout`?"),
        (("environment", "qa", "--like", "dev", "--service", "checkout", "--no-services"), "ATM901", "contradict"),
        (("environment", "qa", "--like", "dev", "--domain", "not a domain {"), "ATM901", "cannot be a domain"),
        (("team", "main"), "ATM901", "exists already"),
        (("team", "a.b"), "ATM901", "cannot be a name"),
        (("cluster", "dev"), "ATM901", "exists already"),
        (("cluster", "eu", "--engine", "fluxx"), "ATM901", "argocd, flux"),
        (("cluster", "eu", "--kubernetes", "1.3"), "ATM901", "no version of Kubernetes"),
        (("cluster", "eu", "--like", "devv"), "ATM901", "did you mean `dev`?"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, tuple) else None,
)
def test_names_that_do_not_fit_are_refused_with_the_way(shop, atmos, args, code, says):
    before = state(shop)
    done = atmos("new", *args, "--repo", shop, "--yes", "-o", "json")
    assert (done.code, done.codes) == (2, [code]), done.out
    assert says in done.out
    assert state(shop) == before


@pytest.mark.slow
def test_namespaces_stay_one_teams_own(shop, atmos):
    assert atmos("new", "team", "a", "--repo", shop, "--yes").code == 0
    done = atmos("new", "team", "a-b", "--repo", shop, "--yes")
    assert done.code == 0
    done = atmos("new", "environment", "b-dev", "--like", "dev", "--repo", shop, "--yes")
    assert done.code == 2
    assert "would share the namespace `a-b-dev`" in done.err


def test_a_config_that_cannot_be_edited_in_place_is_refused(shop, atmos, git):
    config = shop / "atmos-cli.yaml"
    config.write_text("shared: &x {cluster: dev}\n" + config.read_text())
    done = atmos("new", "environment", "qa", "--like", "dev", "--repo", shop, "--yes")
    assert done.code == 2
    assert "ATM701" in done.err


@pytest.mark.slow
def test_a_damaged_lock_of_a_service_that_stays_away_is_left_as_it_is(shop, atmos, git):
    lock = shop / "apps/main/checkout/service.lock"
    text = lock.read_text().replace('"checkout"', '"chekout"', 1)
    lock.write_text(text)
    git("commit", "-qam", "Damage", cwd=shop)
    assert atmos("new", "environment", "qa", "--like", "staging", "--no-services", "--repo", shop, "--yes").code == 0
    assert lock.read_text() == text.replace(
        "environment staging.\n", "environment staging.\nenvironment qa:\n  not used\nenvironment qa.\n"
    )
    assert atmos("remove", "environment", "qa", "--repo", shop, "--yes").code == 0
    assert lock.read_text() == text
