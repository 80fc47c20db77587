"""`atmos remove`: what is generated goes, what has data stays with the commands for later, what is needed is refused."""

import subprocess

import pytest

from atmos_cli.yamlio.load import load
from tests.cli.conftest import state


@pytest.fixture
def pair(shop, atmos, git):
    """The shop, with `cart`, which calls `checkout`."""
    assert atmos("new", "service", "go, port 80, called cart", "--repo", shop, "--yes").code == 0
    spec = shop / "apps/main/cart/service.yaml"
    spec.write_text(spec.read_text() + "dependencies:\n- service: checkout\n")
    assert atmos("update", "cart", "--repo", shop, "--write", "files", "--yes").code == 0
    git("add", "-A", cwd=shop)
    git("commit", "-qm", "Call checkout", cwd=shop)
    return shop


def quiet(root, atmos):
    assert atmos("update", "--check", "--repo", root).code == 0
    done = atmos("validate", "--repo", root, "-o", "json")
    assert {each["code"] for each in done.json["diagnostics"]} <= {"ATM332", "ATM707"}, done.out


def refused(root, atmos, *args):
    before = state(root)
    done = atmos("remove", *args, "--repo", root, "--yes", "-o", "json")
    assert done.code in (1, 2)
    assert state(root) == before
    return done


def test_a_service_goes_and_its_database_is_named(shop, atmos, git):
    done = atmos("remove", "service", "checkout", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    data = done.json["data"]
    assert not (shop / "apps/main/checkout").exists()
    assert git("status", "--porcelain", cwd=shop) == ""
    assert {each["environment"]: each["command"] for each in data["stays"]} == {
        name: f"kubectl --context {name} -n main-{name} delete cluster.postgresql.cnpg.io checkout-db"
        for name in ("dev", "staging", "prod")
    }
    assert "Atmos-Service: main/checkout" in git("log", "-1", "--format=%B", cwd=shop)
    quiet(shop, atmos)


def test_people_read_two_steps(shop, atmos):
    done = atmos("remove", "service", "checkout", "--repo", shop, "--dry-run")
    lines = done.out.splitlines()
    first, second = (next(i for i, line in enumerate(lines) if line.startswith(f"Step {n}")) for n in (1, 2))
    assert any("Cluster/checkout-db: database" in line for line in lines[first:second])
    assert any("kubectl --context prod" in line for line in lines[second:])


@pytest.mark.slow
def test_one_environment_goes_and_no_update_brings_it_back(shop, atmos, git):
    spec = shop / "apps/main/checkout/service.yaml"
    text = spec.read_text() + "environments: # ours\n  staging:\n    replicas: 3\n  prod:\n    replicas: 4\n"
    spec.write_text(text)
    assert atmos("update", "--repo", shop, "--yes", "--write", "files").code == 0
    git("commit", "-qam", "More", cwd=shop)
    overlay = shop / "apps/main/checkout/overlays/staging"
    (overlay / "mine.yaml").write_text("a: 1\n")
    git("add", "-A", cwd=shop)
    git("commit", "-qm", "Mine", cwd=shop)
    done = atmos("remove", "service", "checkout", "--env", "staging", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert done.json["data"]["alsoRemoved"] == ["apps/main/checkout/overlays/staging/mine.yaml"]
    assert [each["environment"] for each in done.json["data"]["stays"]] == ["staging"]
    assert not overlay.exists()
    assert spec.read_text() == text.replace("  staging:\n    replicas: 3\n", "")
    quiet(shop, atmos)
    assert not overlay.exists()


def approvals_of(root, git, *subjects):
    """Write an approval for each (environment, team, service); commit them."""
    paths = []
    for number, (environment, team, service) in enumerate(subjects):
        digest = f"{number:x}" * 64
        path = root / f"platform/approvals/{environment}/{service}/{digest[:16]}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"version: 1\nenvironment: {environment}\nteam: {team}\nservice: {service}\n"
            f"claimDigest: sha256:{digest}\nbudgetDigest: sha256:{digest}\n"
            "grants:\n  requests.cpu: '1'\n"
            "exceeds:\n- {scope: environment, dimension: requests.cpu, limit: '1', after: '2'}\n"
            "requestedBy: dev@example.test\n"
            "createdAt: '2026-01-01T00:00:00Z'\nexpiresAt: '2026-02-01T00:00:00Z'\n"
        )
        paths.append(path)
    git("add", "-A", cwd=root)
    git("commit", "-qm", "Ask", cwd=root)
    return paths


def test_approvals_go_with_the_service_that_they_are_for(pair, atmos, git):
    subjects = [("dev", "main", "cart"), ("prod", "main", "cart"), ("dev", "other", "cart")]
    dev, prod, *others = approvals_of(pair, git, *subjects, ("dev", "main", "checkout"))
    done = atmos("remove", "service", "cart", "--env", "prod", "--repo", pair, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert done.json["data"]["approvals"] == [prod.relative_to(pair).as_posix()]
    assert (dev.exists(), prod.exists()) == (True, False)
    text = atmos("remove", "service", "cart", "--repo", pair, "--dry-run").out
    assert f"goes with it, so that nothing else of that name is granted it: {dev.relative_to(pair)}" in text
    assert atmos("remove", "service", "cart", "--repo", pair, "--yes").code == 0
    assert {*(pair / "platform/approvals").rglob("*.yaml")} == {*others}
    assert git("status", "--porcelain", cwd=pair) == ""


def test_a_file_that_is_no_approval_stays(shop, atmos, git):
    (path,) = approvals_of(shop, git, ("dev", "main", "checkout"))
    path.write_text("nothing\n")
    git("commit", "-qam", "Break it", cwd=shop)
    assert atmos("remove", "service", "checkout", "--repo", shop, "--yes").code == 0
    assert path.exists()


@pytest.mark.slow
def test_pointers_of_the_other_environments_stay(tmp_path, atmos):
    root = tmp_path / "flux"
    flags = ["--engine", "flux", "--cluster", "dev=one", "--cluster", "staging=one"]
    assert atmos("init", root, *flags, "--yes", "--git-url", "https://git.example.test/a/b.git").code == 0
    assert atmos("new", "service", "go, called cart", "--repo", root, "--yes").code == 0
    pointers = root / "delivery/one/main/cart.yaml"
    before = pointers.read_text()
    assert atmos("remove", "service", "cart", "--env", "dev", "--repo", root, "--yes").code == 0
    assert pointers.read_text() == before.partition("---\n")[2]
    quiet(root, atmos)
    assert atmos("remove", "service", "cart", "--env", "staging", "--repo", root, "--yes").code == 0
    assert not pointers.exists()
    quiet(root, atmos)
    assert atmos("remove", "service", "cart", "--repo", root, "--yes").code == 0
    assert not list(root.rglob("cart.yaml"))
    quiet(root, atmos)


@pytest.mark.slow
def test_what_another_service_calls_is_refused_with_the_line(pair, atmos):
    done = refused(pair, atmos, "service", "checkout")
    (found,) = done.json["diagnostics"]
    assert (done.code, found["code"]) == (1, "ATM625")
    path = "apps/main/cart/service.yaml"
    line = (pair / path).read_text().splitlines().index("- service: checkout") + 1
    assert (found["where"]["path"], found["where"]["line"]) == (path, line)
    assert f"take line {line} out" in found["hint"]
    assert "atmos update main/cart" in found["hint"]
    refused(pair, atmos, "service", "checkout", "--env", "dev")
    assert atmos("remove", "service", "cart", "--repo", pair, "--yes").code == 0
    assert atmos("remove", "service", "checkout", "--repo", pair, "--yes").code == 0


@pytest.mark.slow
def test_data_that_nothing_keeps_is_refused(shop, atmos, git):
    root = shop / "apps/main/checkout/overlays/dev"
    claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: uploads}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
    (root / "uploads.yaml").write_text(claim)
    path = root / "kustomization.yaml"
    path.write_text(path.read_text().replace("resources:\n", "resources:\n- uploads.yaml\n", 1))
    git("add", "-A", cwd=shop)
    git("commit", "-qm", "Uploads", cwd=shop)
    done = refused(shop, atmos, "service", "checkout")
    assert (done.code, done.codes) == (1, ["ATM625"])
    assert "PersistentVolumeClaim/uploads" in done.out
    done = atmos("remove", "service", "checkout", "--accept-data-loss", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0
    assert done.json["data"]["lost"] == [{"environment": "dev", "what": "PersistentVolumeClaim/uploads"}]


def test_secrets_that_people_made_are_named(shop, atmos, git):
    spec = shop / "apps/main/checkout/service.yaml"
    spec.write_text(spec.read_text() + "secrets:\n  API_KEY: {secret: checkout-api, key: key}\n")
    git("commit", "-qam", "Key", cwd=shop)
    done = atmos("remove", "service", "checkout", "--repo", shop, "--dry-run", "-o", "json")
    assert "kubectl --context dev -n main-dev delete secret checkout-api" in {
        each["command"] for each in done.json["data"]["stays"]
    }


def test_files_that_are_not_committed_are_never_lost(shop, atmos):
    (shop / "apps/main/checkout/notes.txt").write_text("mine")
    done = refused(shop, atmos, "service", "checkout")
    assert done.codes == ["ATM603"]


@pytest.mark.slow
def test_a_damaged_lock_is_no_reason_to_put_it_back(shop, atmos, git):
    lock = shop / "apps/main/checkout/service.lock"
    lock.write_text(lock.read_text().replace('"checkout"', '"chekout"', 1))
    git("commit", "-qam", "Damage", cwd=shop)
    assert refused(shop, atmos, "service", "checkout", "--env", "dev").codes == ["ATM621"]
    assert atmos("remove", "service", "checkout", "--repo", shop, "--yes").code == 0


@pytest.mark.slow
def test_an_environment_is_emptied_first(shop, atmos, git):
    done = refused(shop, atmos, "environment", "staging")
    (found,) = done.json["diagnostics"]
    assert (done.code, found["code"]) == (1, "ATM625")
    first = found["hint"].split("`")[1]
    assert first == "atmos remove service main/checkout --env staging"
    assert atmos(*first.split()[1:], "--repo", shop, "--yes").code == 0
    config = shop / "atmos-cli.yaml"
    config.write_text(
        config.read_text().replace("  prod:\n    cluster: prod", "  # careful\n  prod:\n    cluster: prod")
    )
    git("commit", "-qam", "Comment", cwd=shop)
    done = atmos("remove", "environment", "staging", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert list(load(config.read_bytes())["environments"]) == ["dev", "prod"]
    assert "# careful" in config.read_text()
    assert not (shop / "tenants/staging").exists()
    assert not (shop / "platform/budgets/staging.yaml").exists()
    steps = "\n".join(done.json["data"]["next"])
    assert "env-staging-" in steps
    assert "kubectl --context staging delete namespace main-staging" in steps
    quiet(shop, atmos)
    done = atmos("remove", "cluster", "staging", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert "argocd cluster rm staging" in "\n".join(done.json["data"]["next"])
    assert not (shop / "infrastructure/controllers/staging").exists()
    quiet(shop, atmos)


@pytest.mark.slow
def test_hand_edited_files_are_conflicts_until_told(shop, atmos, git):
    assert atmos("new", "environment", "qa", "--like", "dev", "--no-services", "--repo", shop, "--yes").code == 0
    quota = shop / "tenants/qa/main/resourcequota.yaml"
    quota.write_text(quota.read_text().replace('"0"', '"1"'))
    (shop / "tenants/qa/main/mine.yaml").write_text("a: 1\n")
    git("add", "-A", cwd=shop)
    git("commit", "-qm", "Mine", cwd=shop)
    done = refused(shop, atmos, "environment", "qa")
    (found,) = [each for each in done.json["diagnostics"] if each["severity"] == "error"]
    assert found["code"] == "ATM622"
    command = found["hint"].split("`")[1]
    assert command == "atmos remove environment qa --theirs tenants/qa/main/resourcequota.yaml"
    done = atmos(*command.split()[1:], "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert done.json["data"]["alsoRemoved"] == ["tenants/qa/main/mine.yaml"]
    assert not (shop / "tenants/qa").exists()
    quiet(shop, atmos)


@pytest.mark.slow
def test_a_team_goes_with_its_budgets(shop, atmos, git):
    assert atmos("new", "team", "pay", "--repo", shop, "--yes").code == 0
    budget = shop / "platform/budgets/dev.yaml"
    before = budget.read_text()
    budget.write_text(before + "teams:\n  pay:\n    pods: {limit: 9, ceiling: 9}\n")
    git("commit", "-qam", "Limit", cwd=shop)
    assert atmos("new", "service", "go, called ledger", "--team", "pay", "--repo", shop, "--yes").code == 0
    assert refused(shop, atmos, "team", "pay").codes == ["ATM625"]
    assert atmos("remove", "service", "pay/ledger", "--repo", shop, "--yes").code == 0
    done = atmos("remove", "team", "pay", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert budget.read_text() == before
    assert not list(shop.glob("tenants/*/pay"))
    assert "pay" not in (shop / "CODEOWNERS").read_text()
    quiet(shop, atmos)


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("service", "chekout"), "ATM511", "did you mean `checkout`?"),
        (("service", "checkout", "--env", "prd"), "ATM702", "did you mean `prod`?"),
        (("environment", "prd"), "ATM702", "did you mean `prod`?"),
        (("team", "mian"), "ATM703", "did you mean `main`?"),
        (("cluster", "pro"), "ATM901", "did you mean `prod`?"),
        (("cluster", "prod"), "ATM625", "atmos remove environment prod"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_names_that_there_are_not_are_refused(shop, atmos, args, code, says):
    done = refused(shop, atmos, *args)
    assert done.codes == [code]
    assert says in done.out


@pytest.mark.slow
def test_the_last_team_and_the_last_environment_stay(repo, atmos):
    assert "the only team" in refused(repo, atmos, "team", "main").out
    assert atmos("remove", "environment", "dev", "--repo", repo, "--yes").code == 0
    assert atmos("remove", "environment", "staging", "--repo", repo, "--yes").code == 0
    assert "the only environment" in refused(repo, atmos, "environment", "prod").out


@pytest.mark.slow
def test_a_push_that_others_overtook_is_made_again(shop, atmos, git, tmp_path):
    server = tmp_path / "server.git"
    git("clone", "-q", "--bare", ".", str(server), cwd=shop)
    git("remote", "add", "origin", str(server), cwd=shop)
    git("fetch", "-q", cwd=shop)
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "-q", server, other], check=True)
    (other / "README").write_text("theirs")
    git("add", "-A", cwd=other)
    git("commit", "-qm", "Theirs", cwd=other)
    git("push", "-q", "origin", "main", cwd=other)
    done = atmos("remove", "service", "checkout", "--push", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert git("log", "--format=%s", "-2", "main", cwd=server).splitlines() == ["Remove the service checkout", "Theirs"]
