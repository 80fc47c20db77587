"""Before anything is written, an update says what happens to pods and data, and refuses what would be refused."""

import shutil

import pytest

from atmos_cli.adapters.bundle import bundled_place
from tests.cli.conftest import state

SERVICE = "apps/main/checkout"
CLUSTER = f"{SERVICE}/overlays/prod/postgres-cluster.yaml"


def edit(path, *changes):
    text = path.read_text()
    for old, new in changes:
        assert old in text, f"{path} holds no {old!r}"
        text = text.replace(old, new)
    path.write_text(text)


@pytest.fixture
def spec(shop):
    return shop / SERVICE / "service.yaml"


@pytest.fixture
def update(atmos, shop):
    return lambda *more: atmos("update", "--repo", shop, "-o", "json", *more)


def company(shop, name, *changes):
    """A blueprint of the company's own in place of the bundled one."""
    shutil.copytree(bundled_place()[0] / name, shop / "platform/blueprints" / name)
    edit(shop / "platform/blueprints" / name / "blueprint.yaml", ("version: 1.0.0", "version: 1.1.0"), *changes)


def found(ran, code):
    return [each for each in ran.json["diagnostics"] if each["code"] == code]


def test_a_restart_is_said_once_for_all_environments(spec, update, atmos, shop):
    edit(spec, ("size: s", "size: l"))
    field = "spec.template.spec.containers[checkout].resources.requests.cpu 100m → 500m"
    line = f"dev, staging, prod  main/checkout  Deployment/checkout: pods restart ({field})"
    assert update("--dry-run").json["data"]["effects"] == [line]
    assert line in atmos("update", "--repo", shop, "--dry-run").out


@pytest.mark.slow
def test_what_will_be_refused_is_refused_before_it_is_written(spec, update, shop):
    """ATM340, in the file and line that the merge would have written."""
    edit(spec, ("postgres: {}", "postgres: {storage: 512Mi}"))
    before = state(shop)
    for options in ((), ("--allow-replace",)):
        done = update("--yes", *options)
        assert done.code == 1
        refusals = found(done, "ATM340")
        assert {each["environment"] for each in refusals} == {"dev", "staging", "prod"}
        (place,) = (each["where"] for each in refusals if each["environment"] == "prod")
        assert place["path"] == CLUSTER
        assert place["field"] == "spec.storage.size"
    assert state(shop) == before


def test_a_database_that_leaves_git_stays_and_the_second_step_is_named(spec, update, shop):
    edit(spec, ("addons:\n  postgres: {}\n", ""))
    done = update("--yes")
    assert done.code == 0, done.json["diagnostics"]
    command = "`kubectl -n main-prod delete cluster.postgresql.cnpg.io checkout-db` deletes it later, for good"
    kept = "Cluster/checkout-db stays in the cluster with its data, although Git no longer has it"
    assert f"prod  main/checkout  {kept}; {command}" in done.json["data"]["effects"]
    assert not (shop / CLUSTER).exists()


@pytest.mark.slow
def test_a_database_that_nothing_keeps_is_not_deleted_by_accident(spec, update, shop, git):
    """ATM341"""
    edit(shop / CLUSTER, ("    kustomize.toolkit.fluxcd.io/prune: disabled\n", ""))
    git("commit", "-qam", "Prune it", cwd=shop)
    edit(spec, ("addons:\n  postgres: {}\n", ""))
    before = state(shop)
    done = update("--yes", "--theirs", ".")
    assert done.code == 1
    (loss,) = found(done, "ATM341")
    assert loss["where"]["path"] == CLUSTER
    assert "in two steps" in loss["hint"]
    assert state(shop) == before
    allowed = update("--yes", "--theirs", ".", "--allow-replace")
    assert allowed.code == 0
    assert "prod  main/checkout  Cluster/checkout-db is deleted with its data" in allowed.json["data"]["effects"]


@pytest.mark.slow
def test_a_new_identity_of_a_database_is_refused_unless_it_is_allowed(update, shop):
    company(shop, "postgres", ("name: ${{ svc.name }}-db\n", "name: ${{ svc.name }}-pg\n"))
    before = state(shop)
    done = update("--yes")
    assert done.code == 1
    losses = found(done, "ATM341")
    assert len(losses) == 3
    assert "Cluster/checkout-db would be replaced by Cluster/checkout-pg" in losses[0]["message"]
    assert state(shop) == before
    allowed = update("--yes", "--allow-replace")
    assert allowed.code == 0
    assert {each["severity"] for each in found(allowed, "ATM341")} == {"warning"}
    assert "afterwards `kubectl -n main-dev delete" in str(found(allowed, "ATM341"))


@pytest.mark.slow
def test_a_declared_rename_carries_hand_edits_over(atmos, update, shop, git):
    assert atmos("new", "service", "go, redis, called cart", "--repo", shop, "--yes").code == 0
    ours = shop / "apps/main/cart/overlays/dev/redis-deployment.yaml"
    edit(ours, ("  revisionHistoryLimit: 5", "  # ours\n  revisionHistoryLimit: 3"))
    git("add", "-A", cwd=shop)
    git("commit", "-qm", "Keep three", cwd=shop)
    renames = "".join(
        f"  {kind}/${{{{ svc.name }}}}-redis: {kind}/${{{{ values.name }}}}\n"
        for kind in ("Deployment", "NetworkPolicy", "ServiceAccount")
    )
    old, new = "name: ${{ svc.name }}-redis\n", "name: ${{ svc.name }}-cache\n"
    company(shop, "redis", (old, new), ("contributes:\n", f"renames:\n{renames}contributes:\n"))
    done = update("cart", "--yes")
    assert done.code == 0, done.json["diagnostics"]
    text = ours.read_text()
    assert "  # ours\n  revisionHistoryLimit: 3" in text
    assert "name: cart-cache" in text
    said = "new identity: Deployment/cart-redis becomes Deployment/cart-cache, and the old one is pruned"
    assert f"dev, staging, prod  main/cart  {said}" in done.json["data"]["effects"]
    assert update("cart", "--check").code == 0


@pytest.mark.slow
def test_a_declared_new_name_of_a_service_wants_a_word(atmos, update, shop):
    assert atmos("new", "service", "go, redis, called cart", "--repo", shop, "--yes").code == 0
    old, new = "name: ${{ svc.name }}-redis\n", "name: ${{ svc.name }}-cache\n"
    renames = "renames:\n  Service/${{ svc.name }}-redis: Service/${{ values.name }}\ncontributes:\n"
    company(shop, "redis", (old, new), ("contributes:\n", renames))
    done = update("cart", "--yes")
    assert done.code == 1
    assert "clients of the old name lose it" in found(done, "ATM341")[0]["message"]
    assert update("cart", "--yes", "--allow-replace").code == 0


def test_renames_that_name_no_two_objects_are_located(update, shop):
    company(shop, "postgres", ("contributes:\n", "renames:\n  Cluster/a: Service/b\ncontributes:\n"))
    done = update("--yes")
    (wrong,) = found(done, "ATM202")
    assert wrong["where"]["path"].endswith("platform/blueprints/postgres/blueprint.yaml")


def test_diff_says_what_landing_does(atmos, shop):
    edit(shop / SERVICE / "overlays/dev/kustomization.yaml", ("cpu: 100m", "cpu: 300m"))
    line = "dev  main/checkout  Deployment/checkout: pods restart"
    assert line in atmos("diff", "--repo", shop).out
    assert atmos("diff", "--repo", shop, "-o", "json").json["data"]["effects"][0].startswith(line)


@pytest.mark.slow
def test_diff_says_of_a_commit_what_its_plan_said(update, atmos, spec, shop):
    edit(spec, ("size: s", "size: l"))
    planned = update("--yes")
    assert planned.code == 0
    told = atmos("diff", "--repo", shop, "--base", "HEAD~1", "-o", "json").json["data"]
    assert told["effects"] == planned.json["data"]["effects"]
    assert [each["environment"] for each in told["changes"]] == ["dev", "staging", "prod"]


@pytest.mark.slow
def test_a_blueprint_of_the_company_is_part_of_the_commit_that_took_it(update, shop, git):
    """Else the base branch would hold files that nothing there generates."""
    company(shop, "postgres")
    done = update("--yes")
    assert done.code == 0, done.json["diagnostics"]
    committed = git("show", "--format=", "--name-only", cwd=shop).splitlines()
    assert f"{SERVICE}/service.lock" in committed
    assert "platform/blueprints/postgres/blueprint.yaml" in committed
    assert git("status", "--porcelain", cwd=shop) == ""
    assert update("--check").code == 0


def test_a_database_never_goes_back_to_an_earlier_version(atmos, shop):
    """ATM340, whatever is allowed; `--allow-replace` mends no data."""
    spec = shop / "apps/main/checkout/service.yaml"
    spec.write_text(spec.read_text().replace("postgres: {}", "postgres: {version: '16'}"))
    for options in ((), ("--allow-replace",)):
        done = atmos("update", "--repo", shop, "-o", "json", "--yes", *options)
        found = [each for each in done.json["diagnostics"] if each["code"] == "ATM340"]
        assert (done.code, len(found)) == (1, 3)
        assert "17 → 16, which may not go back to an earlier major version" in found[0]["message"]
        assert "copy the data" in found[0]["hint"]
    done = atmos("change", "checkout", "postgres 18", "--repo", shop, "-o", "json", "--dry-run")
    assert "its major version goes from 17 to 18" in " ".join(done.json["data"]["update"]["effects"])


def test_what_ends_with_an_environment_that_leaves_the_config_is_said(update, shop):
    config = shop / "atmos-cli.yaml"
    start, _, rest = config.read_text().partition("  staging:\n    cluster: staging\n")
    config.write_text(start + rest[rest.index("  prod:\n    cluster") :])
    effects = update("--dry-run").json["data"]["effects"]
    assert "staging  main/checkout  Deployment/checkout is removed: its pods stop (2 pods)" in effects
    kept = "staging  main/checkout  Cluster/checkout-db stays in the cluster with its data"
    assert any(each.startswith(kept) for each in effects)


def test_an_environment_that_is_renamed_in_the_config_begins_without_data(update, shop):
    edit(shop / "atmos-cli.yaml", ("  staging:\n    cluster: staging\n", "  stage:\n    cluster: staging\n"))
    effects = update("--dry-run").json["data"]["effects"]
    assert "staging  main/checkout  Deployment/checkout is removed: its pods stop (2 pods)" in effects
    assert "stage  main/checkout  Deployment/checkout is new: 2 pods" in effects
