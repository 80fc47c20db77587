"""`atmos update`: an edited spec, an edited config and a newer blueprint reach the files, and hand edits stay."""

import pytest

from atmos_cli.yamlio.load import load

SERVICE = "apps/main/checkout"
SPEC = f"{SERVICE}/service.yaml"
LOCK = f"{SERVICE}/service.lock"
DEV = f"{SERVICE}/overlays/dev/kustomization.yaml"
PROD = f"{SERVICE}/overlays/prod/kustomization.yaml"


def edit(root, path, old, new):
    text = (root / path).read_text()
    assert old in text, text
    (root / path).write_text(text.replace(old, new, 1))


def commit(git):
    git("add", "-A")
    git("commit", "-qm", "By hand")


@pytest.fixture
def git(shop, git):
    return lambda *args: git(*args, cwd=shop)


@pytest.fixture
def bigger(shop):
    edit(shop, SPEC, "size: s", "size: l")
    return shop


def test_nothing_is_to_do_after_new(shop, atmos, git):
    before = git("rev-parse", "HEAD")
    done = atmos("update", "--check", "-o", "json", cwd=shop)
    assert (done.code, done.json["data"]["services"]) == (0, [])
    assert atmos("update", "--yes", cwd=shop).code == 0
    assert git("rev-parse", "HEAD") == before


def test_an_edited_spec_is_pending_everywhere_until_update_takes_it_into_the_files(bigger, atmos, git):
    validated = atmos("validate", "-o", "json", cwd=bigger)
    (found,) = [each for each in validated.json["diagnostics"] if each["code"] == "ATM623"]
    assert (found["severity"], found["where"]["path"], found["hint"]) == (
        "warning",
        SPEC,
        "run `atmos update main/checkout`",
    )
    assert atmos("validate", "--check-generated", cwd=bigger).code == 1
    assert "ATM623" in [each["code"] for each in atmos("diff", "-o", "json", cwd=bigger).json["diagnostics"]]
    checked = atmos("update", "--check", "-o", "json", cwd=bigger)
    assert checked.code == 1
    (service,) = checked.json["data"]["services"]
    assert (service["service"], service["newer"]) == ("main/checkout", ["service.yaml: size s → l"])
    done = atmos("update", "checkout", "--yes", "-o", "json", cwd=bigger)
    assert done.code == 0, done.out
    assert git("status", "--porcelain") == ""
    assert set(git("show", "--name-only", "--format=", "HEAD").split()) >= {SPEC, LOCK, DEV, PROD}
    assert "Update main/checkout" in git("log", "-1", "--format=%s")
    assert "1Gi" in (bigger / DEV).read_text()
    assert atmos("update", "--check", cwd=bigger).code == 0
    assert atmos("validate", "--check-generated", cwd=bigger).code == 0


@pytest.mark.slow
def test_a_hand_edit_stays_and_a_field_that_both_changed_is_asked_about(bigger, atmos, git):
    edit(bigger, DEV, "memory: 256Mi", "memory: 300Mi  # measured")
    edit(bigger, PROD, 'newTag: "0.1.0"', "newTag: 2.0.0")
    commit(git)
    done = atmos("update", "--yes", "-o", "json", cwd=bigger)
    assert done.code == 1
    assert git("status", "--porcelain") == ""
    (found,) = [each for each in done.json["diagnostics"] if each["code"] == "ATM622"]
    assert found["where"]["path"] == DEV
    assert "300Mi" in (bigger / DEV).read_text().splitlines()[found["where"]["line"] - 1]
    assert "`256Mi`, yours is `300Mi`, now it would be `1Gi`" in found["message"]
    assert f"`atmos update main/checkout --ours {DEV}`" in found["hint"]
    assert atmos("update", "checkout", "--ours", DEV, "--yes", cwd=bigger).code == 0
    assert "memory: 300Mi  # measured" in (bigger / DEV).read_text()
    assert "newTag: 2.0.0" in (bigger / PROD).read_text()
    assert "1Gi" in (bigger / PROD).read_text()
    assert atmos("update", "--check", cwd=bigger).code == 0


def reasons_of_init(ran):
    return [each["newer"] for each in ran.json["data"]["services"] if not each["service"]]


def test_what_changed_in_the_config_is_the_reason_for_the_files_of_init(repo, atmos, git):
    text = (repo / "atmos-cli.yaml").read_text()
    (repo / "atmos-cli.yaml").write_text(
        text.replace("domain: dev.acme.test", "domain: dev.acme.test\n      issuer: ''")
    )
    ran = atmos("update", "--check", "-o", "json", cwd=repo)
    assert (ran.code, reasons_of_init(ran)) == (1, [["atmos-cli.yaml: environments.dev"]])
    commit(git)
    assert reasons_of_init(atmos("update", "--check", "-o", "json", cwd=repo)) == [["atmos-cli.yaml: environments.dev"]]
    assert "files of init: 2 fields (atmos-cli.yaml: environments.dev)" in atmos("update", "--check", cwd=repo).out
    assert atmos("update", "--yes", cwd=repo).code == 0
    budget = "platform/budgets/prod.yaml"
    edit(repo, budget, 'limit: "16"', 'limit: "17"')
    assert reasons_of_init(atmos("update", "--check", "-o", "json", cwd=repo)) == [[budget]]


def test_a_key_that_no_file_of_init_has_leaves_nothing_pending(repo, atmos):
    edit(repo, "atmos-cli.yaml", "    replicas: 1\n", "    replicas: 3\n")
    assert atmos("update", "--check", cwd=repo).code == 0


@pytest.mark.slow
def test_a_new_environment_reaches_the_services_that_are_everywhere(shop, atmos, git):
    config = load((shop / "atmos-cli.yaml").read_bytes())
    assert "qa" not in config["environments"]
    text = (shop / "atmos-cli.yaml").read_text()
    (shop / "atmos-cli.yaml").write_text(text + "  qa:\n    cluster: dev\n    http: {domain: qa.example.com}\n")
    assert atmos("init", ".", "--yes", cwd=shop).code == 0
    done = atmos("update", "--yes", cwd=shop)
    assert done.code == 0, done.out + done.err
    assert (shop / SERVICE / "overlays/qa/kustomization.yaml").is_file()
    assert atmos("validate", "--check-generated", cwd=shop).code == 0


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("atmos-lock 9\n", "ATM621", "newer atmos"),
        ("hello\n", "ATM621", "is no lock of atmos"),
    ],
)
def test_a_lock_that_cannot_be_read_is_said_and_nothing_is_written(bigger, atmos, git, text, code, says):
    (bigger / LOCK).write_text(text)
    commit(git)
    done = atmos("update", "checkout", "--yes", "-o", "json", cwd=bigger)
    assert done.code == 1
    (found,) = [each for each in done.json["diagnostics"] if each["code"] == code]
    assert says in found["message"]
    assert git("status", "--porcelain") == ""


@pytest.mark.slow
def test_a_lock_in_conflict_is_derived_anew(bigger, atmos, git):
    """Two branches updated the service, and Git could not merge the lock: `atmos update` settles it."""
    lines = (bigger / LOCK).read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line.endswith("}") is False and "/resources/requests/memory" in line)
    lines[at : at + 1] = ["<<<<<<< ours", lines[at], "=======", lines[at], ">>>>>>> theirs"]
    (bigger / LOCK).write_text("\n".join(lines) + "\n")
    commit(git)
    assert atmos("update", "--yes", cwd=bigger).code == 0
    assert "<<<<<<<" not in (bigger / LOCK).read_text()
    assert atmos("update", "--check", cwd=bigger).code == 0


@pytest.mark.slow
def test_a_lock_of_the_first_format_and_a_missing_one_are_read(bigger, atmos, git):
    (bigger / LOCK).unlink()
    edit(bigger, SPEC, "size: l", "size: s")
    commit(git)
    assert atmos("update", "--yes", cwd=bigger).code == 0
    assert (bigger / LOCK).read_text().startswith("atmos-lock 2\n")


@pytest.mark.slow
def test_each_service_can_have_a_commit_of_its_own(bigger, atmos, git):
    assert atmos("new", "service", "python, port 80", "--name", "cart", "--yes", cwd=bigger).code == 0
    edit(bigger, "apps/main/cart/service.yaml", "size: s", "size: m")
    before = int(git("rev-list", "--count", "HEAD"))
    assert atmos("update", "--each", "--yes", cwd=bigger).code == 0
    assert int(git("rev-list", "--count", "HEAD")) == before + 2
    assert git("log", "-2", "--format=%s").split("\n") == ["Update main/checkout", "Update main/cart"]


@pytest.mark.slow
def test_branch_mode_leaves_the_checkout_alone_and_takes_the_edited_spec_along(bigger, atmos, git):
    done = atmos("update", "--write", "branch", "--yes", cwd=bigger)
    assert done.code == 0, done.out + done.err
    assert "size: l" in git("show", f"atmos/update-checkout:{SPEC}")
    assert "1Gi" in git("show", f"atmos/update-checkout:{DEV}")
    assert "1Gi" not in (bigger / DEV).read_text()


def test_an_unknown_service_is_told_with_the_nearest(shop, atmos):
    done = atmos("update", "chekout", cwd=shop)
    assert done.code == 2
    assert "did you mean `checkout`?" in done.err


@pytest.mark.slow
def test_an_edit_that_is_in_no_commit_yet_is_not_lost_when_others_push_first(bigger, atmos, git, tmp_path):
    """Our commit stays: taking it back would take the edit, too."""
    git("init", "-q", "--bare", str(tmp_path / "server.git"))
    git("remote", "add", "origin", str(tmp_path / "server.git"))
    git("push", "-q", "origin", "HEAD:main")
    git("clone", "-q", "-b", "main", str(tmp_path / "server.git"), str(tmp_path / "other"))
    git("-C", str(tmp_path / "other"), "commit", "-q", "--allow-empty", "-m", "First")
    git("-C", str(tmp_path / "other"), "push", "-q")
    done = atmos("update", "--push", "--yes", cwd=bigger)
    assert done.code != 0
    assert "size: l" in (bigger / SPEC).read_text()
    assert "size: l" in git("show", f"HEAD:{SPEC}")


@pytest.mark.slow
def test_branch_mode_does_not_take_back_a_newer_spec_from_an_older_checkout(shop, atmos, git):
    git("switch", "-qc", "topic")
    git("switch", "-q", "main")
    edit(shop, SPEC, "size: s", "size: l")
    assert atmos("update", "--yes", cwd=shop).code == 0
    git("switch", "-q", "topic")
    assert atmos("update", "--check", "--write", "branch", cwd=shop).code == 0
    edit(shop, SPEC, "size: s", "size: m")
    done = atmos("update", "--write", "branch", "--yes", "-o", "json", cwd=shop)
    assert (done.code, done.codes) == (1, ["ATM616"])


@pytest.mark.slow
def test_a_service_that_was_moved_to_another_team_is_refused(bigger, atmos, git):
    commit(git)
    assert atmos("new", "team", "pay", "--yes", cwd=bigger).code == 0
    (bigger / "apps/pay").mkdir()
    git("mv", SERVICE, "apps/pay/checkout")
    git("commit", "-qm", "Move")
    done = atmos("update", "checkout", "--yes", "-o", "json", cwd=bigger)
    assert done.code == 1
    assert "ATM108" in done.codes


def test_a_kustomization_that_is_gone_is_asked_about_where_something_new_has_to_go_into_it(shop, atmos, git):
    git("mv", DEV, DEV.replace("kustomization.yaml", "mine.yaml"))
    edit(shop, SPEC, "addons:", "env: {A: b}\naddons:")
    git("commit", "-qam", "Rename")
    done = atmos("update", "checkout", "--yes", "-o", "json", cwd=shop)
    assert (done.code, "ATM622" in done.codes) == (1, True)


def test_a_kustomization_under_another_of_its_names_is_edited_there(shop, atmos, git):
    mine = DEV.replace(".yaml", ".yml")
    git("mv", DEV, mine)
    edit(shop, SPEC, "addons:", "env: {A: b}\naddons:")
    git("commit", "-qam", "Rename")
    assert atmos("update", "checkout", "--yes", cwd=shop).code == 0
    assert "- name: A\n" in (shop / mine).read_text()
    assert not (shop / DEV).exists()


def test_what_is_deleted_and_not_committed_is_not_taken_for_committed(bigger, atmos, git):
    (bigger / DEV).unlink()
    done = atmos("update", "checkout", "--ours", ".", "--yes", "-o", "json", cwd=bigger)
    assert (done.code, "ATM603" in done.codes) == (2, True)
    assert git("status", "--porcelain", "--", DEV) == f"D {DEV}"


def test_an_unknown_environment_is_said(shop, atmos):
    done = atmos("update", "checkout", "--env", "nope", "--dry-run", "-o", "json", cwd=shop)
    assert "ATM702" in done.codes


@pytest.mark.slow
def test_both_sides_of_a_lock_in_conflict_come_where_the_files_have_one(shop, atmos, git):
    git("switch", "-qc", "a")
    edit(shop, SPEC, "addons:", "env: {AA: '1'}\naddons:")
    assert atmos("update", "--yes", cwd=shop).code == 0
    git("switch", "-q", "main")
    edit(shop, SPEC, "addons:", "env: {BB: '2'}\naddons:")
    assert atmos("update", "--yes", cwd=shop).code == 0
    with pytest.raises(Exception, match="merge"):
        git("merge", "-q", "a")
    git("checkout", "-q", "--ours", "--", f"{SERVICE}/overlays", SPEC)
    edit(shop, SPEC, "env: {BB: '2'}", "env: {AA: '1', BB: '2'}")
    assert "<<<<<<<" in (shop / LOCK).read_text()
    assert atmos("update", "--yes", "--write", "files", cwd=shop).code == 0
    for path in (DEV, PROD):
        assert {"AA", "BB"} <= set((shop / path).read_text().replace(":", " ").split())


@pytest.mark.slow
def test_files_that_git_left_in_conflict_are_put_together(shop, atmos, git):
    """Nobody solves a generated file: whoever merges solves what is declared, and `atmos update` does the rest."""
    git("switch", "-qc", "a")
    edit(shop, SPEC, "addons:", "env: {AA: '1'}\naddons:")
    assert atmos("update", "--yes", cwd=shop).code == 0
    edit(shop, DEV, "kind: Kustomization\n", "kind: Kustomization\n# theirs\n")
    git("commit", "-qam", "A comment")
    git("switch", "-q", "main")
    edit(shop, SPEC, "addons:", "env: {BB: '2'}\naddons:")
    assert atmos("update", "--yes", cwd=shop).code == 0
    edit(shop, DEV, "replicas:\n", "# ours\nreplicas:\n")
    git("commit", "-qam", "Another comment")
    with pytest.raises(Exception, match="merge"):
        git("merge", "-q", "a")
    git("checkout", "-q", "--ours", "--", SPEC)
    edit(shop, SPEC, "env: {BB: '2'}", "env: {AA: '1', BB: '2'}")
    assert "<<<<<<<" in (shop / DEV).read_text()
    done = atmos("update", "checkout", "--yes", "--write", "files", cwd=shop)
    assert done.code == 0, done.out + done.err
    text = (shop / DEV).read_text()
    assert "<<<<<<<" not in text
    assert all(each in text for each in ("name: AA", "name: BB", "# ours", "# theirs"))
    git("add", "-A")
    git("commit", "-qm", "Merge")
    assert atmos("update", "--check", cwd=shop).code == 0
    assert atmos("validate", cwd=shop).code == 0


@pytest.mark.slow
def test_what_people_changed_differently_on_both_sides_of_a_merge_is_left_to_them(shop, atmos, git):
    git("switch", "-qc", "a")
    edit(shop, DEV, "count: 1", "count: 3")
    git("commit", "-qam", "Three")
    git("switch", "-q", "main")
    edit(shop, DEV, "count: 1", "count: 2")
    edit(shop, SPEC, "addons:", "env: {BB: '2'}\naddons:")
    git("commit", "-qam", "Two")
    with pytest.raises(Exception, match="merge"):
        git("merge", "-q", "a")
    before = (shop / DEV).read_text()
    done = atmos("update", "checkout", "--yes", "--write", "files", "-o", "json", cwd=shop)
    assert (done.code, "ATM622" in done.codes) == (1, True)
    (said,) = (each for each in done.json["diagnostics"] if each["code"] == "ATM622")
    assert "people changed `replicas[checkout].count` differently on both sides" in said["message"]
    assert said["where"]["line"] == before[: before.index("<<<<<<<")].count("\n") + 1
    assert (shop / DEV).read_text() == before
